"""What the scores are held against: character n-grams, and shares of words found."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from engine.text import tokens

Row = Mapping[str, float]
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)\b[A-Z][\w'’-]*|\d[\d.,:]*")


class CharacterGrams:
    """Cosine of character 1- to 3-grams, (1 + ln tf) · idf, idf from the texts compared."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count in how many texts each n-gram stands."""
        counted = Counter(gram for text in set(texts) for gram in set(_grams(text)))
        size = len(set(texts))
        self._idf = {g: 1 + math.log((1 + size) / (1 + n)) for g, n in counted.items()}
        self._rows: dict[str, Row] = {}

    def closeness(self, text: str, samples: Sequence[str]) -> float:
        """Return the cosine of a text with its samples' mean."""
        one, others = self._row(text), [self._row(sample) for sample in samples]
        length = math.sqrt(sum(_dot(a, b) for a in others for b in others))
        return sum(_dot(one, other) for other in others) / (length or 1.0)

    def _row(self, text: str) -> Row:
        if text not in self._rows:
            self._rows[text] = self._made(text)
        return self._rows[text]

    def _made(self, text: str) -> Row:
        counts = Counter(_grams(text))
        row = {gram: (1 + math.log(n)) * self._idf[gram] for gram, n in counts.items()}
        length = math.sqrt(_dot(row, row)) or 1.0
        return {gram: value / length for gram, value in row.items()}


def _dot(one: Row, other: Row) -> float:
    return sum(one[gram] * other[gram] for gram in one.keys() & other.keys())


def _grams(text: str) -> list[str]:
    lower = text.lower()
    return [lower[i : i + size] for size in (1, 2, 3) for i in range(len(lower) - size + 1)]


def words_found(text: str, source: str) -> float:
    """Return the share of a text's words that its source has."""
    return _share(tokens(text), set(tokens(source)))


def names_found(text: str, source: str) -> float:
    """Return the share of a text's names and numbers that its source has."""
    return _share([t for name in _NAME.findall(text) for t in tokens(name)], set(tokens(source)))


def _share(wanted: Sequence[str], have: set[str]) -> float:
    return sum(word in have for word in wanted) / len(wanted) if wanted else 1.0
