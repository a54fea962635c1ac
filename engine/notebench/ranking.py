"""Systems ordered by who is preferred to whom: Bradley–Terry strengths, never a bare rank.

Bradley & Terry (1952): i is preferred to j with chance 1 / (1 + exp(s_j - s_i)). Fitted by
Newton's method on the concave log likelihood (Hunter 2004 finds the same maximum by another way).
A tie is half a win for each. Every two systems that met are given one made-up win each, so that a
system that never lost has a finite strength and one vote proves nothing: a weak prior. Intervals
weigh the items at random, the made-up ones too (`engine.notebench.shares`); for two systems and one
vote an item they are those of the Beta distribution with one win and one loss added.

Strengths are 0 on average. Systems that never met, not even by way of others, cannot be compared:
they are listed as parts, each with an average of its own.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from engine.notebench.shares import BOUNDS, weighings
from engine.notebench.significance import LEVEL, Floats
from engine.types import Value

_STEPS = 200
_LONGEST_STEP = 2.0
_CLOSE = 1e-10
_RIDGE = 1e-6  # fixes the level, which games do not; too weak to be seen in a strength


class Game(NamedTuple):
    """Two systems compared on an item: `points` of the first (1 won, 0.5 tied, 0 lost)."""

    item: str
    first: str
    second: str
    points: float
    weight: float = 1.0


class Standing(Value):
    """A system's strength (log odds against an average one of its part) with its interval.

    `best` and `worst` are the places that it may hold in its part, as far as intervals tell.
    """

    name: str
    games: int
    won: int
    tied: int
    lost: int
    strength: float
    low: float
    high: float
    best: int
    worst: int


class Ranking(Value):
    """Standings, the strongest first in each part. `together`: systems that are not told apart."""

    standings: tuple[Standing, ...]
    parts: tuple[tuple[str, ...], ...]
    together: tuple[tuple[str, ...], ...]
    signature: str


def rank(games: Sequence[Game], *, seed: int = 0) -> Ranking:
    """Return the standings of all systems that played; empty where none did."""
    names = sorted({name for game in games for name in (game.first, game.second)})
    points = _points(games, names)
    parts = _parts(points.sum(axis=0))
    level = _centring(parts, len(names))
    fitted = strengths(points.sum(axis=0)) @ level
    drawn = np.einsum("ri,ijk->rjk", weighings(len(points), seed=seed), points)
    low, high = np.quantile(strengths(drawn) @ level, BOUNDS, axis=0)
    told = [
        _standing(games, names, place, part, (fitted, low, high))
        for part in parts
        for place in sorted(part, key=lambda place: -fitted[place])
    ]
    return Ranking(
        standings=tuple(told),
        parts=tuple(tuple(names[place] for place in part) for part in parts),
        together=tuple(group for part in parts for group in _together(told, names, part)),
        signature=f"bradley-terry ties=half prior=one-win-each bootstrap=bayesian,items,{LEVEL}",
    )


def strengths(points: Floats) -> Floats:
    """Return the log strengths for points[..., i, j] that i took from j; 0 on average, about.

    Leading axes hold independent tables.
    """
    met = points + np.swapaxes(points, -1, -2)
    won = points.sum(axis=-1)
    found = np.zeros(points.shape[:-1])
    corner = np.arange(points.shape[-1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(found[..., None, :] - found[..., :, None]))
        slope = won - (met * chance).sum(axis=-1) - _RIDGE * found
        bend = -met * chance * (1 - chance)
        bend[..., corner, corner] -= bend.sum(axis=-1) - _RIDGE
        step = np.linalg.solve(bend, slope[..., None])[..., 0]
        found = found + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if not step.size or np.abs(step).max() < _CLOSE:
            break
    return found


def _points(games: Sequence[Game], names: Sequence[str]) -> Floats:
    """Return what each took from each, by item; two made-up items for every two that met."""
    place = {name: number for number, name in enumerate(names)}
    items = {item: number for number, item in enumerate(dict.fromkeys(g.item for g in games))}
    met = sorted({tuple(sorted((place[g.first], place[g.second]))) for g in games})
    points = np.zeros((len(items) + 2 * len(met), len(names), len(names)))
    for item, first, second, gained, weight in games:
        row, one, two = items[item], place[first], place[second]
        points[row, one, two] += weight * gained
        points[row, two, one] += weight * (1 - gained)
    for number, (one, two) in enumerate(met):
        points[len(items) + 2 * number, one, two] = 1
        points[len(items) + 2 * number + 1, two, one] = 1
    return points


def _parts(points: Floats) -> list[list[int]]:
    """Return the systems that are joined by games, directly or by way of others."""
    reached = (points + points.T > 0) | np.eye(len(points), dtype=bool)
    for _ in range(len(points)):
        reached = reached @ reached
    groups = dict.fromkeys(tuple(int(place) for place in np.flatnonzero(row)) for row in reached)
    return [list(group) for group in groups]


def _centring(parts: Iterable[Sequence[int]], count: int) -> Floats:
    """Return the matrix that takes each part's mean away."""
    level = np.eye(count)
    for part in parts:
        level[np.ix_(part, part)] -= 1 / len(part)
    return level


def _standing(
    games: Sequence[Game],
    names: Sequence[str],
    place: int,
    part: Sequence[int],
    figures: tuple[Floats, Floats, Floats],
) -> Standing:
    fitted, low, high = figures
    name = names[place]
    gained = [g.points for g in games if g.first == name]
    gained += [1 - g.points for g in games if g.second == name]
    return Standing(
        name=name,
        games=len(gained),
        won=sum(points > 0.5 for points in gained),
        tied=sum(points == 0.5 for points in gained),
        lost=sum(points < 0.5 for points in gained),
        strength=float(fitted[place]),
        low=float(low[place]),
        high=float(high[place]),
        best=1 + sum(bool(low[other] > high[place]) for other in part),
        worst=len(part) - sum(bool(high[other] < low[place]) for other in part),
    )


def _together(
    told: Sequence[Standing], names: Sequence[str], part: Sequence[int]
) -> list[tuple[str, ...]]:
    """Return the largest groups whose intervals all overlap, of two systems or more.

    Intervals that overlap two by two share a point, so the groups are found at the lower ends.
    """
    inside = {names[place] for place in part}
    rows = [row for row in told if row.name in inside]
    groups = [tuple(r.name for r in rows if r.low <= at.low <= r.high) for at in rows]
    several = [group for group in dict.fromkeys(groups) if len(group) > 1]
    return [group for group in several if not any(set(group) < set(each) for each in several)]
