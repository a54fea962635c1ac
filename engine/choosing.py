"""The gate and the rule by which one draft is chosen. Documented in docs/CHOOSING.md.

A draft fails the gate when it copies a sample, misses the length by more than half, loses a fact,
strays from the plan or holds a phrase of the never list that no fact says. Among those that pass
(all, if none does) the highest worth is chosen:

    worth = 0.40 style + 0.25 faithful + 0.15 meaning + 0.20 fact recall − 0.30 copied
            − 0.20 slop − 0.10 |1 − length ratio|  (at most 1)
            − 0.25 for each reason it failed the gate

and the critic adds 0.1 × (p − ½) to the draft that it preferred with probability p.
"""

from collections.abc import Sequence

from engine.types import Draft, GateReason, Scores, Verdict

COPIED_AT_MOST = 0.25
LENGTH_BETWEEN = (0.5, 1.5)
MEANING_AT_LEAST = 0.35
CRITIC_WEIGHT = 0.1
_FAILURE = 0.25


def gate(text: str, scores: Scores, *, length_matters: bool = True) -> tuple[GateReason, ...]:
    """Return the gate's objections; empty when the draft passes."""
    failed: list[GateReason] = []
    if not text.strip():
        return ("empty",)
    if (scores.copied or 0.0) > COPIED_AT_MOST:
        failed.append("copied")
    low, high = LENGTH_BETWEEN
    if length_matters and scores.length_ratio is not None:
        failed += [] if low <= scores.length_ratio <= high else ["length"]
    if scores.fact_recall is not None and scores.fact_recall < 1.0:
        failed.append("facts")
    if scores.meaning is not None and scores.meaning < MEANING_AT_LEAST:
        failed.append("plan")
    if any(span.kind == "never" for span in scores.spans):
        failed.append("never")
    return tuple(failed)


def worth(draft: Draft) -> float:
    """Return the number by which drafts are ordered; scores that are absent count one half."""
    scores = draft.scores
    if scores is None:
        return -1.0

    def value(score: float | None) -> float:
        return 0.5 if score is None else score

    stray = min(1.0, abs(1 - (scores.length_ratio or 1.0)))
    return (
        0.40 * value(scores.style)
        + 0.25 * value(scores.faithful)
        + 0.15 * value(scores.meaning)
        + 0.20 * (1.0 if scores.fact_recall is None else scores.fact_recall)
        - 0.30 * (scores.copied or 0.0)
        - 0.20 * (scores.slop or 0.0)
        - 0.10 * stray
        - _FAILURE * len(draft.failed)
    )


def survivors(drafts: Sequence[Draft]) -> list[int]:
    """Return the drafts that passed the gate; all of them when none did."""
    passed = [i for i, d in enumerate(drafts) if not d.failed]
    return passed or list(range(len(drafts)))


def choose(drafts: Sequence[Draft], verdict: Verdict | None = None) -> int:
    """Return the index of the best draft; the earlier one of equals."""

    def rank(index: int) -> tuple[float, int]:
        preferred = verdict is not None and verdict.chosen == index
        bonus = CRITIC_WEIGHT * (verdict.probability - 0.5) if verdict and preferred else 0.0
        return worth(drafts[index]) + bonus, -index

    return max(survivors(drafts), key=rank)


def needs_revision(draft: Draft) -> bool:
    """Tell whether a revision could mend something: a gate failure or an unsupported claim."""
    spans = draft.scores.spans if draft.scores else ()
    return bool(draft.failed) or any(s.kind == "unsupported" for s in spans)
