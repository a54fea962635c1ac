"""Do raters agree, and how far is each to be trusted?

Cohen's kappa (Cohen 1960) for two raters who labelled the same things, Krippendorff's alpha
(Krippendorff 2011, nominal) for any number with gaps. Trust is the one-coin model of Dawid & Skene
(1979): each rater is right with one chance of their own, whatever the label.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from engine.types import Share, Value

_RIGHT, _WRONG = 2.0, 1.0  # votes given to every rater beforehand: a newcomer is trusted a little
_ROUNDS = 500
_CLOSE = 1e-9

Labels = Mapping[str, Mapping[str, str]]
"""Thing → rater → label."""


class Trust(Value):
    """How often a rater is right, as far as the others tell; on `shared` things of two or more.

    `weight` is how far above chance that is, 1 for the most trusted rater and 0 for a coin.
    """

    rater: str
    shared: int
    accuracy: Share
    weight: Share


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return agreement beyond chance of two raters; None where chance alone agrees always.

    Raises:
        ValueError: they did not label the same number of things.
    """
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        return None
    n = len(pairs)
    one, two = Counter(first), Counter(second)
    seen = sum(a == b for a, b in pairs) / n
    chance = sum(one[label] * two[label] for label in one) / n**2
    return None if chance == 1 else (seen - chance) / (1 - chance)


def krippendorff_alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Return agreement beyond chance of any number of raters on nominal labels.

    `units` holds the labels that each thing was given; those with fewer than two say nothing. None
    where nothing is shared, or where there is but one label.
    """
    kept = [unit for unit in units if len(unit) > 1]
    total = Counter(label for unit in kept for label in unit)
    n = sum(total.values())
    differing = n**2 - sum(count**2 for count in total.values())
    if not differing:
        return None
    seen = sum(
        (len(unit) ** 2 - sum(count**2 for count in Counter(unit).values())) / (len(unit) - 1)
        for unit in kept
    )
    return 1 - (n - 1) * seen / differing


def agreeing(units: Sequence[Sequence[str]]) -> list[tuple[float, float]]:
    """Return for each thing how many pairs of raters agree, of how many."""
    return [
        (
            sum(count * (count - 1) / 2 for count in Counter(unit).values()),
            len(unit) * (len(unit) - 1) / 2,
        )
        for unit in units
        if len(unit) > 1
    ]


def trust(labels: Labels, kinds: Sequence[str]) -> tuple[Trust, ...]:
    """Return how far each rater is to be trusted, by name.

    Expectation maximisation: what is right is guessed from the raters, and the raters from that.
    Only what two or more labelled counts, so nobody is trusted on their own word.

    Args:
        labels: who labelled what how.
        kinds: all labels there are; a rater who errs takes any other with equal chance.
    """
    raters = sorted({rater for given in labels.values() for rater in given})
    shared = [given for given in labels.values() if len(given) > 1]
    # told[u, r, k]: rater r gave thing u the label k
    told = np.array(
        [[[given.get(r) == kind for kind in kinds] for r in raters] for given in shared],
        dtype=float,
    ).reshape(len(shared), len(raters), len(kinds))
    given = told.sum(axis=(0, 2))
    accuracy = np.full(len(raters), _RIGHT / (_RIGHT + _WRONG))
    for _ in range(_ROUNDS):
        votes = np.log(accuracy * (len(kinds) - 1) / (1 - accuracy))
        belief = np.exp(np.einsum("urk,r->uk", told, votes))
        belief /= belief.sum(axis=1, keepdims=True)
        right = np.einsum("urk,uk->r", told, belief)
        fresh = (_RIGHT + right) / (_RIGHT + _WRONG + given)
        moved = np.abs(fresh - accuracy).max(initial=0.0)
        accuracy = fresh
        if moved < _CLOSE:
            break
    above = np.clip(accuracy - 1 / len(kinds), 0, None)
    top = above.max(initial=0.0)
    weight = above / top if top else np.ones(len(raters))
    return tuple(
        Trust(rater=r, shared=int(given[i]), accuracy=float(accuracy[i]), weight=float(weight[i]))
        for i, r in enumerate(raters)
    )
