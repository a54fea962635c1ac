"""Many notes, many ratings: JSON Lines in, JSON Lines out.

`write_batch` can be stopped at any instant and run again: rows whose note is in the output are
passed over, a line cut in half is dropped, and rows that failed are tried once more.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from app.feedback import make_feedback
from app.present import note_json
from app.rows import RateRow, StyledRow, WriteRow, read_rows, read_unique
from app.studio import Studio
from engine.documents import MAX_CHARACTERS
from engine.errors import ContextOverflow, InvalidRequest, NotFound, StorageError
from engine.events import Event, NoteReady
from engine.requests import make_request
from engine.text import clean
from engine.types import Language, Note, StyleProfile, StyleSample, WritingRequest

ProfileKey: TypeAlias = tuple[tuple[str, ...], Language]
Tell: TypeAlias = Callable[[int, int], None]
"""Told how many rows are done, of how many."""


def untold(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class BatchOptions:
    """What holds for every row of a batch.

    `seed` None draws a fresh one for each; `adapter` None takes the style's own, else the general
    one where there is one. With a `style` the rows' own samples are not used.
    """

    drafts: int = 4
    seed: int | None = None
    adapter: str | None = None
    style: StyleProfile | None = None


@dataclass(frozen=True)
class BatchResult:
    """What became of the rows; `failed` are sentences that name the row."""

    written: int
    skipped: int
    failed: Sequence[str]


def write_batch(
    studio: Studio,
    owner: str,
    source: Path,
    target: Path,
    *,
    options: BatchOptions,
    tell: Tell = untold,
) -> BatchResult:
    """Write a note for every row of `source` that has none in `target` yet.

    A row that cannot be written leaves `{"id": …, "error": …}` and the others go on.

    Raises:
        InvalidRequest: a line of either file is wrong, or two rows have one id; nothing is written.
        NotewrightError: the model or the database cannot go on at all.
    """
    rows = read_unique(source, StyledRow if options.style else WriteRow)
    done = _take_up(target)
    profiles: dict[ProfileKey, StyleProfile] = {}
    failed: list[str] = []
    written = 0
    with closing(Output(target)) as output:
        for number, (where, row) in enumerate(rows):
            tell(number, len(rows))
            if row.id in done:
                continue
            try:
                note = _write_row(studio, owner, row, options, profiles)
                line: dict[str, object] = note_json(note, row_id=row.id)
                written += 1
            except (InvalidRequest, ContextOverflow) as error:
                line = {"id": row.id, "error": str(error)}
                failed.append(f"{where} ({row.id}): {error}")
            output.append(line)
    tell(len(rows), len(rows))
    return BatchResult(written=written, skipped=len(rows) - written - len(failed), failed=failed)


def rate_batch(studio: Studio, owner: str, source: Path) -> int:
    """Store every row of feedback, or none where a line is wrong; return how many."""
    rows = list(read_rows(source, RateRow))
    for where, row in rows:
        _check_feedback(studio, owner, where, row)
    for _, row in rows:
        values = row.model_dump(exclude={"note_id"}, exclude_none=True)
        studio.rate(owner, row.note_id, **values)
    return len(rows)


# ------------------------------------------------------------------ rows


def _write_row(
    studio: Studio,
    owner: str,
    row: WriteRow,
    options: BatchOptions,
    profiles: dict[ProfileKey, StyleProfile],
) -> Note:
    request = _request(row, options)
    began = time.perf_counter()
    profile = options.style or _profile(studio, row, profiles)
    read_in = time.perf_counter() - began
    events = studio.write(owner, request, profile, adapter=options.adapter, profiled_in=read_in)
    return written_note(events)


def _profile(
    studio: Studio, row: WriteRow, profiles: dict[ProfileKey, StyleProfile]
) -> StyleProfile:
    """Return the profile of a row's samples, built once for all the rows that show the same."""
    key = (row.samples, row.language)
    if key not in profiles:
        profiles[key] = studio.profile(_samples(row), row.language)
    return profiles[key]


def written_note(events: Iterator[Event], see: Callable[[Event], None] | None = None) -> Note:
    """Run a writing to its end and return the note; `see` is shown every event."""
    note = None
    for event in events:
        if see is not None:
            see(event)
        note = event.note if isinstance(event, NoteReady) else note
    if note is None:
        raise StorageError("Writing ended without a note; try again.")
    return note


def _request(row: WriteRow, options: BatchOptions) -> WritingRequest:
    given: dict[str, Any] = row.model_dump(
        include={"topic", "facts", "language", "source", "words", "audience"}, exclude_none=True
    )
    return make_request(**given, drafts=options.drafts, seed=options.seed)


def _samples(row: WriteRow) -> tuple[StyleSample, ...]:
    texts = [clean(text).strip() for text in row.samples]
    if not all(texts):
        raise InvalidRequest("A sample is empty; give texts by the author.", field="samples")
    if sum(map(len, texts)) > MAX_CHARACTERS:
        raise InvalidRequest(
            f"The samples hold more than {MAX_CHARACTERS:,} characters; a few pages are enough.",
            field="samples",
        )
    return tuple(StyleSample(title=f"sample {i}", text=text) for i, text in enumerate(texts, 1))


def _check_feedback(studio: Studio, owner: str, where: str, row: RateRow) -> None:
    values = {
        "stars": row.stars,
        "thumb": row.thumb,
        "choice": row.choose,
        "edit": row.edited_text,
        "tag": row.tag,
    }
    try:
        make_feedback(studio.note(owner, row.note_id), values, draft=row.draft)
    except (NotFound, InvalidRequest) as error:
        raise InvalidRequest(f"{where}: {error}") from error


# ------------------------------------------------------------------ the output of `write --batch`


def _take_up(target: Path) -> set[str]:
    """Return the ids that are done; drop failed rows and a last line that was cut in half."""
    if not target.exists():
        return set()
    *whole, last = target.read_bytes().split(b"\n")
    kept, ids = [], set()
    for number, line in enumerate(whole, start=1):
        row = done_row(line)
        if row is None:
            raise InvalidRequest(
                f"{target.name}, line {number}: not a row that we wrote; name another output."
            )
        if "error" not in row:
            ids.add(str(row["id"]))
            kept.append(line)
    if last or len(kept) < len(whole):
        _replace(target, b"".join(line + b"\n" for line in kept))
    return ids


def done_row(line: bytes) -> dict[str, object] | None:
    """Return a row of an output, None for a line that is none."""
    try:
        row = json.loads(line)
    except ValueError:  # not UTF-8 is a ValueError too
        return None
    return row if isinstance(row, dict) and "id" in row else None


def _replace(target: Path, data: bytes) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    except OSError as error:
        raise StorageError(cannot_write(target, error)) from error


class Output:
    """A file that grows by whole rows; each is on the disk when `append` returns."""

    def __init__(self, target: Path) -> None:
        """Open the file at its end."""
        self._target = target
        try:
            self._file = target.open("ab", buffering=0)
        except OSError as error:
            raise StorageError(cannot_write(target, error)) from error

    def append(self, row: Mapping[str, object]) -> None:
        """Write a row; it is on the disk when this returns."""
        try:
            self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StorageError(cannot_write(self._target, error)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def cannot_write(target: Path, error: OSError) -> str:
    """Return the sentence for a file that refuses."""
    return f"{target} cannot be written ({error.strerror}); choose another place or make room."
