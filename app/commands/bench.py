"""`notewright bench`: systems, run, compare, judge, verify, convert."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.common import (
    Json,
    WrongUsage,
    counted,
    new_group,
    note,
    open_studio,
    row_bars,
    say,
    say_json,
    waiting,
)
from app.commands.judge import judge
from engine.errors import NotewrightError

if TYPE_CHECKING:
    from app.bench import BenchSet
    from app.studio import Studio
    from engine.notebench.groups import By
    from engine.notebench.report import BenchReport, Compared, Measure
    from engine.notebench.run import System
    from engine.notebench.samples import Split
    from engine.types import Language

commands = new_group("NoteBench: measure who writes best in somebody's style.")

Data = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Items of your own; NoteBench's if absent.")
]
ReportFile = Annotated[Path, typer.Argument(metavar="R.json", help="A report of `bench run`.")]


class NotVerified(NotewrightError):
    """A report does not hold."""


@commands.command()
def systems(as_json: Json = False) -> None:
    """List the systems that can be measured, and what others need."""
    from app.systems import SYSTEMS

    if as_json:
        say_json(
            [
                {"name": row.name, "about": row.about, "available": not row.missing,
                 "missing": row.missing or None}
                for row in SYSTEMS
            ]
        )  # fmt: skip
        return
    for row in SYSTEMS:
        say(f"{row.name:20} {row.about}")
        if row.missing:
            say(f"{'':20} Not yet: {row.missing}")
    say(f"{'any other name':20} Texts made elsewhere, with --outputs FILE.")


@commands.command()
def run(
    system: Annotated[str, typer.Option(metavar="NAME", help="See `bench systems`.")],
    output: Annotated[Path, typer.Option(metavar="R.json", help="Where the report goes.")],
    data: Data = None,
    split: Annotated[
        str | None, typer.Option(metavar="dev|test", help="Of NoteBench's own data; dev if absent.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(metavar="en|zh", help="Items in this language only.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="So many items, evenly chosen.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Repeats a run exactly.")] = 0,
    outputs: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Texts made elsewhere: rows of id and text."),
    ] = None,
) -> None:
    """Let a system answer items, and report how well; run again to go on where it stopped."""
    from app.bench import choose_items

    if data is not None and split is not None:
        raise WrongUsage("--split chooses from NoteBench's own data; with --data leave it out.")
    chosen = choose_items(data, _split(split), _language(language), limit)
    with open_studio() as studio:
        report = _run(studio, system, chosen, output, seed=seed, outputs=outputs)
    for line in _table(report.metrics):
        say(line)
    note(f"{system} on {counted(report.data.n, 'item')}: the report is {output}.")


def _run(
    studio: "Studio",
    name: str,
    chosen: "BenchSet",
    target: Path,
    *,
    seed: int,
    outputs: Path | None,
) -> "BenchReport":
    from app.bench import bench_score
    from engine.notebench.run import run as run_system

    with waiting("Loading the models…"):
        system = _system(studio, name, chosen, seed, outputs)
        score = bench_score(studio)
    try:
        with row_bars("Writing", "Scoring") as (wrote, scored):
            return run_system(
                system, chosen.items, target, score, path=chosen.path, wrote=wrote, scored=scored
            )
    except KeyboardInterrupt:
        note("Stopped. What is written stays; run the same command again to go on.")
        raise typer.Exit(1) from None


def _system(
    studio: "Studio", name: str, chosen: "BenchSet", seed: int, outputs: Path | None
) -> "System":
    from app.bench import outputs_system
    from app.systems import make_system

    if outputs is not None:
        return outputs_system(name, outputs, chosen.items)
    return make_system(name, studio, chosen.items, seed=seed)


@commands.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="A report of `bench run`.")],
    second: Annotated[Path, typer.Argument(metavar="B.json", help="Another, on the same items.")],
    data: Data = None,
    by: Annotated[
        str | None, typer.Option(metavar="language|voice", help="Within each of these.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say on which metrics two systems differ by more than luck."""
    from app.bench import bench_score, compared, compared_by, read_report

    group, one, two = _by(by), read_report(first), read_report(second)
    with open_studio() as studio, waiting("Scoring both…"):
        score = bench_score(studio)
        rows: Sequence[Compared] = (
            compared_by(one, two, data, score, group) if group else compared(one, two, data, score)
        )
    if as_json:
        say_json([row.model_dump(mode="json") for row in rows])
        return
    for line in _compared_table(rows, one.system, two.system):
        say(line)
    over = f"metrics and the {group}s" if group else "metrics"
    note(f"Paired bootstrap over the items, 95 % intervals; p after Holm over the {over}.")


