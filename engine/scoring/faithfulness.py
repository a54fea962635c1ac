"""Is every claim of a text supported by a source? First version: words, names, numbers, meaning.

Each sentence gets a support in [0, 1]: the share of its meaningful words that the source holds,
raised by nearness of meaning to the nearest source sentence, and capped where an exact check of its
numbers, names and negations fails (`exact.py`). The score is the mean over sentences, weighted by
their length, held down by the worst one, since one invention makes a note unfaithful.
"""

from collections.abc import Sequence

import numpy as np

from engine.protocols import Embedder
from engine.scoring import exact
from engine.scoring.support import Evidence, content
from engine.text import sentence_spans, sentences
from engine.types import Span

SUPPORTED = 0.5
_WORST = 0.4  # weight of the worst sentence against the mean
_NEAR = (0.35, 0.8)  # cosine with the nearest source sentence: no support … full support


def faithful(text: str, source: str, embedder: Embedder | None) -> tuple[float, tuple[Span, ...]]:
    """Return the score and the unsupported sentences with what is wrong with each."""
    places = sentence_spans(text)
    if not places:
        return 0.0, ()
    evidence, ground = Evidence.of([source]), exact.ground(source)
    claims = [text[a:b] for a, b in places]
    nearness = _nearness(claims, sentences(source), embedder)
    supports = [
        _support(claim, evidence, ground, near)
        for claim, near in zip(claims, nearness, strict=True)
    ]
    weights = [max(1, len(content(claim))) for claim in claims]
    mean = float(np.average([s for s, _ in supports], weights=weights))
    score = (1 - _WORST) * mean + _WORST * min(s for s, _ in supports)
    score = min(score, exact.CAP) if any(why for _, why in supports) else score
    spans = tuple(
        Span(start=a, end=b, kind="unsupported", note=why or "not in the plan")
        for (a, b), (support, why) in zip(places, supports, strict=True)
        if support < SUPPORTED
    )
    return min(1.0, max(0.0, score)), spans


def _support(
    claim: str, evidence: Evidence, ground: exact.Ground, near: float
) -> tuple[float, str]:
    wrong = exact.violations(claim, ground)
    share = evidence.share(claim)
    support = max(share, 0.5 * share + 0.5 * near)
    return min(support, exact.cap(wrong)), "; ".join(wrong)


def _nearness(
    claims: Sequence[str], grounds: Sequence[str], embedder: Embedder | None
) -> list[float]:
    if embedder is None or not grounds:
        return [0.0] * len(claims)
    vectors = embedder.embed([*claims, *grounds])
    cosines = vectors[: len(claims)] @ vectors[len(claims) :].T
    low, high = _NEAR
    return [float(c) for c in np.clip((cosines.max(axis=1) - low) / (high - low), 0, 1)]
