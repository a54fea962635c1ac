"""NoteBench's systems with adapters: found as files, given to the model, named in the report."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app import benchadapters
from app.planned import adapter_of
from app.settings import Settings
from app.studio import Studio
from app.systems import SYSTEMS, make_system
from engine.errors import AdapterUnusable, InvalidRequest, ModelUnavailable
from engine.models import general
from engine.models.scripted import ScriptedModel
from engine.protocols import Conversation, JsonSchema, StopCheck, never_stop
from engine.types import BaseRef, Delta, Generation, Sampling
from tests.adapters import a_folder
from tests.engine.notebench.made import item

SCRIPTS = {row.name: row.script for row in SYSTEMS if row.trained}


class Host(ScriptedModel):
    """A scripted model that remembers adapters, given and asked for."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.given: dict[str, Path] = {}
        self.asked: set[str | None] = set()

    def register_adapter(self, name: str, path: Path) -> None:
        """Remember."""
        self.given[name] = path

    def generate(
        self,
        conversations: Sequence[Conversation],
        sampling: Sampling,
        *,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Delta | Generation]:
        """Remember, and answer as ever."""
        self.asked.add(adapter)
        return super().generate(
            conversations, sampling, schema=schema, adapter=adapter, should_stop=should_stop
        )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty place for the systems' adapters and the general one."""
    monkeypatch.setattr(benchadapters, "adapters_folder", lambda: tmp_path / "adapters")
    monkeypatch.setattr(general, "general_folder", lambda: tmp_path / "general")
    return tmp_path


@pytest.fixture
def model() -> Host:
    return Host()


@pytest.fixture
def open_studio(settings: Settings, model: Host) -> Iterator[Studio]:
    """Open a studio whose stylist remembers adapters."""
    with closing(Studio.open(settings)) as studio:
        studio.room.put(replace(studio.models, stylist_model=model, adapters=model))
        yield studio


@pytest.mark.parametrize("system", SCRIPTS)
def test_a_system_writes_with_its_adapter_once_that_is_there(
    open_studio: Studio, folder: Path, model: Host, system: str
) -> None:
    adapter, script = adapter_of(system), SCRIPTS[system]
    with pytest.raises(InvalidRequest, match=re.escape(f"{script}.py --system {adapter}`")):
        make_system(system, open_studio, [item(0)])
    made = a_folder(folder / "adapters" / adapter, adapter, method="sft+filter")
    writes = make_system(system, open_studio, [item(0)])
    name = f"notebench:{adapter}"
    assert writes.write(item(0)).strip()
    assert model.given == {name: made / "adapter.gguf"}
    assert name in model.asked
    told = writes.settings["adapter"]
    assert (told["name"], told["method"], len(told["sha256"])) == (name, "sft+filter", 64)


def test_a_damaged_adapter_or_one_of_another_base_is_refused(
    open_studio: Studio, folder: Path
) -> None:
    made = a_folder(folder / "adapters" / "sag+filter")
    (made / "adapter.gguf").write_text("cut")
    with pytest.raises(AdapterUnusable, match="is damaged"):
        make_system("sag+filter", open_studio, [item(0)])
    a_folder(folder / "adapters" / "sag+filter+dpo", base=BaseRef(name="Qwen", revision="feed"))
    with pytest.raises(AdapterUnusable, match="was made for Qwen"):
        make_system("sag+filter+dpo", open_studio, [item(0)])


@pytest.mark.parametrize("system", ["sag", "stylist-only"])
def test_the_general_adapter_writes_where_it_ships_and_the_bare_base_where_not(
    open_studio: Studio, folder: Path, model: Host, system: str
) -> None:
    bare = make_system(system, open_studio, [item(0)])
    assert bare.settings["adapter"] is None
    assert "step" in bare.settings["prompts"]
    a_folder(folder / "general", "general", style="")
    adapted = make_system(system, open_studio, [item(0)])
    assert adapted.settings["adapter"]["name"] == "general"
    assert "restyle" in adapted.settings["prompts"]
    adapted.write(item(0))
    assert "general" in model.asked


def test_the_frozen_base_is_asked_as_the_stylist_is_without_an_adapter(
    open_studio: Studio, folder: Path, model: Host
) -> None:
    a_folder(folder / "general", "general", style="")
    frozen = make_system("frozen-base", open_studio, [item(0)])
    assert frozen.settings["prompts"].keys() == {"restyle"}
    assert frozen.write(item(0)).strip()
    assert model.asked == {None}


def test_a_stylist_that_takes_no_adapters_is_told(open_studio: Studio, folder: Path) -> None:
    a_folder(folder / "adapters" / "sag+filter")
    open_studio.room.put(replace(open_studio.models, adapters=None))
    with pytest.raises(ModelUnavailable, match="takes no adapters, and sag\\+filter needs one"):
        make_system("sag+filter", open_studio, [item(0)])
    assert make_system("sag", open_studio, [item(0)]).settings["adapter"] is None
