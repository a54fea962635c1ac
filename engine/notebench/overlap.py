"""The contamination guard: which texts share a run of words with what NoteBench asks.

Training refuses such texts. A run of 8 tokens is long enough to be no accident and short enough to
find a text that was cut or mended; Han characters carry less each, so 13 of them count.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from engine.notebench.samples import BenchItem, shipped
from engine.scoring.support import is_han
from engine.text import ngrams, tokens
from engine.types import Value

RUN = 8
HAN_RUN = 13

Row = TypeVar("Row")
Run = tuple[str, ...]


class Overlap(Value):
    """Text `place` (from 0) shares the words `run` with what the item keeps secret."""

    place: int
    item: str
    run: str


class Dropped(NamedTuple, Generic[Row]):
    """A row that training must not see, the item that it would give away, and a sentence why."""

    row: Row
    item: str
    reason: str


class Guarded(NamedTuple, Generic[Row]):
    """Rows that may be trained on, and those that may not."""

    kept: tuple[Row, ...]
    dropped: tuple[Dropped[Row], ...]


def without_overlaps(
    rows: Iterable[Row],
    texts: Callable[[Row], Iterable[str]],
    n: int = RUN,
    *,
    items: Sequence[BenchItem] | None = None,
) -> Guarded[Row]:
    """Return the rows to train on, less those that share a run with what NoteBench asks.

    Args:
        rows: what somebody wants to train on, of whatever kind.
        texts: returns all the texts of a row that training would see.
        n: tokens that make a run; runs that are mostly Han need 13 characters.
        items: whose references and sources; all that ship, dev and test, where it is None.

    Raises:
        NotFound: the data that ship are missing: nothing can be said then.
    """
    known = _secret(n, items)
    kept: list[Row] = []
    dropped: list[Dropped[Row]] = []
    for row in rows:
        hit = next((found for text in texts(row) if (found := _hit(text, n, known))), None)
        if hit is None:
            kept.append(row)
        else:
            item, words = hit
            reason = f"shares the words {words!r} with NoteBench's item {item!r}"
            dropped.append(Dropped(row, item, reason))
    return Guarded(tuple(kept), tuple(dropped))


def overlaps(
    texts: Iterable[str], n: int = RUN, *, items: Sequence[BenchItem] | None = None
) -> tuple[Overlap, ...]:
    """Return the texts that share a run with a reference or source, each with its first such run.

    Args:
        texts: what somebody wants to train on.
        n: tokens that make a run; runs that are mostly Han need 13 characters.
        items: whose references and sources; all that ship, dev and test, where it is None.

    Raises:
        NotFound: the data that ship are missing: nothing can be said then.
    """
    known = _secret(n, items)
    hits = ((place, _hit(text, n, known)) for place, text in enumerate(texts))
    return tuple(Overlap(place=place, item=hit[0], run=hit[1]) for place, hit in hits if hit)


def _hit(text: str, n: int, known: Mapping[Run, str]) -> tuple[str, str] | None:
    """Return the item with which a text shares a run, and the run's words."""
    found = tokens(text)
    runs = chain(ngrams(found, n), ngrams(found, HAN_RUN))
    return next(((known[run], " ".join(run)) for run in runs if run in known), None)


def _secret(n: int, items: Sequence[BenchItem] | None) -> Mapping[Run, str]:
    return _shipped_runs(n) if items is None else _known(items, n)


@cache
def _shipped_runs(n: int) -> Mapping[Run, str]:
    return _known((*shipped("dev"), *shipped("test")), n)


def _known(items: Iterable[BenchItem], n: int) -> Mapping[Run, str]:
    """Return every run of the items' references and sources with the item that it is from."""
    return {
        run: item.id
        for item in items
        for text in (*item.reference, item.source or "")
        for run in _runs(text, n)
    }


def _runs(text: str, n: int) -> Iterator[Run]:
    """Yield the runs that are long enough to tell: mostly Han, or not."""
    found = tokens(text)
    yield from (run for run in ngrams(found, n) if 2 * sum(map(is_han, run)) < n)
    yield from (run for run in ngrams(found, HAN_RUN) if 2 * sum(map(is_han, run)) >= HAN_RUN)
