"""The Write tab's handlers on a real studio: what each answers, and what it keeps."""

import threading
from pathlib import Path
from typing import Any

import pytest

from app.examples import example
from app.i18n import Texts
from app.render import plan_view
from app.tabs.desk import Loading, Stops
from app.tabs.form import Form
from engine.errors import ModelUnavailable, Stopped
from tests.adapters import a_folder
from tests.app.bench import EN, Bench, a_form, clicked
from tests.builders import SAMPLES

# ------------------------------------------------------------------ writing


def test_a_click_shows_the_plan_then_the_drafts_then_a_kept_note(bench: Bench) -> None:
    answers = bench.write_note()
    plan, cards = bench.write.parts.plan, bench.note.cards
    first_plan = next(i for i, a in enumerate(answers) if a.get(plan, {}).get("value"))
    first_card = next(i for i, a in enumerate(answers) if "is-writing" in str(a.get(cards)))
    assert first_plan < first_card
    assert "is-chosen" in bench.shown[cards]
    assert "kept in your Library" in bench.status
    record = bench.studio.note(bench.owner, bench.shown[bench.note.note_id])
    assert bench.shown[bench.note.editor] == record.note.text


def test_while_it_writes_stop_is_there_and_write_is_not(bench: Bench) -> None:
    parts = bench.write.parts
    bench.type(a_form())
    first = next(a for a in bench.write.flow.write(bench.shown, EN) if parts.stop in a)
    assert first[parts.stop]["visible"] is True
    assert first[parts.write]["interactive"] is False
    bench.write_note()
    last = bench.write_note()[-1]
    assert last[parts.stop]["visible"] is False
    assert last[parts.write]["interactive"] is True


def test_an_empty_topic_is_a_sentence_and_nothing_typed_is_lost(bench: Bench) -> None:
    bench.write_note(topic="  ")
    assert "The topic is empty" in bench.status
    assert 'role="alert"' in bench.status
    kept = Form.lenient(bench.studio.load_form(bench.owner)["form"])
    assert kept.facts == a_form().facts
    assert bench.notes == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"samples": ""}, "Choose a style, or paste a sample"),
        ({"style": "Nobody"}, "Nobody"),
        ({"seed": -1}, "The seed"),
        ({"words": 5}, "The length in words"),
        ({"drafts": 99}, "The number of drafts"),
        ({"language": "xx"}, "The language"),
        ({"facts": "\n".join(f"fact {n}" for n in range(200))}, "facts; a note can hold"),
    ],
)
def test_what_cannot_be_used_is_told_near_the_button(
    bench: Bench, changes: dict[str, Any], sentence: str
) -> None:
    bench.write_note(**changes)
    assert sentence in bench.status
    assert bench.notes == 0


def test_an_error_is_shown_as_text_whatever_is_in_it(bench: Bench) -> None:
    bench.write_note(style="<img src=x onerror=alert(1)>")
    assert "<img" not in bench.status


def test_chinese_on_an_english_model_is_refused_before_anything_is_cleared(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "data", english=True)
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    answers = bench.write_note(language="zh", samples=example("mountain-notes").samples_text)
    assert "English only" in bench.status
    assert bench.shown[bench.note.note_id] == note_id
    assert not any("Waiting" in str(a) or bench.note.cards in a for a in answers)
    bench.studio.close()


def test_the_plan_can_be_edited_before_drafting(bench: Bench) -> None:
    bench.write_note(edit_plan=True)
    assert bench.notes == 0
    assert "Change what you like" in bench.status
    lines = bench.shown[bench.write.parts.plan].splitlines()
    bench.shown[bench.write.parts.plan] = "\n".join(["A title of mine", *lines[1:]])
    bench.run(bench.write.flow.draft(bench.shown, EN))
    record = bench.studio.note(bench.owner, bench.shown[bench.note.note_id])
    assert record.note.plan.title == "A title of mine"
    assert record.note.plan.edited


