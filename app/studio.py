"""The use cases. The page, the command line and the API call this and nothing below it.

Owner: lead. Signatures are fixed; bodies follow.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.events import Event
from engine.protocols import StopCheck, never_stop
from engine.types import (
    Feedback,
    Language,
    Note,
    Plan,
    StyleProfile,
    StyleSample,
    WritingRequest,
)
from storage.store import NotePage, NoteRecord, Store, StyleRow

LOCAL = "local"


@dataclass(frozen=True)
class ProfileEdits:
    """What a writer changes about a profile: the whole new lists, not differences."""

    struck: tuple[str, ...]
    added_words: tuple[str, ...]
    guidance: str


@dataclass(frozen=True)
class Check:
    """One line of the doctor's report; `remedy` is empty when `ok`."""

    name: str
    ok: bool
    required: bool
    detail: str
    remedy: str = ""


class Studio:
    """Everything a person can do. Every method takes the owner whose things it touches."""

    store: Store

    # -- writing ---------------------------------------------------------------------------
    def plan(
        self, owner: str, request: WritingRequest, *, should_stop: StopCheck = never_stop
    ) -> Iterator[Event]:
        """Yield Waiting…, StageStarted, PlanWords… and PlanReady."""
        raise NotImplementedError

    def draft(
        self,
        owner: str,
        request: WritingRequest,
        profile: StyleProfile,
        plan: Plan,
        *,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Event]:
        """Yield Waiting…, drafts, verdict and NoteReady; the note is stored before NoteReady."""
        raise NotImplementedError

    def write(
        self,
        owner: str,
        request: WritingRequest,
        profile: StyleProfile,
        *,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Event]:
        """Plan and draft in one go."""
        raise NotImplementedError

    def edited_plan(self, request: WritingRequest, plan: Plan, text: str) -> Plan:
        """Return the plan after the writer edited its text (title line, then one point a line).

        Facts whose words left the text are named in `missing`, never silently lost.
        """
        raise NotImplementedError

    def plan_text(self, plan: Plan) -> str:
        """Return a plan as editable text: title line, then "- " and one point a line."""
        raise NotImplementedError

    # -- styles ----------------------------------------------------------------------------
    def read_samples(self, paths: Sequence[Path]) -> tuple[StyleSample, ...]:
        """Read .txt, .md and .docx files; UnreadableDocument says what to do about others."""
        raise NotImplementedError

    def samples_from_text(self, text: str) -> tuple[StyleSample, ...]:
        """Split pasted text into samples (lines of three or more dashes, or '===', part them)."""
        raise NotImplementedError

    def profile(
        self, samples: Sequence[StyleSample], language: Language, *, name: str = ""
    ) -> StyleProfile:
        """Read samples into an unsaved profile (for pasted samples of a single note)."""
        raise NotImplementedError

    def add_style(
        self, owner: str, name: str, samples: Sequence[StyleSample], language: Language
    ) -> StyleProfile:
        """Save a new style; its version is 1. InvalidRequest if the name is taken."""
        raise NotImplementedError

    def add_samples(self, owner: str, name: str, samples: Sequence[StyleSample]) -> StyleProfile:
        """Add samples to a style; a new version."""
        raise NotImplementedError

    def edit_style(self, owner: str, name: str, edits: ProfileEdits) -> StyleProfile:
        """Save the writer's changes as a new version."""
        raise NotImplementedError

    def rename_style(self, owner: str, name: str, new_name: str) -> None:
        """Rename; its notes follow."""
        raise NotImplementedError

    def delete_style(self, owner: str, name: str) -> None:
        """Hide a style; `restore_style` brings it back."""
        raise NotImplementedError

    def restore_style(self, owner: str, name: str) -> None:
        """Undo `delete_style`."""
        raise NotImplementedError

    def styles(self, owner: str) -> Sequence[StyleRow]:
        """List the saved styles by name."""
        raise NotImplementedError

    def style(self, owner: str, name: str, version: int | None = None) -> StyleProfile:
        """Return a saved style's profile, the newest version unless told."""
        raise NotImplementedError

    # -- library ---------------------------------------------------------------------------
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
        """Find notes, newest first (best match first when there is a query)."""
        raise NotImplementedError

    def note(self, owner: str, note_id: str) -> NoteRecord:
        """Return a note with its feedback."""
        raise NotImplementedError

    def delete_note(self, owner: str, note_id: str) -> None:
        """Hide a note; `restore_note` brings it back."""
        raise NotImplementedError

    def restore_note(self, owner: str, note_id: str) -> None:
        """Undo `delete_note`."""
        raise NotImplementedError

    def rate(
        self,
        owner: str,
        note_id: str,
        *,
        draft: int | None = None,
        stars: int | None = None,
        thumb: Literal["up", "down"] | None = None,
        choose: int | None = None,
        edited_text: str | None = None,
        tag: str | None = None,
        rater: str = "writer",
    ) -> Feedback:
        """Store one act of feedback; `draft` is the chosen one where it is not given."""
        raise NotImplementedError

    def markdown(self, record: NoteRecord) -> str:
        """Return the note as the writer would download it: title and the text as last edited."""
        raise NotImplementedError

    def export(self, owner: str, directory: Path) -> dict[str, int]:
        """Write everything a person made as JSONL and Markdown; return counts by kind."""
        raise NotImplementedError

    def import_(self, owner: str, directory: Path) -> dict[str, int]:
        """Read an export back; what is already there is left alone. Return counts by kind."""
        raise NotImplementedError

    # -- what is being typed -----------------------------------------------------------------
    def save_form(self, owner: str, form: dict[str, Any]) -> None:
        """Keep what is typed on the page, as it is typed."""
        raise NotImplementedError

    def load_form(self, owner: str) -> dict[str, Any]:
        """Return what was last typed; empty for a newcomer."""
        raise NotImplementedError

    # -- the machine -------------------------------------------------------------------------
    def warm_up(self, report: Callable[[str], None] = lambda _: None) -> None:
        """Load the models; safe to call from a background thread while the page is up."""
        raise NotImplementedError

    def languages(self) -> tuple[Language, ...]:
        """Return the languages that the configured stylist can write."""
        raise NotImplementedError

    def doctor(self) -> Sequence[Check]:
        """Try every part of this machine; never raises."""
        raise NotImplementedError


def final_text(record: NoteRecord) -> str:
    """Return the text as the writer left it: the last edit, else the chosen draft."""
    raise NotImplementedError


def chosen_draft(note: Note, feedback: Sequence[Feedback]) -> int:
    """Return the draft in force: the writer's last choice, else the program's."""
    raise NotImplementedError
