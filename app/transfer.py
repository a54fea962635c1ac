"""Everything a person made, out to plain files and back: nothing is locked in.

    README.txt       what the files are
    styles.jsonl     {"style": name or null, "deleted": bool, "profile": StyleProfile}, oldest first
    notes.jsonl      one Note a line, whole: plan, drafts, scores, models
    feedback.jsonl   one Feedback a line, in the order it was given
    votes.jsonl      one Vote a line: what was preferred on the Rate tab (absent in older exports)
    refused.jsonl    {"about": id} of each note and sample that must not be trained on (likewise)
    notes/*.md       each note as it was last edited, for people

A profile with `"style": null` belongs to a single note. Notes that were deleted are left out, and
so are deleted styles in which no kept note is written.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated, TextIO

from pydantic import Field

from app.present import note_markdown
from app.rows import read_rows
from engine.errors import InvalidRequest, NotFound, StorageError
from engine.notebench.votes import Vote
from engine.types import Feedback, Note, StyleProfile, Value
from storage.consent import ADDRESS
from storage.store import NoteRecord, Store, StyleHistory

_MARK = "Notewright export, format 1"
_README = f"""{_MARK}

styles.jsonl    your styles with their samples, every version
notes.jsonl     your notes with plans, drafts, scores and the models that made them
feedback.jsonl  your stars, thumbs, choices, edits and tags
votes.jsonl     your votes between two texts
refused.jsonl   the notes and samples that you want nothing to learn from
notes/          each note as you last left it, as Markdown

