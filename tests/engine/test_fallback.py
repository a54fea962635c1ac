"""When the planner's server is down the local one plans, and the note says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ContextOverflow, ModelUnavailable
from engine.events import FellBack, PlanReady
from engine.fallback import Chain, FallbackCritic, FallbackPlanner
from engine.models.remote import RemoteModel
from engine.models.remote_server import Server
from engine.models.scripted import ScriptedModel
from engine.types import Delta, Generation, Plan
from engine.warm import Warm
from tests.builders import draft, plan, profile, request
from tests.engine.models.serving import refusal, serving


class Failing(ScriptedModel):
    """A model whose server is down."""

    def __init__(self, error: ModelUnavailable) -> None:
        """Keep the error."""
        super().__init__()
        self.error = error
        self.asked = 0

    def generate(self, *_: Any, **__: Any) -> Iterator[Delta | Generation]:
        """Fail in the middle of an answer."""
        self.asked += 1
        yield Delta(text='{"title": "Half')
        raise self.error

    def choose(self, *_: Any, **__: Any) -> tuple[float, ...] | None:
        """Fail at once."""
        self.asked += 1
        raise self.error


DOWN = ModelUnavailable("The server is down; try again.")
ASKED = request("The harbour", facts=("The ferry leaves at six.",))


def test_another_plans_and_the_plan_says_whom_it_stands_in_for() -> None:
    events = list(FallbackPlanner(Chain(Failing(DOWN), ScriptedModel)).plan(ASKED))
    fell = [event for event in events if isinstance(event, FellBack)]
    assert [(f.wanted, f.used, f.reason) for f in fell] == [("scripted", "scripted", str(DOWN))]
    made = events[-1]
    assert isinstance(made, Plan)
    assert made.instead_of == "scripted"
    assert made.missing == ()


def test_a_server_that_failed_is_left_alone_for_a_while_and_then_asked_again() -> None:
    down = Failing(DOWN)
    planner = FallbackPlanner(Chain(down, ScriptedModel))
    for _ in range(2):
        assert any(isinstance(event, FellBack) for event in planner.plan(ASKED))
    assert down.asked == 1
    impatient = FallbackPlanner(Chain(down, ScriptedModel, patience=0.0))
    for _ in range(2):
        fell = [event for event in impatient.plan(ASKED) if isinstance(event, FellBack)]
        assert [event.reason for event in fell] == [str(DOWN)]
    assert down.asked == 3


def test_a_text_that_is_too_long_is_no_reason_to_plan_elsewhere() -> None:
    planner = FallbackPlanner(Chain(Failing(ContextOverflow("too long")), ScriptedModel))
    with pytest.raises(ContextOverflow):
        list(planner.plan(ASKED))


def test_the_verdict_comes_from_the_spare_and_names_it() -> None:
    style = profile("Ada", ("Right. The boiler has opinions, and it asked twice.",))
    drafts = (draft("The ferry leaves at six."), draft("At six the ferry goes."))
    critic = FallbackCritic(Chain(Failing(DOWN), lambda: ScriptedModel(choices=[1, 3])))
    verdict = critic.compare(style, plan(ASKED), drafts, (0, 1))
    assert verdict.probability == 0.5
    assert "scripted" in verdict.signature


def test_a_plan_without_a_stand_in_keeps_the_address_that_it_had() -> None:
    made = plan(ASKED)
    assert "instead_of" not in made.model_dump(mode="json")
    assert made.model_copy(update={"instead_of": "big"}).digest() != made.digest()


def test_a_real_server_that_fails_is_named_with_its_reason() -> None:
    with serving(lambda *_: refusal(500, "out of memory")) as (url, _):
        remote = RemoteModel(Server(url=url, model="big", retries=0))
        events = list(FallbackPlanner(Chain(remote, ScriptedModel)).plan(ASKED))
    fell = next(event for event in events if isinstance(event, FellBack))
    assert (fell.wanted, fell.used) == ("big", "scripted")
    assert "out of memory" in fell.reason
    assert not any(isinstance(event, PlanReady) for event in events)


# ------------------------------------------------------------------ kept warm


def test_the_least_recently_used_goes_first_and_the_pinned_never() -> None:
    warm: Warm[object] = Warm(budget=10)
    for key in "abc":
        warm.get(key, 3, object)
    warm.get("a", 3, object)
    warm.pin(["b"])
    warm.get("d", 4, object)
    assert warm.keys == ("b", "a", "d")


def test_what_is_kept_is_loaded_once_and_what_was_dropped_lives_while_it_is_used(
    tmp_path: Path,
) -> None:
    warm: Warm[list[Path]] = Warm(budget=1)
    first = warm.get("a", 1, lambda: [tmp_path])
    assert warm.get("a", 1, list) is first
    warm.get("b", 1, list)
    assert warm.keys == ("b",)
    assert first == [tmp_path]


def test_without_a_budget_the_free_memory_decides() -> None:
    free = iter([5, 2, 9])
    warm: Warm[object] = Warm(free=lambda: next(free))
    warm.get("a", 3, object)
    warm.get("b", 3, object)
    warm.get("c", 3, object)
    assert warm.keys == ("b", "c")
