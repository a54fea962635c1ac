"""Prompt searches in the database: one at a time, calls kept, the memory, prompts in use."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.errors import InvalidRequest, NotFound
from engine.optimize.types import (
    Gain,
    Outcome,
    PromptInUse,
    SearchNode,
    SearchOrder,
    SearchReport,
)
from engine.prompts.recipe import PLAIN, PromptRecipe
from engine.types import utc_now
from storage.searches import SearchBoard
from storage.store import Store
from tests.builders import profile
from tests.engine.test_optimize import POOL, some_cases


@pytest.fixture
def board(store: Store, tmp_path: Path) -> SearchBoard:
    for name in ("Ada", "Bob"):
        store.save_profile("me", profile(name))
    return store.searches(tmp_path / "locks")


def an_order(**changes: object) -> SearchOrder:
    values: dict[str, object] = {
        "budget": 60, "way": "step", "kind": "en/short/calm", "model": "m", "pool": POOL,
        "cases": some_cases(),
    }  # fmt: skip
    return SearchOrder.model_validate(values | changes)


REPORT = SearchReport(best=1, end="budget", start_told=0.5, best_told=0.6, calls=2, seconds=3.0)


def test_a_search_is_kept_with_its_calls_its_tree_and_how_it_ended(board: SearchBoard) -> None:
    job = board.add("me", "Ada", an_order(minutes=5))
    assert (job.state, job.alive, job.calls, job.minutes) == ("running", False, 0, 5)
    assert job.can_go_on
    assert board.order("me", job.id) == an_order(minutes=5)
    with board.in_hand("me", job.id) as work:
        assert board.get("me", job.id).at_work
        work.put("a", Outcome(reward=0.5, text="So.", seconds=1.5))
        work.put("b", Outcome(reward=0.6, text="Or so.", seconds=1.5))
        work.put_node(SearchNode(number=0, score=0.5))
        work.put_node(SearchNode(number=0, score=0.5, held=0.4))
        gains = [Gain(steps=("persona", "habits"), kind="en/short/calm", way="step", gain=0.1)]
        work.finish(REPORT, gains, "m")
    found = board.get("me", job.id)
    assert (found.state, found.calls, found.seconds, found.report) == ("done", 2, 3.0, REPORT)
    assert [(n.number, n.held) for n in board.nodes("me", job.id)] == [(0, 0.4)]
    assert list(board.gains("me", "m")) == gains
    assert list(board.gains("me", "another")) == list(board.gains("you", "m")) == []


def test_one_search_at_a_time_works_on_a_style(board: SearchBoard) -> None:
    job = board.add("me", "Ada", an_order())
    with board.in_hand("me", job.id):
        with pytest.raises(InvalidRequest, match="at work already"):
            board.add("me", "Ada", an_order())
        with pytest.raises(InvalidRequest), board.in_hand("me", job.id):
            pass
        with board.in_hand("me", board.add("me", "Bob", an_order()).id):
            assert board.get("me", job.id).at_work
    assert board.get("me", job.id).can_go_on


def test_a_call_that_was_made_is_found_again_after_a_kill(board: SearchBoard) -> None:
    job = board.add("me", "Ada", an_order())
    with ExitStack() as process:
        process.enter_context(board.in_hand("me", job.id)).put("a", Outcome(reward=0.5, text="So."))
    seen = board.get("me", job.id)
    assert (seen.state, seen.alive) == ("running", False)  # what a kill leaves
    with board.in_hand("me", job.id) as work:
        found = work.get("a")
        assert found is not None
        assert found.text == "So."
        assert work.get("b") is None


def test_who_works_on_it_is_told_that_the_person_cancelled(board: SearchBoard) -> None:
    job = board.add("me", "Ada", an_order())
    with board.in_hand("me", job.id) as work:
        assert not work.wants_to_end()
        assert board.cancel("me", job.id).wish == "cancel"
        assert work.wants_to_end()
        work.change(state="stopped")
    with board.in_hand("me", job.id) as work:
        assert not work.wants_to_end()  # to go on is a new wish
    assert board.cancel("me", job.id).state == "stopped"


def test_searches_of_others_are_not_there(board: SearchBoard) -> None:
    job = board.add("me", "Ada", an_order())
    with pytest.raises(NotFound, match="There is no search"):
        board.get("you", job.id)
    with pytest.raises(NotFound):
        board.add("you", "Ada", an_order())
    assert [one.id for one in board.list("me", "Ada")] == [job.id]
    assert board.list("me", "Bob") == []


def test_prompts_are_taken_into_use_and_back_one_by_one(board: SearchBoard) -> None:
    first = PromptInUse(recipe=PromptRecipe(task="Go."), over="general", node=3, at=utc_now())
    second = PromptInUse(recipe=PLAIN, node=4, at=utc_now())
    assert board.in_use("me", "Ada") is None
    with pytest.raises(InvalidRequest, match="nothing to go back"):
        board.back("me", "Ada")
    board.use("me", "Ada", first)
    board.use("me", "Ada", second)
    assert board.in_use("me", "Ada") == second
    assert board.in_use("me", "Bob") is None
    assert board.back("me", "Ada") == first
    assert board.in_use("me", "Ada") == first
    assert board.back("me", "Ada") is None
