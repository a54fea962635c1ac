"""Items, outputs and a scorer for tests of NoteBench: small, and the same every time."""

from collections.abc import Sequence
from typing import Any

from engine.models.embedder import HashingEmbedder
from engine.notebench.report import BenchOutput, BenchReport, Score, make_report
from engine.notebench.samples import BenchItem
from engine.notebench.scoring import scored_by
from engine.scoring.scorer import NoteScorer

SAMPLES = (
    "Down to the water before six. Fog, again! I like fog; it keeps the noise out.",
    "Two boats went out. One came back early, which tells you something.",
)
REFERENCES = (
    "The ferry leaves at six, and nobody waits for you.",
    "There are 3 boats in the harbour today; I like boats.",
    "The cafe opens at five with fresh bread and old news.",
    "It rained on the market, so the market moved indoors.",
    "The lighthouse was painted white again by four men.",
    "Ann sold forty jars of honey before ten in the morning.",
)


def item(number: int, **changes: Any) -> BenchItem:
    """Return an item whose facts and source say what its reference says."""
    reference = REFERENCES[number % len(REFERENCES)]
    values: dict[str, Any] = {
        "id": f"i{number}",
        "author": "Ann",
        "topic": f"Morning {number}",
        "facts": (reference,),
        "source": reference,
        "samples": SAMPLES,
        "reference": (reference,),
        "words": 20,
    }
    return BenchItem(**values | changes)


def items(count: int = len(REFERENCES)) -> tuple[BenchItem, ...]:
    """Return so many items."""
    return tuple(item(number) for number in range(count))


def scoring() -> Score:
    """Return a scorer that needs no weights."""
    return scored_by(NoteScorer(HashingEmbedder()))


def report(
    texts: Sequence[str], system: str = "some", of: Sequence[BenchItem] | None = None
) -> BenchReport:
    """Return the report of a system that wrote these texts, in the items' order."""
    chosen = items(len(texts)) if of is None else of
    outputs = {
        each.id: BenchOutput(id=each.id, text=text)
        for each, text in zip(chosen, texts, strict=True)
    }
    return make_report(system, "made up", chosen, outputs, {"seed": 0}, scoring())
