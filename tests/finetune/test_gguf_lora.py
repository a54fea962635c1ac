"""A LoRA says the same in llama.cpp as in transformers, or is refused with a sentence."""

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from gguf import GGUFReader
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from engine.errors import AdapterUnusable, StorageError
from engine.models.llamacpp_context import LlamaContext
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.weights import packaged_weights, prepare_weights
from finetune.gguf_lora import PROJECTIONS, Base, read_base, write_gguf_lora
from tests.engine.gguf_files import write_gguf
from tests.finetune.bases import Architecture, random_model, write_base
from tests.finetune.loras import BASE, Q, a_lora

if TYPE_CHECKING:
    from transformers import PreTrainedModel

real = pytest.mark.real
# peft 0.21 still asks transformers by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is:FutureWarning")

Logits = NDArray[np.float64]
PROMPT = tuple(b"The boat came in")


# ------------------------------------------------------------------ the same in both


def save_lora(model: "PreTrainedModel", place: Path, **settings: object) -> Path:
    """Put a random LoRA on a model and save it as PEFT does."""
    import torch
    from peft import LoraConfig, get_peft_model

    values: dict[str, object] = {"r": 4, "lora_alpha": 8, "target_modules": list(PROJECTIONS)}
    torch.manual_seed(7)
    tuned = get_peft_model(model, LoraConfig(**values | settings))
    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.02)
    tuned.save_pretrained(str(place), save_embedding_layers=False)  # "auto" asks the hub
    return place


def logits_of(model: "PreTrainedModel", tokens: Sequence[int]) -> Logits:
    import torch

    with torch.no_grad():
        logits: Logits = model(torch.tensor([tokens])).logits[0].double().numpy()
        return logits


def effect_in_transformers(
    model: "PreTrainedModel", tokens: Sequence[int], save: Callable[["PreTrainedModel"], object]
) -> Logits:
    """Return what a new adapter, put on by `save`, adds to the logits."""
    before = logits_of(model, tokens)
    save(model)
    return logits_of(model, tokens) - before


def effect_in_llamacpp(weights: LlamaWeights, adapter: Path, tokens: Sequence[int]) -> Logits:
    weights.register_adapter("tried", adapter)
    with_it, without = (_read(weights, tokens, name) for name in ("tried", None))
    return with_it - without


def _read(weights: LlamaWeights, tokens: Sequence[int], adapter: str | None) -> Logits:
    context = LlamaContext(weights, size=256, parallel=16)
    entries = context.prepare([tuple(tokens)], adapter).entries
    for entry in entries:
        entry.wants_logits = True
    context.evaluate(entries)
    return np.stack([context.logits(place) for place in range(len(entries))]).astype(np.float64)


def cosine(first: Logits, second: Logits) -> float:
    assert np.linalg.norm(first) > 1
    return float(np.vdot(first, second) / np.linalg.norm(first) / np.linalg.norm(second))


@real
@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize("settings", [{}, {"use_rslora": True}, {"rank_pattern": {"q_proj": 2}}])
def test_it_changes_the_logits_alike_in_both_with_grouped_heads(
    architecture: Architecture, settings: dict[str, object], tmp_path: Path
) -> None:
    model = random_model(architecture)
    base = write_base(tmp_path / "base.gguf", model)
    weights = LlamaWeights(base, Configuration(threads=1))
    plain = logits_of(model, PROMPT)
    np.testing.assert_allclose(_read(weights, PROMPT, None), plain, atol=0.05)

    place = tmp_path / "lora"
    expected = effect_in_transformers(model, PROMPT, lambda m: save_lora(m, place, **settings))
    for precision in ("f32", "f16"):
        made = write_gguf_lora(
            place, read_base(base), tmp_path / f"{precision}.gguf", precision=precision
        )
        assert cosine(effect_in_llamacpp(weights, made, PROMPT), expected) > 0.9995


@real
def test_the_order_of_the_rows_matters(tmp_path: Path) -> None:
    """With another number of heads the same matrices say something else: the test above sees it."""
    model = random_model("llama")
    path = write_base(tmp_path / "base.gguf", model)
    place = tmp_path / "lora"
    expected = effect_in_transformers(
        model, PROMPT, lambda m: save_lora(m, place, target_modules=["q_proj", "k_proj"])
    )
    weights, base = LlamaWeights(path, Configuration(threads=1)), read_base(path)
    right = write_gguf_lora(place, base, tmp_path / "right.gguf", precision="f32")
    wrong_base = replace(base, heads=1, key_value_heads=1)
    wrong = write_gguf_lora(place, wrong_base, tmp_path / "wrong.gguf", precision="f32")
    assert cosine(effect_in_llamacpp(weights, right, PROMPT), expected) > 0.999
    assert cosine(effect_in_llamacpp(weights, wrong, PROMPT), expected) < 0.9


