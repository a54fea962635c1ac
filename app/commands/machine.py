"""`notewright serve`, `doctor`, `score`, `export` and `import`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.common import (
    OWNER,
    Json,
    RowsFailed,
    counted,
    note,
    open_studio,
    row_progress,
    say,
    say_json,
    waiting,
)
from app.settings import load_settings


def serve(
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where to listen.")] = None,
    port: Annotated[int | None, typer.Option(metavar="N", help="The port.")] = None,
    open_browser: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = None,
) -> None:
    """Open the application in the browser."""
    given = {"host": host, "port": port, "open_browser": open_browser}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    note("Opening Notewright…")
    # Heavy: only who serves pays for the page's library.
    from app.server import serve as serve_page

    serve_page(settings, lambda url: note(f"Notewright is at {url}  (Ctrl-C stops it)"))


def doctor(as_json: Json = False) -> None:
    """Try every part of this machine; exit 1 if notes cannot be written here."""
    from app.doctor import diagnose

    with waiting("Trying everything… the first time takes half a minute"):
        checks = diagnose(load_settings())
    well = all(check.ok for check in checks if check.required)
    if as_json:
        say_json({"ok": well, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            sign = "ok  " if check.ok else "FAIL" if check.required else "note"
            say(f"{sign}  {check.name}: {check.detail}")
            if check.remedy:
                say(f"      {check.remedy}")
        say("Notes can be written here." if well else "Notes cannot be written here yet.")
    raise typer.Exit(0 if well else 1)


def score(
    source: Annotated[Path, typer.Option("--input", metavar="IN.jsonl", help="Texts to score.")],
    target: Annotated[Path, typer.Option("--output", metavar="OUT.jsonl", help="Their scores.")],
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first wrong row.")] = False,
) -> None:
    """Score any texts, whoever wrote them; run again to go on where it stopped."""
    from app.scorebatch import score_batch, sentences_of

    with open_studio() as studio:
        with waiting("Loading the models…"):
            scorer = studio.scorer
        try:
            with row_progress("Scoring") as tell:
                result = score_batch(scorer, source, target, strict=strict, tell=tell)
        except KeyboardInterrupt:
            note("Stopped. What is scored stays; run the same command again to go on.")
            raise typer.Exit(1) from None
    kept = f" ({result.skipped:,} were there already)" if result.skipped else ""
    note(f"{counted(result.scored, 'text')} scored into {target}{kept}.")
    if result.wrong:
        for sentence in sentences_of(result):
            note(sentence)
        raise RowsFailed(
            f"{counted(result.wrong, 'row')} could not be scored; mend them and run it again."
        )


def export_all(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
) -> None:
    """Write everything you made as JSON Lines and Markdown."""
    with open_studio() as studio:
        counts = studio.export(OWNER, directory)
    say(f"Exported to {directory}: {_all_counted(counts)}.")


def import_all(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A folder made by export.")],
) -> None:
    """Read an export back; what is here already is left alone."""
    with open_studio() as studio:
        counts = studio.import_(OWNER, directory)
    say(f"Imported what was new: {_all_counted(counts)}.")


def _all_counted(counts: dict[str, int]) -> str:
    return (
        f"{counted(counts['styles'], 'style')}, {counted(counts['notes'], 'note')}, "
        f"{counted(counts['feedback'], 'act')} of feedback, {counted(counts['votes'], 'vote')}, "
        f"{counted(counts['refused'], 'text')} kept out of training"
    )
