"""A folder of safetensors from training to service: losses, the adapter's folder, four bits."""

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.adapter_files import CARD, CONFIG, MANIFEST, WEIGHTS, read_manifest, servable
from engine.errors import AdapterUnusable, ModelUnavailable
from engine.learning_types import Method
from engine.models.huggingface import HuggingFaceModel
from engine.models.huggingface_weights import TorchWeights
from engine.models.machine import fingerprint
from engine.types import BaseRef, Generation, Message, Sampling
from finetune.__main__ import behind
from finetune.adapters import Made, as_served, write_adapter
from finetune.base import LEARNING, load_base
from finetune.packing import likelihoods, packed
from finetune.train import train
from tests.engine.models.tiny import write_tiny
from tests.finetune.bases import Architecture, random_model
from tests.finetune.lessons import everything
from tests.finetune.test_packing import PAIRS, alone
from tests.finetune.test_train import Watcher, equal_rank, told

if TYPE_CHECKING:
    import torch

__all__ = ["equal_rank"]  # used by every test here

pytestmark = [
    # PEFT and TRL ask transformers by names that go out of use; bitsandbytes asks torch so.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is:FutureWarning"),
    pytest.mark.filterwarnings("ignore:`gradient_checkpointing_:FutureWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is:DeprecationWarning"),
]
GPUS = "CUDA_VISIBLE_DEVICES"
GREEDY = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=12)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folder") / "Tiny-Instruct"
    write_tiny(folder)
    return folder


def written(model: HuggingFaceModel, adapter: str | None) -> str:
    out = model.generate([(Message(role="user", content="It rains."),)], GREEDY, adapter=adapter)
    return next(item.text for item in out if isinstance(item, Generation))


def served(base: Path, *, four_bit: bool = False) -> HuggingFaceModel:
    return HuggingFaceModel(TorchWeights(base, four_bit=four_bit), context_length=512)


def shipped(saved: Path, base: Path, target: Path) -> Path:
    write_adapter(saved, target, Made("Ada", "sft", base, base.name))
    return target


@pytest.mark.parametrize("architecture", LEARNING)
def test_our_losses_see_what_the_model_says(architecture: Architecture, tmp_path: Path) -> None:
    """Token by token, of texts packed and of texts read one by one."""
    import torch

    random_model(architecture).save_pretrained(tmp_path)
    core = load_base(tmp_path, dtype=torch.float32)
    [tree] = packed(PAIRS, room=100)
    with torch.no_grad():
        found = likelihoods(core, tree.row(), tree.chosen)
        for pair, chosen in zip(PAIRS, found, strict=True):
            torch.testing.assert_close(chosen, alone(core, list(pair.prompt), list(pair.chosen)))


def test_an_architecture_with_another_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma2"}))
    with pytest.raises(ModelUnavailable, match=r"trained \(it is a gemma2, none of llama"):
        load_base(tmp_path)


def test_what_is_trained_on_a_folder_is_served_by_transformers(base: Path, tmp_path: Path) -> None:
    watcher = Watcher()
    saved = train(told("sft", epochs=20), everything(), base, tmp_path / "run", watcher)
    losses = [progress.loss or 0.0 for progress in watcher.seen]
    assert losses[-1] < 0.8 * losses[0]
    assert as_served(saved, base, tmp_path / "unused.gguf") == saved

    folder = shipped(saved, base, tmp_path / "made")
    manifest, model = read_manifest(folder), served(base)
    assert {path.name for path in folder.iterdir()} == {WEIGHTS, CONFIG, CARD, MANIFEST}
    assert manifest.base == model.base == BaseRef(
        name="Tiny-Instruct", revision=fingerprint(base / "model.safetensors")
    )  # fmt: skip
    assert "adapter.gguf" not in (folder / CARD).read_text(encoding="utf-8")
    bare = written(model, None)
    model.register_adapter("ada", servable(folder, model.base))
    assert written(model, "ada") != bare
    assert written(model, None) == bare

    (folder / CONFIG).write_text("{}")
    with pytest.raises(AdapterUnusable, match=r"adapter_config\.json is damaged"):
        servable(folder, model.base)
    with pytest.raises(AdapterUnusable, match=r"made for Tiny-Instruct \(.*you run other"):
        servable(folder, BaseRef(name="other", revision="0"))


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_preferences_go_on_from_an_adapter_of_the_folder(
    base: Path, tmp_path: Path, method: Method
) -> None:
    saved = train(told("sft"), everything(), base, tmp_path / "first", Watcher())
    start, watcher = shipped(saved, base, tmp_path / "made"), Watcher()
    train(told(method), everything(), base, tmp_path / "next", watcher, start=start)
    assert watcher.seen[0].margin == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(("given", "seen"), [({}, "0"), ({GPUS: "2,3"}, "2"), ({GPUS: ""}, "")])
def test_a_job_sees_one_gpu_at_most(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], seen: str
) -> None:
    monkeypatch.setattr(os, "environ", dict(given))
    behind(1)
    assert os.environ[GPUS] == seen


@pytest.mark.skipif(find_spec("bitsandbytes") is not None, reason="bitsandbytes is here")
def test_without_bitsandbytes_four_bits_are_refused_in_a_sentence(
    base: Path, tmp_path: Path
) -> None:
    for ask in (
        lambda: TorchWeights(base, four_bit=True),
        lambda: train(
            told("sft", four_bit=True), everything(), base, tmp_path / "run", Watcher()
        ),
    ):  # fmt: skip
        with pytest.raises(ModelUnavailable, match=r"need the package bitsandbytes; run .pip"):
            ask()


@pytest.fixture
def four_bits() -> None:
    pytest.importorskip("bitsandbytes")


def packed_away(model: "torch.nn.Module") -> list[str]:
    return [name for name, part in model.named_modules() if type(part).__name__ == "Linear4bit"]


@pytest.mark.usefixtures("four_bits")
def test_the_base_is_held_in_nf4_twice_quantised(base: Path) -> None:
    model = load_base(base, four_bit=True)
    assert len(packed_away(model)) == 14  # seven in each of two layers; the head stays
    weight = model.model.layers[0].mlp.up_proj.weight
    assert (weight.quant_state.quant_type, weight.quant_state.nested) == ("nf4", True)
    assert model.is_activation_checkpointing
    assert len(packed_away(TorchWeights(base, four_bit=True).model)) == 14


@pytest.mark.usefixtures("four_bits")
def test_what_is_learned_in_four_bits_is_served_in_four_bits(base: Path, tmp_path: Path) -> None:
    watcher, settings = Watcher(), told("sft", epochs=12, four_bit=True)
    saved = train(settings, everything(), base, tmp_path / "run", watcher)
    losses = [progress.loss or 0.0 for progress in watcher.seen]
    assert losses[-1] < 0.9 * losses[0]
    model = served(base, four_bit=True)
    model.register_adapter("ada", servable(shipped(saved, base, tmp_path / "made"), model.base))
    asked, letters = (Message(role="user", content="It rains."),), ("a", "e", "v")
    learned, bare = (model.choose(asked, letters, adapter=name) for name in ("ada", None))
    assert learned != pytest.approx(bare, abs=0.01)


@pytest.mark.usefixtures("four_bits")
@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_preferences_are_learned_in_four_bits(base: Path, tmp_path: Path, method: Method) -> None:
    watcher = Watcher()
    train(told(method, epochs=3, four_bit=True), everything(), base, tmp_path, watcher)
    margins = [progress.margin or 0.0 for progress in watcher.seen]
    assert len(margins) == 3
    assert margins[-1] > margins[0]
