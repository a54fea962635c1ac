"""NoteBench's use cases: which items, whose outputs, and reports read back."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from app.rows import OutputRow, read_unique
from app.studio import Studio
from app.systems import Named
from engine.errors import InvalidRequest, StorageError
from engine.notebench.groups import By, GroupCompared, compare_by, grouped
from engine.notebench.report import BenchReport, Compared, Score, compare, verify
from engine.notebench.run import System
from engine.notebench.samples import VERSION, BenchItem, Split, shipped
from engine.notebench.scoring import scored_by
from engine.scoring.scorer import NoteScorer
from engine.types import Language


@dataclass(frozen=True)
class BenchSet:
    """Items to answer, and where they come from."""

    path: str
    items: tuple[BenchItem, ...]


def choose_items(
    data: Path | None, split: Split, language: Language | None = None, limit: int | None = None
) -> BenchSet:
    """Return the items of a file, or those of a split that ship.

    `limit` takes so many at even distances, so that many voices are among them.

    Raises:
        InvalidRequest: a line is wrong, or no item is left.
    """
    path = str(data) if data else f"NoteBench {VERSION} {split}"
    found = read_items(data) if data else shipped(split)
    kept = [item for item in found if language in {None, item.language}]
    if not kept:
        raise InvalidRequest(f"{path} has no such items; leave out --language, or check the data.")
    if limit is not None and limit < len(kept):
        kept = [kept[number * len(kept) // limit] for number in range(limit)]
    return BenchSet(path, tuple(kept))


def read_items(data: Path) -> tuple[BenchItem, ...]:
    """Read a file of items; a wrong line is named."""
    return tuple(item for _, item in read_unique(data, BenchItem))


def outputs_system(name: str, file: Path, items: Sequence[BenchItem]) -> System:
    """Return texts made elsewhere as a system.

    Raises:
        InvalidRequest: a line is wrong, or items have no text.
    """
    texts = {row.id: row.text for _, row in read_unique(file, OutputRow)}
    lacking = [item.id for item in items if item.id not in texts]
    if lacking:
        raise InvalidRequest(
            f"{file.name} has no text for {len(lacking)} of {len(items)} items (the first is "
            f"{lacking[0]!r}); add them, or choose fewer items."
        )
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return Named(name, {"outputs": file.name, "sha256": digest}, lambda item: texts[item.id])


def bench_score(studio: Studio) -> Score:
    """Return what scores outputs: with the stock phrases that ship, whatever a person listed."""
    return scored_by(NoteScorer(studio.embedder, checker=studio.scorer.checker))


def read_report(path: Path) -> BenchReport:
    """Read a report.

    Raises:
        InvalidRequest: it cannot be read, or is none.
    """
    try:
        return BenchReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be read ({error.strerror}); check its name and place."
        ) from error
    except ValidationError as error:
        raise InvalidRequest(
            f"{path.name} is no report of NoteBench; `notewright bench run` makes them."
        ) from error


def verified(report: BenchReport, data: Path | None, score: Score) -> tuple[tuple[str, ...], int]:
    """Return what does not hold in a report, and how many items the data have in all."""
    sets = _sets(data)
    known = {item.id: item for items in sets for item in items}
    strange = [output.id for output in report.items if output.id not in known]
    if strange:
        told = f"{len(strange)} of its items are not in the data (the first is {strange[0]!r})"
        return (told,), len(known)
    items = [known[output.id] for output in report.items]
    total = sum(len(each) for each in sets if _ids(report) & {item.id for item in each})
    return verify(report, items, score), total


def compared(
    first: BenchReport, second: BenchReport, data: Path | None, score: Score
) -> tuple[Compared, ...]:
    """Compare two reports on the same items, metric by metric.

    Raises:
        InvalidRequest: they are on different items, or not on these data.
    """
    return compare(first, second, _items_of_both(first, second, data), score)


def compared_by(
    first: BenchReport, second: BenchReport, data: Path | None, score: Score, by: By
) -> tuple[GroupCompared, ...]:
    """Compare two reports on the same items, metric by metric, within each language or voice.

    Raises:
        InvalidRequest: they are on different items, or not on these data, or name no voice.
    """
    items = _items_of_both(first, second, data)
    if by == "voice" and set(grouped(items, by)) == {""}:
        raise InvalidRequest("These items name no author; compare them as a whole or by language.")
    return compare_by(first, second, items, score, by)


def _items_of_both(
    first: BenchReport, second: BenchReport, data: Path | None
) -> tuple[BenchItem, ...]:
    if first.data.sha256 != second.data.sha256 or _ids(first) != _ids(second):
        raise InvalidRequest(
            "The two reports are on different items; run both systems on the same data with the "
            "same options."
        )
    known = {item.id: item for items in _sets(data) for item in items}
    if not _ids(first) <= known.keys():
        raise InvalidRequest(
            "The reports' items are not in these data; name the file that they were made with "
            "by --data FILE."
        )
    return tuple(known[output.id] for output in first.items)


def _ids(report: BenchReport) -> set[str]:
    return {output.id for output in report.items}


def _sets(data: Path | None) -> tuple[tuple[BenchItem, ...], ...]:
    return (read_items(data),) if data else (shipped("dev"), shipped("test"))


def save_items(items: Iterable[BenchItem], target: Path) -> int:
    """Write items as rows of `bench run --data`, all or none; return how many."""
    partial = target.with_name(f".{target.name}.partial")
    count = 0
    try:
        with partial.open("w", encoding="utf-8") as file:
            for item in items:
                file.write(json.dumps(_row(item), ensure_ascii=False) + "\n")
                count += 1
        partial.replace(target)
    except OSError as error:
        raise StorageError(
            f"{target} cannot be written ({error.strerror}); choose another place or make room."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def _row(item: BenchItem) -> dict[str, object]:
    """Return an item's fields; one reference stands as a string, as in every other file."""
    told = item.model_dump(mode="json", exclude_none=True)
    if len(item.reference) == 1:
        told["reference"] = item.reference[0]
    return told
