"""Which words of a sentence go with which of its numbers or names: those that are nearest to it."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.scoring.numerals import is_number
from engine.scoring.quantities import MONTHS, Quantity, plain, quantities
from engine.scoring.support import FUNCTION_WORDS, is_han, stem
from engine.scoring.units import DIMENSION, UNIT_OF
from engine.text import token_spans

_BREAK = re.compile(r"[,;:()，；：、（）—]|\band\b|\bbut\b|\bor\b|\bwhile\b|[和与及但而]")
_BREAK_COST = 4  # words that a comma or an "and" counts for
_REACH = 8
_HEAD = 2
_FAR = 999
_MOST = 2000
_EMPTY = frozenset("个只张把名位条间棵杯碗家座件辆里有共约近还")


class Word(NamedTuple):
    """A meaningful word: its stem, and its place among the tokens and among the characters."""

    stem: str
    place: int
    start: int


class Company(NamedTuple):
    """The words that keep something company: those nearest to it, and the one it counts."""

    words: frozenset[str]
    head: str
    close: frozenset[str]


class Sentence(NamedTuple):
    """A sentence taken apart: its quantities, each with its company."""

    text: str
    words: tuple[Word, ...]
    quantities: tuple[Quantity, ...]
    company: tuple[Company, ...]

    @property
    def stems(self) -> frozenset[str]:
        """All meaningful words."""
        return frozenset(word.stem for word in self.words)


@lru_cache(maxsize=4096)
def taken_apart(sentence: str) -> Sentence:
    """Take a sentence apart."""
    text = plain(sentence)
    found = quantities(sentence)
    words = tuple(meaningful(text, [(q.start, q.end) for q in found]))
    places = [(q.start, q.end) for q in found]
    counted = company(text, (*words, *_times(text, found)), places)
    return Sentence(sentence, words, found, counted)


def _times(text: str, found: Sequence[Quantity]) -> Iterable[Word]:
    """Yield months and days of the week as words, so that numbers can be told apart by them."""
    starts = [token.start for token in token_spans(text)]
    for q in found:
        if q.kind in {"month", "date", "weekday"}:
            place = sum(start < q.start for start in starts)
            yield Word(
                f"{q.kind[-2:]}:{q.value.split('-')[0]}".replace("te:", "th:"), place, q.start
            )


def meaningful(text: str, without: Sequence[tuple[int, int]] = ()) -> Iterable[Word]:
    """Yield the meaningful words of a text in plain form; Han characters go in pairs."""
    found = token_spans(text)
    hidden = {at for a, b in without for at in range(a, b)}
    for place, token in enumerate(found):
        if token.start in hidden or token.text in FUNCTION_WORDS or is_number(token.text):
            continue
        if is_han(token.text):
            after = found[place + 1] if place + 1 < len(found) else None
            joined = after and after.start == token.end and is_han(after.text)
            if joined and after and token.text not in _EMPTY and after.text not in FUNCTION_WORDS:
                yield Word(token.text + after.text, place, token.start)
        elif token.text not in MONTHS and UNIT_OF.get(token.text, "") not in DIMENSION:
            yield Word(stem(token.text), place, token.start)


def company(
    text: str, words: Sequence[Word], places: Sequence[tuple[int, int]]
) -> tuple[Company, ...]:
    """Give each meaningful word to the nearest of some places of a text."""
    if len(places) * len(words) > _MOST:  # a table or a list, where nearness says little
        return (Company(frozenset(), "", frozenset()),) * len(places)
    starts = [token.start for token in token_spans(text)]
    breaks = [match.start() for match in _BREAK.finditer(text)]
    nearest: list[set[str]] = [set() for _ in places]
    close: list[set[str]] = [set() for _ in places]
    heads = [""] * len(places)
    for word in words:
        gaps = [
            _FAR if start <= word.start < end else _gap(word, start, end, starts, breaks)
            for start, end in places
        ]
        for number, gap in enumerate(gaps):
            if gap <= _BREAK_COST and not _parted(word, number, places):
                close[number].add(word.stem)
            if gap == min(gaps) and gap <= _REACH:
                nearest[number].add(word.stem)
            if not heads[number] and word.start >= places[number][1] and gap <= _HEAD:
                heads[number] = word.stem
    return tuple(
        Company(frozenset(n), h, frozenset(c))
        for n, h, c in zip(nearest, heads, close, strict=True)
    )


def _parted(word: Word, number: int, places: Sequence[tuple[int, int]]) -> bool:
    """Tell whether another place stands between a word and its own."""
    start, end = places[number]
    return any(end <= a < word.start or word.start < a < start for a, _ in places)


def _gap(word: Word, start: int, end: int, starts: Sequence[int], breaks: Sequence[int]) -> int:
    low, high = (end, word.start) if word.start >= end else (word.start, start)
    between = sum(low <= s < high for s in starts)
    return max(1, between) + _BREAK_COST * sum(low <= b < high for b in breaks)
