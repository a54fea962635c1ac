"""The scripted model keeps the TextModel contract, so that what is tested on it means something."""

import json

import pytest

from engine.errors import ContextOverflow, Stopped
from engine.models.scripted import ScriptedModel
from engine.protocols import TextModel
from engine.types import Delta, Generation, Message, Sampling

ASK = (
    Message(role="system", content="You write notes."),
    Message(role="user", content="Write 40 words.\n- The bakery opens on 3 May\n- Entry is free"),
)
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 20},
        "points": {"type": "array", "items": {"$ref": "#/$defs/point"}, "minItems": 3},
        "tone": {"enum": ["warm", "dry"]},
    },
    "required": ["title", "points", "tone"],
    "$defs": {"point": {"type": "object", "properties": {"text": {"type": "string"}}}},
}


def run(
    model: TextModel, copies: int = 1, **values: object
) -> tuple[list[Delta], list[Generation]]:
    out = list(model.generate([ASK] * copies, Sampling.model_validate(values)))
    deltas = [item for item in out if isinstance(item, Delta)]
    return deltas, [item for item in out if isinstance(item, Generation)]


def test_the_pieces_make_up_each_text_and_conversations_take_turns() -> None:
    deltas, done = run(ScriptedModel(), copies=3)
    assert [g.index for g in sorted(done, key=lambda g: g.index)] == [0, 1, 2]
    for generation in done:
        pieces = [d.text for d in deltas if d.index == generation.index]
        assert "".join(pieces) == generation.text
    assert [d.index for d in deltas if d.text][:6] == [0, 1, 2, 0, 1, 2]


def test_the_default_note_holds_the_facts_comes_near_the_length_and_varies_with_the_seed() -> None:
    _, done = run(ScriptedModel(), copies=3, seed=3)
    texts = [g.text for g in done]
    for text in texts:
        assert "The bakery opens on 3 May." in text
        assert "Entry is free." in text
        assert 30 <= len(text.split()) <= 50
    assert len(set(texts)) > 1
    assert texts == [g.text for g in run(ScriptedModel(), copies=3, seed=3)[1]]


def test_a_schema_is_filled_with_the_lines_of_the_question() -> None:
    done = list(ScriptedModel().generate([ASK], Sampling(), schema=SCHEMA))[-1]
    assert isinstance(done, Generation)
    assert json.loads(done.text) == {
        "title": "The bakery opens on",
        "points": [
            {"text": "The bakery opens on 3 May"},
            {"text": "Entry is free"},
            {"text": "The bakery opens on 3 May"},
        ],
        "tone": "warm",
    }


def test_chinese_questions_get_chinese_notes() -> None:
    asked = (Message(role="user", content="写一篇60字的短文：\n- 面包店五月三日开业"),)
    done = list(ScriptedModel().generate([asked], Sampling()))[-1]
    assert isinstance(done, Generation)
    assert "面包店五月三日开业。" in done.text
    assert done.completion_tokens >= 50


def test_given_replies_are_used_in_turn_and_cut_at_a_stop_or_at_the_limit() -> None:
    model = ScriptedModel(["one two. three four", "five six seven eight"])
    _, (first, second) = run(model, copies=2, max_tokens=3, stop=[". "])
    assert (first.text, first.finish) == ("one two", "stop")
    assert (second.text, second.finish) == ("five six seven", "length")


def test_it_stops_when_asked_even_inside_a_slow_word() -> None:
    answers = iter([False, False, False, True])
    model = ScriptedModel(["word " * 50], delay=10.0)
    with pytest.raises(Stopped):
        list(model.generate([ASK], Sampling(), should_stop=lambda: next(answers)))


def test_a_prompt_that_does_not_fit_says_by_how_much() -> None:
    with pytest.raises(ContextOverflow, match="can hold 100"):
        run(ScriptedModel(context_length=100))


def test_choices_are_normalised_and_the_same_each_time() -> None:
    model = ScriptedModel()
    chances = model.choose(ASK, ["A", "B"])
    assert chances is not None
    assert sum(chances) == pytest.approx(1.0)
    assert chances == model.choose(ASK, ["A", "B"])
    assert ScriptedModel(choices=[3, 1]).choose(ASK, ["A", "B"]) == (0.75, 0.25)
