"""The style score as a person can use it: how much of the way from anybody to the author, and why.

The scale runs from what other people's texts score against samples to what the author's own unseen
texts score. The floor is a figure of each language, or, where that is more, what plain prose of the
text's length scores against these very samples: prose of today is nearer to anybody who writes
today. The ceiling is each sample against the others, cut to the length of a note; with few samples
that is shaky, so the language's usual value counts as one sample more. The interval is a jackknife
over groups of neighbouring sentences: a bootstrap would ask for the score four times as often.
How the figures were measured: docs/METRICS.md.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from engine.profile.habits import rates
from engine.profile.lexical import words_of
from engine.profile.reference import load_stop_words
from engine.scoring.nouns import MarkUse, Rhythm, StyleReading, WordUse
from engine.scoring.style import style
from engine.text import count_words, sentence_spans
from engine.types import Language

OTHERS: Mapping[Language, float] = {"en": 0.2, "zh": 0.2}
"""Style score of texts by other people with five samples, the median: the lowest floor."""
OWN: Mapping[Language, float] = {"en": 0.85, "zh": 0.85}
"""Style score of unseen texts by the author with five samples, the median."""
LEAST_SPAN = 0.1
"""The floor is never nearer to the ceiling than this, however plainly the samples are written."""
_LEAST_CEILING = 0.5
"""However unlike the samples are, nothing that scores less than even is called the author's."""

_NOTE_WORDS = 150  # a held-out sample is cut to about the length of a note
_HALF_WORDS = 60  # halves of a single sample must be this long
_HELD_OUT = 5
_GROUPS = 10
_LENGTHS = (15, 30, 60, 150)  # words to which plain prose is cut
_WIDTH = 1.28  # standard errors on either side: 80 %
_SPREAD = 0.15  # least standard deviation of an author's own scores
_UNSURE = 0.25  # half the width where there are too few sentences to tell
_SHOWN = 4
_CLEAR = 1.6  # standard deviations from which a difference is told


def read_style(
    text: str,
    samples: Sequence[str],
    language: Language,
    *,
    score: float | None = None,
    watched: Sequence[str] = (),
) -> StyleReading:
    """Return how near a text has come to its samples, and what sets it apart; kept for a while.

    Args:
        text: what to read.
        samples: the author's texts; at least one.
        language: of both.
        score: the text's style score, where it is known.
        watched: the profile's signature words, told about beside function words.
    """
    return _read(text, tuple(samples), language, score, tuple(watched))


@lru_cache(maxsize=64)
def _read(
    text: str,
    theirs: tuple[str, ...],
    language: Language,
    score: float | None,
    watched: tuple[str, ...],
) -> StyleReading:
    score = style(text, theirs, language) if score is None else score
    ceiling, ceiling_error = _ceiling(theirs, language)
    length = count_words(text, language)
    cut = next((n for n in _LENGTHS if length <= n), _LENGTHS[-1])
    floor = min(_floor(theirs, language, cut), ceiling - LEAST_SPAN)
    percent = min(1.0, max(0.0, (score - floor) / (ceiling - floor)))
    error = math.hypot(_standard_error(text, theirs, language), percent * ceiling_error)
    spread = _WIDTH * error / (ceiling - floor)
    usual = _habits(theirs, language)
    own = _Habits.of([text], language)
    over, under = _words(own, usual, load_stop_words(language), frozenset(watched))
    return StyleReading(
        score=score,
        floor=floor,
        ceiling=ceiling,
        percent=percent,
        low=max(0.0, percent - spread),
        high=min(1.0, percent + spread),
        over=over,
        under=under,
        rhythm=Rhythm(
            mean=own.mean, spread=own.spread, usual_mean=usual.mean, usual_spread=usual.spread
        ),
        marks=_marks(own, usual),
    )


# ------------------------------------------------------------------ the scale


def ceiling_of(samples: tuple[str, ...], language: Language) -> float:
    """Return what an unseen text by the author of the samples may be expected to score."""
    return _ceiling(samples, language)[0]


@lru_cache(maxsize=64)
def _ceiling(samples: tuple[str, ...], language: Language) -> tuple[float, float]:
    """Return the ceiling and its standard error, which few samples leave large."""
    pairs = _held_out(samples, language)
    scores = [
        style(_opening(own, language, _NOTE_WORDS), others, language) for own, others in pairs
    ]
    mean = (OWN[language] + sum(scores)) / (1 + len(scores))
    spread = math.sqrt(sum((s - mean) ** 2 for s in (OWN[language], *scores)) / (1 + len(scores)))
    return max(mean, _LEAST_CEILING), max(spread, _SPREAD) / math.sqrt(1 + len(scores))


@lru_cache(maxsize=64)
def _floor(samples: tuple[str, ...], language: Language, words: int) -> float:
    """Return what somebody else's text of some length may be expected to score."""
    told = [_opening(plain, language, words) for plain in _plain(language)]
    return max(OTHERS[language], sum(style(p, samples, language) for p in told) / len(told))


