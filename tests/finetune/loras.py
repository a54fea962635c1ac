"""A small LoRA as PEFT saves it, and a base that it fits, both without any model."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from finetune.gguf_lora import Base
from tests.engine.gguf_files import write_gguf

BASE = Base(
    architecture="llama",
    blocks=1,
    heads=2,
    key_value_heads=1,
    shapes={"blk.0.attn_q.weight": (8, 8), "blk.0.attn_k.weight": (4, 8)},
    revision="feed",
)
Q = "base_model.model.model.layers.0.self_attn.q_proj"
SETTINGS = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "init_lora_weights": True}


def a_lora(place: Path, **settings: object) -> Path:
    """Write the files of a small LoRA, without PEFT."""
    place.mkdir(exist_ok=True)
    (place / "adapter_config.json").write_text(json.dumps(SETTINGS | settings))
    draw = np.random.default_rng(1)
    tensors = {f"{Q}.lora_A.weight": draw.normal(size=(2, 8)).astype(np.float32)}
    tensors[f"{Q}.lora_B.weight"] = draw.normal(size=(8, 2)).astype(np.float32)
    save_file(tensors, place / "adapter_model.safetensors")
    return place


def a_base(path: Path, *, seed: int = 0) -> Path:
    """Write a GGUF file with as much of a model as a converter looks at."""
    about: dict[str, str | float] = {
        "general.architecture": "llama",
        "llama.block_count": 1.0,
        "llama.attention.head_count": 2.0,
        "llama.attention.head_count_kv": 1.0,
    }
    draw = np.random.default_rng(seed)
    tensors = {
        name: draw.normal(size=shape).astype(np.float32) for name, shape in BASE.shapes.items()
    }
    return write_gguf(path, about, tensors)


def random_lora(place: Path, base: Base, *, seed: int) -> Path:
    """Write the files of a random LoRA on every projection of a llama base."""
    layers = {
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    draw, tensors = np.random.default_rng(seed), {}
    for name, (outputs, inputs) in base.shapes.items():
        block, _, layer = name.removeprefix("blk.").removesuffix(".weight").partition(".")
        if layer in layers:
            key = f"base_model.model.model.layers.{block}.{layers[layer]}"
            for half, shape in (("A", (4, inputs)), ("B", (outputs, 4))):
                matrix = draw.normal(0, 0.15, shape).astype(np.float32)
                tensors[f"{key}.lora_{half}.weight"] = matrix
    a_lora(place)
    save_file(tensors, place / "adapter_model.safetensors")
    return place
