"""How an output is scored: what it must be faithful to, and how long it should be."""

from engine.notebench.report import Score
from engine.notebench.samples import BenchItem
from engine.protocols import Scorer
from engine.text import count_words
from engine.types import Scores


def told(item: BenchItem) -> str | None:
    """Return all that an output may say: the source and the facts; None where neither is given."""
    lines = dict.fromkeys(text for text in (item.source or "", *item.facts) if text.strip())
    return "\n".join(lines) or None


def wanted_words(item: BenchItem) -> int | None:
    """Return the length to aim at: the item's own, else the first reference's."""
    if item.words is not None or not item.reference:
        return item.words
    return count_words(item.reference[0], item.language) or None


def scored_by(scorer: Scorer) -> Score:
    """Return what scores an output as an answer to its item."""

    def score(item: BenchItem, text: str) -> Scores:
        return scorer.score(
            text,
            language=item.language,
            samples=item.samples,
            source=told(item),
            facts=item.facts,
            words=wanted_words(item),
            knowledge=item.knowledge,
        )

    return score
