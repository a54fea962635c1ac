"""What all commands share: the studio, printing, progress on a terminal, wrong usage."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from app.settings import load_settings
from engine.errors import InvalidRequest, NotewrightError

if TYPE_CHECKING:
    from app.batch import Tell
    from app.studio import Studio

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Show: TypeAlias = Callable[[str], None]
OWNER = "local"


class WrongUsage(NotewrightError):
    """The command was given options that do not go together or cannot be used (exit code 2)."""


class RowsFailed(NotewrightError):
    """Some rows of a batch could not be done."""


def new_group(about: str) -> typer.Typer:
    """Return an empty group of commands, with plain help and plain errors."""
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)


@contextmanager
def open_studio() -> Iterator["Studio"]:
    """Open the studio of the settings in force, and close it again."""
    from app.studio import Studio

    with closing(Studio.open(load_settings())) as studio:
        yield studio


@contextmanager
def as_usage() -> Iterator[None]:
    """Tell what an option's value is refused for as wrong usage, not as a failed job."""
    try:
        yield
    except InvalidRequest as error:
        raise WrongUsage(str(error)) from error


def say(text: str) -> None:
    """Print a line of the answer on stdout."""
    typer.echo(text)


def note(text: str) -> None:
    """Print a line about the work on stderr, where it never mixes with the answer."""
    typer.echo(text, err=True)


def counted(number: int, noun: str) -> str:
    """Return "1 note", "2 notes"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def say_json(value: Mapping[str, object] | Sequence[object]) -> None:
    """Print a value as indented JSON, other scripts than Latin left readable."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def row_progress(label: str) -> Iterator["Tell"]:
    """Show a progress bar of rows on stderr; silent when that is not a terminal."""
    with row_bars(label) as (tell,):
        yield tell


@contextmanager
def row_bars(*labels: str) -> Iterator[Sequence["Tell"]]:
    """Show a progress bar for each label, the later ones from when they are first told of."""
    if not sys.stderr.isatty():
        from app.batch import untold

        yield [untold for _ in labels]
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def teller(number: int, label: str) -> "Tell":
            task = bar.add_task(label, total=None, visible=number == 0)
            return lambda done, total: bar.update(task, completed=done, total=total, visible=True)

        yield [teller(number, label) for number, label in enumerate(labels)]


@contextmanager
def waiting(label: str) -> Iterator[Show]:
    """Show a line that changes while something takes time; silent off a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(label) as status:
        yield status.update
