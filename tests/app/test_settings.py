"""Settings: arguments over environment over file; what cannot be used is a sentence."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings, load_settings
from engine.errors import InvalidRequest


def test_the_defaults_are_local_and_private(data_dir: Path) -> None:
    settings = load_settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 7860)
    assert settings.shared is False
    assert settings.data_dir == data_dir
    assert settings.url == f"sqlite:///{data_dir / 'notewright.db'}"


def test_arguments_come_before_the_environment_and_the_environment_before_the_file(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir.mkdir()
    (data_dir / "settings.toml").write_text("port = 1001\nthreads = 3\n", encoding="utf-8")
    assert (load_settings().port, load_settings().threads) == (1001, 3)

    monkeypatch.setenv("NOTEWRIGHT_PORT", "1002")
    assert (load_settings().port, load_settings().threads) == (1002, 3)
    assert load_settings(port=1003).port == 1003


def test_the_file_is_read_from_the_data_directory_in_force(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("port = 1004\n", encoding="utf-8")

    assert Settings(data_dir=tmp_path).port == 1004
    assert Settings().port == 7860


def test_better_models_are_paths_and_an_empty_one_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().stylist_gguf is None
    monkeypatch.setenv("NOTEWRIGHT_STYLIST_GGUF", "~/models/good.gguf")
    monkeypatch.setenv("NOTEWRIGHT_PLANNER_GGUF", "")

    settings = load_settings()

    assert settings.stylist_gguf == Path.home() / "models" / "good.gguf"
    assert settings.planner_gguf is None


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("PORT", "70000"), ("THREADS", "-1"), ("SHARED", "so-so")]
)
def test_a_wrong_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"NOTEWRIGHT_{name}", value)

    with pytest.raises(InvalidRequest, match=f"NOTEWRIGHT_{name}"):
        load_settings()


def test_an_unknown_name_or_broken_toml_in_the_file_is_a_sentence(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "settings.toml").write_text("prot = 1\n", encoding="utf-8")
    with pytest.raises(InvalidRequest, match="'prot'"):
        load_settings()

    (data_dir / "settings.toml").write_text("port = \n", encoding="utf-8")
    with pytest.raises(InvalidRequest, match=r"settings\.toml"):
        load_settings()


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_in_another_encoding_is_a_sentence(data_dir: Path, encoding: str) -> None:
    data_dir.mkdir()
    (data_dir / "settings.toml").write_text("# café\nport = 1\n", encoding=encoding)
    with pytest.raises(InvalidRequest, match="not valid TOML"):
        load_settings()


def test_an_empty_variable_says_nothing_about_what_the_file_has(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir.mkdir()
    (data_dir / "settings.toml").write_text('planner_gguf = "/a.gguf"\n', encoding="utf-8")
    monkeypatch.setenv("NOTEWRIGHT_PLANNER_GGUF", "")
    assert load_settings().planner_gguf == Path("/a.gguf")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().port = 1  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
