"""What the readings of a finished text say: stock phrases and repetition, and the style in words.

They stand beside `engine.types.Scores`: a score is a number that is kept, a reading is made anew
from the text whenever a person looks.
"""

from typing import Literal

from engine.types import Share, Span, Value

SlopKind = Literal["phrase", "loop", "repeat", "opening"]


class SlopFinding(Value):
    """Characters [start, end) of a text that a machine might have written, and why.

    `note` is the phrase of the list, or what is said again.
    """

    start: int
    end: int
    kind: SlopKind
    note: str = ""

    @property
    def span(self) -> Span:
        """The finding as a mark in the text."""
        return Span(start=self.start, end=self.end, kind="slop", note=self.note)


class SlopReport(Value):
    """The share of the text that is stock phrase or repetition, and where it is."""

    meter: Share
    findings: tuple[SlopFinding, ...] = ()


class WordUse(Value):
    """A word used more or less often than in the samples: uses per 100 words in each."""

    word: str
    rate: float
    usual: float


class MarkUse(Value):
    """A mark of punctuation or layout (named as in `engine.profile.habits`), per 100 words."""

    name: str
    rate: float
    usual: float


class Rhythm(Value):
    """Words in a sentence, their mean and spread, in the text and in the samples."""

    mean: float
    spread: float
    usual_mean: float
    usual_spread: float


class StyleReading(Value):
    """How much of the way from other people's texts to the author's own a text has come, and why.

    `floor` and `ceiling` are the style scores of other people's texts and of the author's own
    unseen ones; `percent` is the way between them, `low` and `high` its interval (80 %), all in
    [0, 1]. `over` and `under` are the words that tell most, the most unusual first.
    """

    score: Share
    floor: Share
    ceiling: Share
    percent: Share
    low: Share
    high: Share
    over: tuple[WordUse, ...] = ()
    under: tuple[WordUse, ...] = ()
    rhythm: Rhythm
    marks: tuple[MarkUse, ...] = ()
