"""`notewright models`: what there is to plan and write with, and fetching it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.common import Json, new_group, note, say
from app.commands.common import say_json as say_as_json
from app.commands.use import use
from app.settings import load_settings
from engine.errors import InvalidRequest
from engine.models.catalogue import CatalogueEntry, named
from engine.models.pulled import Progress, PulledModels, Tell

if TYPE_CHECKING:
    from app.modelrows import ModelRow

commands = new_group("Models to plan and write with: what fits here, and downloading them.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="See `notewright models list`.")]


commands.command()(use)


@commands.command("list")
def list_models(as_json: Json = False) -> None:
    """Show every model of the catalogue: whether it fits here, how fast it may be, its licence."""
    from app.modeljobs import ModelJobs
    from app.modelrows import model_rows, this_machine
    from app.models_use import in_settings, models_folder

    settings = load_settings()
    jobs = ModelJobs(PulledModels(models_folder(settings)))
    machine, coming = this_machine(settings, jobs), in_settings(settings)
    rows = model_rows(settings, jobs, machine, now={}, coming=coming)
    if as_json:
        say_as_json([_row_json(row) for row in rows])
        return
    for row in rows:
        say(_row_line(row))
    if all(row.speed is None for row in rows):
        note("`notewright doctor` measures this machine; then the list guesses speeds.")


def _row_json(row: "ModelRow") -> dict[str, Any]:
    return row.entry.model_dump(mode="json") | {
        "size": row.size,
        "memory": row.needs,
        "fits": row.fits,
        "tokens_per_second": row.speed,
        "learns": row.learns,
        "state": row.seen.state,
        "bytes_here": row.size if row.seen.state == "ready" else row.seen.done,
        "roles": list(row.next),
    }


def _row_line(row: "ModelRow") -> str:
    from app.modelview import size_text

    entry = row.entry
    speed = "" if row.speed is None else f"~{float(f'{row.speed:.2g}'):g} tok/s"
    fits = {True: "fits", False: "too large", None: "?"}[row.fits]
    state = {"ready": "here", "absent": "–"}.get(row.seen.state, row.seen.state)
    roles = ", ".join({"planner": "plans", "stylist": "writes"}[role] for role in row.next)
    return (
        f"{entry.name:26} {size_text(row.size):>8}  memory {size_text(row.needs):>7} {fits:9} "
        f"{speed:13} {'/'.join(entry.languages):5}  {entry.licence:20} {state}"
        f"{f'  ({roles})' if roles else ''}"
    )


@commands.command()
def pull(name: Name) -> None:
    """Download a model, or go on with it. Ctrl-C stops; the same command goes on."""
    from app.modelview import size_text

    entry, models = named(name), _models()
    if entry.file is not None and models.path(entry) is None:
        note(f"{entry.name}: {size_text(entry.file.size)}, licence {entry.licence}"
             f"{'' if entry.commercial else ' (no commercial use)'}.")  # fmt: skip
    try:
        with _progress(entry) as tell:
            path = models.pull(entry, tell)
    except KeyboardInterrupt:
        note("Stopped. What is here stays; run the same command again to go on.")
        raise typer.Exit(1) from None
    say(str(path))


@commands.command()
def remove(name: Name) -> None:
    """Delete a downloaded model, or the part of it that is here."""
    from app.models_use import in_settings
    from app.modelview import size_text

    entry, settings = named(name), load_settings()
    if entry.name in in_settings(settings).values():
        raise InvalidRequest(f"{entry.name} plans or writes; choose another model first.")
    note(f"{entry.name} is deleted; {size_text(_models().delete(entry))} are free again.")


def _models() -> PulledModels:
    from app.models_use import models_folder

    return PulledModels(models_folder(load_settings()))


@contextmanager
def _progress(entry: CatalogueEntry) -> Iterator[Tell]:
    """Show a bar of bytes with rate and time left on stderr; silent when that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import (
        Progress as Bars,
    )

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(),
               TimeRemainingColumn())  # fmt: skip
    words = {"asking": "Asking", "watching": "Waiting", "checking": "Checking"}
    with Bars(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(entry.name, total=None)

        def tell(progress: Progress) -> None:
            label = words.get(progress.stage, entry.name)
            bars.update(task, description=label, completed=progress.done, total=progress.total)

        yield tell
