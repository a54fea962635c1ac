"""Is a requested fact in the text, and where?"""

from collections.abc import Sequence
from functools import lru_cache

from engine.scoring.numerals import numbers
from engine.scoring.support import Evidence, content, is_han, negated
from engine.text import sentence_spans, tokens
from engine.types import Span

_WINDOW = 2  # a fact may be told over two neighbouring sentences
_SHARE = 0.65


def find_fact(fact: str, text: str) -> tuple[int, int] | None:
    """Return the place [start, end) of the shortest run of sentences that tells the fact.

    Every number and name must be there, most of its meaningful words, and it must not be negated
    where the fact is not (or the other way round). None where the fact is missing.
    """
    spans = sentence_spans(text)
    for size in range(1, _WINDOW + 1):
        for first in range(len(spans) - size + 1):
            window = spans[first : first + size]
            start, end = window[0][0], window[-1][1]
            if _tells(text[start:end], [text[a:b] for a, b in window], fact):
                return start, end
    return None


def _letters(fact: str) -> set[str]:
    """Return letters that stand alone: the B of room 12B says as much as a number."""
    return {t for t in tokens(fact) if len(t) == 1 and t.isascii() and t.isalpha()} - {"a", "i"}


def _share(wanted: Sequence[str], have: Evidence) -> float:
    """Return the share of words told; a Han pair whose characters stand apart counts half."""
    apart = (len(w) == 2 and is_han(w[0]) and set(w) <= have.tokens for w in wanted)
    told = (1.0 if w in have.stems else 0.5 * loose for w, loose in zip(wanted, apart, strict=True))
    return sum(told) / len(wanted)


@lru_cache(maxsize=512)
def _evidence(passage: str) -> Evidence:
    """Take a passage apart once for all the facts that are looked for in it."""
    return Evidence.of([passage])


def _tells(passage: str, clauses: Sequence[str], fact: str) -> bool:
    have = _evidence(passage)
    if not numbers(fact) <= have.numbers or have.missing_names(fact):
        return False
    if not _letters(fact) <= have.tokens:
        return False
    wanted = content(fact)
    if wanted and _share(wanted, have) < (_SHARE if len(wanted) > 2 else 1.0):
        return False
    nearest = max(clauses, key=lambda clause: _evidence(clause).share(fact))
    return negated(nearest) == negated(fact)


def find_facts(facts: Sequence[str], text: str) -> tuple[tuple[bool, ...], tuple[Span, ...]]:
    """Return for each fact whether it is told, and spans of those that are."""
    places = [find_fact(fact, text) for fact in facts]
    spans = tuple(
        Span(start=place[0], end=place[1], kind="fact", note=fact)
        for fact, place in zip(facts, places, strict=True)
        if place
    )
    return tuple(place is not None for place in places), spans
