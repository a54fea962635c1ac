"""Lessons with moves: what is learned, when, with how much of the prompt, and the pairs on top."""

from collections.abc import Sequence

import pytest

from engine.learning_types import SFTExample, TrainingSet
from engine.moves import part_answer, sheet_of
from engine.restyling import restyle_conversation
from engine.types import Message, Scores
from finetune.distill import (
    DROPOUT,
    in_order,
    planned_lesson,
    planned_set,
    shared_plan_pairs,
    silent_lesson,
)
from tests.builders import SAMPLES, profile

STYLE = profile("Ada")
SAID = [("The ferry leaves at six.", "Six, honestly!"), ("It rained.", "Rain and rain!")]


def lesson(said: Sequence[tuple[str, str]] = SAID, *, advice: str = "Be brief.") -> SFTExample:
    chat = restyle_conversation(SAMPLES, said, "en", advice=advice)
    return SFTExample(messages=tuple(chat), origin="sample", sources=("s1",))


PLANNED = planned_lesson(lesson(), STYLE)


def answers(example: SFTExample) -> list[str]:
    return [m.content for m in example.messages if m.role == "assistant"]


def opening(example: SFTExample) -> str:
    return example.messages[0].content


def test_each_answer_opens_with_its_moves_and_the_prompt_with_what_to_choose_from() -> None:
    first, second = (part_answer(text) for text in answers(PLANNED))
    assert first == (
        "~ words: honestly, exclamation | shape: shorter | manner: exclamation, fragment\n",
        "Six, honestly!",
    )
    assert second[0].startswith("~ words: exclamation")
    assert opening(PLANNED).endswith(sheet_of(STYLE).line("en"))
    assert opening(PLANNED).startswith(opening(lesson()))


@pytest.mark.parametrize(("part", "label"), [("words", "words:"), ("manner", "manner:")])
def test_a_dimension_can_be_left_out_of_moves_and_prompt(part: str, label: str) -> None:
    less = planned_lesson(lesson(), STYLE, without=[part])  # type: ignore[list-item]
    assert label in answers(PLANNED)[0]
    assert all(label not in message.content for message in less.messages)


def test_a_silent_lesson_is_the_one_that_there_was() -> None:
    assert silent_lesson(PLANNED) == lesson()


def test_half_is_silent_by_turns_and_ever_more_lacks_a_field() -> None:
    taught = in_order([PLANNED] * 400, epochs=2, seed=1)
    assert len(taught) == 800
    silent = [not part_answer(answers(one)[0])[0] for one in taught]
    assert sum(silent[:400]) + sum(silent[400:]) == 400
    whole = {opening(PLANNED), opening(lesson())}
    lacking = [opening(one) not in whole for one in taught]
    early, late = sum(lacking[:200]) / 200, sum(lacking[600:]) / 200
    assert early == pytest.approx(DROPOUT[0] + 0.025, abs=0.07)
    assert late == pytest.approx(DROPOUT[1] - 0.025, abs=0.09)
    assert in_order([PLANNED] * 400, epochs=2, seed=1) == taught


def test_what_lacks_advice_or_samples_still_asks_the_same_and_answers_the_same() -> None:
    told = {opening(one) for one in in_order([PLANNED] * 300, seed=2)}
    bare = "Say what you are told as this author would."
    shown, sheet = opening(lesson()).partition("\n\n")[2], sheet_of(STYLE).line("en")
    cue = "First say how."
    assert told == {
        f"{bare} Be brief.\n\n{shown}",
        f"{bare}\n\n{shown}",
        f"{bare} Be brief.",
        bare,
        f"{bare} Be brief.\n\n{shown}\n\n{cue} {sheet}",
        f"{bare}\n\n{shown}\n\n{cue}",
        f"{bare} Be brief.\n\n{cue} {sheet}",
        f"{bare}\n\n{cue}",
    }


def test_a_set_is_planned_for_imitation_alone() -> None:
    plain = TrainingSet(sft=(lesson(),), dropped={"Too short.": 2}, shown=("s1",))
    assert planned_set(plain, STYLE) == plain.model_copy(update={"sft": (PLANNED,)})


# ------------------------------------------------------------------ pairs

GOLD = "Six, honestly! Rain and rain!"
TABLE = {
    GOLD: Scores(style=0.9, meaning=0.8, signature="test"),
    "It goes at six. There was rain.": Scores(style=0.2, meaning=0.75, signature="test"),
    "Six! Rain it was!": Scores(style=0.6, meaning=0.9, signature="test"),
    "At nine. Snow.": Scores(style=0.0, meaning=0.5, signature="test"),
}


def draft(*said: str) -> SFTExample:
    return lesson([(plain, text) for (plain, _), text in zip(SAID, said, strict=True)])


def measured(text: str, source: str) -> Scores:
    assert source == "The ferry leaves at six. It rained."
    return TABLE[text]


def test_the_blandest_draft_that_keeps_the_meaning_is_rejected_with_the_better_ones_moves() -> None:
    drafts = [
        draft("Six!", "Rain it was!"),
        draft("It goes at six.", "There was rain."),
        draft("At nine.", "Snow."),
    ]
    first, second = shared_plan_pairs(PLANNED, drafts, measured, "en")
    moves = part_answer(answers(PLANNED)[0])[0]
    assert first.chosen == (PLANNED.messages[2],)
    assert first.rejected == (Message(role="assistant", content=f"{moves}It goes at six."),)
    assert first.prompt == PLANNED.messages[:2]
    assert second.prompt == PLANNED.messages[:4]
    assert second.kind == "style"


def test_equal_sentences_and_those_of_another_length_make_no_pair() -> None:
    same = draft("Six, honestly!", "Rain, and a good deal more of it than anybody wanted.")
    table = Scores(style=0.1, meaning=0.8, signature="test")
    assert list(shared_plan_pairs(PLANNED, [same], lambda _t, _s: table, "en")) == []


def test_where_every_draft_loses_the_meaning_there_is_no_pair() -> None:
    lost = [draft("At nine.", "Snow.")]
    assert list(shared_plan_pairs(PLANNED, lost, measured, "en")) == []
