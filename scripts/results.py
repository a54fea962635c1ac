#!/usr/bin/env python3
"""Make docs/RESULTS.md of stored reports: every system on every set, and who beats whom.

    python scripts/results.py [REPORTS ...] [--items DIR] [--keep] [--output docs/RESULTS.md]

REPORTS are folders (searched with all below them) of what `notewright bench run` wrote, in any
arrangement: system, seed and data stand in the reports. docs/results, where those on NoteBench's
own items are kept, is always one of them. DIR holds the items of the sets that do not ship as
SET.jsonl, as `notewright bench convert` wrote them and `bench run --data` read them. Their texts
are not ours to publish: --keep stores what they measured, without a text, in docs/figures, where
it is found from then on.
Nothing is measured anew but BLEU and the intervals; `notewright bench verify` checks a report.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from pydantic import TypeAdapter

from app.bench import read_items, read_report
from app.systems import SYSTEMS
from engine.errors import InvalidRequest
from engine.notebench.metrics import metrics
from engine.notebench.pooled import Contrast, Figure, Pool, contrasts, figure, pool
from engine.notebench.report import BenchReport
from engine.notebench.samples import VERSION, BenchItem, shipped
from engine.types import Language

ROOT = Path(__file__).resolve().parent.parent
STORED = ROOT / "docs" / "results"
FIGURES = ROOT / "docs" / "figures"
SEEDS = 3


class Set(NamedTuple):
    """A test set of the table; those without a file name ship with NoteBench."""

    title: str
    language: Language
    file: str = ""
    about: str = ""


TOPIC_ONLY = (
    "Given are a topic and samples, no facts and no source: what the reference says cannot be "
    "known, so ROUGE-L and BLEU-4 tell little, and nothing is asked of faithfulness."
)
GIVEN_CONTENT = "Given are a plain source and samples: only the style is to be changed."
SETS = (
    Set("NoteBench test, English", "en"),
    Set("NoteBench test, Chinese", "zh"),
    Set("til_notes_en", "en", "til_notes_en", TOPIC_ONLY),
    Set("authors_en", "en", "authors_en", TOPIC_ONLY),
    Set("bible_parallel_en", "en", "bible_parallel_en", GIVEN_CONTENT),
    Set("humour_devil_en", "en", "humour_devil_en", TOPIC_ONLY),
    Set("notes_classical_zh", "zh", "notes_classical_zh", TOPIC_ONLY),
    Set("bible_parallel_zh", "zh", "bible_parallel_zh", GIVEN_CONTENT),
)


class Column(NamedTuple):
    """A metric of the tables: its heading with an arrow where more or less is better."""

    metric: str
    heading: str
    digits: int = 3


COLUMNS = (
    Column("rouge_l", "ROUGE-L ↑", 2),
    Column("bleu4", "BLEU-4 ↑", 2),
    Column("style", "style ↑"),
    Column("meaning", "meaning ↑"),
    Column("faithful", "faithful ↑"),
    Column("faithful_hallucination", "hallucinated ↓"),
    Column("fact_recall", "facts ↑"),
    Column("copied", "copied ↓"),
    Column("vss", "VSS ↑"),
    Column("vss_hard", "VSS, hard ↑"),
    Column("length_ratio", "length (1)", 2),
)
OURS = ("sag", "sag+filter", "sag+filter+dpo")


class Question(NamedTuple):
    """What some differences tell together: pairs of (system, baseline), and the metrics."""

    title: str
    pairs: tuple[tuple[str, str], ...]
    metrics: tuple[str, ...]


QUESTIONS = (
    Question(
        "The path and its training",
        (
            ("stylist-only", "copy-source"),
            ("stylist-only", "frozen-base"),
            *((name, "planner-only") for name in OURS),
            *((name, "stylist-vanilla-sft") for name in OURS),
            ("sag+filter", "sag"),
            ("sag+filter+dpo", "sag"),
            ("sag+filter+dpo", "sag+filter"),
        ),
        ("rouge_l", "bleu4", "style", "faithful", "faithful_hallucination"),
    ),
    Question(
        "Planned style: with moves, without, and less a part of them",
        (
            ("planned", "planned-plan"),
            ("planned-visible", "planned-plan"),
            ("planned-visible", "planned"),
            *((f"planned-{part}", "planned") for part in ("words", "syntax", "pragmatics")),
            ("planned+dpo", "planned"),
        ),
        ("vss", "vss_hard", "style", "meaning", "faithful"),
    ),
    Question(
        "A trait by prompt, and a searched prompt",
        (
            ("sag+funnier", "sag"),
            ("prompt-optimised", "planner-only"),
            ("prompt-optimised", "frozen-base"),
        ),
        ("style", "meaning", "faithful", "vss", "length_ratio"),
    ),
)
ENGLISH_ONLY = "the embedded model writes English only; run it with a model that writes Chinese"


_POOL = TypeAdapter(Pool)


@dataclass
class Found:
    """What was found for a set: pools by system, and why others cannot be used."""

    pools: dict[str, Pool] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)


def read_all(folder: Path) -> list[BenchReport]:
    """Return every report below a folder; partial files and other JSON are passed over."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        try:
            found.append(read_report(path))
        except InvalidRequest as error:
            print(f"passed over: {error}")
    return found


