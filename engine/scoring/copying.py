"""How much of a text is copied from the samples in long runs.

Style imitation by few examples copies sample lines and fools raw style scores (VSS of 0.10 for
retrieval with examples, Structured Style-Rewrite); this score is the guard.
"""

from collections.abc import Sequence

from engine.text import Token, ngrams, token_spans, tokens
from engine.types import Language, Span, StyleSample

RUN: dict[Language, int] = {"en": 6, "zh": 12}


def copied(
    text: str, samples: Sequence[StyleSample], told: str, language: Language
) -> tuple[float, tuple[Span, ...]]:
    """Return the share of tokens inside runs shared with a sample but not told, and those runs."""
    placed = token_spans(text)
    run = RUN[language]
    own = ngrams([t.text for t in placed], run)
    known = set(ngrams(tokens(told), run))
    inside: list[int | None] = [None] * len(placed)
    for number, sample in enumerate(samples):
        theirs = set(ngrams(tokens(sample.text), run)) - known
        for start, gram in enumerate(own):
            if gram in theirs:
                inside[start : start + run] = [number] * run
    share = sum(n is not None for n in inside) / len(placed) if placed else 0.0
    return share, _spans(placed, inside, samples)


def _spans(
    placed: Sequence[Token], inside: Sequence[int | None], samples: Sequence[StyleSample]
) -> tuple[Span, ...]:
    spans: list[Span] = []
    last: int | None = None
    for place, (token, number) in enumerate(zip(placed, inside, strict=True)):
        if number is None:
            continue
        if last == place - 1 and inside[last] == number:
            spans[-1] = spans[-1].model_copy(update={"end": token.end})
        else:
            note = samples[number].title
            spans.append(Span(start=token.start, end=token.end, kind="copied", note=note))
        last = place
    return tuple(spans)
