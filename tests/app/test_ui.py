"""The page's handlers on a real studio: what each answers, and what it keeps."""

import asyncio
import inspect
import json
import secrets
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.blocks import Block

from app.examples import example
from app.i18n import Texts
from app.server import CannotServe, check_port, free_port, launch_options
from app.settings import Settings
from app.studio import LOCAL, Studio
from app.tabs.desk import Desk, Loading, Stops
from app.tabs.form import Form
from app.ui import Page
from engine.errors import InvalidRequest, ModelUnavailable, Stopped
from engine.models.scripted import ScriptedModel
from tests.browser.served import SlowStudio

EN = gr.Request(session_hash="page-1", headers={"accept-language": "en"})
ZH = gr.Request(session_hash="page-1", headers={"accept-language": "zh-CN"})
PUBLIC = {"write", "rate", "search", "styles"}


class Bench:
    """A page on a studio of its own, and what is typed on it."""

    def __init__(self, data_dir: Path, *, shared: bool = False, english: bool = False) -> None:
        """Open the studio and lay the page out."""
        settings = Settings(data_dir=data_dir, scripted=True, shared=shared)
        self.studio: Studio = SlowStudio.open(settings)
        assert isinstance(self.studio, SlowStudio)
        self.studio.english_only = english
        loading = Loading(self.studio.warm_up)
        loading.start()
        self.desk = Desk(self.studio, settings, loading)
        asyncio.run(self._build())
        self.write, self.styles = self.page.write, self.page.styles
        self.library, self.note = self.page.library, self.page.write.parts.note
        self.clear()

    def clear(self) -> None:
        """Show an empty page to a visitor who was never here."""
        self.shown: dict[Block, Any] = {}
        self.type(Form())
        token = secrets.token_hex(16) if self.desk.settings.shared else ""
        self.owner = self.desk.owner(token)
        self.shown |= {
            self.page.token: token, self.write.parts.plan: "", self.write.parts.pending: {},
            self.note.note_id: "", self.note.editor: "", self.styles.opened: "",
            self.styles.deleted: "", self.library.opened: "", self.library.deleted: "",
            self.library.query: "", self.library.style: "", self.library.language: "",
            self.library.stars: 0, self.styles.name: "", self.styles.samples: "",
            self.styles.language: "en",
        }  # fmt: skip

    def slow_down(self, seconds: float) -> None:
        """Let each word of the model take so long."""
        assert isinstance(self.studio, SlowStudio)
        model = ScriptedModel(delay=seconds)
        loaded = replace(self.studio.models, planner_model=model, stylist_model=model)
        self.studio.__dict__["models"] = loaded
        self.studio.__dict__.pop("writer", None)

    async def _build(self) -> None:
        """Lay the page out inside a running loop: Gradio leaves one open behind it otherwise."""
        with gr.Blocks() as self.blocks:
            self.page = Page(self.desk)

    def type(self, form: Form) -> None:
        """Put a form on the page."""
        for name, component in self.write.parts.fields.components().items():
            self.shown[component] = getattr(form, name)

    def see(self, answer: dict[Block, Any]) -> dict[Block, Any]:
        """Show an answer on the page, as the browser would."""
        for component, value in answer.items():
            if isinstance(value, dict) and value.get("__type__") == "update":
                if "value" in value:
                    self.shown[component] = value["value"]
            else:
                self.shown[component] = value
        return answer

    def run(self, answers: Iterator[dict[Block, Any]]) -> list[dict[Block, Any]]:
        """Show all the answers of a run."""
        return [self.see(answer) for answer in answers]

    def write_note(self, **changes: Any) -> list[dict[Block, Any]]:
        """Fill the form with an example and press Write."""
        self.type(a_form(**changes))
        return self.run(self.write.flow.write(self.shown, EN))

    @property
    def status(self) -> str:
        return str(self.shown[self.write.parts.status])

    @property
    def notes(self) -> int:
        return self.studio.search(self.owner).total