def test_a_finished_note_can_be_drafted_again_from_its_plan(bench: Bench) -> None:
    bench.write_note()
    first = bench.shown[bench.note.note_id]
    bench.run(bench.write.flow.draft(bench.shown, EN))
    assert bench.shown[bench.note.note_id] != first
    assert bench.notes == 2


def test_drafting_without_a_plan_says_what_to_do(bench: Bench) -> None:
    bench.run(bench.write.flow.draft(bench.shown, EN))
    assert "press Write first" in bench.status


def test_stop_ends_the_run_and_keeps_what_was_written_in_view(bench: Bench) -> None:
    bench.slow_down(0.05)
    bench.type(a_form())
    run = bench.write.flow.write(bench.shown, EN)
    for answer in run:
        bench.see(answer)
        if "is-writing" in str(answer.get(bench.note.cards)):
            bench.write.flow.stop(EN)
    assert "Stopped" in bench.status
    assert "prose-text" in bench.shown[bench.note.cards]
    assert bench.notes == 0
    bench.slow_down(0.0)


def test_closing_the_page_stops_its_work_and_lets_the_next_one_in(bench: Bench) -> None:
    bench.slow_down(0.05)
    bench.type(a_form())
    run = bench.write.flow.write(bench.shown, EN)
    next(a for a in run if "is-writing" in str(a.get(bench.note.cards)))
    bench.page.closed(EN)
    list(run)
    bench.slow_down(0.0)
    bench.write_note()
    assert bench.notes == 1


def test_a_second_click_stops_the_first_run_of_the_same_page() -> None:
    stops = Stops()
    first = stops.begin("page")
    second = stops.begin("page")
    assert first.is_set()
    assert not second.is_set()
    stops.end("page", first)
    stops.stop("page")
    assert second.is_set()


# ------------------------------------------------------------------ models on their way


def test_an_early_click_is_told_how_long_and_then_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "data")
    gate = threading.Event()
    loading = Loading(lambda: (gate.wait(5), None)[1], expected=9.0)
    loading.start()
    object.__setattr__(bench.desk, "loading", loading)
    bench.type(a_form())
    run = bench.write.flow.write(bench.shown, EN)
    assert "still loading, about 9 seconds" in str(next(run)[bench.write.parts.status])
    gate.set()
    bench.run(run)
    assert bench.notes == 1
    bench.studio.close()


def test_models_that_do_not_load_are_a_sentence_not_a_dead_page() -> None:
    def load() -> None:
        raise ModelUnavailable("The model file is gone; run `notewright doctor`.")

    loading = Loading(load)
    loading.start()
    with pytest.raises(ModelUnavailable, match="notewright doctor"):
        list(loading.wait(lambda: False))


def test_waiting_for_the_models_can_be_stopped() -> None:
    loading = Loading(lambda: None)
    with pytest.raises(Stopped):
        list(loading.wait(lambda: True))


# ------------------------------------------------------------------ after writing


def test_another_draft_can_be_taken_and_an_unsaved_edit_is_kept_first(bench: Bench) -> None:
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    record = bench.studio.note(bench.owner, note_id)
    other = (record.note.chosen + 1) % len(record.note.drafts)
    bench.shown[bench.note.editor] = "Half an edit."
    bench.see(bench.note.choose(bench.shown, clicked(str(other)), EN))
    assert bench.shown[bench.note.said] == ""
    kinds = [f.kind for f in bench.studio.note(bench.owner, note_id).feedback]
    assert kinds == ["edit", "choice"]
    assert bench.shown[bench.note.editor] == record.note.drafts[other].text


def test_an_edit_is_kept_with_its_difference(bench: Bench) -> None:
    bench.write_note()
    bench.shown[bench.note.editor] = "All my own words."
    bench.see(bench.note.keep_edit(bench.shown, EN))
    assert "<ins>" in bench.shown[bench.note.difference]
    record = bench.studio.note(bench.owner, bench.shown[bench.note.note_id])
    assert [f.edited_text for f in record.feedback] == ["All my own words."]
    bench.see(bench.note.keep_edit(bench.shown, EN))
    assert "Nothing was changed" in bench.shown[bench.note.said]


