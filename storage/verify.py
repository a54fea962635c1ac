"""Check that the database says what was put into it."""

from collections.abc import Iterator

from pydantic import ValidationError
from sqlalchemy import text
from sqlmodel import Session, col, select

from engine.notebench.votes import Vote
from engine.types import AdapterManifest, Feedback, Note, StyleProfile, Value
from storage import notes
from storage.canonical import adapter_id, digest, feedback_id, note_id, vote_id
from storage.search import Index
from storage.tables import AdapterEntry, FeedbackEntry, NoteEntry, ProfileEntry, VoteEntry

_BATCH = 200


def disagreements(session: Session, index: Index) -> Iterator[str]:
    """Yield a sentence for each row that does not agree with its content address or with others."""
    yield from _damage(session)
    yield from _profiles(session)
    yield from _notes(session)
    yield from _feedback(session)
    yield from _votes(session)
    yield from _adapters(session)
    yield from _unindexed(session, index)


def _damage(session: Session) -> Iterator[str]:
    if session.get_bind().dialect.name != "sqlite":
        return
    for (line,) in session.connection().execute(text("PRAGMA quick_check")):
        if line != "ok":
            yield f"The database file is damaged: {line}."
    for table, row, parent, _ in session.connection().execute(text("PRAGMA foreign_key_check")):
        yield f"Row {row} of {table} refers to a row of {parent} that is not there."


def _profiles(session: Session) -> Iterator[str]:
    rows = session.exec(select(ProfileEntry).execution_options(yield_per=_BATCH))
    for row in rows:
        if digest(row.body) != row.digest:
            yield f"Profile {row.digest} of {row.owner!r} does not have the content of its address."
        elif not _reads(StyleProfile, row.body):
            yield f"Profile {row.digest} of {row.owner!r} cannot be read."


def _notes(session: Session) -> Iterator[str]:
    last: int | None = None
    while True:
        wanted = select(NoteEntry).order_by(col(NoteEntry.seq)).limit(_BATCH)
        rows = session.exec(wanted if last is None else wanted.where(NoteEntry.seq > last)).all()
        if not rows:
            return
        sound = []
        for row in rows:
            if note_id(row.body) != row.id:
                yield f"Note {row.id} of {row.owner!r} does not have the content of its address."
            elif not _reads(Note, row.body):
                yield f"Note {row.id} of {row.owner!r} cannot be read."
            else:
                sound.append(row)
        yield from _followed(session, sound)
        last = rows[-1].seq
        session.expunge_all()


def _followed(session: Session, rows: list[NoteEntry]) -> Iterator[str]:
    try:
        found = notes.records(session, rows)
    except ValidationError:
        return  # `_feedback` names the row that cannot be read
    for row, record in zip(rows, found, strict=True):
        if (row.text, row.stars) != notes.in_force(record.note, record.feedback):
            yield f"Note {row.id} of {row.owner!r} does not show the text or stars of its feedback."


def _feedback(session: Session) -> Iterator[str]:
    rows = session.exec(select(FeedbackEntry).execution_options(yield_per=_BATCH))
    for row in rows:
        if feedback_id(row.body) != row.id:
            yield f"Feedback {row.id} does not have the content of its address."
        elif not _reads(Feedback, row.body):
            yield f"Feedback {row.id} cannot be read."


def _votes(session: Session) -> Iterator[str]:
    rows = session.exec(select(VoteEntry).execution_options(yield_per=_BATCH))
    for row in rows:
        if vote_id(row.body) != row.id:
            yield f"Vote {row.id} does not have the content of its address."
        elif not _reads(Vote, row.body):
            yield f"Vote {row.id} cannot be read."


def _adapters(session: Session) -> Iterator[str]:
    for row in session.exec(select(AdapterEntry)):
        if adapter_id(row.body) != row.id:
            yield f"Adapter {row.id} does not have the content of its address."
        elif not _reads(AdapterManifest, row.body):
            yield f"Adapter {row.id} cannot be read."


def _unindexed(session: Session, index: Index) -> Iterator[str]:
    live = select(NoteEntry.seq).where(col(NoteEntry.deleted_at).is_(None))
    wrong = set(session.exec(live).all()) ^ set(index.keys(session))
    if wrong:
        yield f"The search index is wrong about {len(wrong)} notes."


def _reads(kind: type[Value], body: str) -> bool:
    try:
        kind.model_validate_json(body)
    except ValidationError:
        return False
    return True
