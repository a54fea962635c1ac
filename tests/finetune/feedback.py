"""Notes in two steps, written out, for tests of what is learned from them."""

from collections.abc import Sequence
from typing import Any

from engine.learning_types import TrainingSet
from engine.types import Draft, Feedback, Message, Note, StyleProfile
from finetune.examples import make_training_set
from storage.records import NoteRecord
from tests import builders

ADA = builders.profile("Ada")
FERRY, CAFE = "The ferry leaves at six.", "The cafe opens at five."
"""The two steps of the plan of a built note; each is one of its facts."""
LOUD = ("The ferry leaves at six!", "The cafe opens at five, honestly!")
FLAT = ("The ferry will leave at six.", "The cafe will open at five.")
DULL = ("At six the ferry leaves.", "At five the cafe opens.")


def draft(said: tuple[str, str], **changes: Any) -> Draft:
    """Return a draft that says the plan's two steps so, and remembers it; without scores."""
    steps = ((FERRY, said[0]), (CAFE, said[1]))
    return builders.draft(" ".join(said), **{"steps": steps, "scores": None} | changes)


def note(*drafts: Draft, **changes: Any) -> Note:
    """Return a note in Ada's style; of a loud and a flat draft, the loud one chosen."""
    return builders.note(ADA, drafts=drafts or (draft(LOUD), draft(FLAT)), **changes)


def made(about: Note, *acts: Feedback, profile: StyleProfile = ADA, **how: Any) -> TrainingSet:
    """Return what is learned from one note and the feedback on it."""
    return make_training_set([NoteRecord(note=about, feedback=acts)], profile, **how)


def said(row: Sequence[Message]) -> list[str]:
    """Return a row's turns, less the one that shows the samples."""
    return [message.content for message in row if message.role != "system"]
