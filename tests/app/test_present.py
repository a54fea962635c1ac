"""A note in its documented JSON form, and scores as words."""

import json

from app.present import note_json, note_markdown, score_words
from engine.types import Scores
from storage.store import NoteRecord
from tests import builders


def test_the_json_form_has_just_the_documented_fields_and_is_json() -> None:
    made = builders.note(builders.profile("Ada"))

    row = note_json(made)

    assert list(row) == [
        "id", "note_id", "style", "language", "text", "plan", "drafts", "scores", "models",
        "seconds", "tokens",
    ]  # fmt: skip
    assert json.loads(json.dumps(row)) == row
    assert (row["id"], row["style"], row["text"]) == (made.id, "Ada", made.text)
    assert note_json(made, row_id="a-17")["id"] == "a-17"


def test_points_are_texts_and_uses_say_which_facts_they_carry() -> None:
    plan = note_json(builders.note())["plan"]

    assert plan == {
        "title": "The harbour at dawn",
        "summary": "A note on The harbour at dawn.",
        "points": ["The ferry leaves at six", "The cafe opens at five"],
        "uses": [[0], [1]],
        "missing": [],
        "neutral_text": "The ferry leaves at six. The cafe opens at five.",
    }


def test_tokens_are_those_of_the_plan_and_every_draft() -> None:
    made = builders.note()
    planned = made.plan.model_copy(
        update={"generation": builders.generation(prompt_tokens=50, completion_tokens=7)}
    )

    # Two drafts of 200 + 40 tokens each (tests/builders.py), and the plan's 50 + 7.
    assert note_json(made)["tokens"] == {"prompt": 400, "completion": 80, "cached": 0}
    with_plan = note_json(made.model_copy(update={"plan": planned}))
    assert with_plan["tokens"] == {"prompt": 450, "completion": 87, "cached": 0}


def test_only_what_was_measured_is_put_in_words() -> None:
    scores = Scores(style=0.71, copied=0.0, length_ratio=1.1, signature="s")

    assert score_words(scores) == (
        "like the samples: good (0.71) · copied: none · length: 110% of what was asked"
    )
    assert score_words(Scores(faithful=0.2, copied=0.25, signature="s")) == (
        "invents nothing: low (0.20) · copied: 25%"
    )
    assert score_words(None) == ""


def test_markdown_is_the_title_and_the_text_as_last_edited() -> None:
    made = builders.note()
    record = NoteRecord(note=made, feedback=(builders.edit(made, "Six sharp."),))

    assert note_markdown(record) == "# The harbour at dawn\n\nSix sharp.\n"
