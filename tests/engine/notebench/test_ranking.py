"""Bradley-Terry strengths against numbers worked out by hand and by another algorithm."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.notebench.ranking import Game, rank, strengths


def minorised(points: NDArray[np.float64], rounds: int = 20_000) -> NDArray[np.float64]:
    """Return log strengths by Hunter's (2004) MM algorithm, which shares no code with ours."""
    met = points + points.T
    found = np.ones(len(points))
    for _ in range(rounds):
        found = points.sum(axis=1) / (met / (found[:, None] + found)).sum(axis=1)
        found /= np.exp(np.log(found).mean())
    return np.log(found)


def games(first: str, second: str, won: int, lost: int, *, tied: int = 0) -> list[Game]:
    """Return so many games, one an item."""
    told = [1.0] * won + [0.0] * lost + [0.5] * tied
    return [Game(f"{first}{second}{n}", first, second, points) for n, points in enumerate(told)]


def by_name(played: Sequence[Game]) -> dict[str, float]:
    return {row.name: row.strength for row in rank(played).standings}


def test_two_systems_differ_by_the_log_of_their_wins() -> None:
    """With the made-up win of each, 7 to 1 is 8 to 2: ln 4 apart."""
    found = by_name(games("a", "b", 7, 1))

    assert found["a"] - found["b"] == pytest.approx(math.log(4), abs=1e-4)
    assert found["a"] == pytest.approx(-found["b"])


def test_many_systems_are_those_of_another_algorithm() -> None:
    points = np.array([[0, 9, 4, 2], [3, 0, 8, 1.5], [5, 2, 0, 6], [1, 4.5, 3, 0]])

    assert strengths(points) == pytest.approx(minorised(points), abs=1e-5)


def test_a_round_of_three_in_which_each_beats_the_next_is_a_draw() -> None:
    found = by_name([*games("a", "b", 5, 0), *games("b", "c", 5, 0), *games("c", "a", 5, 0)])

    assert list(found.values()) == pytest.approx([0, 0, 0], abs=1e-6)


def test_a_tie_is_half_a_win_for_each() -> None:
    assert by_name(games("a", "b", 2, 0, tied=2)) == pytest.approx(
        by_name([*games("a", "b", 3, 1)]), abs=1e-6
    )


def test_the_interval_of_two_is_that_of_the_beta_distribution() -> None:
    """The chance that a is preferred to b has the interval of Beta(won + 1, lost + 1)."""
    row = rank(games("a", "b", 8, 3)).standings[0]
    drawn = np.random.default_rng(3).beta(9, 4, 400_000)

    chances = [1 / (1 + math.exp(-2 * bound)) for bound in (row.low, row.high)]
    assert chances == pytest.approx(list(np.quantile(drawn, [0.025, 0.975])), abs=0.03)


def test_a_system_that_never_lost_has_an_end_to_its_strength() -> None:
    best, worst = rank(games("a", "b", 12, 0)).standings

    assert best.strength == pytest.approx(math.log(13) / 2, abs=1e-4)
    assert math.isfinite(best.high)
    assert (best.best, best.worst, worst.best, worst.worst) == (1, 1, 2, 2)


def test_few_votes_tell_nothing_apart_and_never_give_a_bare_place() -> None:
    found = rank(games("a", "b", 3, 0))

    assert found.together == (("a", "b"),)
    assert [(row.best, row.worst) for row in found.standings] == [(1, 2), (1, 2)]


def test_what_is_told_apart_stands_in_no_group_together() -> None:
    played = [*games("a", "c", 40, 2), *games("b", "c", 38, 4), *games("a", "b", 5, 5)]
    found = rank(played)

    assert found.together == (("a", "b"),)
    assert {row.name: (row.best, row.worst) for row in found.standings} == {
        "a": (1, 2), "b": (1, 2), "c": (3, 3),
    }  # fmt: skip


def test_systems_that_never_met_are_parts_of_their_own() -> None:
    found = rank([*games("a", "b", 30, 2), *games("x", "y", 2, 30)])

    assert found.parts == (("a", "b"), ("x", "y"))
    assert [row.name for row in found.standings] == ["a", "b", "y", "x"]
    assert [row.best for row in found.standings] == [1, 2, 1, 2]
    assert found.together == ()
    assert sum(row.strength for row in found.standings[:2]) == pytest.approx(0, abs=1e-9)


def test_systems_that_met_by_way_of_others_are_compared() -> None:
    found = rank([*games("a", "b", 20, 5), *games("b", "c", 20, 5), *games("c", "d", 20, 5)])

    assert found.parts == (("a", "b", "c", "d"),)
    assert [row.name for row in found.standings] == ["a", "b", "c", "d"]


def test_a_rater_of_no_weight_changes_no_strength() -> None:
    honest = games("a", "b", 6, 2)
    noise = [game._replace(points=1 - game.points, weight=0.0) for game in honest]

    assert by_name([*honest, *noise]) == pytest.approx(by_name(honest))


def test_games_are_counted_as_won_tied_and_lost() -> None:
    first, second = rank(games("a", "b", 4, 1, tied=2)).standings

    assert (first.games, first.won, first.tied, first.lost) == (7, 4, 2, 1)
    assert (second.games, second.won, second.tied, second.lost) == (7, 1, 2, 4)


def test_no_games_are_no_ranking_and_one_seed_repeats_everything() -> None:
    assert rank([]).standings == ()
    assert rank(games("a", "b", 3, 2), seed=4) == rank(games("a", "b", 3, 2), seed=4)
