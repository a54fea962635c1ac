"""What training leaves becomes a folder that says what it is, whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.adapter_files import CARD, CONFIG, FILES, GGUF, MANIFEST, check_files, read_manifest
from engine.adapter_files import sha256_of as checksum
from engine.errors import AdapterUnusable, StorageError
from engine.models.machine import fingerprint
from finetune.adapters import Made, write_adapter
from storage.store import Store
from tests.builders import profile
from tests.finetune.loras import a_base, a_lora


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Return how a small adapter was made."""
    return Made(
        style='Ada\'s | log: "x"\n# No heading',
        method="sft+dpo",
        base_path=a_base(tmp_path / "base.gguf"),
        base_name="SmolLM2-135M-Instruct",
        sources={"user": ("s1-a", "s1-b"), "edit": ("f1-c",)},
        settings={"rank": 16, "seed": 3, "optimizer": "adamw"},
        figures={"style": 0.71},
        licence="Apache-2.0",
    )


def test_the_folder_has_both_forms_a_card_and_a_manifest_that_agrees(
    made: Made, tmp_path: Path
) -> None:
    saved = a_lora(tmp_path / "saved", base_model_name_or_path="/home/ada/models")
    manifest = write_adapter(saved, tmp_path / "out" / "adapter", made)

    folder = tmp_path / "out" / "adapter"
    assert {path.name for path in folder.iterdir()} == {*FILES, MANIFEST}
    assert [path.name for path in folder.parent.iterdir()] == ["adapter"]
    assert read_manifest(folder) == manifest
    check_files(folder, manifest)
    assert manifest.base.revision == fingerprint(made.base_path)
    assert manifest.base_sha256 == checksum(made.base_path)
    assert dict(manifest.sources) == dict(made.sources)
    config = json.loads((folder / CONFIG).read_text())
    assert config["base_model_name_or_path"] == "SmolLM2-135M-Instruct"
    assert "/home/ada" not in "".join((folder / name).read_text() for name in (CONFIG, CARD))


def test_the_card_says_what_a_stranger_must_know_and_what_is_typed_stays_in_its_cell(
    made: Made, tmp_path: Path
) -> None:
    write_adapter(a_lora(tmp_path / "saved"), tmp_path / "adapter", made)
    card = (tmp_path / "adapter" / CARD).read_text(encoding="utf-8")
    assert card.startswith('---\nbase_model: "SmolLM2-135M-Instruct"\n')
    for said in (
        "| base model | SmolLM2-135M-Instruct (revision ",
        checksum(made.base_path),
        "| method | sft+dpo |",
        "- edit: 1\n- user: 2",
        "| rank | 16 |",
        "| optimizer | adamw |",
        "| style | 0.71 |",
        "| licence | Apache-2.0 |",
    ):
        assert said in card
    assert "\n# No heading" not in card


def test_the_store_takes_the_folder_as_it_is(made: Made, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'data' / 'notes.db'}")
    store.save_profile("me", profile("Ada"))
    shelf = store.adapters(tmp_path / "adapters")
    manifest = write_adapter(a_lora(tmp_path / "saved"), tmp_path / "adapters" / "new", made)
    kept = shelf.add("me", "Ada", tmp_path / "adapters" / "new")
    assert kept.manifest == manifest
    assert shelf.servable(kept.id, manifest.base).name == GGUF
    shelf.promote("me", kept.id)
    assert [a.id for a in shelf.serving("me", "Ada")] == [kept.id]
    store.close()


def test_nothing_is_left_of_what_could_not_be_written(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(AdapterUnusable, match="uses DoRA"):
        write_adapter(a_lora(tmp_path / "dora", use_dora=True), out / "adapter", made)
    with pytest.raises(AdapterUnusable, match="'nothing' holds no adapter that PEFT saved"):
        write_adapter(tmp_path / "nothing", out / "adapter", made)
    gone = replace(made, base_path=tmp_path / "gone.gguf")
    with pytest.raises(AdapterUnusable, match="cannot be read"):
        write_adapter(a_lora(tmp_path / "saved"), out / "adapter", gone)
    assert list(out.iterdir()) == []
    write_adapter(a_lora(tmp_path / "saved"), out / "adapter", made)
    with pytest.raises(StorageError, match="something at 'adapter' already"):
        write_adapter(a_lora(tmp_path / "saved"), out / "adapter", made)
