"""Is a requested fact in the text, and where?"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.scoring.numerals import numbers
from engine.scoring.support import Evidence, content, is_han, negated
from engine.text import sentence_spans, tokens
from engine.types import Span

_WINDOW = 2  # a fact may be told over two neighbouring sentences
_SHARE = 0.65
_CLAUSE = re.compile(r"[,:](?!\d)|[;()—–，；：、（）]|\b(?:and|but|or|so|while|although)\b|[但而]")

Place = tuple[int, int]


class _Fact(NamedTuple):
    """A fact taken apart once for all the places that may tell it."""

    text: str
    numbers: set[str]
    letters: set[str]
    words: list[str]
    negated: bool


def find_facts(facts: Sequence[str], text: str) -> tuple[tuple[bool, ...], tuple[Span, ...]]:
    """Return for each fact whether it is told, and spans of those that are."""
    windows = [window for size in range(1, _WINDOW + 1) for window in _windows(text, size)]
    places = [_place(_taken_apart(fact), text, windows) for fact in facts]
    spans = tuple(
        Span(start=place[0], end=place[1], kind="fact", note=fact)
        for fact, place in zip(facts, places, strict=True)
        if place
    )
    return tuple(place is not None for place in places), spans


def _windows(text: str, size: int) -> list[list[Place]]:
    spans = sentence_spans(text)
    return [spans[first : first + size] for first in range(len(spans) - size + 1)]


def _place(fact: _Fact, text: str, windows: Sequence[Sequence[Place]]) -> Place | None:
    """Return the place [start, end) of the shortest run of sentences that tells the fact.

    Every number and name must be there, most of its meaningful words, and it must not be negated
    where the fact is not (or the other way round). None where the fact is missing.
    """
    for window in windows:
        start, end = window[0][0], window[-1][1]
        if _tells(text[start:end], [text[a:b] for a, b in window], fact):
            return start, end
    return None


@lru_cache(maxsize=512)
def _taken_apart(fact: str) -> _Fact:
    # Letters that stand alone: the B of room 12B says as much as a number.
    alone = {t for t in tokens(fact) if len(t) == 1 and t.isascii() and t.isalpha()} - {"a", "i"}
    words = content(fact)
    return _Fact(fact, numbers(fact), alone, words, _denied(fact, words))


def _share(wanted: Sequence[str], have: Evidence) -> float:
    """Return the share of words told; a Han pair whose characters stand apart counts half."""
    apart = (len(w) == 2 and is_han(w[0]) and set(w) <= have.tokens for w in wanted)
    told = (1.0 if w in have.stems else 0.5 * loose for w, loose in zip(wanted, apart, strict=True))
    return sum(told) / len(wanted)


@lru_cache(maxsize=512)
def _evidence(passage: str) -> Evidence:
    """Take a passage apart once for all the facts that are looked for in it."""
    return Evidence.of([passage])


def _tells(passage: str, sentences: Sequence[str], fact: _Fact) -> bool:
    have = _evidence(passage)
    if not fact.numbers <= have.numbers or not fact.letters <= have.tokens:
        return False
    if fact.words and _share(fact.words, have) < (_SHARE if len(fact.words) > 2 else 1.0):
        return False
    if have.missing_names(fact.text):
        return False
    nearest = max(sentences, key=lambda sentence: _evidence(sentence).share(fact.text))
    return _denied(nearest, fact.words) == fact.negated


def _denied(sentence: str, words: Sequence[str]) -> bool:
    """Tell whether a sentence is negative in the clauses that together tell the words.

    A clause that tells none which fuller ones do not tell already is about something else.
    """
    told = [(part, _evidence(part).stems & {*words}) for part in _CLAUSE.split(sentence)]
    about, found = "", set[str]()
    for part, new in sorted(told, key=lambda each: -len(each[1])):
        if not new <= found:
            about, found = f"{about} {part}", found | new
    return negated(about)