Bring it back anywhere with:  notewright import FOLDER
"""
_DATA_FILES = ("styles.jsonl", "notes.jsonl", "feedback.jsonl", "votes.jsonl", "refused.jsonl")


class StyleLine(Value):
    """A line of styles.jsonl."""

    style: str | None = None
    deleted: bool = False
    profile: StyleProfile


class Refusal(Value):
    """A line of refused.jsonl: the id of a note or sample."""

    about: Annotated[str, Field(pattern=ADDRESS)]


def export_all(store: Store, owner: str, directory: Path) -> dict[str, int]:
    """Write everything into `directory`, all or nothing; return counts by kind.

    Raises:
        InvalidRequest: the directory holds something that is not an export of ours.
        StorageError: the disk refused; what was there before is still there.
    """
    directory = directory.resolve()
    _refuse_foreign(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=directory.parent, prefix=f".{directory.name}-partial-"))
        try:
            counts = _write(store, owner, made)
            made.chmod(0o755)
            _swap(made, directory)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"The export could not be written to {str(directory)!r} ({error.strerror}); "
            "choose another folder or make room."
        ) from error
    return counts


def import_all(store: Store, owner: str, directory: Path) -> dict[str, int]:
    """Read an export back; every line is checked before anything is stored.

    What is already there is left alone, so a second import changes nothing. Returns how many of
    each kind were new.

    Raises:
        NotFound: there is no export in `directory`.
        InvalidRequest: a line cannot be read, named by file and number; nothing was stored.
    """
    if not _is_ours(directory):
        raise NotFound(f"There is no Notewright export in {str(directory)!r}; check the folder.")
    histories, loose = _styles(directory)
    notes, feedback = directory / "notes.jsonl", directory / "feedback.jsonl"
    _check_all(notes, feedback)
    votes = _votes(directory / "votes.jsonl")
    refused = _refused(directory / "refused.jsonl")
    for profile in loose:
        store.save_profile(owner, profile)
    return {
        "styles": sum([store.put_back(owner, history) for history in histories]),
        "notes": sum([_put_note(store, owner, note) for _, note in read_rows(notes, Note)]),
        "feedback": sum(
            [_put_feedback(store, owner, act) for _, act in read_rows(feedback, Feedback)]
        ),
        "votes": _put_votes(store, owner, votes),
        "refused": _put_refused(store, owner, refused),
    }


# ------------------------------------------------------------------ out


def _write(store: Store, owner: str, folder: Path) -> dict[str, int]:
    (folder / "notes").mkdir()
    (folder / "README.txt").write_text(_README, encoding="utf-8")
    counts = {"styles": 0, "notes": 0, "feedback": 0, "votes": 0, "refused": 0}
    used: set[str] = set()
    with ExitStack() as files:
        styles, notes, feedback, votes, refused = (
            files.enter_context((folder / name).open("w", encoding="utf-8")) for name in _DATA_FILES
        )
        for record in store.notes(owner):
            _line(notes, record.note)
            for act in record.feedback:
                _line(feedback, act)
            _markdown(folder / "notes", record)
            used.add(record.note.profile_digest)
            counts["notes"] += 1
            counts["feedback"] += len(record.feedback)
        counts["styles"] = _write_styles(store, owner, used, styles)
        for row in store.votes(owner):
            _line(votes, row.vote)
            counts["votes"] += 1
        counts["refused"] = _write_refused(store, owner, refused)
    return counts


def _write_styles(store: Store, owner: str, used: set[str], file: TextIO) -> int:
    """Write the styles, then the profiles of single notes; return the number of styles."""
    count, left = 0, set(used)
    for history in store.histories(owner):
        digests = {profile.digest() for profile in history.profiles}
        left -= digests
        if history.deleted and not digests & used:
            continue
        count += 1
        for profile in history.profiles:
            _line(file, StyleLine(style=history.name, deleted=history.deleted, profile=profile))
    for digest in sorted(left):
        _line(file, StyleLine(style=None, profile=store.profile(owner, digest)))
    return count


def _write_refused(store: Store, owner: str, file: TextIO) -> int:
    """Write what must not be trained on, less notes that are not in the export."""
    kept = {record.note.id for record in store.notes(owner)}
    about = sorted(a for a in store.refused(owner) if a in kept or not a.startswith("n"))
    for address in about:
        _line(file, Refusal(about=address))
    return len(about)


def _line(file: TextIO, value: Value) -> None:
    file.write(json.dumps(value.model_dump(mode="json"), ensure_ascii=False) + "\n")


def _markdown(folder: Path, record: NoteRecord) -> None:
    note = record.note
    words = re.sub(r"\W+", "-", note.plan.title or note.request.topic).strip("-")[:48].strip("-")
    name = f"{note.created_at:%Y-%m-%d}-{words or 'note'}-{note.id[3:11]}.md"
    (folder / name).write_text(note_markdown(record), encoding="utf-8")


def _refuse_foreign(directory: Path) -> None:
    if directory.exists() and not _is_ours(directory) and not _is_empty(directory):
        raise InvalidRequest(
            f"{str(directory)!r} holds other things; give a new or empty folder.",
            field="directory",
        )


def _is_ours(directory: Path) -> bool:
    try:
        first = (directory / "README.txt").read_text(encoding="utf-8").split("\n", 1)[0]
    except (OSError, UnicodeDecodeError):
        return False
    return first.rstrip("\r") == _MARK and (directory / "notes.jsonl").is_file()


def _is_empty(directory: Path) -> bool:
    return directory.is_dir() and not any(directory.iterdir())


def _swap(made: Path, directory: Path) -> None:
    """Put the finished folder in place of an empty one or an earlier export."""
    if not directory.exists() or _is_empty(directory):
        made.replace(directory)
        return
    old = Path(tempfile.mkdtemp(dir=directory.parent, prefix=f".{directory.name}-old-"))
    directory.replace(old)
    made.replace(directory)
    shutil.rmtree(old, ignore_errors=True)


# ------------------------------------------------------------------ in


def _styles(directory: Path) -> tuple[list[StyleHistory], list[StyleProfile]]:
    """Return the styles with their histories, and the profiles of single notes."""
    grouped: dict[str, list[StyleLine]] = {}
    loose = []
    for _, line in read_rows(directory / "styles.jsonl", StyleLine):
        if line.style is None:
            loose.append(line.profile)
        else:
            grouped.setdefault(line.style, []).append(line)
    histories = [
        StyleHistory(
            name=name,
            profiles=tuple(line.profile for line in its),
            deleted=its[-1].deleted,
        )
        for name, its in grouped.items()
    ]
    return histories, loose


def _check_all(notes: Path, feedback: Path) -> None:
    """Read every line once before anything is stored."""
    ids = {note.id for _, note in read_rows(notes, Note)}
    for where, act in read_rows(feedback, Feedback):
        if act.note_id not in ids:
            raise InvalidRequest(
                f"{where}: there is no note {act.note_id!r} in notes.jsonl; "
                "export again or remove the line."
            )


def _put_note(store: Store, owner: str, note: Note) -> bool:
    """Store a note that is not there yet; say whether it was new."""
    try:
        store.note(owner, note.id)
    except NotFound:
        store.save_note(owner, note)
        return True
    return False


def _put_feedback(store: Store, owner: str, act: Feedback) -> bool:
    """Store an act of feedback that is not there yet; say whether it was new."""
    if act in store.note(owner, act.note_id).feedback:
        return False
    store.add_feedback(owner, act)
    return True


def _votes(path: Path) -> list[Vote]:
    """Return the votes of an export; older ones have none."""
    return [vote for _, vote in read_rows(path, Vote)] if path.exists() else []


def _put_votes(store: Store, owner: str, votes: Sequence[Vote]) -> int:
    """Store the votes that are not there yet, in their order; return how many there were."""
    there = {row.vote for row in store.votes(owner)}
    new = [vote for vote in votes if vote not in there]
    for vote in new:
        store.add_vote(owner, vote)
    return len(new)


def _refused(path: Path) -> list[str]:
    """Return what an export refuses; older ones have no such file."""
    return [line.about for _, line in read_rows(path, Refusal)] if path.exists() else []


def _put_refused(store: Store, owner: str, refused: Sequence[str]) -> int:
    """Refuse what an export refuses; return how much was not refused before."""
    before = store.refused(owner)
    for about in refused:
        with suppress(NotFound):  # nothing can be learned from a note that is not here
            store.set_consent(owner, about, allowed=False)
    return len(store.refused(owner) - before)
