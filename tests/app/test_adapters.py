"""The adapter that a note is written with: asked for, promoted, general or none."""

from pathlib import Path

import pytest

from app.adapters import AdapterDesk, Chosen
from app.batch import written_note
from app.studio import Studio
from engine.adapter_files import GGUF, MANIFEST, read_manifest
from engine.errors import AdapterUnusable, ModelUnavailable, NotFound
from engine.models.general import general_adapter, general_fits, general_folder
from engine.models.scripted import ScriptedModel
from engine.requests import make_request
from engine.types import Adapter, BaseRef
from tests.adapters import a_folder
from tests.builders import profile

OTHER = BaseRef(name="Qwen", revision="feedfacefeedface")


class Host(ScriptedModel):
    """A scripted model that remembers what it was given."""

    def __init__(self) -> None:
        """Begin with nothing given."""
        super().__init__()
        self.given: list[tuple[str, Path]] = []

    def register_adapter(self, name: str, path: Path) -> None:
        self.given.append((name, path))


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def desk(studio: Studio, host: Host, tmp_path: Path) -> AdapterDesk:
    """Return a desk without a general adapter, and the style Ada."""
    studio.store.save_profile("me", profile("Ada"))
    shelf = studio.store.adapters(tmp_path / "adapters")
    return AdapterDesk(shelf, lambda: host, general_folder=tmp_path / "general")


def promoted(desk: AdapterDesk, tmp_path: Path, name: str, **about: object) -> Adapter:
    made = desk.shelf.add("me", "Ada", a_folder(tmp_path / "built" / name, name, **about))
    return desk.shelf.promote("me", made.id)


def test_without_any_adapter_the_bare_base_writes(desk: AdapterDesk, host: Host) -> None:
    assert desk.choose("me", "Ada") == Chosen(None)
    assert desk.choose("me", "") == Chosen(None)
    assert desk.choose("me", "No such style") == Chosen(None)
    assert desk.choose("me", "Ada", "none") == Chosen(None)
    with pytest.raises(NotFound, match="no adapter 'general' in this installation"):
        desk.choose("me", "Ada", "general")
    assert host.given == []


def test_the_promoted_one_writes_and_the_model_is_given_it_once(
    desk: AdapterDesk, host: Host, tmp_path: Path
) -> None:
    made = promoted(desk, tmp_path, "one")
    for _ in range(2):
        assert desk.choose("me", "Ada") == Chosen(made.id)
    assert host.given == [(made.id, tmp_path / "adapters" / made.id / GGUF)]
    assert desk.choose("me", "") == Chosen(None)
    assert desk.choose("you", "Ada") == Chosen(None)
    with pytest.raises(NotFound, match="no adapter"):
        desk.choose("you", "Ada", made.id)


def test_a_candidate_writes_only_where_it_is_asked_for(desk: AdapterDesk, tmp_path: Path) -> None:
    made = desk.shelf.add("me", "Ada", a_folder(tmp_path / "built"))
    assert desk.choose("me", "Ada") == Chosen(None)
    assert desk.choose("me", "", made.id) == Chosen(made.id)


def test_the_general_one_stands_in_where_a_style_has_none(
    desk: AdapterDesk, host: Host, tmp_path: Path
) -> None:
    a_folder(tmp_path / "general", "general", style="")
    assert desk.choose("me", "") == desk.choose("me", "Ada") == Chosen("general")
    assert host.given == [("general", tmp_path / "general" / GGUF)]
    made = promoted(desk, tmp_path, "one")
    assert desk.choose("me", "Ada") == Chosen(made.id)
    assert desk.choose("me", "Ada", "general") == Chosen("general")
    desk.shelf.rollback("me", "Ada")
    assert desk.choose("me", "Ada") == Chosen("general")


def test_of_a_damaged_one_the_one_before_it_takes_the_place_and_it_is_said(
    desk: AdapterDesk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = (promoted(desk, tmp_path, name) for name in ("one", "two"))
    (tmp_path / "adapters" / two.id / GGUF).write_bytes(b"cut")
    chosen = desk.choose("me", "Ada")
    assert chosen.name == one.id
    assert len(chosen.passed_over) == 1
    assert "adapter.gguf is damaged" in chosen.passed_over[0]
    assert two.id in caplog.text
    with pytest.raises(AdapterUnusable, match="is damaged"):
        desk.choose("me", "Ada", two.id)
    (tmp_path / "adapters" / one.id / GGUF).unlink()
    fresh = AdapterDesk(desk.shelf, Host, general_folder=tmp_path / "general")
    assert [fresh.choose("me", "Ada").name, len(fresh.choose("me", "Ada").passed_over)] == [None, 2]


def test_an_adapter_of_another_base_does_not_write_and_says_why_when_asked_for(
    desk: AdapterDesk, tmp_path: Path
) -> None:
    made = promoted(desk, tmp_path, "one", base=OTHER)
    a_folder(tmp_path / "general", "general", base=OTHER)
    assert desk.choose("me", "Ada") == Chosen(None)
    for name in (made.id, "general"):
        with pytest.raises(AdapterUnusable, match=r"made for Qwen \(feedface\), you run scripted"):
            desk.choose("me", "Ada", name)


def test_a_stylist_that_takes_no_adapters_says_so_only_when_one_is_asked_for(
    desk: AdapterDesk, tmp_path: Path
) -> None:
    promoted(desk, tmp_path, "one")
    bare = AdapterDesk(desk.shelf, lambda: None)
    assert bare.choose("me", "Ada") == bare.choose("me", "Ada", "none") == Chosen(None)
    with pytest.raises(ModelUnavailable, match="takes no adapters"):
        bare.choose("me", "Ada", "general")


def test_the_note_names_the_adapter_that_wrote_it(studio: Studio, tmp_path: Path) -> None:
    studio.store.save_profile("local", profile("Ada"))
    shelf, style = studio.adapters.shelf, studio.style("local", "Ada")
    made = shelf.add("local", "Ada", a_folder(tmp_path / "built"))
    request = make_request(topic="Rain", facts="It rained.", words=40, drafts=2)

    def adapter_of(wanted: str | None) -> str | None:
        note = written_note(studio.write("local", request, style, adapter=wanted))
        assert {draft.generation.adapter for draft in note.drafts} == {note.models.adapter}
        return note.models.adapter

    assert adapter_of(None) is None
    assert adapter_of(made.id) == made.id
    shelf.promote("local", made.id)
    assert adapter_of(None) == made.id
    assert adapter_of("none") is None


def test_what_ships_is_whole() -> None:
    """There may be no general adapter yet; one that is there must be servable on its own base."""
    if (general_folder() / MANIFEST).is_file():
        base = read_manifest(general_folder()).base
        assert general_fits(base)
        assert general_adapter(base).is_file()
    else:
        assert not general_fits(OTHER)
