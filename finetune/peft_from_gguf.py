"""A GGUF adapter back as PEFT's folder, so that training can go on from what is served.

The way of gguf_lora.py backwards: the same names, and the rows of q and k in their first order. The
general adapter ships as GGUF alone, which is half of the room.
"""

import json
import shutil
from pathlib import Path

import numpy as np

from engine.adapter_files import CONFIG, GGUF, WEIGHTS
from engine.errors import AdapterUnusable
from finetune.gguf_lora import REORDERED, Base, Matrix


def peft_from_gguf(folder: Path, base: Base, target: Path) -> Path:
    """Write the adapter in `folder` (adapter.gguf and adapter_config.json) as PEFT saves it.

    Returns:
        `target`, with adapter_model.safetensors in 32-bit floats.

    Raises:
        AdapterUnusable: the file is damaged, or the base is another.
    """
    from gguf import MODEL_ARCH, GGUFReader, get_tensor_name_map
    from safetensors.numpy import save_file

    names = get_tensor_name_map(MODEL_ARCH[base.architecture.upper()], base.blocks)
    layers = {
        names.get_name(f"{layer}.weight", try_suffixes=(".weight",)): layer
        for layer in _layers(base.blocks)
    }
    matrices: dict[str, Matrix] = {}
    try:
        for tensor in GGUFReader(folder / GGUF).tensors:
            name, _, end = tensor.name.rpartition(".lora_")
            layer = layers[name]
            matrix = np.array(tensor.data, dtype=np.float32)
            heads = {"q_proj": base.heads, "k_proj": base.key_value_heads}.get(layer.split(".")[-1])
            if end == "b" and heads and REORDERED[base.architecture]:
                matrix = _first_order(matrix, heads)
            key = f"base_model.model.{layer}.lora_{end.upper()}.weight"
            matrices[key] = np.ascontiguousarray(matrix)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise AdapterUnusable(
            f"The adapter in {folder.name!r} is damaged or was made for another base ({error}); "
            "choose another to start from."
        ) from error
    target.mkdir(parents=True, exist_ok=True)
    save_file(matrices, target / WEIGHTS)
    shutil.copyfile(folder / CONFIG, target / CONFIG)
    settings = json.loads((target / CONFIG).read_text(encoding="utf-8"))
    (target / CONFIG).write_text(json.dumps({**settings, "inference_mode": False}), "utf-8")
    return target


def _layers(blocks: int) -> list[str]:
    inner = [
        *(f"self_attn.{name}_proj" for name in "qkvo"),
        *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
    ]
    return [f"model.layers.{block}.{name}" for block in range(blocks) for name in inner]


def _first_order(rows: Matrix, heads: int) -> Matrix:
    """Return the rows of each head with the two halves of RoPE apart again."""
    width = rows.shape[0] // heads // 2
    return rows.reshape(heads, width, 2, -1).swapaxes(1, 2).reshape(rows.shape)
