"""Which part of a styled text says which sentence of its neutral counterpart?

A small model keeps content when it restyles a sentence or two at a time, so training needs pairs of
that size. Authors and translators keep the order of what they say but not the sentence breaks
(one verse may be three modern sentences), so the styled text is cut at clause ends, by the same
dynamic programme that aligns sentences of parallel corpora (Gale and Church 1993), scored by the
words that the two sides share, since both are one language.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.keeping import likeness
from engine.text import HAN, sentences

_CLAUSE_END = re.compile(
    r"[,;:.?!…—]+[\"'”’)\]]*(?=\s|$)|\s--(?=\s)|\n|[，；：。！？]+[…—]*[”’」』）]*"
)
_BONUS = dict.fromkeys(".?!\n。！？", 0.10) | dict.fromkeys(";:；：", 0.05)
_HAN = re.compile(f"[{HAN}]")
_SHORT = 6  # words below which a sentence goes with its neighbour
_UNLIKE = 0.12  # likeness below which two texts do not say the same
_STRETCH = 3.0  # longest side over shortest of a pair that can be believed


class Aligned(NamedTuple):
    """A neutral sentence or two, and the author's words for it."""

    neutral: str
    styled: str


def align(neutral: str | Sequence[str], styled: str) -> tuple[Aligned, ...]:
    """Return a styled text in pieces, each with the neutral sentences that it says.

    Empty where the two cannot be matched piece by piece.

    Args:
        neutral: a text, taken a step at a time, or the steps themselves.
        styled: the same content in the author's words.
    """
    units = steps(neutral) if isinstance(neutral, str) else list(neutral)
    cuts = [0, *(m.end() for m in _CLAUSE_END.finditer(styled)), len(styled)]
    cuts = sorted(set(cuts))
    if not units or len(units) >= len(cuts):
        return ()
    places = _best_cuts(units, styled, cuts)
    if not places:
        return ()
    pieces = [styled[a:b].strip() for a, b in pairwise(places)]
    pairs = tuple(Aligned(u, p) for u, p in zip(units, pieces, strict=True))
    return pairs if all(map(_believable, pairs)) else ()


def steps(text: str) -> list[str]:
    """Return a text in steps of a sentence; one of under six words goes with the one before it.

    A Han character is a word.
    """
    found: list[str] = []
    for sentence in sentences(text):
        if found and min(_count(sentence), _count(found[-1])) < _SHORT:
            found[-1] += sentence if _HAN.search(sentence) else f" {sentence}"
        else:
            found.append(sentence)
    return found


def _count(text: str) -> int:
    return len(_HAN.sub(" x ", text).split())


def _best_cuts(units: Sequence[str], styled: str, cuts: Sequence[int]) -> list[int]:
    """Return where the pieces of the best path begin and end: one more place than units.

    Empty where every path has a piece too long to be believed.
    """
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    share = len(styled) / max(1, sum(map(len, units)))
    for number, unit in enumerate(units):
        last = number == len(units) - 1
        reached: dict[int, tuple[float, int]] = {}
        for start, (score, _) in best[-1].items():
            ends = [len(cuts) - 1] if last else range(start + 1, len(cuts))
            for end in ends:
                piece = styled[cuts[start] : cuts[end]]
                if end <= start:
                    continue
                if len(piece.strip()) > _STRETCH * len(unit):
                    break
                gain = score + _gain(unit, piece, share)
                if gain > reached.get(end, (-1e9, 0))[0]:
                    reached[end] = (gain, start)
        best.append(reached)
    place = len(cuts) - 1
    if place not in best[-1]:
        return []
    path = [place]
    for reached in reversed(best[1:]):
        place = reached.get(place, (0.0, 0))[1]
        path.append(place)
    return [cuts[p] for p in reversed(path)]


def _gain(unit: str, piece: str, share: float) -> float:
    """Return how well a piece says a unit: shared words, a clean end, a likely length."""
    expected = len(unit) * share
    stretch = max(len(piece), expected) / max(1.0, min(len(piece), expected))
    return (
        likeness(unit, piece) + _BONUS.get(piece.rstrip("\"'”’)] 」』）")[-1:], 0.0) - 0.1 * stretch
    )


def _believable(pair: Aligned) -> bool:
    longer, shorter = sorted((len(pair.neutral), len(pair.styled)), reverse=True)
    alike = likeness(pair.neutral, pair.styled) >= _UNLIKE
    return alike and longer <= _STRETCH * max(1, shorter)
