"""What there is to compare: two systems' outputs on an item, two drafts of one's own note.

Outputs come from reports of `bench run` in the data directory: those in `bench/` are everybody's,
those in `notebench/OWNER/` (the runs of the page) their owner's. A report counts only where the
items that it answers are at hand: beside it as `items.jsonl`, in the file that it names, or among
those that ship.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Literal

from app.bench import read_items, read_report
from engine.errors import InvalidRequest, NotFound
from engine.notebench.report import BenchReport, checksum
from engine.notebench.samples import BenchItem, shipped
from engine.notebench.votes import Pair
from engine.types import Language, Note, Scores
from storage.store import Store

Source = Literal["all", "bench", "note"]
MOST_NOTES = 50
_DRAFT = "draft:"


@dataclass(frozen=True)
class Text:
    """A text that can be voted for. `maker` is not to be named before the vote."""

    key: str
    maker: str
    text: str
    scores: Mapping[str, float | None]


@dataclass(frozen=True)
class Contest:
    """Two texts on the same item. `data` is the checksum of the items' set; notes have none.

    The samples of a note are those of the profile `profile`.
    """

    pair: Pair
    topic: str
    language: Language
    first: Text
    second: Text
    samples: tuple[str, ...] = ()
    profile: str = ""
    data: str = ""
    data_name: str = ""

    def text(self, key: str) -> Text:
        """Return the text of a key."""
        return self.first if key == self.first.key else self.second


@dataclass(frozen=True)
class Answered:
    """A report with the items that it answers."""

    report: BenchReport
    items: tuple[BenchItem, ...]
    address: str


def contests(store: Store, data_dir: Path, owner: str, source: Source) -> dict[Pair, Contest]:
    """Return all that an owner may compare."""
    found: list[Contest] = []
    if source != "note":
        found += outputs(reports(data_dir, owner))
    if source != "bench":
        page = store.search(owner, limit=MOST_NOTES)
        found += (each for row in page.notes for each in drafts(store.note(owner, row.id).note))
    return {contest.pair: contest for contest in found}


# ------------------------------------------------------------------ outputs of systems


def address(report: BenchReport) -> str:
    """Return what names a report in votes: whose texts they are, on which data, and what they say.

    Scores may be made anew without the votes being lost.
    """
    told = [report.system, report.data.sha256, [(row.id, row.text) for row in report.items]]
    text = json.dumps(told, ensure_ascii=False)
    return f"b1-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def reports(data_dir: Path, owner: str) -> list[Answered]:
    """Return the reports that an owner may see, those that cannot be read left out."""
    shared, own = data_dir / "bench", data_dir / "notebench" / owner
    paths = [*sorted(shared.rglob("*.json")), *sorted(own.glob("*/*.json"))]
    found = (_answered(path) for path in paths if not _is_deleted(path.parent))
    return list({each.address: each for each in found if each is not None}.values())


def _answered(path: Path) -> Answered | None:
    try:
        stamp = path.stat()
        beside = path.with_name("items.jsonl")
        kept = beside.stat().st_mtime_ns if beside.is_file() else 0
    except OSError:
        return None
    return _read(path, stamp.st_mtime_ns, stamp.st_size, kept)


@lru_cache(maxsize=64)
def _read(path: Path, *stamps: int) -> Answered | None:  # noqa: ARG001  (new stamps: read again)
    """Return a report with its items; None where it is none, or where they are not at hand."""
    try:
        report = read_report(path)
        items = items_of(report, path.with_name("items.jsonl"))
    except (InvalidRequest, NotFound):
        return None
    return Answered(report, items, address(report))


def items_of(report: BenchReport, *files: Path) -> tuple[BenchItem, ...]:
    """Return the items that a report answers, in its order, from the first place that has them.

    Args:
        report: it names the file of its data, which is looked at last.
        files: where to look first; those that ship come after.

    Raises:
        NotFound: no place has just these items.
    """
    for known in _places(report, files):
        items = [known[row.id] for row in report.items if row.id in known]
        if len(items) == len(report.items) and checksum(items) == report.data.sha256:
            return tuple(items)
    raise NotFound(
        f"The items that {report.system} answered are not at hand; put them beside the report as "
        "items.jsonl, or name their file with --data FILE."
    )


def _places(report: BenchReport, files: Iterable[Path]) -> Iterator[Mapping[str, BenchItem]]:
    yield from (_by_id(read_items(path)) for path in files if path.is_file())
    yield _by_id((*shipped("dev"), *shipped("test")))
    named = Path(report.data.path)
    if named.is_file():
        yield _by_id(read_items(named))


def _by_id(items: Iterable[BenchItem]) -> dict[str, BenchItem]:
    return {item.id: item for item in items}


def _is_deleted(folder: Path) -> bool:
    """Say whether the page's run that lies in a folder was deleted, though its files are there."""
    try:
        run = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(run, dict) and bool(run.get("deleted"))


def outputs(answered: Sequence[Answered]) -> Iterator[Contest]:
    """Yield every two systems' different outputs on each item of the same data."""
    for one, two in combinations(sorted(answered, key=lambda each: each.address), 2):
        if one.report.data.sha256 == two.report.data.sha256:
            texts = [{row.id: row for row in each.report.items} for each in (one, two)]
            for item in one.items:
                first, second = (rows.get(item.id) for rows in texts)
                if first and second and first.text.strip() != second.text.strip():
                    yield Contest(
                        pair=Pair(item.id, one.address, two.address),
                        topic=item.topic,
                        language=item.language,
                        first=Text(one.address, one.report.system, first.text, first.scores),
                        second=Text(two.address, two.report.system, second.text, second.scores),
                        samples=item.samples,
                        data=one.report.data.sha256,
                        data_name=Path(one.report.data.path).name,
                    )


# ------------------------------------------------------------------ drafts of a note


def drafts(note: Note) -> Iterator[Contest]:
    """Yield every two drafts of a note that say something, and not the same."""
    told = [(draft_key(i), draft) for i, draft in enumerate(note.drafts) if draft.text.strip()]
    for (one, first), (two, second) in combinations(told, 2):
        if first.text.strip() != second.text.strip():
            yield Contest(
                pair=Pair(note.id, one, two),
                topic=note.request.topic,
                language=note.request.language,
                first=Text(one, "", first.text, _values(first.scores)),
                second=Text(two, "", second.text, _values(second.scores)),
                profile=note.profile_digest,
            )


def draft_key(index: int) -> str:
    """Return the key of a draft; those of up to a hundred stand in their order."""
    return f"{_DRAFT}{index:02}"


def draft_index(key: str) -> int:
    """Return the index of the draft that a key names."""
    return int(key.removeprefix(_DRAFT))


def _values(scores: Scores | None) -> dict[str, float | None]:
    if scores is None:
        return {}
    told = scores.model_dump(include={"style", "vss", "meaning", "faithful", "copied"})
    return dict(told)