commands.command()(judge)


@commands.command()
def verify(report: ReportFile, data: Data = None) -> None:
    """Make every figure of a report anew; exit 1 and say what differs if one does not hold."""
    from app.bench import bench_score, read_report, verified

    told = read_report(report)
    with open_studio() as studio, waiting("Scoring anew…"):
        differing, total = verified(told, data, bench_score(studio))
    for line in differing:
        note(line)
    if differing:
        raise NotVerified(f"{report.name} does not hold: {counted(len(differing), 'difference')}.")
    say(f"{report.name} holds: {told.system} on {told.data.n} of {counted(total, 'item')}.")


@commands.command()
def convert(
    tasks: Annotated[Path, typer.Option(metavar="FILE", help="Tasks, one a line.")],
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Where the sets lie.")],
    dataset: Annotated[str, typer.Option(metavar="NAME", help="The set: DIR/NAME.jsonl.")],
    output: Annotated[Path, typer.Option(metavar="OUT.jsonl", help="Where the items go.")],
    split: Annotated[str, typer.Option(metavar="NAME", help="The tasks' split.")] = "dev",
    extra_references: Annotated[
        bool, typer.Option("--extra-references", help="Take further references too.")
    ] = False,
) -> None:
    """Turn a set of tasks into the format of `bench run --data`."""
    from app.bench import save_items
    from engine.notebench.convert import convert as converted

    items = converted(tasks, folder, dataset, split, extra_references=extra_references)
    note(f"{counted(save_items(items, output), 'item')} written to {output}.")


def _split(name: str | None) -> "Split":
    if name in {None, "dev"}:
        return "dev"
    if name == "test":
        return "test"
    raise WrongUsage(f"There is no split {name!r}; choose dev or test.")


def _language(name: str | None) -> "Language | None":
    if name is None:
        return None
    if name == "en":
        return "en"
    if name == "zh":
        return "zh"
    raise WrongUsage(f"The language {name!r} is not known; choose en or zh.")


def _by(name: str | None) -> "By | None":
    if name is None:
        return None
    if name == "language":
        return "language"
    if name == "voice":
        return "voice"
    raise WrongUsage(f"Items cannot be grouped by {name!r}; choose language or voice.")


def _table(metrics: "Mapping[str, Measure]") -> list[str]:
    lines = [f"{'metric':24}{'value':>9}  {'95 % interval':20}{'items':>6}"]
    for name, found in metrics.items():
        interval = f"[{found.low:.3f}, {found.high:.3f}]"
        lines.append(f"{name:24}{found.value:9.3f}  {interval:20}{found.n:6}")
    return lines


def _compared_table(rows: "Sequence[Compared]", first: str, second: str) -> list[str]:
    one, two = (first, second) if first != second else ("the first", "the second")
    width = max(9, len(one), len(two)) + 2
    lines = [f"{'metric':24}{one:>{width}}{two:>{width}}  {'difference':28}{'p':>6}"]
    group = ""
    for row in rows:
        named = _group_line(row)
        if named != group:
            lines.append(named)
            group = named
        apart = f"{row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}]"
        higher = two if row.difference > 0 else one
        said = f"{higher} is higher" if row.shown else "no difference shown"
        lines.append(
            f"{row.metric:24}{row.first:{width}.3f}{row.second:{width}.3f}  {apart:28}"
            f"{row.p:6.3f}  {said}"
        )
    return lines


def _group_line(row: "Compared") -> str:
    """Return what stands above the rows of a group; nothing where there are no groups."""
    from engine.notebench.groups import GroupCompared

    if not isinstance(row, GroupCompared):
        return ""
    return f"{row.group or 'no author named'} ({counted(row.n, 'item')})"