def items_of(chosen: Set, folder: Path | None) -> dict[str, BenchItem]:
    """Return the items of a set by id; none where its file was not given."""
    if not chosen.file:
        return {item.id: item for item in shipped("test", chosen.language)}
    path = folder / f"{chosen.file}.jsonl" if folder else None
    return {item.id: item for item in read_items(path)} if path and path.is_file() else {}


def belongs(report: BenchReport, chosen: Set, items: Mapping[str, BenchItem]) -> bool:
    """Return whether a report is on a set: by its data's name, for what ships by its items."""
    if chosen.file:
        return Path(report.data.path).stem == chosen.file
    told = report.data.path == f"NoteBench {VERSION} test"
    return told and bool(report.items) and all(output.id in items for output in report.items)


def gather(reports: Iterable[BenchReport], chosen: Set, items: Mapping[str, BenchItem]) -> Found:
    """Return what there is on a set."""
    by_system: dict[str, dict[object, BenchReport]] = {}
    for report in reports:
        if belongs(report, chosen, items):
            by_system.setdefault(report.system, {})[report.settings.get("seed")] = report
    found = Found()
    for system, seeds in by_system.items():
        try:
            found.pools[system] = pool(list(seeds.values()), items)
        except ValueError as error:
            found.unusable[system] = f"its reports cannot be used: {error}"
    return found


def keep(found: Found, folder: Path) -> None:
    """Store the figures of a set, a file for each system, without the texts."""
    folder.mkdir(parents=True, exist_ok=True)
    for system, pooled in found.pools.items():
        told = _POOL.dump_json(pooled.without_texts(), indent=1)
        (folder / f"{system}.json").write_bytes(told + b"\n")


def kept(folder: Path) -> dict[str, Pool]:
    """Return the stored figures of a set by system."""
    return {path.stem: _POOL.validate_json(path.read_bytes()) for path in folder.glob("*.json")}


def order(found: Found) -> list[str]:
    """Return every system of the list, then texts made elsewhere."""
    listed = [row.name for row in SYSTEMS]
    return listed + sorted((found.pools.keys() | found.unusable.keys()) - set(listed))


def why_missing(system: str, chosen: Set, found: Found, items: Mapping[str, BenchItem]) -> str:
    """Return why a system has no row of figures."""
    if system in found.unusable:
        if not items:
            return f"its items are missing: give {chosen.file}.jsonl in --items"
        return found.unusable[system]
    learned = next((row for row in SYSTEMS if row.name == system and row.trained), None)
    if learned:  # the same page on every machine, whether their adapters are there or not
        return f"no report yet; `python scripts/{learned.script}.py` makes their adapters"
    return "no report yet" if chosen.language == "en" or _copies(system) else ENGLISH_ONLY


