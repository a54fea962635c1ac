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


def test_a_file_that_holds_what_no_setting_is_stays_as_it_is(settings: Settings) -> None:
    put_model(settings)
    file = settings.data_dir / "settings.toml"
    file.write_text("port = 7000\n[other]\na = 1\n", "utf-8")

    with pytest.raises(InvalidRequest, match="'other'"):
        use(settings, "stylist", NAME)

    assert file.read_text("utf-8") == "port = 7000\n[other]\na = 1\n"


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


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ('planner_model = "/mine/a-folder"', "a-folder"),
        ('planner_url = "http://127.0.0.1:8000/v1"', "127.0.0.1:8000"),
        ('planner_url = "http://127.0.0.1:8000/v1"\nplanner_model = "big"', "big"),
        ('planner_url = "https://me:sk-secret@host/v1"', "–"),
        ('planner_url = "https://host/v1?key=sk-secret"', "–"),
    ],
)
def test_a_folder_and_a_server_are_named_without_what_is_secret(
    settings: Settings, lines: str, shown: str
) -> None:
    settings.data_dir.mkdir(parents=True)
    (settings.data_dir / "settings.toml").write_text(f"{lines}\n", "utf-8")

    assert in_settings(settings)["planner"] == shown


def test_a_file_with_a_key_in_it_stays_private(settings: Settings) -> None:
    put_model(settings)
    file = settings.data_dir / "settings.toml"
    file.write_text('stylist_key = "sk-secret"\n', "utf-8")
    file.chmod(0o600)

    use(settings, "planner", NAME)

    assert file.stat().st_mode & 0o777 == 0o600


def test_choosing_one_role_leaves_the_other_as_the_environment_says(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_model(settings)
    (settings.data_dir / "settings.toml").write_text('stylist_gguf = "/file.gguf"\n', "utf-8")
    monkeypatch.setenv("NOTEWRIGHT_STYLIST_GGUF", "/environment.gguf")

    new = write(load_settings(), changes_for(settings, "planner", NAME))

    assert new.stylist_gguf == Path("/environment.gguf")


def test_a_key_file_is_found_from_wherever_the_next_program_starts(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    changes = changes_for(settings, "planner", "http://host/v1", key_file="key")
    assert changes["planner_key_file"] == str(tmp_path / "key")


@pytest.mark.parametrize("name", ["/nowhere/a.gguf", "~nobody-at-all/a.gguf", "host:8000/v1"])
def test_what_looks_like_a_place_is_not_looked_up_in_the_catalogue(
    settings: Settings, name: str
) -> None:
    with pytest.raises(NotFound, match="no model at"):
        changes_for(settings, "planner", name)
