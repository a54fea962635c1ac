"""What the store hands out: rows of lists, pages of a search, a note with its feedback."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.notebench.votes import Vote
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
    """A note with all feedback on it, oldest first.

    `style_name` is what the note's style is called today; `note.style_name` what it was then.
    """

    note: Note
    feedback: Sequence[Feedback]
    deleted: bool = False
    style_name: str = ""


@dataclass(frozen=True)
class StyleHistory:
    """A style with every profile it ever had, oldest first, as an export keeps it.

    A rename adds the renamed profiles: the last one is the style as it stands.
    """

    name: str
    profiles: tuple[StyleProfile, ...]
    deleted: bool = False


@dataclass(frozen=True)
class VoteRow:
    """A vote and whose it is."""

    owner: str
    vote: Vote
