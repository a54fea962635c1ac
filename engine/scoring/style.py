"""How close is a text's style to some samples, whatever the topic?

Classic stylometry: character n-grams, function words (Cosine Delta, Evert et al. 2017),
punctuation and shape. Each is centred on what people in general do (`data/style_*.npz`, counts
from permissively licensed texts), so that agreeing in what everybody does counts for nothing. A
logistic regression fitted on pairs of texts by the same and by different authors puts their
combination on the scale: the probability that the samples' author wrote the text
(scripts/fit_style.py, figures in docs/SCORING.md).
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.text import sentences, tokens
from engine.types import Language

Floats = NDArray[np.float64]

BUCKETS = 1 << 14
MARKS = (",", ".", ";", ":", "!", "?", "—", "-", "'", '"', "(", "…", "#", "\n\n", "\n", "`")
_ALIKE = str.maketrans("‘’“”–，。；：！？（）、", "''\"\"—,.;:!?(),")
_EMOJI = re.compile(r"[\u2600-\u27bf\U0001f300-\U0001faff]")
FEATURES = ("grams", "words", "marks", "sentence_length", "word_length", "size")


class Reference(NamedTuple):
    """What people in general do, and the weights fitted on top of it."""

    gram_mean: Floats
    gram_spread: Floats
    words: tuple[str, ...]
    word_mean: Floats
    word_spread: Floats
    mark_mean: Floats
    mark_spread: Floats
    weights: Floats
    bias: float


@dataclass(frozen=True)
class Print:
    """The style of some text as numbers."""

    grams: Floats
    words: Floats
    marks: Floats
    sentence_length: float
    word_length: float
    size: int


def gram_counts(text: str) -> Floats:
    """Return hashed counts of character 1- to 4-grams as root frequencies: shape (BUCKETS,)."""
    text = " ".join(text.translate(_ALIKE).split())
    counts: Counter[str] = Counter()
    for n in range(1, 5):
        counts.update(text[i : i + n] for i in range(len(text) - n + 1))
    made = np.zeros(BUCKETS)
    for gram, count in counts.items():
        made[zlib.crc32(gram.encode()) % BUCKETS] += count
    rates: Floats = np.sqrt(made / max(1.0, float(made.sum())))
    return rates


def word_rates(text: str, words: Sequence[str]) -> Floats:
    """Return how often each listed word stands among the text's tokens."""
    found = tokens(text)
    counts = Counter(found)
    return np.array([counts[w] for w in words]) / max(1, len(found))


def mark_rates(text: str) -> Floats:
    """Return root rates of marks, emoji, capitals and digits per token."""
    size = max(1, len(tokens(text)))
    plain = text.translate(_ALIKE)
    counts = [plain.count(mark) for mark in MARKS]
    counts += [len(_EMOJI.findall(text)), sum(c.isupper() for c in text)]
    counts += [sum(c.isdigit() for c in text)]
    return np.sqrt(np.array(counts, dtype=np.float64) / size)


def fingerprint(text: str, words: Sequence[str]) -> Print:
    """Return the style of a text as numbers."""
    found = tokens(text)
    lengths = [len(tokens(s)) for s in sentences(text)] or [1]
    return Print(
        grams=gram_counts(text),
        words=word_rates(text, words),
        marks=mark_rates(text),
        sentence_length=math.log(max(1.0, sum(lengths) / len(lengths))),
        word_length=math.log(max(1.0, sum(map(len, found)) / max(1, len(found)))),
        size=len(found),
    )


def features(own: Print, theirs: Print, reference: Reference) -> Floats:
    """Return the comparison of two prints, one number for each of FEATURES."""
    return np.array(
        [
            _cosine(
                (own.grams - reference.gram_mean) / reference.gram_spread,
                (theirs.grams - reference.gram_mean) / reference.gram_spread,
            ),
            _cosine(
                (own.words - reference.word_mean) / reference.word_spread,
                (theirs.words - reference.word_mean) / reference.word_spread,
            ),
            _cosine(
                (own.marks - reference.mark_mean) / reference.mark_spread,
                (theirs.marks - reference.mark_mean) / reference.mark_spread,
            ),
            abs(own.sentence_length - theirs.sentence_length),
            abs(own.word_length - theirs.word_length),
            math.log(max(10, min(own.size, 400))),
        ]
    )


def _cosine(first: Floats, second: Floats) -> float:
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / norm if norm else 0.0


@cache
def reference_for(language: Language) -> Reference:
    """Return the reference that ships for a language."""
    path = files("engine.scoring").joinpath(f"data/style_{language}.npz")
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
        return unpack({name: data[name] for name in data.files})


def unpack(data: Mapping[str, NDArray[np.generic]]) -> Reference:
    """Return a Reference from the arrays that scripts/fit_style.py wrote."""
    number = {name: data[name].astype(np.float64) for name in data if name != "words"}
    return Reference(
        gram_mean=number["gram_mean"],
        gram_spread=number["gram_spread"],
        words=tuple(str(w) for w in data["words"]),
        word_mean=number["word_mean"],
        word_spread=number["word_spread"],
        mark_mean=number["mark_mean"],
        mark_spread=number["mark_spread"],
        weights=number["weights"],
        bias=float(number["bias"]),
    )


@lru_cache(maxsize=64)
def _known(text: str, language: Language) -> Print:
    return fingerprint(text, reference_for(language).words)


def style(text: str, samples: Sequence[str], language: Language) -> float:
    """Return the probability, in [0, 1], that the author of the samples wrote the text."""
    reference = reference_for(language)
    own = fingerprint(text, reference.words)
    theirs = _known("\n\n".join(samples), language)
    value = float(features(own, theirs, reference) @ reference.weights + reference.bias)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
