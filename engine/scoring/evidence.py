"""Signs that a text is or is not supported by a source, as numbers that can be weighed.

Words and pairs of words that the source does not have; tokens whose meaning in context no token of
the source comes near (the alignment of BERTScore, Zhang et al. 2020); negations and quantities that
the nearest sentences of the source do not have; and what the exact checks found.
"""

from collections.abc import Callable, Sequence

import numpy as np

from engine.protocols import Embedder, Vectors
from engine.scoring.support import FUNCTION_WORDS, Evidence, content, stem
from engine.text import ngrams, sentences, tokens

SIGNS = (
    "unsaid",
    "unsaid_pairs",
    "unaligned",
    "least_aligned",
    "negations",
    "quantities",
    "wrong",
    "any_wrong",
)
_NEAREST = 4
_MOST = 2.0
_SAYING_NO = "not no never without nor neither none cannot nobody nothing"
_NEGATIONS = frozenset(_SAYING_NO.split())
_LEAST = 3  # tokens
_SAYING_HOW_MANY = """
all every only always completely entirely fully never most few many several some none both neither
either exclusively solely merely nearly almost over under more less fewer least half twice will must
may might cannot
"""
_QUANTITIES = frozenset(_SAYING_HOW_MANY.split())
_MARKS = frozenset(".,;:'\"-()!?[]")


def signs(
    text: str, source: str, evidence: Evidence, wrong: int, embedder: Embedder
) -> tuple[float, ...]:
    """Return a number for each of SIGNS: 0 where nothing speaks against the text."""
    found = [stem(token) for token in tokens(text)]
    known = {*ngrams([stem(token) for token in tokens(source)], 2)}
    pairs = ngrams(found, 2)
    near = _nearest(text, source, embedder)
    return (
        1 - evidence.share(text) if content(text) else 0.0,
        sum(pair not in known for pair in pairs) / max(1, len(pairs)),
        *_unaligned(text, source, embedder),
        min(_MOST, sum(_new(claim, ground, _is_negation) for claim, ground in near)),
        min(_MOST, sum(_new(claim, ground, _is_quantity) for claim, ground in near)),
        min(_MOST, float(wrong)),
        float(wrong > 0),
    )


def _is_negation(token: str) -> bool:
    return token in _NEGATIONS or token.endswith("n't")


def _is_quantity(token: str) -> bool:
    return token in _QUANTITIES


def _new(claim: Sequence[str], ground: frozenset[str], counts: Callable[[str], bool]) -> int:
    """Return how many words of a kind the claim has that its ground has not."""
    told = [token for token in claim if counts(token)]
    if counts is _is_negation:
        return len(told) if not any(map(counts, ground)) else 0
    return sum(token not in ground for token in told)


def _nearest(
    text: str, source: str, embedder: Embedder
) -> list[tuple[Sequence[str], frozenset[str]]]:
    """Return the tokens of each sentence with those of the source's sentences nearest to it."""
    claims, grounds = sentences(text), sentences(source)
    if not claims or not grounds:
        return []
    vectors = embedder.embed([*claims, *grounds])
    cosines = vectors[: len(claims)] @ vectors[len(claims) :].T
    told = [tokens(ground) for ground in grounds]
    return [
        (tokens(claim), frozenset(t for n in np.argsort(-row)[:_NEAREST] for t in told[n]))
        for claim, row in zip(claims, cosines, strict=True)
    ]


def _unaligned(text: str, source: str, embedder: Embedder) -> tuple[float, float]:
    """Return how far the text's tokens lie from the nearest of the source: all, and the farthest.

    Each is 1 - mean cosine.
    """
    (told, own), (_, ground) = embedder.embed_tokens(text), embedder.embed_tokens(source)
    if not len(own) or not len(ground):
        return 1.0, 1.0
    best: Vectors = (own @ ground.T).max(axis=1)
    counted = [n for n, token in enumerate(told) if token not in FUNCTION_WORDS | _MARKS]
    best = np.sort(best[counted] if counted else best)
    return 1 - float(best.mean()), 1 - float(best[:_LEAST].mean())