def test_stars_thumbs_and_tags_are_kept(bench: Bench) -> None:
    bench.write_note()
    for value in ("stars:4", "thumb:down", "tag:dull"):
        bench.see(bench.note.rate(bench.shown, clicked(value), EN))
    record = bench.studio.note(bench.owner, bench.shown[bench.note.note_id])
    assert [(f.stars, f.thumb, f.tag) for f in record.feedback] == [
        (4, None, None),
        (None, "down", None),
        (None, None, "dull"),
    ]


@pytest.mark.parametrize("value", ["stars:9", "thumb:sideways", "tag:rude", "choose:0", "", "x"])
def test_a_rating_that_nobody_could_click_is_refused(bench: Bench, value: str) -> None:
    bench.write_note()
    bench.see(bench.note.rate(bench.shown, clicked(value), EN))
    assert "is-error" in bench.shown[bench.note.said]
    assert not bench.studio.note(bench.owner, bench.shown[bench.note.note_id]).feedback


@pytest.mark.parametrize("value", ["99", "-1", "x", "", None])
def test_a_draft_that_is_not_there_cannot_be_taken(bench: Bench, value: object) -> None:
    bench.write_note()
    bench.see(bench.note.choose(bench.shown, clicked(value), EN))
    assert "is-error" in bench.shown[bench.note.said]
    assert not bench.studio.note(bench.owner, bench.shown[bench.note.note_id]).feedback


def test_a_note_downloads_as_markdown(bench: Bench) -> None:
    bench.write_note()
    file = bench.note.as_markdown(bench.shown)[bench.note.markdown]
    assert file["name"].endswith(".md")
    assert file["text"].startswith("# ")


# ------------------------------------------------------------------ planned style


@pytest.fixture
def ada(bench: Bench, tmp_path: Path) -> str:
    """Return a style whose adapter was trained to say how first."""
    bench.studio.add_style(bench.owner, "Ada", bench.studio.samples_from_text(SAMPLES[0]), "en")
    made = a_folder(tmp_path / "built", "planned", method="planned")
    shelf = bench.studio.adapters.shelf
    shelf.promote(bench.owner, shelf.add(bench.owner, "Ada", made).id)
    return "Ada"


def test_how_each_point_is_put_is_planned_shown_edited_and_kept(bench: Bench, ada: str) -> None:
    bench.write_note(style=ada, plan_style=True, edit_plan=True)
    plan = bench.shown[bench.write.parts.plan]
    points = [line for line in plan.splitlines() if line.startswith("- ")]
    assert plan.count("\n  ~ shape: longer | manner: exclamation") == len(points) > 1
    assert bench.notes == 0
    edited = plan.replace("longer", "shorter", 1)
    bench.shown[bench.write.parts.plan] = edited
    bench.run(bench.write.flow.draft(bench.shown, EN))
    note = bench.studio.note(bench.owner, bench.shown[bench.note.note_id]).note
    assert [p.moves for p in note.plan.points][:2] == [
        "shape: shorter | manner: exclamation",
        "shape: longer | manner: exclamation",
    ]
    assert bench.shown[bench.write.parts.plan] == edited
    assert note.drafts[0].generation.prompt_version == "restyle_planned/1"
    assert "~" not in note.text
    shown = plan_view(note.plan, note.request, Texts("en"))
    assert shown.count("<small") == len(points)


def test_silence_is_as_it_was(bench: Bench, ada: str) -> None:
    bench.write_note(style=ada)
    note = bench.studio.note(bench.owner, bench.shown[bench.note.note_id]).note
    assert not any(point.moves for point in note.plan.points)
    assert note.drafts[0].generation.prompt_version == "restyle/1"


def test_a_style_that_was_not_taught_to_plan_is_written_without(bench: Bench) -> None:
    bench.write_note(plan_style=True)
    note = bench.studio.note(bench.owner, bench.shown[bench.note.note_id]).note
    assert not any(point.moves for point in note.plan.points)
