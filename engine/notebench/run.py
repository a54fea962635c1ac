"""Running a system over items: each output is on the disk before the next one begins.

Outputs gather in a partial file beside the report, under a first line that says whose they are. A
run killed at any moment goes on where it was: a half-written line is dropped, no item is repeated.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pydantic import ValidationError

from engine.errors import ContextOverflow, InvalidRequest, Stopped, StorageError
from engine.notebench.report import BenchOutput, BenchReport, Score, checksum, make_report
from engine.notebench.samples import BenchItem
from engine.protocols import StopCheck, never_stop
from engine.types import Scores, Value

Tell = Callable[[int, int], None]
"""Told how many items are done, of how many."""


class System(Protocol):
    """Something that answers items: models, a baseline, or texts made elsewhere."""

    @property
    def name(self) -> str:
        """Its name in tables."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What it takes to make the same outputs again: models, prompts, seed."""

    def write(self, item: BenchItem) -> str:
        """Return the text for an item (which comes without its references)."""


def untold(done: int, total: int) -> None:
    """Tell nobody."""


def run(
    system: System,
    items: Sequence[BenchItem],
    target: Path,
    score: Score,
    *,
    path: str,
    wrote: Tell = untold,
    scored: Tell = untold,
    should_stop: StopCheck = never_stop,
) -> BenchReport:
    """Write what is not written yet, score everything, and put the report at `target`.

    Args:
        system: what is measured.
        items: what it shall answer; their ids differ.
        target: the report's file; the partial file stands beside it until the report is there.
        score: scores an output.
        path: where the items come from, for the report.
        wrote: told after each item that is written.
        scored: told after each item that is scored.
        should_stop: asked between items.

    Raises:
        InvalidRequest: an item cannot be written, or the partial file is another run's.
        StorageError: a file cannot be written.
        Stopped: `should_stop()` became true; what is written stays.
    """
    partial = partial_path(target)
    outputs = write_outputs(system, items, partial, tell=wrote, should_stop=should_stop)
    done = 0

    def counted(item: BenchItem, text: str) -> Scores:
        nonlocal done
        found = score(item, text)
        done += 1
        scored(done, len(items))
        return found

    report = make_report(system.name, path, items, outputs, _settings(system), counted)
    save_report(report, target)
    partial.unlink(missing_ok=True)
    return report


def partial_path(target: Path) -> Path:
    """Return where the outputs gather while the report is not there yet."""
    return target.with_name(f"{target.name}.partial")


def write_outputs(
    system: System,
    items: Sequence[BenchItem],
    partial: Path,
    *,
    tell: Tell = untold,
    should_stop: StopCheck = never_stop,
) -> dict[str, BenchOutput]:
    """Let the system answer the items that `partial` lacks, and return all outputs by id."""
    try:
        with partial.open("a+b") as file:
            done = _take_up(file, partial, _header(system, items))
            for number, item in enumerate(items, 1):
                if item.id not in done:
                    if should_stop():
                        raise Stopped("Stopped.")
                    _append(file, _answer(system, item).model_dump(mode="json"))
                tell(number, len(items))
            file.seek(0)
            return {output.id: output for output, _ in _rows(file, partial)}
    except OSError as error:
        raise _unwritable(partial, error) from error


def _answer(system: System, item: BenchItem) -> BenchOutput:
    """Return the system's output; what the author wrote is taken away before it looks."""
    began = time.perf_counter()
    try:
        text = system.write(item.model_copy(update={"reference": (), "knowledge": None}))
    except (InvalidRequest, ContextOverflow) as error:
        raise InvalidRequest(f"The item {item.id!r} cannot be written: {error}") from error
    return BenchOutput(id=item.id, text=text, seconds=round(time.perf_counter() - began, 3))


def _header(system: System, items: Sequence[BenchItem]) -> dict[str, Any]:
    return {"system": system.name, "data": checksum(items), "settings": _settings(system)}


def _settings(system: System) -> dict[str, Any]:
    """Return the settings as they read back from a file."""
    return dict(json.loads(json.dumps(dict(system.settings))))


def _take_up(file: BinaryIO, partial: Path, header: dict[str, Any]) -> set[str]:
    """Return the ids that are there; cut off half a line, and begin an empty file."""
    file.seek(0)
    first = file.readline()
    if not first.endswith(b"\n"):
        file.truncate(0)
        _append(file, header)
        return set()
    if _parsed(first) != header:
        raise InvalidRequest(
            f"{partial.name} holds the outputs of another run (system, data, models or seed "
            "differ); name another report, or delete that file."
        )
    done, end = set(), len(first)
    for output, size in _rows(file, partial, header=False):
        done.add(output.id)
        end += size
    file.truncate(end)
    return done


def _rows(
    file: BinaryIO, partial: Path, *, header: bool = True
) -> Iterator[tuple[BenchOutput, int]]:
    """Yield each whole line as an output with its size in bytes."""
    if header:
        file.readline()
    for number, line in enumerate(file, 2):
        if not line.endswith(b"\n"):
            return
        try:
            yield BenchOutput.model_validate(_parsed(line)), len(line)
        except ValidationError as error:
            raise InvalidRequest(
                f"{partial.name}, line {number}: not a row that we wrote; delete the file to "
                "begin again."
            ) from error


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:  # not UTF-8 is a ValueError too
        return None


def _append(file: BinaryIO, row: Mapping[str, object]) -> None:
    file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def save_report(report: Value, target: Path) -> None:
    """Put the report in its place, whole or not at all."""
    fresh = target.with_name(f".{target.name}.new")
    try:
        with fresh.open("wb") as file:
            file.write(report.model_dump_json(indent=1).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        fresh.unlink(missing_ok=True)


def _unwritable(target: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{target} cannot be written ({error.strerror}); choose another place or make room."
    )
