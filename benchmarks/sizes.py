"""The sizes of model that the benchmarks run on: the embedded one, and one about three times it.

The second has random weights: what it writes makes no sense, and how fast it does so is the same.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.common import embedded_weights
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.machine import available_cores
from engine.models.weights import packaged_weights

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter

LAYERS, WIDTH, HEADS, KEY_HEADS, INNER = 32, 960, 15, 5, 2560
_BLOCK, _BLOCK_BYTES = 32, 34


@contextmanager
def sizes() -> Iterator[dict[str, LlamaWeights]]:
    """Give the weights by size; the second's file is made now and removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = random_model(Path(folder) / "random.gguf")
        second = LlamaWeights(path, Configuration(available_cores()))
        first = embedded_weights()
        yield {f"{w.parameters / 1e6:.0f}M": w for w in (first, second)}


def random_model(path: Path) -> Path:
    """Write a llama of 362 million random weights in Q8_0, with the embedded model's vocabulary."""
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter

    draw = np.random.default_rng(7)
    packaged = GGUFReader(packaged_weights())
    writer = GGUFWriter(path, "llama")
    _describe(writer, packaged)
    vocabulary = len(packaged.get_field("tokenizer.ggml.tokens").data)
    for name, (rows, columns) in _shapes(vocabulary).items():
        if rows == 1:
            writer.add_tensor(name, np.ones(columns, np.float32))
        else:
            quantised = _blocks(draw, rows, columns)
            writer.add_tensor(name, quantised, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: "GGUFWriter", packaged: "GGUFReader") -> None:
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_context_length(8192)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(100_000.0)
    for field in packaged.fields.values():
        if field.name.startswith("tokenizer."):
            value: Any = field.contents()
            sub = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(field.name, value, field.types[0], sub_type=sub)


def _shapes(vocabulary: int) -> dict[str, tuple[int, int]]:
    """Return (rows, columns) of every tensor; one row for the scales of a norm."""
    keys = WIDTH // HEADS * KEY_HEADS
    shapes = {"token_embd.weight": (vocabulary, WIDTH), "output_norm.weight": (1, WIDTH)}
    for number in range(LAYERS):
        block = {
            "attn_norm": (1, WIDTH),
            "attn_q": (WIDTH, WIDTH),
            "attn_k": (keys, WIDTH),
            "attn_v": (keys, WIDTH),
            "attn_output": (WIDTH, WIDTH),
            "ffn_norm": (1, WIDTH),
            "ffn_gate": (INNER, WIDTH),
            "ffn_up": (INNER, WIDTH),
            "ffn_down": (WIDTH, INNER),
        }
        shapes |= {f"blk.{number}.{name}.weight": shape for name, shape in block.items()}
    return shapes


def _blocks(draw: np.random.Generator, rows: int, columns: int) -> np.ndarray[Any, Any]:
    """Return rows of Q8_0 blocks: a half-precision scale, then 32 bytes."""
    count = columns // _BLOCK
    blocks = draw.integers(0, 256, (rows, count, _BLOCK_BYTES), dtype=np.uint8)
    scale = np.array([0.0003], np.float16).view(np.uint8)
    blocks[:, :, :2] = scale
    return blocks.reshape(rows, count * _BLOCK_BYTES)
