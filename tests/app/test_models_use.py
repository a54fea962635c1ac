"""Choosing a model writes one line of settings.toml, and everything else in it stays."""

from pathlib import Path

import pytest

from app.choices import changes_for
from app.choices import use as write
from app.models_use import in_settings, models_folder
from app.settings import Settings, load_settings
from engine.errors import InvalidRequest, NotFound, StorageError
from engine.models.catalogue import Role, named

NAME = "Qwen2.5-1.5B-Instruct"
EMBEDDED = "SmolLM2-135M-Instruct"


def use(settings: Settings, role: Role, name: str) -> None:
    """Choose a model as the tab does."""
    write(settings, changes_for(settings, role, name))


def put_model(settings: Settings, name: str = NAME) -> Path:
    """Put a file where a pulled model lies."""
    file = named(name).file
    assert file is not None
    path = models_folder(settings) / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF")
    return path


def test_each_role_is_chosen_by_itself_and_taken_back(settings: Settings) -> None:
    path = put_model(settings)
    assert in_settings(settings) == {"planner": EMBEDDED, "stylist": EMBEDDED}

    use(settings, "planner", NAME.lower())
    assert in_settings(settings) == {"planner": NAME, "stylist": EMBEDDED}
    assert load_settings(data_dir=settings.data_dir).planner_gguf == path

    use(settings, "stylist", NAME)
    use(settings, "planner", EMBEDDED)
    assert in_settings(settings) == {"planner": EMBEDDED, "stylist": NAME}


def test_what_a_person_wrote_in_the_file_stays(settings: Settings) -> None:
    put_model(settings)
    file = settings.data_dir / "settings.toml"
    file.write_text('# mine\nthreads = 2\nplanner_gguf = "/old.gguf"\nport = 7000\n', "utf-8")

    use(settings, "planner", NAME)

    lines = file.read_text("utf-8").splitlines()
    assert [line for line in lines if "gguf" not in line] == [
        "# mine",
        "threads = 2",
        "port = 7000",
    ]
    assert len(lines) == 4
    assert [path.name for path in settings.data_dir.glob("*settings*")] == ["settings.toml"]


def test_a_key_is_written_before_the_first_table(settings: Settings) -> None:
    put_model(settings)
    file = settings.data_dir / "settings.toml"
    file.write_text("port = 7000\n[other]\na = 1\n", "utf-8")

    use(settings, "stylist", NAME)

    assert file.read_text("utf-8").splitlines()[1].startswith("stylist_gguf = ")


def test_a_file_of_ones_own_is_named_by_its_file(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True)
    (settings.data_dir / "settings.toml").write_text('planner_gguf = "/mine/good.gguf"\n', "utf-8")

    assert in_settings(settings)["planner"] == "good.gguf"


def test_what_cannot_be_chosen_says_what_to_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidRequest, match="download it first"):
        use(settings, "planner", NAME)
    with pytest.raises(NotFound, match="closest"):
        use(settings, "planner", "Qwen2.5-1.5")
    put_model(settings)
    monkeypatch.setenv("NOTEWRIGHT_PLANNER_GGUF", "/elsewhere.gguf")
    with pytest.raises(InvalidRequest, match="NOTEWRIGHT_PLANNER_GGUF is set"):
        use(settings, "planner", NAME)


def test_a_broken_or_unwritable_file_is_left_as_it_is(settings: Settings) -> None:
    put_model(settings)
    file = settings.data_dir / "settings.toml"
    file.write_text("this is = = not TOML\n", "utf-8")
    with pytest.raises(InvalidRequest, match="not valid TOML"):
        use(settings, "planner", NAME)
    assert file.read_text("utf-8") == "this is = = not TOML\n"
    file.unlink()
    file.mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        use(settings, "planner", NAME)
