"""Is every claim of a text supported by a source?

English: a logistic regression on signs against it (`evidence.py`), fitted on the dev rows of two
sets that people labelled (scripts/fit_faithfulness.py, docs/METRICS.md). Elsewhere, where nothing
embedded reads the language, the mean support of the sentences by their words, held down by
the worst one, since one invention makes a note unfaithful. Exact checks of numbers, names, units
and negations (`exact.py`) cap both.
"""

import math
from collections.abc import Sequence

import numpy as np

from engine.protocols import ClaimChecker, Embedder
from engine.scoring import exact
from engine.scoring.evidence import SIGNS, signs
from engine.scoring.support import Evidence, content
from engine.text import sentence_spans, sentences
from engine.types import Span

SUPPORTED = 0.5
_BIAS = 2.89
_WEIGHTS = {
    "unsaid": -1.16,
    "unsaid_pairs": -0.79,
    "unaligned": -4.69,
    "least_aligned": -0.87,
    "negations": -1.24,
    "quantities": -0.16,
    "wrong": -0.49,
    "any_wrong": -1.72,
}
_WORST = 0.4  # weight of the worst sentence against the mean
_NEAR = (0.35, 0.8)  # cosine with the nearest source sentence: no support … full support


def faithful(
    text: str, source: str, embedder: Embedder | None, checker: ClaimChecker | None = None
) -> tuple[float, tuple[Span, ...]]:
    """Return the score and the unsupported sentences with what is wrong with each.

    `embedder` None: the language is one that it does not read. A `checker` takes the place of both
    ways of ours, but not of the exact checks.
    """
    places = sentence_spans(text)
    if not places:
        return 0.0, ()
    evidence, ground = Evidence.of([source]), exact.ground(source)
    claims = [text[a:b] for a, b in places]
    wrong = [exact.violations(claim, ground) for claim in claims]
    if checker:
        read: Sequence[float] = checker.supported(claims, source)
    else:
        nearness = _nearness(claims, sentences(source), embedder)
        read = [_support(c, evidence, near) for c, near in zip(claims, nearness, strict=True)]
    supports = [min(own, exact.cap(found)) for own, found in zip(read, wrong, strict=True)]
    violated = sum(map(len, wrong))
    if checker or embedder is None:
        score = _by_words(claims, supports)
    else:
        score = _weighed(signs(text, source, evidence, violated, embedder))
    spans = tuple(
        Span(start=a, end=b, kind="unsupported", note="; ".join(found) or "not in the plan")
        for (a, b), support, found in zip(places, supports, wrong, strict=True)
        if support < SUPPORTED
    )
    return min(score, exact.CAP) if violated else score, spans


def _weighed(found: Sequence[float]) -> float:
    value = _BIAS + sum(_WEIGHTS[name] * sign for name, sign in zip(SIGNS, found, strict=True))
    return 1 / (1 + math.exp(-value))


def _by_words(claims: Sequence[str], supports: Sequence[float]) -> float:
    weights = [max(1, len(content(claim))) for claim in claims]
    score = (1 - _WORST) * float(np.average(supports, weights=weights)) + _WORST * min(supports)
    return min(1.0, max(0.0, score))


def _support(claim: str, evidence: Evidence, near: float) -> float:
    share = evidence.share(claim)
    return max(share, 0.5 * share + 0.5 * near)


def _nearness(
    claims: Sequence[str], grounds: Sequence[str], embedder: Embedder | None
) -> list[float]:
    if embedder is None or not grounds:
        return [0.0] * len(claims)
    vectors = embedder.embed([*claims, *grounds])
    cosines = vectors[: len(claims)] @ vectors[len(claims) :].T
    low, high = _NEAR
    return [float(c) for c in np.clip((cosines.max(axis=1) - low) / (high - low), 0, 1)]