def learn(model: "PreTrainedModel", tokens: Sequence[int], place: Path) -> None:
    """Train a LoRA until the model knows a line by heart, and save it."""
    import torch

    save_lora(model, place)
    lora = {n: p.requires_grad_() for n, p in model.named_parameters() if "lora_" in n}
    for name, weight in model.named_parameters():
        weight.requires_grad_(name in lora)
    optimizer = torch.optim.AdamW(lora.values(), lr=3e-3)
    line = torch.tensor([tokens])
    for _ in range(10):
        model(line, labels=line).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    learnt = {f"base_model.model.{n.replace('.default', '')}": p.detach() for n, p in lora.items()}
    save_file({n: p.numpy() for n, p in learnt.items()}, place / "adapter_model.safetensors")


@real
def test_on_the_embedded_model_it_changes_the_logits_alike_in_both(tmp_path: Path) -> None:
    """Trained on the packaged file, served on the Q8_0 form that is made from it.

    A random LoRA would not do here: what it changes is no larger than what rounding activations to
    eight bits changes.
    """
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    packaged = packaged_weights()
    choice = prepare_weights(packaged, tmp_path)
    weights = LlamaWeights(choice.path, Configuration(threads=1), source=choice.source)
    line = weights.tokenize("And it came to pass that the vessel returned unto the haven.")
    tokens = weights.tokenize("The boat came in late and nobody minded at all.")
    model = AutoModelForCausalLM.from_pretrained(
        packaged.parent,
        gguf_file=packaged.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.float32,
    )
    place = tmp_path / "lora"
    expected = effect_in_transformers(model, tokens, lambda m: learn(m, line, place))
    made = write_gguf_lora(place, read_base(packaged), tmp_path / "made.gguf")
    assert cosine(effect_in_llamacpp(weights, made, tokens), expected) >= 0.999


# ------------------------------------------------------------------ refused


def add_tensor(place: Path, name: str, value: NDArray[np.float32 | np.int64]) -> Path:
    file = place / "adapter_model.safetensors"
    save_file(load_file(file) | {name: value}, file)
    return place


