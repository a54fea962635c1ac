"""Models for one note: by name only, on the page too; what cannot be used loses nothing."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from app.choices import SET, options_for
from app.i18n import Texts
from app.modelroom import Models
from app.notemodels import model_names, note_models
from app.settings import Settings
from app.studio import Studio
from app.tabs.form import Form
from engine.errors import InvalidRequest, ModelUnavailable, NotFound
from engine.events import Event, NoteReady
from engine.loading import LoadOptions, load_models
from tests.app.bench import EN, Bench
from tests.app.pulled import PULLED, pull
from tests.browser.served import SlowStudio
from tests.builders import profile, request

EMBEDDED = "SmolLM2-135M-Instruct"
VOICE = profile("", ("A quiet harbour at dawn.",))


@pytest.fixture
def set_up(settings: Settings, tmp_path: Path) -> Settings:
    own = tmp_path / "secret-place" / "mine.gguf"
    return settings.model_copy(
        update={"planner_url": "http://127.0.0.1:1/v1", "planner_model": "big", "stylist_gguf": own}
    )


def test_what_is_here_and_what_is_set_can_be_asked_for_by_name(set_up: Settings) -> None:
    assert model_names(set_up) == (EMBEDDED, "big", "mine.gguf")
    pull(set_up.data_dir)
    assert model_names(set_up) == (EMBEDDED, PULLED, "big", "mine.gguf")


def test_a_model_that_is_set_for_one_role_can_take_the_other(set_up: Settings) -> None:
    models = note_models(set_up, planner="mine.gguf", stylist="big")
    options = options_for(set_up, *models)
    assert (options.planner_server, options.planner_gguf) == (None, set_up.stylist_gguf)
    assert options.stylist_server is not None
    assert options.stylist_server.model == "big"
    assert note_models(set_up, planner="big", stylist="mine.gguf") == Models()
    assert note_models(set_up) == Models()
    embedded = options_for(set_up, *note_models(set_up, EMBEDDED, "embedded"))
    assert (embedded.planner_server, embedded.stylist_gguf) == (None, None)


def test_a_path_or_an_address_is_no_name(set_up: Settings, tmp_path: Path) -> None:
    lying = tmp_path / "lying.gguf"
    lying.write_bytes(b"GGUF")
    for name in (str(lying), "lying.gguf", "http://127.0.0.1:1/v1", f"{SET}planner", PULLED):
        with pytest.raises(NotFound, match="choose one of"):
            note_models(set_up, stylist=name)
    with pytest.raises(InvalidRequest, match="must be text"):
        note_models(set_up, planner=["big"])


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(data_dir)
    monkeypatch.setattr("app.modelroom.available_memory", lambda: 1_000)
    with closing(Studio.open(Settings(data_dir=data_dir))) as studio:
        studio.room.put(load_models(LoadOptions(data_dir, scripted=True)))
        asked = request("The harbour", facts=("The ferry leaves at six.",))
        with pytest.raises(
            ModelUnavailable, match=r"not enough memory free to load .*qwen2.5.* GB"
        ):
            list(studio.write("me", asked, VOICE, models=note_models(studio.settings, PULLED)))
        assert isinstance(list(studio.write("me", asked, VOICE))[-1], NoteReady)


def test_a_note_under_way_and_one_on_other_models_both_end(data_dir: Path) -> None:
    pull(data_dir)
    with closing(SlowStudio.open(Settings(data_dir=data_dir, scripted=True))) as studio:
        asked = request("The harbour", facts=("The ferry leaves at six.",))
        assert isinstance(studio, SlowStudio)
        studio.delay = 0.002
        other = note_models(studio.settings, PULLED)
        begun = threading.Event()

        def first() -> Event:
            events = studio.write("me", asked, VOICE)
            early = [next(events), next(events)]
            begun.set()
            return [*early, *events][-1]

        def second() -> Event:
            begun.wait(30)
            return list(studio.write("you", asked, VOICE, models=other))[-1]

        with ThreadPoolExecutor() as pool:
            ends = [work.result(60) for work in (pool.submit(first), pool.submit(second))]
    names = [end.note.models.planner for end in ends if isinstance(end, NoteReady)]
    assert names == ["scripted", PULLED]


# ------------------------------------------------------------------ on the page


@pytest.fixture
def pulled(bench: Bench) -> Iterator[None]:
    file = pull(bench.studio.settings.data_dir)
    yield
    file.unlink(missing_ok=True)


@pytest.mark.usefixtures("pulled")
def test_a_note_of_the_page_is_written_on_the_models_chosen_and_says_so(bench: Bench) -> None:
    bench.write_note(planner=PULLED)
    used = bench.studio.note(bench.owner, bench.shown[bench.note.note_id]).note.models
    assert (used.planner, used.stylist) == (PULLED, "scripted")
    bench.write_note(stylist=PULLED, edit_plan=True)
    bench.run(bench.write.flow.draft(bench.shown, EN))
    used = bench.studio.note(bench.owner, bench.shown[bench.note.note_id]).note.models
    assert used.stylist == PULLED


def test_a_model_that_has_gone_is_a_sentence_and_nothing_typed_is_lost(bench: Bench) -> None:
    bench.write_note(planner=PULLED, topic="The boiler")
    assert f"There is no model '{PULLED}' here" in bench.status.replace("&#x27;", "'")
    kept = Form.lenient(bench.studio.load_form(bench.owner)["form"])
    assert (kept.topic, kept.planner) == ("The boiler", PULLED)
    assert bench.notes == 0


def test_models_are_offered_where_there_is_a_choice(bench: Bench) -> None:
    t, fields = Texts("en"), bench.write.parts.fields
    form = Form(planner=PULLED, stylist=EMBEDDED)
    answer = bench.write.model_choices(form, t)
    assert answer[bench.write.models]["visible"] is False
    assert answer[fields.planner]["value"] == ""
    file = pull(bench.studio.settings.data_dir)
    try:
        answer = bench.write.model_choices(form, t)
    finally:
        file.unlink()
    assert answer[bench.write.models]["visible"] is True
    assert answer[fields.planner]["choices"] == [(f"As set: {EMBEDDED}", ""), (PULLED, PULLED)]
    assert (answer[fields.planner]["value"], answer[fields.stylist]["value"]) == (PULLED, "")
