"""Scores of one pasted text, whoever wrote it, with what is beside it."""

from dataclasses import dataclass

from app.studio import Studio
from engine.documents import split_samples
from engine.errors import InvalidRequest
from engine.scoring.nouns import StyleReading
from engine.scoring.overlap import bleu4, rouge_l
from engine.scoring.reading import read_style
from engine.scoring.scorer import READ, READ_SOURCE
from engine.text import clean, count_words
from engine.types import Language, Scores, Value


class PastedText(Value):
    """A text to score, as it was pasted; what is absent leaves the scores that need it out."""

    text: str
    samples: str = ""
    source: str = ""
    reference: str = ""
    knowledge: str = ""
    language: Language = "en"


@dataclass(frozen=True)
class ScoredText:
    """The text as it was read, its scores, and its style against the samples."""

    asked: PastedText
    text: str
    scores: Scores
    reading: StyleReading | None
    rouge_l: float | None
    bleu4: float | None

    @property
    def words(self) -> int:
        """How many words the text has."""
        return count_words(self.text, self.asked.language)


def score_text(studio: Studio, asked: PastedText) -> ScoredText:
    """Score a pasted text with everything that came with it.

    Raises:
        InvalidRequest: there is no text, or more of it than can be read.
    """
    _check(asked)
    language, text = asked.language, clean(asked.text)
    reference, source = clean(asked.reference), clean(asked.source)
    samples = [sample.text for sample in split_samples(asked.samples)]
    scores = studio.scorer.score(
        text,
        language=language,
        samples=samples,
        source=source or None,
        knowledge=clean(asked.knowledge) or None,
        words=count_words(reference or source, language) or None,
    )
    reading = None
    if scores.style is not None:
        reading = read_style(text, samples, language, score=scores.style)
    return ScoredText(
        asked=asked,
        text=text,
        scores=scores,
        reading=reading,
        rouge_l=rouge_l(text, reference) if reference else None,
        bleu4=bleu4(text, reference) if reference else None,
    )


def _check(asked: PastedText) -> None:
    if not count_words(clean(asked.text), asked.language):
        raise InvalidRequest("There is no text to score; paste one first.", field="text")
    sizes = (
        (asked.text, READ),
        (asked.reference, READ),
        (asked.source, READ_SOURCE),
        (asked.knowledge, READ_SOURCE),
    )
    for text, most in sizes:
        if len(text) > most:
            raise InvalidRequest(
                f"One of the texts has {len(text):,} characters; {most:,} can be read. Shorten it."
            )