def missing(chosen: Set, found: Found, items: Mapping[str, BenchItem]) -> Iterator[str]:
    """Yield which systems have no figures and why, a line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for system in order(found):
        if system not in found.pools:
            by_reason.setdefault(why_missing(system, chosen, found, items), []).append(system)
    for reason, systems in by_reason.items():
        yield f"- Not run: {', '.join(systems)}: {reason}."


def values_table(found: Found) -> Iterator[str]:
    """Yield the table of values, one row for each system that was run."""
    known = {metric.name: metric for metric in metrics()}
    yield f"| system | seeds | items | {' | '.join(c.heading for c in COLUMNS)} | s / note |"
    yield "|---" * (len(COLUMNS) + 4) + "|"
    for system in order(found):
        if system not in found.pools:
            continue
        pooled = found.pools[system]
        cells = [shown(figure(pooled, known[c.metric]), c.digits) for c in COLUMNS]
        seconds = [output.seconds for report in pooled.reports for output in report.items]
        last = f"{median(seconds):.1f}"
        count = len(pooled.reports[0].items)
        yield f"| {system} | {pooled.seeds} | {count} | {' | '.join(cells)} | {last} |"


def shown(found: Figure | None, digits: int) -> str:
    """Return a value with its interval; a dash where nothing could be measured."""
    if found is None:
        return "–"
    value, low, high = (f"{number:.{digits}f}" for number in found[:3])
    return f"{value} [{low}, {high}]"


def differences_table(made: Sequence[Contrast]) -> Iterator[str]:
    """Yield the table of differences, one row for each pair; bold is more than luck."""
    columns = [column for column in COLUMNS if column.metric in {one.metric for one in made}]
    yield f"| system − baseline | items | {' | '.join(c.heading for c in columns)} |"
    yield "|---" * (len(columns) + 2) + "|"
    for pair in dict.fromkeys((one.system, one.baseline) for one in made):
        row = {one.metric: one for one in made if (one.system, one.baseline) == pair}
        cells = [_apart(row.get(column.metric), column.digits) for column in columns]
        count = max(one.n for one in row.values())
        yield f"| {pair[0]} − {pair[1]} | {count} | {' | '.join(cells)} |"


def _apart(one: Contrast | None, digits: int) -> str:
    if one is None:
        return "–"
    value, low, high, p = one.difference
    told = f"{value:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"
    return f"**{told}**" if one.shown else f"{told} (p {p:.2f})"


def made_by(found: Found) -> Iterator[str]:
    """Yield what each system ran on, as its reports say."""
    for system in order(found):
        if system not in found.pools:
            continue
        settings = found.pools[system].reports[0].settings
        told = [
            f"{role} {card['name']} ({card['revision'][:8]}, {card['backend']})"
            for role, card in settings.get("models", {}).items()
        ]
        adapter = settings.get("adapter")
        if adapter:
            told.append(
                f"adapter {adapter['name']} ({adapter['method']}, {adapter['sha256'][:12]})"
            )
        told.append(f"notewright {settings.get('notewright', '?')}")
        seeds = [str(r.settings.get("seed", "–")) for r in found.pools[system].reports]
        yield f"- {system}: {', '.join(told)}; seeds {', '.join(seeds)}"


def section(chosen: Set, found: Found, items: Mapping[str, BenchItem]) -> Iterator[str]:
    """Yield all that is said about a set."""
    yield f"## {chosen.title}"
    yield ""
    if chosen.about:
        yield chosen.about
        yield ""
    if not found.pools and not found.unusable:
        yield "No report yet." if chosen.language == "en" else f"No report yet: {ENGLISH_ONLY}."
        yield ""
        return
    yield from values_table(found)
    yield ""
    yield from missing(chosen, found, items)
    yield ""
    for asked in QUESTIONS:
        made = contrasts(found.pools, asked.pairs, asked.metrics)
        if made:
            yield f"{asked.title}; p corrected over these {len(made)} comparisons:"
            yield ""
            yield from differences_table(made)
            yield ""
    short = [name for name, one in found.pools.items() if one.seeds < SEEDS and not _copies(name)]
    if short:
        yield f"Fewer than {SEEDS} seeds: {', '.join(short)}."
        yield ""
    yield from made_by(found)
    yield ""
    for signature in sorted({p.reports[0].signature for p in found.pools.values()}):
        yield f"Signature: `{signature}`"
        yield ""


def _copies(system: str) -> bool:
    return system in {"copy-source", "best-sample-copy"}


HEAD = f"""# Results

Made by `scripts/results.py` from stored reports; do not edit. All systems answered the same items;
[NOTEBENCH.md](NOTEBENCH.md) says what the systems and the measures are, and how to run them.

- In brackets: 95 % intervals, bootstrap over items. Outputs of an item under several seeds are
  resampled together: {SEEDS} seeds are not three times the items.
- Differences: paired bootstrap on the items that both answered. **Bold**: more than luck after
  Holm's correction over the comparisons of its table (p < .05). Anything else shows no
  difference; its corrected p stands behind it.
- Seconds a note are the median, on one core that did other things too: compare, do not quote.
- BLEU-4 is corpus BLEU. `hallucinated` is the share of texts with `faithful` below one half.
- VSS is style where more than half of the meaning is kept, else a tenth of it (hard: nothing).
- `copy-source` and `best-sample-copy` are there to be beaten: copying the source scores on ROUGE
  and BLEU, copying a sample on style.
"""


def page(
    reports: Sequence[BenchReport], folder: Path | None, figures: Path, *, to_keep: bool = False
) -> str:
    """Return docs/RESULTS.md; `figures` has a folder of stored figures for each set."""
    lines = [HEAD]
    for chosen in SETS:
        items = items_of(chosen, folder)
        found = gather(reports, chosen, items)
        if chosen.file:
            if to_keep and found.pools:
                keep(found, figures / chosen.file)
            found.pools = kept(figures / chosen.file) | found.pools
        lines += section(chosen, found, items)
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path, nargs="*")
    parser.add_argument("--items", type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "RESULTS.md")
    options = parser.parse_args()
    reports = [report for folder in (STORED, *options.reports) for report in read_all(folder)]
    made = page(reports, options.items, FIGURES, to_keep=options.keep)
    options.output.write_text(made, encoding="utf-8")
    print(f"{options.output}: made of {len(reports)} reports")


if __name__ == "__main__":
    main()
