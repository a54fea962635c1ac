"""Sentence and paragraph shape."""

import re
import statistics
from collections.abc import Sequence

from engine.text import count_words, paragraphs, sentences, tokens
from engine.types import Language, ShapeMetrics

_FIRST_PERSON = "i i'm i've i'll i'd me my mine myself we us our ours 我 俺 咱 吾 余"
_FIRST = frozenset(_FIRST_PERSON.split())
_SECOND_PERSON = "you your yours yourself you're you'll you've 你 您 妳 汝"
_SECOND = frozenset(_SECOND_PERSON.split())
_CONTRACTION = re.compile(r"\w+['’](?:t|s|re|ve|ll|d|m)\b", re.IGNORECASE)
_CLOSERS = "\"'”’」』)） \n"


def shape(texts: Sequence[str], language: Language) -> ShapeMetrics:
    """Return the metrics of the samples taken together; lengths in words or Han characters."""
    all_sentences = [s for text in texts for s in sentences(text)]
    lengths = [count_words(s, language) for s in all_sentences] or [0]
    found = [t for text in texts for t in tokens(text)]
    per_hundred = 100 / max(1, len(found))
    marks = [s.rstrip(_CLOSERS)[-1:] for s in all_sentences]
    blocks = [len(sentences(p)) for text in texts for p in paragraphs(text)]
    return ShapeMetrics(
        sentence_mean=round(statistics.fmean(lengths), 2),
        sentence_spread=round(statistics.pstdev(lengths), 2),
        sentence_lengths=tuple(lengths),
        paragraph_sentences=round(statistics.fmean(blocks or [0]), 2),
        text_words=round(statistics.fmean([count_words(t, language) for t in texts] or [0]), 1),
        question_share=_share(marks, "?？"),
        exclamation_share=_share(marks, "!！"),
        vocabulary_richness=_richness(found),
        contraction_rate=round(sum(len(_CONTRACTION.findall(t)) for t in texts) * per_hundred, 2),
        first_person_rate=round(sum(t in _FIRST for t in found) * per_hundred, 2),
        second_person_rate=round(sum(t in _SECOND for t in found) * per_hundred, 2),
    )


def _share(marks: Sequence[str], wanted: str) -> float:
    return round(sum(m != "" and m in wanted for m in marks) / max(1, len(marks)), 4)


def _richness(found: Sequence[str], window: int = 50) -> float:
    """Return the mean share of different words in windows of 50 (moving-average TTR)."""
    if not found:
        return 0.0
    size = min(window, len(found))
    windows = [found[i : i + size] for i in range(0, len(found) - size + 1, max(1, size // 2))]
    return round(statistics.fmean(len(set(w)) / size for w in windows), 4)
