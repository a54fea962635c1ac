"""Small GGUF files made on the spot, by the format's description: no library, no weights."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_ALIGNMENT = 32
_FLOAT32, _STRING = 6, 8


def write_gguf(
    path: Path, metadata: Mapping[str, str | float], tensors: Mapping[str, NDArray[np.float32]]
) -> Path:
    """Write a GGUF file of float32 tensors (shapes as numpy has them)."""
    header = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata))]
    for key, value in metadata.items():
        header.append(_text(key))
        if isinstance(value, str):
            header += [struct.pack("<I", _STRING), _text(value)]
        else:
            header.append(struct.pack("<If", _FLOAT32, value))
    offset, blocks = 0, []
    for name, tensor in tensors.items():
        data = tensor.astype("<f4").tobytes()
        shape = tensor.shape[::-1]
        header.append(_text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape))
        header.append(struct.pack("<IQ", 0, offset))
        blocks.append(_padded(data))
        offset += len(blocks[-1])
    path.write_bytes(_padded(b"".join(header)) + b"".join(blocks))
    return path


def write_adapter(path: Path, *, width: int, seed: int = 0, **metadata: str) -> Path:
    """Write a random rank-4 LoRA on the first layer's attention output, `width` wide."""
    draw = np.random.default_rng(seed)
    first = draw.normal(0, 0.5, (4, width)).astype(np.float32)
    second = draw.normal(0, 0.5, (width, 4)).astype(np.float32)
    about: dict[str, str | float] = {
        "general.type": "adapter",
        "general.architecture": "llama",
        "adapter.type": "lora",
        "adapter.lora.alpha": 8.0,
    }
    about.update({key.replace("__", "."): value for key, value in metadata.items()})
    layer = "blk.0.attn_output.weight"
    return write_gguf(path, about, {f"{layer}.lora_a": first, f"{layer}.lora_b": second})


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _ALIGNMENT)
