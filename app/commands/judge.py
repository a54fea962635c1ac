"""`notewright bench judge`: the critic compares two systems' outputs, text by text."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.common import Json, counted, note, open_studio, row_bars, say, say_json, waiting

if TYPE_CHECKING:
    from engine.notebench.pairwise import PairwiseReport
    from engine.notebench.report import Measure


def judge(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="A report of `bench run`.")],
    second: Annotated[Path, typer.Argument(metavar="B.json", help="Another, on the same items.")],
    output: Annotated[Path, typer.Option(metavar="J.json", help="Where the verdicts go.")],
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The items, where they are not NoteBench's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let the critic compare two systems on each item, in both orders; say how biased it is."""
    from app.bench import read_report
    from app.judging import judged
    from engine.notebench.run import save_report

    one, two = read_report(first), read_report(second)
    with open_studio() as studio:
        with waiting("Loading the models…"):
            _ = studio.models
        try:
            with row_bars("Judging") as (tell,):
                report = judged(studio, one, two, data, tell=tell)
        except KeyboardInterrupt:
            note("Stopped. Nothing was kept; run the same command again.")
            raise typer.Exit(1) from None
    save_report(report, output)
    if as_json:
        say_json(report.model_dump(mode="json", exclude={"items"}))
    else:
        for line in _told(report):
            say(line)
    note(f"{counted(report.data.n, 'item')} judged twice: the verdicts are in {output}.")


def _told(report: "PairwiseReport") -> Iterator[str]:
    ours = (report.wins, report.ties, report.losses)
    yield f"{report.first} against {report.second}: {ours[0]} won, {ours[1]} tied, {ours[2]} lost"
    better = report.first if report.win_rate.value > 0.5 else report.second
    told = f"{better} is preferred" if report.shown else "no preference shown"
    yield f"win rate of {report.first}: {_share(report.win_rate)}, ties half: {told}"
    place, length = report.position, report.length
    yield f"verdicts that turn with the order: {_share(place.flips)}"
    yield f"verdicts for the text shown first: {_share(place.first)}"
    yield f"verdicts for the longer text: {_share(length.longer)}"
    if length.correlation is not None:
        yield f"correlation of the verdict with the length: {length.correlation:+.2f}"


def _share(found: "Measure | None") -> str:
    if found is None:
        return "none to count"
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}] of {counted(found.n, 'item')}"
