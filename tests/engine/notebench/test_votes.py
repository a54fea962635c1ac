"""Which vote counts, what comes next, and on which side."""

from collections import Counter
from itertools import combinations

import pytest
from pydantic import ValidationError

from engine.notebench.votes import Pair, Vote, in_turn, sides, standing
from tests.builders import vote

SYSTEMS = ("a", "b", "c", "d")
PAIRS = [Pair(f"i{n}", *two) for n in range(12) for two in combinations(SYSTEMS, 2)]


def test_the_last_vote_on_a_pair_counts_whichever_side_it_stood_on() -> None:
    first = vote(left="a", right="b", chosen="left")
    changed = vote(left="b", right="a", chosen="left")

    assert standing([first, changed]) == {Pair("i0", "a", "b"): changed}
    assert (first.label, changed.label) == ("first", "second")


def test_what_was_undone_is_gone_and_can_be_voted_on_again() -> None:
    gone = vote(chosen="undone")

    assert standing([vote(), gone]) == {}
    assert list(standing([vote(item="x"), vote(), gone, vote()])) == [
        vote(item="x").pair,
        vote().pair,
    ]


def test_the_last_word_comes_last() -> None:
    said = standing([vote(item="x"), vote(item="y"), vote(item="x", chosen="tie")])

    assert [pair.item for pair in said] == ["y", "x"]
    assert said[vote(item="x").pair].label == "tie"


def test_every_item_comes_once_before_any_comes_again() -> None:
    order = in_turn(PAIRS)

    assert sorted(order) == sorted(PAIRS)
    assert {pair.item for pair in order[:12]} == {f"i{n}" for n in range(12)}
    assert len({pair[1:] for pair in order[:12]}) > 2
    assert order == in_turn(reversed(PAIRS))
    assert order != in_turn(PAIRS, seed=1)


def test_each_maker_stands_left_equally_often() -> None:
    voted: list[Vote] = []
    for pair in in_turn(PAIRS):
        left, right = sides(pair, voted, "me")
        voted.append(vote(item=pair.item, left=left, right=right))

    lefts = Counter((each.pair[1:], each.left) for each in voted)
    assert set(lefts.values()) == {6}


def test_sides_look_drawn_and_are_kept_for_a_rater() -> None:
    starts = {rater: sides(PAIRS[0], [], rater) for rater in map(str, range(40))}

    assert 8 < Counter(starts.values())["a", "b"] < 32
    assert all(sides(PAIRS[0], [], rater) == start for rater, start in starts.items())


def test_a_vote_takes_no_impossible_time() -> None:
    with pytest.raises(ValidationError):
        vote(seconds=-1)
    assert vote(seconds=3.5).id.startswith("v1-")
