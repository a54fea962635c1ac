"""The only door to the database.

Owner: storage. Signatures are fixed; bodies follow. `owner` scopes everything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.types import Feedback, Language, Note, StyleProfile


@dataclass(frozen=True)
class StyleRow:
    """A saved style in a list."""

    name: str
    language: Language
    version: int
    samples: int
    notes: int
    updated_at: datetime


@dataclass(frozen=True)
class NoteSummary:
    """A note in a list: no drafts loaded. `snippet` marks matches with \\x02 and \\x03."""

    id: str
    title: str
    snippet: str
    style_name: str
    language: Language
    stars: int | None
    created_at: datetime


@dataclass(frozen=True)
class NotePage:
    """Some notes of a search, and how many there are in all (counting stops at 1,000)."""

    notes: Sequence[NoteSummary]
    total: int


@dataclass(frozen=True)
class NoteRecord:
    """A note with all feedback on it, oldest first."""

    note: Note
    feedback: Sequence[Feedback]
    deleted: bool = False


class Store:
    """Notes, styles, feedback and what is being typed, in SQLite or PostgreSQL."""

    @classmethod
    def open(cls, url: str) -> "Store":
        """Open a database ("sqlite:////path/notewright.db"), bringing its tables up to date."""
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections."""
        raise NotImplementedError

    # styles
    def save_profile(self, owner: str, profile: StyleProfile) -> str:
        """Store a profile under its digest (unnamed ones belong to no style); return the digest.

        A named profile becomes the newest version of that style, which is made where it is new.
        """
        raise NotImplementedError

    def profile(self, owner: str, digest: str) -> StyleProfile:
        """Return a profile by content address."""
        raise NotImplementedError

    def style(self, owner: str, name: str, version: int | None = None) -> StyleProfile:
        """Return a style's newest (or given) version; NotFound for none or a deleted one."""
        raise NotImplementedError

    def styles(self, owner: str) -> Sequence[StyleRow]:
        """List styles by name, deleted ones left out."""
        raise NotImplementedError

    def rename_style(self, owner: str, name: str, new_name: str) -> None:
        """Rename a style; InvalidRequest where the new name is taken (by a deleted one too)."""
        raise NotImplementedError

    def set_style_deleted(self, owner: str, name: str, deleted: bool) -> None:
        """Hide or restore a style."""
        raise NotImplementedError

    # notes and feedback
    def save_note(self, owner: str, note: Note) -> str:
        """Store a note; return its id. Storing the same note again changes nothing."""
        raise NotImplementedError

    def note(self, owner: str, note_id: str) -> NoteRecord:
        """Return a note and its feedback; NotFound if it is not this owner's."""
        raise NotImplementedError

    def notes(self, owner: str, *, include_deleted: bool = False) -> Iterator[NoteRecord]:
        """Iterate over all notes, oldest first, without holding them all in memory."""
        raise NotImplementedError

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
        """Full-text search over topic, title, facts and text, words being typed included."""
        raise NotImplementedError

    def set_note_deleted(self, owner: str, note_id: str, deleted: bool) -> None:
        """Hide or restore a note."""
        raise NotImplementedError

    def add_feedback(self, owner: str, feedback: Feedback) -> None:
        """Append feedback; NotFound if the note is not this owner's."""
        raise NotImplementedError

    # what is being typed
    def save_form(self, owner: str, form: dict[str, Any]) -> None:
        """Replace the saved form."""
        raise NotImplementedError

    def load_form(self, owner: str) -> dict[str, Any]:
        """Return the saved form, or an empty one."""
        raise NotImplementedError

    def verify(self) -> Sequence[str]:
        """Recompute every content address; return a sentence for each row that does not agree."""
        raise NotImplementedError
