"""A text as numbers that say how it is written: character and word n-grams, marks, shape.

Classic stylometry (Stamatatos 2009 surveys it), hashed so that every text has the same length
(Weinberger et al. 2009), and as root rates, so that a few frequent items do not drown the rest.
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.text import sentences, tokens

Floats = NDArray[np.float32]

BLOCKS = ("grams", "words", "common", "marks", "shape")
GRAM_BUCKETS = 1 << 14
WORD_BUCKETS = 1 << 13
_LONGEST = 4  # characters of an n-gram
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MARKS = (",", ".", ";", ":", "!", "?", "—", "-", "'", '"', "(", "…", "#", "\n\n", "\n", "`")
_ALIKE = str.maketrans("‘’“”–，。；：！？（）、", "''\"\"—,.;:!?(),")
_EMOJI = re.compile(r"[\u2600-\u27bf\U0001f300-\U0001faff]")
_OPENING = 60  # tokens among which the share of different ones is counted


def measured(text: str, common: Sequence[str]) -> Mapping[str, Floats]:
    """Return the blocks of a text.

    Shapes: grams (GRAM_BUCKETS,), words (WORD_BUCKETS,), common (len(common),), marks (19,) and
    shape (6,). `common` are the words whose plain rates are told apart from the hashed ones.
    """
    found = tokens(text)
    counts = Counter(found)
    rates = [counts[word] / max(1, len(found)) for word in common]
    return {
        "grams": _grams(text),
        "words": _words(found),
        "common": np.array(rates, dtype=np.float32),
        "marks": _marks(text, len(found)),
        "shape": _shape(text, found),
    }


def _grams(text: str) -> Floats:
    """Return root rates of hashed character 1- to 4-grams, spaces and line ends alike."""
    line = f" {' '.join(text.translate(_ALIKE).split())} "
    codes = np.frombuffer(line.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    made = np.zeros(GRAM_BUCKETS)
    rolled = np.zeros(len(codes) + 1, dtype=np.uint64)
    for size in range(1, _LONGEST + 1):
        if len(codes) < size:
            break
        rolled = (rolled[: len(codes) - size + 1] + codes[size - 1 :] + np.uint64(size)) * _MIX
        places = (rolled >> np.uint64(50)).astype(np.int64)  # the top 14 bits
        made += np.bincount(places, minlength=GRAM_BUCKETS)
    rates: Floats = np.sqrt(made / max(1.0, made.sum())).astype(np.float32)
    return rates


def _words(found: Sequence[str]) -> Floats:
    """Return root rates of hashed tokens and of pairs of neighbours."""
    made = np.zeros(WORD_BUCKETS)
    counts = Counter(found) + Counter(f"{first} {second}" for first, second in pairwise(found))
    for word, count in counts.items():
        made[zlib.crc32(word.encode("utf-8", "replace")) % WORD_BUCKETS] += count
    return np.sqrt(made / max(1, len(found))).astype(np.float32)


def _marks(text: str, size: int) -> Floats:
    """Return root rates of marks, emoji, capitals and digits per token."""
    plain = text.translate(_ALIKE)
    counts = [plain.count(mark) for mark in _MARKS]
    counts += [len(_EMOJI.findall(text)), sum(c.isupper() for c in text)]
    counts += [sum(c.isdigit() for c in text)]
    return np.sqrt(np.array(counts, dtype=np.float32) / max(1, size))


def _shape(text: str, found: Sequence[str]) -> Floats:
    """Return log mean and spread of sentence lengths, log word length, and shares of words."""
    lengths = [len(tokens(sentence)) for sentence in sentences(text)] or [1]
    size = max(1, len(found))
    opening = found[:_OPENING]
    return np.array(
        [
            math.log(1 + float(np.mean(lengths))),
            math.log(1 + float(np.std(lengths))),
            math.log(0.1 + sum(map(len, found)) / size),
            len(set(opening)) / max(1, len(opening)),
            sum(len(word) > 6 for word in found) / size,
            sum(len(word) <= 3 for word in found) / size,
        ],
        dtype=np.float32,
    )
