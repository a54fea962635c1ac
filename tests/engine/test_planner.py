"""The planner: every fact in some point, whatever the model says."""

import json

import pytest

from engine.events import PlanWords
from engine.models.scripted import ScriptedModel
from engine.planner import ModelPlanner, build_plan, edited_plan, plan_text, readable
from engine.types import Plan
from tests.builders import request

FACTS = ("The open day is on Saturday 14 June.", "Entry is free but parking costs £3.")


def planned(answer: dict[str, object], **changes: object) -> Plan:
    return build_plan(request("The open day", **changes), answer)


def test_facts_that_the_model_forgot_become_points_of_their_own() -> None:
    plan = planned({"title": "Open day", "points": ["Something else entirely."]}, facts=FACTS)
    assert [p.text for p in plan.points] == list(FACTS)
    assert [p.facts for p in plan.points] == [(0,), (1,)]
    assert plan.missing == ()


def test_a_point_that_says_a_fact_carries_it_and_order_is_the_models() -> None:
    points = ["Parking costs £3 but entry is free.", "Saturday 14 June is the open day."]
    plan = planned({"title": "Open day", "points": points}, facts=FACTS)
    assert [(p.text, p.facts) for p in plan.points] == [(points[0], (1,)), (points[1], (0,))]


def test_a_point_with_another_number_does_not_carry_the_fact() -> None:
    plan = planned({"points": ["Entry is free but parking costs £5."]}, facts=FACTS[1:])
    assert [p.text for p in plan.points] == [FACTS[1]]


def test_invented_titles_and_summaries_are_replaced() -> None:
    answer: dict[str, object] = {
        "title": "Party with Bob at 99",
        "summary": "On 3 May we meet Alice.",
    }
    plan = planned(answer, facts=FACTS)
    assert plan.title == "The open day"
    assert plan.summary == FACTS[0]


@pytest.mark.parametrize("facts", [("",), ()])
def test_repeated_points_are_said_once(facts: tuple[str, ...]) -> None:
    points = ["I walk to work.", "I walk to work.", "The air is good."]
    plan = planned({"points": points}, facts=tuple(f for f in facts if f))
    assert [p.text for p in plan.points] == ["I walk to work.", "The air is good."]


def test_a_given_source_is_the_neutral_text_and_its_sentences_the_points() -> None:
    plan = planned({"title": "x"}, facts=(), source="He went out. It rained.")
    assert plan.neutral_text == "He went out. It rained."
    assert [p.text for p in plan.points] == ["He went out.", "It rained."]


def test_a_model_neutral_text_is_taken_only_when_it_keeps_every_fact() -> None:
    good = "The open day is on Saturday 14 June. Entry is free, but parking costs £3."
    points = list(FACTS)
    kept = planned({"points": points, "neutral_text": good}, facts=FACTS)
    lost = planned({"points": points, "neutral_text": "Entry is free."}, facts=FACTS)
    invented = planned({"points": points, "neutral_text": good + " Call 555."}, facts=FACTS)
    assert kept.neutral_text == good
    assert lost.neutral_text == invented.neutral_text == " ".join(FACTS)


def test_neutral_text_is_composed_of_sentences_in_the_language() -> None:
    plan = build_plan(request("开放日", facts=("门票免费", "周六开门"), language="zh"), {})
    assert plan.neutral_text == "门票免费。周六开门。"


def test_plan_words_are_readable_while_the_json_is_half_written() -> None:
    assert readable('{"title": "Open day", "summary": "We are \\"op') == 'Open day\nWe are "op'


def test_an_edited_plan_says_which_facts_were_lost() -> None:
    asked = request("The open day", facts=FACTS)
    plan = build_plan(asked, {"title": "Open day"})
    text = plan_text(plan)
    assert text == f"Open day\n- {FACTS[0]}\n- {FACTS[1]}"
    same = edited_plan(asked, plan, text)
    cut = edited_plan(asked, plan, "Come along\n- Parking is £3, entry is free.")
    assert same.missing == ()
    assert (cut.title, cut.missing) == ("Come along", (0,))


def test_moves_stand_under_their_point_and_come_back_as_they_were_edited() -> None:
    asked = request("The open day", facts=FACTS)
    plan = build_plan(asked, {"title": "Open day"})
    first = plan.points[0].model_copy(update={"moves": "words: aye | shape: shorter"})
    text = plan_text(plan.model_copy(update={"points": (first, plan.points[1])}))
    assert text == f"Open day\n- {FACTS[0]}\n  ~ words: aye | shape: shorter\n- {FACTS[1]}"
    again = edited_plan(asked, plan, text.replace("shorter", "longer") + "\n- ~ 40 are expected.")
    assert [p.moves for p in again.points] == ["words: aye | shape: longer", "", ""]
    assert [p.text for p in again.points] == [*FACTS, "~ 40 are expected."]
    assert again.missing == ()


def test_a_plan_without_moves_has_the_address_that_it_had_before_there_were_any() -> None:
    plan = planned({"title": "Open day"}, facts=FACTS)
    assert all("moves" not in point.model_dump() for point in plan.points)


def test_the_planner_asks_under_a_schema_and_streams_words() -> None:
    model = ScriptedModel([json.dumps({"title": "The open day", "summary": "It is free."})])
    events = list(ModelPlanner(model).plan(request("The open day", facts=FACTS)))
    plan = events[-1]
    assert isinstance(plan, Plan)
    assert plan.generation is not None
    assert plan.generation.prompt_version.startswith("plan")
    assert any(isinstance(e, PlanWords) and "open day" in e.text for e in events)
