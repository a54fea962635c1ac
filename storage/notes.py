"""Notes and the feedback on them, inside the caller's transaction."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from engine.errors import InvalidRequest, NotFound
from engine.types import Feedback, Note, utc_now
from storage.canonical import canonical, feedback_id, note_id
from storage.records import NoteRecord, NoteSummary
from storage.search import Entry, Index, scope_words
from storage.styles import style_of
from storage.tables import FeedbackEntry, NoteEntry, ProfileEntry, StyleEntry
from storage.words import Phrase, snippet

_PER_SECOND = 1_000


def save(session: Session, index: Index, owner: str, note: Note) -> str:
    """Store a note and index it; storing it again changes nothing."""
    body = canonical(note)
    address = note_id(body)
    if _entry(session, owner, address) is not None:
        return address
    if session.get(ProfileEntry, (owner, note.profile_digest)) is None:
        raise NotFound(
            "The style profile of this note is not stored; save the style, then the note."
        )
    entry = NoteEntry(
        seq=_free_seq(session, note.created_at),
        owner=owner,
        id=address,
        profile_digest=note.profile_digest,
        style_id=style_of(session, owner, note.style_name, note.profile_digest),
        language=note.request.language,
        created_at=note.created_at,
        title=note.plan.title or note.request.topic,
        text=note.text,
        body=body,
    )
    session.add(entry)
    session.flush()
    index.put(session, entry.seq, _findable(entry, note))
    return address


def record(session: Session, owner: str, address: str) -> NoteRecord:
    """Return a note and its feedback."""
    return records(session, [_existing(session, owner, address)])[0]


def records(session: Session, entries: Sequence[NoteEntry]) -> list[NoteRecord]:
    """Return the notes of some rows with their feedback, in the order of the rows."""
    acts: dict[int, list[Feedback]] = {entry.seq: [] for entry in entries}
    rows = session.exec(
        select(FeedbackEntry)
        .where(col(FeedbackEntry.note_seq).in_(acts))
        .order_by(col(FeedbackEntry.created_at), col(FeedbackEntry.seq))
    )
    for row in rows:
        acts[row.note_seq].append(Feedback.model_validate_json(row.body))
    names = _style_names(session, entries)
    return [_record(entry, acts[entry.seq], names) for entry in entries]


def after(
    session: Session, owner: str, seq: int | None, limit: int, *, include_deleted: bool
) -> Sequence[NoteEntry]:
    """Return the next rows after `seq`, oldest first."""
    wanted = select(NoteEntry).where(NoteEntry.owner == owner)
    if seq is not None:
        wanted = wanted.where(NoteEntry.seq > seq)
    if not include_deleted:
        wanted = wanted.where(col(NoteEntry.deleted_at).is_(None))
    return session.exec(wanted.order_by(col(NoteEntry.seq)).limit(limit)).all()


def set_deleted(session: Session, index: Index, owner: str, address: str, *, deleted: bool) -> None:
    """Hide or restore a note; a hidden one is not in the index."""
    entry = _existing(session, owner, address)
    if (entry.deleted_at is not None) == deleted:
        return
    entry.deleted_at = utc_now() if deleted else None
    session.add(entry)
    if deleted:
        index.drop(session, entry.seq)
    else:
        _follow(session, index, entry)


def add_feedback(session: Session, index: Index, owner: str, feedback: Feedback) -> None:
    """Append feedback and let stars, text and index follow; the same act again changes nothing."""
    entry = _existing(session, owner, feedback.note_id)
    count = len(json.loads(entry.body)["drafts"])
    for draft in (feedback.draft, feedback.over or 0):
        if not 0 <= draft < count:
            raise InvalidRequest(
                f"The note has {count} drafts, numbered from 0; {draft} is none of them.",
                field="draft",
            )
    body = canonical(feedback)
    address = feedback_id(body)
    same = (FeedbackEntry.note_seq == entry.seq, FeedbackEntry.id == address)
    if session.exec(select(FeedbackEntry.seq).where(*same)).one_or_none() is not None:
        return
    session.add(
        FeedbackEntry(
            note_seq=entry.seq,
            id=address,
            kind=feedback.kind,
            created_at=feedback.created_at,
            body=body,
        )
    )
    session.flush()
    if feedback.kind in {"stars", "edit", "choice"}:
        _follow(session, index, entry)


def summaries(session: Session, seqs: Sequence[int], sought: Sequence[Phrase]) -> list[NoteSummary]:
    """Return list rows of notes in the order of `seqs`."""
    rows = session.exec(
        select(NoteEntry, StyleEntry.name)
        .join(StyleEntry, col(StyleEntry.id) == col(NoteEntry.style_id), isouter=True)
        .where(col(NoteEntry.seq).in_(seqs))
        .options(defer(NoteEntry.body, raiseload=True))  # type: ignore[arg-type]
    )
    found = {
        entry.seq: NoteSummary(
            id=entry.id,
            title=entry.title,
            snippet=snippet(entry.text, sought),
            style_name=style or "",
            language="zh" if entry.language == "zh" else "en",
            stars=entry.stars,
            created_at=entry.created_at,
        )
        for entry, style in rows
    }
    return [found[seq] for seq in seqs]


def titles(session: Session, owner: str, ids: Collection[str]) -> Mapping[str, str]:
    """Return the titles of those of the notes that are there and not deleted, newest first."""
    kept = select(NoteEntry.id, NoteEntry.title).where(
        NoteEntry.owner == owner, col(NoteEntry.deleted_at).is_(None)
    )
    rows = session.exec(kept.order_by(col(NoteEntry.seq).desc()))
    return {address: title for address, title in rows if address in ids}


def in_force(note: Note, acts: Sequence[Feedback]) -> tuple[str, int | None]:
    """Return a note's text as the writer left it and the latest stars; `acts` are oldest first.

    The text is the last edit of the draft in force, or that draft; the draft in force is the one
    chosen last, by the writer or else by the program.
    """
    draft, stars, edits = note.chosen, None, dict[int, str | None]()
    for act in acts:
        if act.puts_in_force:
            draft = act.draft
        elif act.kind == "edit":
            edits[act.draft] = act.edited_text
        elif act.kind == "stars":
            stars = act.stars
    return edits.get(draft) or note.drafts[draft].text, stars


def _follow(session: Session, index: Index, entry: NoteEntry) -> None:
    """Let the columns and the index follow the feedback."""
    found = records(session, [entry])[0]
    entry.text, entry.stars = in_force(found.note, found.feedback)
    session.add(entry)
    session.flush()
    if entry.deleted_at is None:
        index.put(session, entry.seq, _findable(entry, found.note, found.feedback))


def _findable(entry: NoteEntry, note: Note, acts: Sequence[Feedback] = ()) -> Entry:
    # What was drafted stays findable after an edit, and the last edit after another choice.
    edits = [act.edited_text for act in acts if act.edited_text]
    texts = dict.fromkeys((entry.text, note.text, *edits[-1:]))
    return Entry(
        scope=scope_words(
            entry.owner, style_id=entry.style_id, language=entry.language, stars=entry.stars
        ),
        title=f"{note.request.topic}\n{note.plan.title}",
        facts="\n".join(note.request.facts),
        text="\n".join(texts),
    )


def _record(entry: NoteEntry, acts: Sequence[Feedback], names: dict[int | None, str]) -> NoteRecord:
    note = Note.model_validate_json(entry.body)
    return NoteRecord(
        note=note,
        feedback=tuple(acts),
        deleted=entry.deleted_at is not None,
        style_name=names.get(entry.style_id, note.style_name),
    )


def _style_names(session: Session, entries: Sequence[NoteEntry]) -> dict[int | None, str]:
    keys = {entry.style_id for entry in entries} - {None}
    if not keys:
        return {}
    rows = session.exec(select(StyleEntry.id, StyleEntry.name).where(col(StyleEntry.id).in_(keys)))
    return dict(rows.all())


def _entry(session: Session, owner: str, address: str) -> NoteEntry | None:
    return session.exec(
        select(NoteEntry).where(NoteEntry.owner == owner, NoteEntry.id == address)
    ).one_or_none()


def _existing(session: Session, owner: str, address: str) -> NoteEntry:
    entry = _entry(session, owner, address)
    if entry is None:
        raise NotFound(f"There is no note {address!r}; look it up in the library.")
    return entry


def _free_seq(session: Session, created_at: datetime) -> int:
    """Return a key after those of all notes made before this second, and still free."""
    moment = created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)
    first = int(moment.timestamp()) * _PER_SECOND
    while True:
        span = col(NoteEntry.seq).between(first, first + _PER_SECOND - 1)
        last = session.exec(select(func.max(NoteEntry.seq)).where(span)).one()
        if last is None:
            return first
        if last < first + _PER_SECOND - 1:
            return last + 1
        first += _PER_SECOND