@cache
def _plain(language: Language) -> tuple[str, ...]:
    """Return the plain prose that ships for a language."""
    data = files("engine.scoring").joinpath(f"data/plain_{language}.txt")
    return tuple(data.read_text(encoding="utf-8").split("\n\n"))


def _held_out(
    samples: tuple[str, ...], language: Language
) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Return each sample with the others; of a single one, each half with the other half."""
    if len(samples) == 1:
        places = sentence_spans(samples[0])
        middle = places[len(places) // 2][0] if places else 0
        samples = (samples[0][:middle], samples[0][middle:])
        if min(count_words(half, language) for half in samples) < _HALF_WORDS:
            return []
    step = max(1, math.ceil(len(samples) / _HELD_OUT))
    return [(samples[i], samples[:i] + samples[i + 1 :]) for i in range(0, len(samples), step)]


def _opening(text: str, language: Language, words: int) -> str:
    """Return the first sentences of a text, up to the one in which it gets that many words."""
    end = len(text)
    for _, end in sentence_spans(text):
        if count_words(text[:end], language) >= words:
            break
    return text[:end]


def _standard_error(text: str, samples: tuple[str, ...], language: Language) -> float:
    """Return how far chance moves the score: each group of sentences left out in turn."""
    places = sentence_spans(text)
    count = min(_GROUPS, len(places))
    if count < 3:
        return _UNSURE / _WIDTH
    cuts = [places[len(places) * i // count][0] for i in range(1, count)]
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    left = ["".join(parts[:i] + parts[i + 1 :]) for i in range(count)]
    scores = [style(rest, samples, language) for rest in left]
    mean = sum(scores) / count
    return math.sqrt((count - 1) / count * sum((s - mean) ** 2 for s in scores))


# ------------------------------------------------------------------ why


@dataclass(frozen=True)
class _Habits:
    """What can be counted about texts: words, marks, lengths of sentences."""

    words: Counter[str]
    total: int
    marks: Mapping[str, float]
    mean: float
    spread: float

    @classmethod
    def of(cls, texts: Sequence[str], language: Language) -> "_Habits":
        text = "\n\n".join(texts)
        words = Counter(words_of(text, language))
        lengths = [count_words(text[a:b], language) for a, b in sentence_spans(text)] or [0]
        mean = sum(lengths) / len(lengths)
        return cls(
            words=words,
            total=max(1, sum(words.values())),
            marks=rates(text, language),
            mean=mean,
            spread=math.sqrt(sum((n - mean) ** 2 for n in lengths) / len(lengths)),
        )


@lru_cache(maxsize=16)
def _habits(samples: tuple[str, ...], language: Language) -> _Habits:
    return _Habits.of(samples, language)


def _words(
    own: _Habits, usual: _Habits, common: frozenset[str], watched: frozenset[str]
) -> tuple[tuple[WordUse, ...], tuple[WordUse, ...]]:
    """Return the words used too much and too little: such as tell of manner, not of a topic."""
    over: list[tuple[float, WordUse]] = []
    under: list[tuple[float, WordUse]] = []
    for word in (own.words.keys() | usual.words.keys()) & (common | watched):
        count = own.words[word]
        expected = own.total * usual.words[word] / usual.total
        unlikely = _unlikely(count, expected)
        use = WordUse(
            word=word,
            rate=round(100 * count / own.total, 2),
            usual=round(100 * usual.words[word] / usual.total, 2),
        )
        if count >= 2 and unlikely >= _CLEAR and count >= 1.5 * expected:
            over.append((-unlikely, use))
        elif (unlikely <= -_CLEAR and count <= expected / 2) or (
            word in watched and not count and expected >= 0.5
        ):
            under.append((unlikely, use))
    return _most(over), _most(under)


def _most(uses: list[tuple[float, WordUse]]) -> tuple[WordUse, ...]:
    return tuple(use for _, use in sorted(uses, key=lambda item: (item[0], item[1].word))[:_SHOWN])


def _unlikely(count: float, expected: float) -> float:
    """Return the distance of a count from what was expected, in standard deviations."""
    return 2 * (math.sqrt(count + 0.375) - math.sqrt(expected + 0.375))


def _marks(own: _Habits, usual: _Habits) -> tuple[MarkUse, ...]:
    """Return the marks that are clearly more or less frequent, the most unusual first."""
    found: list[tuple[float, MarkUse]] = []
    for name, rate in own.marks.items():
        expected = usual.marks.get(name, 0.0)
        distance = abs(_unlikely(rate * own.total / 100, expected * own.total / 100))
        if distance >= _CLEAR:
            use = MarkUse(name=name, rate=round(rate, 2), usual=round(expected, 2))
            found.append((-distance, use))
    return tuple(use for _, use in sorted(found, key=lambda item: item[0])[:_SHOWN])
