"""Choosing models: by name, in settings.toml, for one note, and while others still write."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.choices import changes_for, in_force, local_file, options_for, use
from app.modelroom import Models
from app.options import load_options
from app.settings import Settings, load_settings
from app.studio import Studio
from engine.errors import InvalidRequest, NotFound
from engine.events import FellBack, NoteReady
from engine.loading import LoadedModels, LoadOptions, load_models
from engine.models.catalogue import named
from engine.models.pulled import FOLDER
from engine.models.weights import packaged_weights
from tests.builders import profile, request
from tests.engine.models.serving import refusal, serving

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def pulled(data_dir: Path) -> Path:
    file = named("Qwen2.5-1.5B-Instruct").file
    assert file is not None
    place = data_dir / FOLDER / file.name
    place.parent.mkdir(parents=True)
    place.write_bytes(b"GGUF")
    return place


def toml(data_dir: Path) -> str:
    return (data_dir / "settings.toml").read_text(encoding="utf-8")


def test_a_choice_is_kept_in_the_file_and_the_rest_of_it_stays(
    settings: Settings, data_dir: Path, pulled: Path
) -> None:
    (data_dir / "settings.toml").write_text("# mine\nthreads = 3  # few\n", encoding="utf-8")
    new = use(settings, changes_for(settings, "stylist", "Qwen2.5-1.5B-Instruct"))
    assert new.stylist_gguf == pulled
    assert toml(data_dir).startswith("# mine\nthreads = 3  # few\n")
    assert load_settings().stylist_gguf == pulled
    assert in_force(load_settings()) == (
        "Planner: embedded, by default",
        f"Stylist: {pulled.name}, from settings.toml",
    )
    back = use(new, changes_for(new, "stylist", "embedded"))
    # What a running page goes on with, too.
    assert back.stylist_gguf is None
    assert load_settings().stylist_gguf is None
    assert toml(data_dir) == "# mine\nthreads = 3  # few\n"


def test_a_server_keeps_the_file_beside_it_as_what_plans_while_it_is_down(
    settings: Settings, data_dir: Path, pulled: Path
) -> None:
    use(settings, changes_for(settings, "planner", "Qwen2.5-1.5B-Instruct"))
    secret = data_dir / "key"
    secret.write_text(f"{KEY}\n")
    choice = changes_for(
        settings, "planner", "http://127.0.0.1:1/v1", model="big", key_file=str(secret)
    )
    remote = use(load_settings(), choice)
    options = load_options(load_settings())
    assert options.planner_server is not None
    assert options.planner_server.key.get_secret_value() == KEY
    assert options.planner_gguf == pulled
    assert KEY not in toml(data_dir) + repr(options) + repr(load_settings())
    assert in_force(load_settings())[0] == (
        "Planner: big at http://127.0.0.1:1/v1, from settings.toml"
    )
    assert use(remote, changes_for(remote, "planner", "embedded")).planner_url == ""


def test_what_cannot_be_used_changes_nothing(settings: Settings, data_dir: Path) -> None:
    data_dir.mkdir()
    with pytest.raises(InvalidRequest, match="must hold no key"):
        use(settings, changes_for(settings, "planner", f"https://u:{KEY}@host/v1"))
    with pytest.raises(InvalidRequest, match=r"key file 'gone' .* cannot be read"):
        use(settings, changes_for(settings, "planner", "http://h/v1", key_file="gone"))
    with pytest.raises(NotFound, match="nobody"):
        changes_for(settings, "planner", "nobody")
    assert list(data_dir.iterdir()) == []


def test_what_the_environment_says_comes_first_and_is_said_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTEWRIGHT_PLANNER_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("NOTEWRIGHT_PLANNER_KEY", KEY)
    with pytest.raises(InvalidRequest, match="NOTEWRIGHT_PLANNER_URL is set"):
        changes_for(settings, "planner", "embedded")
    found = load_settings()
    assert found.planner_key == SecretStr(KEY)
    assert "from the environment (NOTEWRIGHT_PLANNER_URL)" in in_force(found)[0]


def test_a_visitor_names_models_of_this_machine_only(settings: Settings, pulled: Path) -> None:
    set_up = settings.model_copy(update={"planner_url": "http://127.0.0.1:1/v1"})
    assert options_for(set_up).planner_server is not None
    chosen = options_for(set_up, planner="embedded", stylist="Qwen2.5-1.5B-Instruct")
    assert (chosen.planner_server, chosen.stylist_gguf) == (None, pulled)
    with pytest.raises(InvalidRequest, match="cannot name a server; set it"):
        options_for(set_up, planner="http://elsewhere/v1")
    assert local_file(settings, str(packaged_weights())) == packaged_weights()


def test_the_planner_on_a_dead_server_is_replaced_and_the_note_is_kept_with_that(
    data_dir: Path,
) -> None:
    with serving(lambda *_: refusal(503, "loading", code="x")) as (url, _):
        settings = Settings(data_dir=data_dir, planner_url=url, planner_model="big", scripted=True)
        assert load_options(settings).planner_server is not None
    with closing(Studio.open(settings)) as studio:
        from dataclasses import replace

        from engine.models.remote import RemoteModel

        server = load_options(settings).planner_server
        assert server is not None
        remote = RemoteModel(server.model_copy(update={"retries": 0}))
        spare = studio.models.stylist_model
        studio.room.put(replace(studio.models, planner_model=remote, spare_planner=lambda: spare))
        asked = request("The harbour", facts=("The ferry leaves at six.",))
        events = list(studio.write("me", asked, profile("", ("A quiet harbour at dawn.",))))
        fell = next(event for event in events if isinstance(event, FellBack))
        assert "cannot be reached" in fell.reason
        done = events[-1]
        assert isinstance(done, NoteReady)
        kept = studio.note("me", done.note.id).note
        assert (kept.plan.instead_of, kept.models.planner) == ("big", "scripted")


def test_a_note_under_way_is_finished_on_the_models_it_began_with(
    settings: Settings, pulled: Path
) -> None:
    with closing(Studio.open(settings)) as studio:
        asked = request("The harbour", facts=("The ferry leaves at six.",))
        before = studio.models
        events = studio.write("me", asked, profile("", ("A quiet harbour at dawn.",)))
        next(events)
        studio.use(changes_for(studio.settings, "stylist", "Qwen2.5-1.5B-Instruct"))
        assert isinstance(list(events)[-1], NoteReady)
        assert studio.settings.stylist_gguf == pulled
        assert studio.models is not before


def test_who_writes_on_what_is_set_does_not_wait_while_another_loads(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, done = threading.Event(), threading.Event()
    usual = load_models(LoadOptions(data_dir, scripted=True))

    def slow(*_: object, **__: object) -> LoadedModels:
        begun.set()
        done.wait(10)
        return usual

    with closing(Studio.open(Settings(data_dir=data_dir))) as studio:
        studio.room.put(usual)
        writer = studio.room.writer(usual)
        monkeypatch.setattr("app.modelroom.load_models", slow)
        other = threading.Thread(target=lambda: studio.room.models("embedded"))
        other.start()
        assert begun.wait(10)
        found = ThreadPoolExecutor().submit(lambda: studio.room.writer(studio.models))
        assert found.result(5) is writer
        done.set()
        other.join()


@pytest.mark.real
def test_a_note_may_name_its_own_models_and_they_stay_warm(data_dir: Path, tmp_path: Path) -> None:
    own = tmp_path / "mine.gguf"
    own.symlink_to(packaged_weights())
    with closing(Studio.open(Settings(data_dir=data_dir, open_browser=False))) as studio:
        usual = studio.models
        chosen = studio.room.models(*Models(planner=str(own)))
        assert chosen.planner_model is not usual.planner_model
        assert chosen.stylist_model is usual.stylist_model
        assert chosen.embedder is usual.embedder
        again = studio.room.models(*Models(planner=str(own)))
        assert again.planner_model is chosen.planner_model
        assert studio.models is usual
