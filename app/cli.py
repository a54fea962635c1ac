"""The command line `notewright`: the same use cases as the page, for scripts and terminals.

Exit codes: 0 done, 1 the job failed (a sentence on stderr says why), 2 wrong usage.
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from app.commands import bench, machine, models, notes, optimize, styles, train
from app.commands.common import WrongUsage, note
from app.commands.feedback import rate
from app.commands.write import write
from engine.errors import NotewrightError

app = typer.Typer(
    name="notewright",
    help="Write notes in a person's style, on models that run on your own machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(machine.serve)
app.command()(machine.doctor)
app.command()(write)
app.add_typer(notes.commands, name="notes")
app.command()(rate)
app.add_typer(styles.commands, name="styles")
app.command()(machine.score)
app.add_typer(bench.commands, name="bench")
app.add_typer(train.commands, name="train")
app.add_typer(optimize.commands, name="optimize")
app.add_typer(models.commands, name="models")
app.command("export")(machine.export_all)
app.command("import")(machine.import_all)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"notewright {version('notewright')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Write notes in a person's style, on models that run on your own machine."""


def main() -> None:
    """Run a command; every failure that has a sentence ends with it and the right exit code."""
    try:
        app(prog_name="notewright")
    except WrongUsage as error:
        note(str(error))
        sys.exit(2)
    except NotewrightError as error:
        note(str(error))
        sys.exit(1)
    except OSError as error:
        note(f"{error.filename or 'A file'}: {error.strerror or error}.")
        sys.exit(1)
