"""The only door to the database. `owner` scopes everything."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.notebench.votes import Vote
from engine.types import Feedback, Language, Note, StyleProfile, StyleSample, utc_now
from storage import consent, notes, styles, votes
from storage.adapters import AdapterShelf
from storage.database import Database
from storage.jobs import PATIENCE, JobBoard
from storage.migrations import upgrade
from storage.records import NotePage, NoteRecord, NoteSummary, StyleHistory, StyleRow, VoteRow
from storage.search import COUNT_CAP, Index, Query, SqliteIndex, scope_query
from storage.search_postgres import PostgresIndex
from storage.searches import SearchBoard
from storage.tables import FormEntry
from storage.verify import disagreements
from storage.words import phrases

__all__ = [
    "NotePage", "NoteRecord", "NoteSummary", "Store", "StyleHistory", "StyleRow", "VoteRow",
]  # fmt: skip

_BATCH = 50
_MAX_PAGE = 1_000


class Store:
    """Notes, styles, feedback and what is being typed, in SQLite or PostgreSQL.

    Safe to call from several threads and from several processes at once. Every method raises
    StorageError where the database or the disk refuses; nothing half-written remains.
    """

    def __init__(self, database: Database) -> None:
        """Use a database whose tables are up to date; `Store.open` sees to that."""
        self._database = database
        self._index: Index = SqliteIndex() if database.dialect == "sqlite" else PostgresIndex()

    @classmethod
    def open(cls, url: str) -> "Store":
        """Open a database ("sqlite:////path/notewright.db"), bringing its tables up to date."""
        database = Database(url)
        try:
            upgrade(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # styles
    def save_profile(self, owner: str, profile: StyleProfile, *, new: bool = False) -> str:
        """Store a profile under its digest (unnamed ones belong to no style); return the digest.

        A named profile becomes the newest version of that style, which is made where it is new.
        Storing the same profile again changes nothing.

        Args:
            owner: whose it is.
            profile: the profile, its `version` above that of the style's newest.
            new: refuse a name that is taken already.

        Raises:
            InvalidRequest: the version exists with another content, the style is deleted, or the
                name is taken though `new` was asked for.
        """
        with self._database.write() as session:
            return styles.save_profile(session, owner, profile, new=new)

    def profile(self, owner: str, digest: str) -> StyleProfile:
        """Return a profile by content address."""
        with self._database.read() as session:
            return styles.profile(session, owner, digest)

    def style(self, owner: str, name: str, version: int | None = None) -> StyleProfile:
        """Return a style's newest (or given) version; NotFound for none or a deleted one."""
        with self._database.read() as session:
            return styles.style(session, owner, name, version)

    def styles(self, owner: str) -> Sequence[StyleRow]:
        """List styles by name, deleted ones left out."""
        with self._database.read() as session:
            return styles.styles(session, owner)

    def past_sample(self, owner: str, name: str, sample_id: str) -> StyleSample:
        """Return a sample that a style has or once had; NotFound for any other."""
        with self._database.read() as session:
            return styles.past_sample(session, owner, name, sample_id)

    def rename_style(self, owner: str, name: str, new_name: str) -> None:
        """Rename a style; InvalidRequest where the new name is taken (by a deleted one too)."""
        with self._database.write() as session:
            styles.rename(session, owner, name, new_name)

    def set_style_deleted(self, owner: str, name: str, deleted: bool) -> None:
        """Hide or restore a style."""
        with self._database.write() as session:
            styles.set_deleted(session, owner, name, deleted=deleted)

    def histories(self, owner: str) -> Sequence[StyleHistory]:
        """Return every style with all the profiles it ever had, deleted styles too."""
        with self._database.read() as session:
            return styles.histories(session, owner)

    def put_back(self, owner: str, history: StyleHistory) -> bool:
        """Add what is missing of an exported style; return whether anything was.

        A style that shares a profile with it is the same style, whatever it is called today, and
        what stands here stays in force.

        Raises:
            InvalidRequest: the name belongs to another style.
        """
        with self._database.write() as session:
            return styles.put_back(session, owner, history)

    # notes and feedback
    def save_note(self, owner: str, note: Note) -> str:
        """Store a note; return its id. Storing the same note again changes nothing.

        Raises:
            NotFound: its profile was not stored with `save_profile` before.
        """
        with self._database.write() as session:
            return notes.save(session, self._index, owner, note)

    def note(self, owner: str, note_id: str) -> NoteRecord:
        """Return a note and its feedback; NotFound if it is not this owner's."""
        with self._database.read() as session:
            return notes.record(session, owner, note_id)

    def notes(self, owner: str, *, include_deleted: bool = False) -> Iterator[NoteRecord]:
        """Iterate over all notes, oldest first, without holding them all in memory."""
        last: int | None = None
        while True:
            # A short transaction for each batch: a slow reader must not hold the log file back.
            with self._database.read() as session:
                rows = notes.after(session, owner, last, _BATCH, include_deleted=include_deleted)
                found = notes.records(session, rows) if rows else []
                last = rows[-1].seq if rows else last
            if not found:
                return
            yield from found

    def search(
        self,
        owner: str,
        query: str = "",
        *,
        style: str | None = None,
        language: Language | None = None,
        min_stars: int | None = None,
        limit: int = 30,
        offset: int = 0,
    ) -> NotePage:
        """Full-text search over topic, title, facts and text, words being typed included.

        Newest first without a query or with more than 1,000 matches, best match first otherwise. A
        style that does not exist, or a query of signs alone, finds nothing.
        """
        sought = phrases(query)
        if query.strip() and not sought:
            return NotePage(notes=(), total=0)
        with self._database.read() as session:
            key = styles.style_id(session, owner, style) if style else None
            if style and key is None:
                return NotePage(notes=(), total=0)
            scope = scope_query(owner, style_id=key, language=language, min_stars=min_stars)
            wanted = Query(scope=scope, phrases=sought)
            total = self._index.count(session, wanted)
            seqs = self._index.find(
                session,
                wanted,
                ranked=bool(sought) and total < COUNT_CAP,
                limit=max(0, min(limit, _MAX_PAGE)),
                offset=max(0, offset),
            )
            return NotePage(notes=notes.summaries(session, seqs, sought), total=total)

    def set_note_deleted(self, owner: str, note_id: str, deleted: bool) -> None:
        """Hide or restore a note."""
        with self._database.write() as session:
            notes.set_deleted(session, self._index, owner, note_id, deleted=deleted)

    def add_feedback(self, owner: str, feedback: Feedback) -> None:
        """Append feedback; NotFound if the note is not this owner's."""
        with self._database.write() as session:
            notes.add_feedback(session, self._index, owner, feedback)

    def adapters(self, folder: Path) -> AdapterShelf:
        """Return the adapters of this database, whose files lie in `folder`."""
        return AdapterShelf(self._database, folder)

    def jobs(self, *, host: str = "", patience: float = PATIENCE) -> JobBoard:
        """Return the training jobs of this database, as a machine sees them.

        Args:
            host: the machine's name, its network name if absent.
            patience: after how many seconds without a heartbeat a job may be taken for dead.
        """
        return JobBoard(self._database, host=host, patience=patience)

    def searches(self, folder: Path) -> SearchBoard:
        """Return the prompt searches of this database; their lock files lie in `folder`."""
        return SearchBoard(self._database, folder)

    # votes
    def add_vote(self, owner: str, vote: Vote, feedback: Feedback | None = None) -> None:
        """Append a vote, with the feedback on a note that it is; both or neither.

        Raises:
            InvalidRequest: the rater has voted on this pair too often.
            NotFound: the note is not this owner's.
        """
        with self._database.write() as session:
            votes.add(session, owner, vote)
            if feedback is not None:
                notes.add_feedback(session, self._index, owner, feedback)

    def votes(self, owner: str | None = None) -> Sequence[VoteRow]:
        """Return an owner's votes, or everybody's, in the order in which they were stored."""
        with self._database.read() as session:
            return votes.rows(session, owner)

    # consent
    def set_consent(self, owner: str, about: str, *, allowed: bool) -> None:
        """Say whether a note or sample (`Note.id`, `StyleSample.id`) may be trained on.

        Raises:
            InvalidRequest: `about` is no such id.
            NotFound: the note is not this owner's.
        """
        with self._database.write() as session:
            consent.put(session, owner, about, allowed=allowed)

    def refused(self, owner: str) -> frozenset[str]:
        """Return the ids of the notes and samples that must not be trained on; all others may."""
        with self._database.read() as session:
            return consent.refused(session, owner)

    def withdrawn(self, owner: str, style: str) -> frozenset[str]:
        """Return the ids of what no adapter of a style may have learned from: refused or deleted.

        Raises:
            NotFound: there never was such a style.
        """
        with self._database.read() as session:
            return consent.withdrawn(session, owner, style)

    def note_titles(self, owner: str, ids: Collection[str]) -> Mapping[str, str]:
        """Return the titles of those of the notes that are there and not deleted, newest first."""
        with self._database.read() as session:
            return notes.titles(session, owner, ids)

    # what is being typed
    def save_form(self, owner: str, form: dict[str, Any]) -> None:
        """Replace the saved form; cheap where nothing changed."""
        body = json.dumps(form)
        with self._database.read() as session:
            kept = session.get(FormEntry, owner)
            if kept is not None and kept.body == body:
                return
        with self._database.write() as session:
            session.merge(FormEntry(owner=owner, updated_at=utc_now(), body=body))

    def load_form(self, owner: str) -> dict[str, Any]:
        """Return the saved form, or an empty one."""
        with self._database.read() as session:
            kept = session.get(FormEntry, owner)
        return {} if kept is None else dict(json.loads(kept.body))

    def verify(self) -> Sequence[str]:
        """Recompute every content address; return a sentence for each row that does not agree."""
        with self._database.read() as session:
            return tuple(disagreements(session, self._index))