def a_form(**changes: Any) -> Form:
    chosen = example("harbour-log")
    values: dict[str, Any] = {
        "topic": chosen.topic,
        "facts": "\n".join(chosen.facts),
        "samples": chosen.samples_text,
        "words": 60,
        "drafts": 2,
        "seed": 7,
    }
    return Form(**values | changes)


def clicked(value: object) -> gr.EventData:
    return gr.EventData(None, {"value": value})


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One page for all tests: laying it out takes longer than most of them."""
    made = Bench(tmp_path_factory.mktemp("page") / "data", shared=True)
    yield made
    made.studio.close()


@pytest.fixture
def bench(shared_bench: Bench) -> Bench:
    """The page as a new visitor finds it."""
    shared_bench.clear()
    return shared_bench


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


# ------------------------------------------------------------------ nothing typed is lost


def test_a_page_opened_again_shows_what_was_typed(bench: Bench) -> None:
    bench.type(a_form(topic="Half a top"))
    bench.write.typed(bench.shown)
    bench.shown[bench.styles.name] = "Half a name"
    bench.styles.typed(bench.shown)
    bench.type(Form())
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.write.parts.fields.read(bench.shown).topic == "Half a top"
    assert bench.shown[bench.styles.name] == "Half a name"


def test_a_page_opened_again_shows_the_note_and_the_edit_half_typed(bench: Bench) -> None:
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    bench.shown[bench.note.editor] = "Half an edit"
    bench.note.typed(bench.shown)
    bench.shown |= {bench.note.note_id: "", bench.note.editor: ""}
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.shown[bench.note.note_id] == note_id
    assert bench.shown[bench.note.editor] == "Half an edit"
    assert "is-chosen" in bench.shown[bench.note.cards]


def test_a_plan_being_edited_survives_a_reload(bench: Bench) -> None:
    bench.write_note(edit_plan=True)
    bench.shown[bench.write.parts.plan] += "\n- one more point"
    bench.write.plan_typed(bench.shown)
    edited = bench.shown[bench.write.parts.plan]
    bench.shown |= {bench.write.parts.plan: "", bench.write.parts.pending: {}}
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.shown[bench.write.parts.plan] == edited
    bench.run(bench.write.flow.draft(bench.shown, EN))
    assert bench.notes == 1


def test_a_form_kept_by_another_version_does_not_break_the_page(bench: Bench) -> None:
    bench.studio.save_form(
        bench.owner, {"form": {"topic": 3, "words": "many", "new": 1}, "editor": None}
    )
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.write.parts.fields.read(bench.shown) == Form()


def test_an_example_fills_the_form(bench: Bench) -> None:
    bench.see(bench.write.take_example(bench.shown, clicked("aunt-rosalind")))
    form = bench.write.parts.fields.read(bench.shown)
    assert form.topic == example("aunt-rosalind").topic
    assert len(bench.studio.samples_from_text(form.samples)) == 3
    assert Form.lenient(bench.studio.load_form(bench.owner)["form"]) == form


def test_dropped_files_join_the_samples_and_are_removed(bench: Bench, tmp_path: Path) -> None:
    bench.type(a_form(samples="One I pasted."))
    dropped = tmp_path / "letter.txt"
    dropped.write_text("Dear all, the boat is in.")
    bench.shown[bench.write.files] = [str(dropped)]
    bench.see(bench.write.take_files(bench.shown, EN))
    form = bench.write.parts.fields.read(bench.shown)
    assert form.samples == "One I pasted.\n\n---\n\nDear all, the boat is in."
    assert not dropped.exists()


def test_a_binary_file_renamed_txt_is_a_sentence_and_is_removed(
    bench: Bench, tmp_path: Path
) -> None:
    dropped = tmp_path / "cat.txt"
    dropped.write_bytes(bytes(range(256)) * 8)
    bench.shown[bench.write.files] = [str(dropped)]
    bench.see(bench.write.take_files(bench.shown, EN))
    assert "is-error" in bench.status
    assert not dropped.exists()


# ------------------------------------------------------------------ styles


def add_rosalind(bench: Bench) -> str:
    bench.see(bench.styles.take_example(bench.shown, clicked("aunt-rosalind"), EN))
    return str(bench.shown[bench.styles.opened])


def test_an_example_becomes_a_style_that_writes_notes(bench: Bench) -> None:
    name = add_rosalind(bench)
    assert 'class="profile"' in bench.shown[bench.styles.view]
    bench.write_note(style=name, samples="")
    record = bench.studio.note(bench.owner, bench.shown[bench.note.note_id])
    assert (record.note.style_name, record.note.profile_version) == (name, 1)


def test_a_style_of_a_taken_name_is_refused_and_the_samples_stay(bench: Bench) -> None:
    name = add_rosalind(bench)
    bench.shown |= {bench.styles.name: name, bench.styles.samples: "A text. Another text."}
    bench.see(bench.styles.add_style(bench.shown, EN))
    assert "already" in bench.shown[bench.styles.said]
    assert bench.shown[bench.styles.samples] == "A text. Another text."


def test_a_struck_word_makes_a_new_version_and_can_come_back(bench: Bench) -> None:
    name = add_rosalind(bench)
    word = bench.studio.style(bench.owner, name).words[0].word
    bench.see(bench.styles.strike_out(bench.shown, clicked(word), EN))
    assert bench.studio.style(bench.owner, name).struck == (word,)
    bench.see(bench.styles.strike_out(bench.shown, clicked(word), EN))
    fresh = bench.studio.style(bench.owner, name)
    assert (fresh.struck, fresh.version) == ((), 3)


def test_words_and_guidance_are_added_and_old_versions_can_be_looked_at(bench: Bench) -> None:
    name = add_rosalind(bench)
    bench.shown |= {bench.styles.words: "lovely， splendid", bench.styles.guidance: "Be brief."}
    bench.see(bench.styles.keep_edits(bench.shown, EN))
    assert bench.studio.style(bench.owner, name).added_words == ("lovely", "splendid")
    bench.shown[bench.styles.version] = 1
    bench.see(bench.styles.show_version(bench.shown, EN))
    assert bench.shown[bench.styles.guidance] == ""
    bench.shown[bench.styles.version] = 9
    bench.see(bench.styles.show_version(bench.shown, EN))
    assert "no such version" in bench.shown[bench.styles.said]


def test_a_style_is_renamed_deleted_and_brought_back(bench: Bench) -> None:
    add_rosalind(bench)
    bench.shown[bench.styles.rename_to] = "Aunt R."
    bench.see(bench.styles.rename_style(bench.shown, EN))
    assert [row.name for row in bench.studio.styles(bench.owner)] == ["Aunt R."]
    bench.see(bench.styles.delete_style(bench.shown, EN))
    assert not bench.studio.styles(bench.owner)
    bench.see(bench.styles.undo_delete(bench.shown, EN))
    assert [row.name for row in bench.studio.styles(bench.owner)] == ["Aunt R."]


def test_more_samples_join_the_open_style(bench: Bench) -> None:
    name = add_rosalind(bench)
    bench.shown[bench.styles.samples] = example("harbour-log").samples[0]
    bench.see(bench.styles.extend_style(bench.shown, EN))
    assert len(bench.studio.style(bench.owner, name).samples) == 4


# ------------------------------------------------------------------ library


def test_the_library_finds_opens_deletes_and_brings_back_a_note(bench: Bench) -> None:
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    bench.shown[bench.library.query] = "boil"
    bench.see(bench.library.search(bench.shown, EN))
    assert note_id in bench.shown[bench.library.list]
    bench.see(bench.library.pick(bench.shown, clicked(note_id), EN))
    assert 'class="note"' in bench.shown[bench.library.view]
    bench.see(bench.library.delete_note(bench.shown, EN))
    assert bench.notes == 0
    bench.see(bench.library.undo_delete(bench.shown, EN))
    assert bench.notes == 1


def test_a_note_from_the_library_opens_on_the_write_tab(bench: Bench) -> None:
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    bench.see(bench.write.start_fresh(bench.shown, EN))
    assert bench.shown[bench.note.note_id] == ""
    assert bench.write.parts.fields.read(bench.shown).topic == ""
    bench.shown[bench.library.opened] = note_id
    bench.see(bench.page.open_in_write(bench.shown, EN))
    assert bench.shown[bench.note.note_id] == note_id


def test_the_export_holds_everything(bench: Bench) -> None:
    bench.write_note()
    bench.see(bench.library.export_all(bench.shown, EN))
    with zipfile.ZipFile(bench.shown[bench.library.file]) as packed:
        names = packed.namelist()
        rows = packed.read(next(n for n in names if n.endswith("notes.jsonl"))).splitlines()
    assert any(name.endswith(".md") for name in names)
    assert json.loads(rows[0])


def test_filters_that_nobody_could_choose_are_refused(bench: Bench) -> None:
    bench.shown[bench.library.stars] = 77
    bench.see(bench.library.search(bench.shown, EN))
    assert "not known" in bench.shown[bench.library.said]


def test_the_page_speaks_chinese_to_a_chinese_browser(bench: Bench) -> None:
    bench.see(bench.page.opened(bench.shown, ZH))
    t = Texts("zh")
    assert t("page.tagline") in bench.shown[bench.page.header]
    assert t("library.empty") in bench.shown[bench.library.list]
    bench.type(a_form())
    bench.run(bench.write.flow.write(bench.shown, ZH))
    assert "已存入文库" in bench.status


# ------------------------------------------------------------------ a shared server


def test_visitors_of_a_shared_server_see_only_their_own(bench: Bench) -> None:
    bench.shown[bench.page.token] = ""
    bench.see(bench.page.opened(bench.shown, EN))
    mine = bench.shown[bench.page.token]
    assert len(mine) == 32
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    bench.shown[bench.page.token] = "f" * 32
    bench.see(bench.library.pick(bench.shown, clicked(note_id), EN))
    assert "is-error" in bench.shown[bench.library.said]
    bench.see(bench.note.rate(bench.shown, clicked("stars:1"), EN))
    assert "is-error" in bench.shown[bench.note.said]
    assert not bench.studio.note(bench.desk.owner(mine), note_id).feedback


@pytest.mark.parametrize("token", ["", None, "local", "../x", "F" * 32, 7])
def test_a_visitor_without_a_token_is_nobody(bench: Bench, token: object) -> None:
    with pytest.raises(InvalidRequest, match="reload"):
        bench.desk.owner(token)


def test_a_page_of_ones_own_needs_no_token_and_keeps_all_under_one_name(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "data")
    assert {bench.desk.owner(token) for token in ("", "x", "f" * 32)} == {LOCAL}
    bench.studio.close()


# ------------------------------------------------------------------ the frame


def test_only_the_four_documented_endpoints_are_public(bench: Bench) -> None:
    public = {fn.api_name for fn in bench.blocks.fns.values() if fn.api_visibility == "public"}
    assert public - {None} == PUBLIC


def test_no_handler_of_the_page_has_more_than_five_inputs(bench: Bench) -> None:
    for fn in bench.blocks.fns.values():
        if fn.fn is not None and fn.api_name not in PUBLIC:
            assert len(inspect.signature(fn.fn).parameters) <= 5, fn.fn


def test_the_page_is_served_privately(tmp_path: Path) -> None:
    options = launch_options(Settings(data_dir=tmp_path, port=free_port("127.0.0.1")))
    assert options["server_name"] == "127.0.0.1"
    for name in ("share", "ssr_mode", "enable_monitoring", "mcp_server", "show_error"):
        assert options[name] is False, name
    assert options["strict_cors"] is True
    assert options["blocked_paths"] == [str(tmp_path.resolve())]
    assert "http://" not in options["head"].replace("http://www.w3.org", "")
    assert "https://" not in options["head"]


def test_a_taken_port_is_a_sentence() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"Port {port} is taken.*NOTEWRIGHT_PORT"):
            check_port("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_a_sentence() -> None:
    with pytest.raises(CannotServe, match="NOTEWRIGHT_HOST"):
        check_port("192.0.2.1", 7860)