def refusal(place: Path, target: Path, base: Base = BASE) -> str:
    with pytest.raises(AdapterUnusable) as refused:
        write_gguf_lora(place, base, target)
    assert not list(target.parent.glob(f"{target.name}*"))
    return str(refused.value)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"use_dora": True}, "uses DoRA, which a GGUF adapter cannot say"),
        ({"modules_to_save": ["lm_head"]}, "whole layers"),
        ({"bias": "lora_only", "lora_bias": True}, "uses biases, which"),
        ({"alpha_pattern": {"q_proj": 3}}, "an alpha for each layer"),
        ({"init_lora_weights": "pissa"}, "changed base weights"),
        ({"lora_alpha": 0}, "not a number above 0"),
        ({"peft_type": "LOHA"}, "only LoRA adapters can be served"),
    ],
)
def test_what_a_gguf_adapter_cannot_say_is_refused(
    setting: dict[str, object], said: str, tmp_path: Path
) -> None:
    assert said in refusal(a_lora(tmp_path / "lora", **setting), tmp_path / "made.gguf")


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("base_model.model.lm_head.lora_A.weight", (2, 8), "changes 'base_model.model.lm_head"),
        ("base_model.model.model.embed_tokens.lora_embedding_A", (2, 8), "seven projections"),
        (f"{Q}.lora_magnitude_vector", (8,), "no matrix of floating-point"),
        (f"{Q.replace('q_proj', 'k_proj')}.lora_A.weight", (2, 8), "do not belong together"),
        (f"{Q}.lora_A.weight", (3, 8), "do not belong together"),
        (f"{Q}.lora_A.weight", (2, 16), "does not fit the base model"),
        (f"{Q.replace('.0.', '.1.')}.lora_A.weight", (2, 8), "do not belong together"),
    ],
)
def test_matrices_that_are_none_of_the_seven_or_do_not_fit_are_refused(
    name: str, shape: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    place = add_tensor(a_lora(tmp_path / "lora"), name, np.ones(shape, np.float32))
    assert said in refusal(place, tmp_path / "made.gguf")


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    place = a_lora(tmp_path / "lora")
    add_tensor(place, f"{Q}.lora_B.weight", np.full((8, 2), np.nan, np.float32))
    assert "training went wrong" in refusal(place, tmp_path / "made.gguf")
    add_tensor(place, f"{Q}.lora_B.weight", np.full((8, 2), 1e5, np.float32))
    assert "too large for half precision" in refusal(place, tmp_path / "made.gguf")
    add_tensor(place, f"{Q}.lora_B.weight", np.ones((8, 2), np.int64))
    assert "no matrix of floating-point" in refusal(place, tmp_path / "made.gguf")


@pytest.mark.parametrize("kept", [0, 5, 60, 0.5, 0.99])
def test_a_truncated_file_is_refused(kept: float, tmp_path: Path) -> None:
    place = a_lora(tmp_path / "lora")
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        whole = (place / name).read_bytes()
        (place / name).write_bytes(whole[: int(kept if kept > 1 else kept * len(whole))])
        assert "is damaged" in refusal(place, tmp_path / "made.gguf")
        (place / name).unlink()
        assert "cannot be read" in refusal(place, tmp_path / "made.gguf")
        a_lora(place)


def test_a_base_that_is_no_llama_nor_qwen2_or_is_cut_short_is_refused(tmp_path: Path) -> None:
    whole = packaged_weights()
    with whole.open("rb") as file:
        (tmp_path / "cut.gguf").write_bytes(file.read(4000))
    with pytest.raises(AdapterUnusable, match="not a whole GGUF model"):
        read_base(tmp_path / "cut.gguf")
    with pytest.raises(AdapterUnusable, match="cannot be read"):
        read_base(tmp_path / "none.gguf")
    other = write_gguf(tmp_path / "other.gguf", {"general.architecture": "mamba"}, {})
    with pytest.raises(AdapterUnusable, match="'mamba' models cannot be made yet"):
        read_base(other)


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path: Path) -> None:
    place = a_lora(tmp_path / "lora")
    with pytest.raises(StorageError, match="cannot be written"):
        write_gguf_lora(place, BASE, tmp_path / "no such folder" / "made.gguf")


def test_numbers_in_sixteen_bits_of_either_kind_are_read_as_they_are(tmp_path: Path) -> None:
    """0x3FC0 is 1.5 as bfloat16, 0x3E00 as float16."""
    for kind, bits in (("BF16", 0x3FC0), ("F16", 0x3E00)):
        place = a_lora(tmp_path / kind)
        about = {
            f"{Q}.lora_{half}.weight": {"dtype": kind, "shape": shape, "data_offsets": place_of}
            for half, shape, place_of in (("A", (2, 8), (0, 32)), ("B", (8, 2), (32, 64)))
        }
        header = json.dumps(about).encode()
        data = struct.pack("<Q", len(header)) + header + np.full(32, bits, "<u2").tobytes()
        (place / "adapter_model.safetensors").write_bytes(data)
        made = GGUFReader(write_gguf_lora(place, BASE, tmp_path / f"{kind}.gguf"))
        assert all((tensor.data == 1.5).all() for tensor in made.tensors)


def test_it_names_its_base_and_halves_with_half_precision(tmp_path: Path) -> None:
    place = a_lora(tmp_path / "lora")
    whole = GGUFReader(write_gguf_lora(place, BASE, tmp_path / "w.gguf", precision="f32"))
    half = GGUFReader(write_gguf_lora(place, BASE, tmp_path / "h.gguf"))
    fields = {key: field.contents() for key, field in half.fields.items()}
    assert fields["general.type"] == "adapter"
    assert fields["adapter.type"] == "lora"
    assert fields["adapter.lora.alpha"] == 4.0
    assert fields["notewright.base_revision"] == "feed"
    sizes = [sum(t.n_bytes for t in reader.tensors) for reader in (whole, half)]
    assert sizes[0] == 2 * sizes[1]
    assert [t.name for t in half.tensors] == [
        "blk.0.attn_q.weight.lora_a",
        "blk.0.attn_q.weight.lora_b",
    ]
