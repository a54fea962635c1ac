"""The contamination guard: which texts share a run of words with what NoteBench asks.

Training refuses such texts. A run of 8 tokens is long enough to be no accident and short enough to
find a text that was cut or mended; Han characters carry less each, so 13 of them count.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from engine.notebench.samples import BenchItem, shipped
from engine.scoring.support import is_han
from engine.text import ngrams, tokens
from engine.types import Value

RUN = 8
HAN_RUN = 13


class Overlap(Value):
    """Text `place` (from 0) shares the words `run` with what the item keeps secret."""

    place: int
    item: str
    run: str


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
    known = _shipped_runs(n) if items is None else _known(items, n)
    found = []
    for place, text in enumerate(texts):
        hit = next(((known[run], run) for run in _runs(text, n) if run in known), None)
        if hit is not None:
            found.append(Overlap(place=place, item=hit[0], run=" ".join(hit[1])))
    return tuple(found)


@cache
def _shipped_runs(n: int) -> dict[tuple[str, ...], str]:
    return _known((*shipped("dev"), *shipped("test")), n)


def _known(items: Iterable[BenchItem], n: int) -> dict[tuple[str, ...], str]:
    """Return every run of the items' references and sources with the item that it is from."""
    return {
        run: item.id
        for item in items
        for text in (*item.reference, item.source or "")
        for run in _runs(text, n)
    }


def _runs(text: str, n: int) -> Iterator[tuple[str, ...]]:
    found = tokens(text)
    yield from (run for run in ngrams(found, n) if 2 * sum(map(is_han, run)) < n)
    yield from (run for run in ngrams(found, HAN_RUN) if 2 * sum(map(is_han, run)) >= HAN_RUN)
