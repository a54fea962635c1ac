"""A LoRA that PEFT saved, as the GGUF adapter that llama.cpp loads onto the served weights.

llama.cpp computes W·x + alpha/rank · B·(A·x), as PEFT does, so the matrices go over as they are,
under llama.cpp's names. One thing differs: GGUF files of the llama architecture keep the rows of
q_proj and k_proj in another order (pairs of RoPE are neighbours, not halves), so the rows of their
B matrices move with them.
"""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.errors import AdapterUnusable, StorageError
from engine.models.machine import fingerprint

if TYPE_CHECKING:
    from gguf import GGUFReader

Matrix: TypeAlias = NDArray[np.float32]
Precision: TypeAlias = Literal["f16", "f32"]

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""What an adapter may change: the seven linear layers of a block, nothing else."""

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"

# Whether GGUF files of an architecture have the rows of q and k in another order.
REORDERED = {"llama": True, "qwen2": False}

_NAME = re.compile(
    r"base_model\.model\.(model\.layers\.\d+\.(?:self_attn|mlp)\.(\w+))\.lora_([AB])\.weight"
)
# Settings that change the sum in a way llama.cpp does not compute, by what they are called.
_INEXPRESSIBLE = {
    "use_dora": "DoRA",
    "use_qalora": "QALoRA",
    "use_bdlora": "BD-LoRA",
    "lora_bias": "biases",
    "alpha_pattern": "an alpha for each layer",
    "modules_to_save": "whole layers (modules_to_save)",
    "trainable_token_indices": "tokens of their own",
    "target_parameters": "parameters that are no linear layer",
    "layer_replication": "repeated layers",
    "alora_invocation_tokens": "invocation tokens",
    "fan_in_fan_out": "transposed layers",
}
# Others change the base weights themselves, unless the adapter was converted when it was saved.
_INITIALISED = (True, False, None, "gaussian", "eva", "orthogonal")


@dataclass(frozen=True)
class Base:
    """What must be known of the GGUF file that an adapter is for.

    `shapes` are (outputs, inputs) of its matrices, by their names in the file; `revision` is what
    the loader compares (`engine.models.machine.fingerprint`).
    """

    architecture: str
    blocks: int
    heads: int
    key_value_heads: int
    shapes: Mapping[str, tuple[int, int]]
    revision: str


def read_base(path: Path) -> Base:
    """Read the layout of a base model's GGUF file (a second or two: its vocabulary is parsed).

    Where the application serves another form of the file (Q8_0 made from the packaged weights),
    `path` is the file that the form was made from: adapters name that one as their base.

    Raises:
        AdapterUnusable: it is no GGUF model, or its architecture is none that we convert for.
    """
    from gguf import GGUFReader  # heavy; only who trains needs it

    try:
        reader = GGUFReader(path)
        architecture = _text(reader, "general.architecture")
        if architecture not in REORDERED:
            raise AdapterUnusable(
                f"Adapters for {architecture!r} models cannot be made yet; choose a base that is "
                "a Llama or a Qwen2."
            )
        return Base(
            architecture=architecture,
            blocks=_number(reader, f"{architecture}.block_count"),
            heads=_number(reader, f"{architecture}.attention.head_count"),
            key_value_heads=_number(reader, f"{architecture}.attention.head_count_kv"),
            shapes={
                tensor.name: (int(tensor.shape[1]), int(tensor.shape[0]))
                for tensor in reader.tensors
                if len(tensor.shape) == 2
            },
            revision=fingerprint(path),
        )
    except OSError as error:
        raise AdapterUnusable(
            f"The model file {path.name!r} cannot be read ({error.strerror}); "
            "check the path in the settings."
        ) from error
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise AdapterUnusable(
            f"The model file {path.name!r} is not a whole GGUF model ({error}); "
            "download it again or choose another."
        ) from error


def write_gguf_lora(
    source: Path, base: Base, target: Path, *, precision: Precision = "f16", name: str = ""
) -> Path:
    """Write the PEFT adapter in the folder `source` as a GGUF adapter for `base`, all or nothing.

    Args:
        source: a folder with adapter_model.safetensors and adapter_config.json.
        base: the model that it was trained on and is served with.
        target: the file to write; what was there is replaced when the new one is whole.
        precision: of the numbers in the file; half precision halves it.
        name: kept in the file, for people who look into it.

    Raises:
        AdapterUnusable: a file is missing or damaged, or the adapter does more than a GGUF adapter
            can say.
        StorageError: the disk refused.
    """
    settings = _settings(source / CONFIG_FILE)
    pairs = _pairs(source / WEIGHTS_FILE)
    alpha = _alpha(settings, {a.shape[0] for a, _ in pairs.values()})
    matrices = dict(_converted(pairs, base, precision))
    part = target.with_name(f"{target.name}.part-{os.getpid()}")
    try:
        _write(part, matrices, base, alpha, name or source.name)
        part.replace(target)
    except OSError as error:
        raise StorageError(
            f"The adapter cannot be written ({error.strerror}); free some space and try again."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return target


# ------------------------------------------------------------------ reading


def _settings(path: Path) -> Mapping[str, object]:
    """Return PEFT's settings, where a GGUF adapter can do all that they say."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise _damaged(path, "it is not JSON") from error
    if not isinstance(settings, dict) or settings.get("peft_type") != "LORA":
        raise AdapterUnusable(
            f"{path.name!r} does not describe a LoRA; only LoRA adapters can be served."
        )
    uses = [said for key, said in _INEXPRESSIBLE.items() if settings.get(key)]
    if settings.get("bias", "none") != "none":
        uses.append("biases")
    if settings.get("init_lora_weights") not in _INITIALISED:
        uses.append("changed base weights")
    if uses:
        raise AdapterUnusable(
            f"The adapter uses {', '.join(dict.fromkeys(uses))}, which a GGUF adapter cannot say; "
            "train a plain LoRA of the seven projections."
        )
    return settings


def _alpha(settings: Mapping[str, object], ranks: set[int]) -> float:
    """Return the alpha that makes llama.cpp's alpha/rank the scale that PEFT used."""
    alpha = settings.get("lora_alpha")
    if not isinstance(alpha, int | float) or not math.isfinite(alpha) or alpha <= 0:
        raise AdapterUnusable(
            f"The adapter's lora_alpha is {alpha!r}, not a number above 0; "
            "mend adapter_config.json or train it again."
        )
    if not settings.get("use_rslora"):
        return float(alpha)  # each layer's own rank is read from its matrices, as PEFT does
    if len(ranks) > 1:
        raise AdapterUnusable(
            "The adapter has rank-stabilised scales and several ranks, which a GGUF adapter cannot "
            "say; train it with one rank."
        )
    return float(alpha) * math.sqrt(ranks.pop())


def _pairs(path: Path) -> dict[str, tuple[Matrix, Matrix]]:
    """Return layer → (A, B), every A with its B."""
    halves: dict[str, dict[str, Matrix]] = {}
    for name, matrix in _tensors(path):
        found = _NAME.fullmatch(name)
        if found is None or found[2] not in PROJECTIONS:
            raise AdapterUnusable(
                f"The adapter changes {name!r}, which a GGUF adapter cannot say; "
                "train a plain LoRA of the seven projections."
            )
        halves.setdefault(found[1], {})[found[3]] = matrix
    if not halves:
        raise _damaged(path, "it holds no LoRA matrices")
    for layer, both in halves.items():
        if both.keys() != {"A", "B"} or both["A"].shape[0] != both["B"].shape[1]:
            raise _damaged(path, f"the matrices of {layer} do not belong together")
    return {layer: (both["A"], both["B"]) for layer, both in sorted(halves.items())}


def _tensors(path: Path) -> Iterator[tuple[str, Matrix]]:
    """Yield the matrices of a safetensors file; no torch is needed to read them."""
    from safetensors import SafetensorError, deserialize

    try:
        held = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except OSError as error:
        raise _unreadable(path, error) from error
    except SafetensorError as error:
        raise _damaged(path, str(error)) from error
    for name, tensor in held:
        matrix = _matrix(tensor["dtype"], tensor["data"])
        if matrix is None or len(tensor["shape"]) != 2:
            raise _damaged(path, f"{name} is no matrix of floating-point numbers")
        if not np.isfinite(matrix).all():
            raise _damaged(path, f"{name} holds numbers that are none (training went wrong)")
        yield name, matrix.reshape(tensor["shape"])


def _matrix(kind: str, data: bytes) -> Matrix | None:
    if kind == "BF16":  # numpy has none: it is the upper half of a 32-bit float
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    width = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}.get(kind)
    return None if width is None else np.frombuffer(data, width).astype(np.float32)


# ------------------------------------------------------------------ converting


def _converted(
    pairs: Mapping[str, tuple[Matrix, Matrix]], base: Base, precision: Precision
) -> Iterator[tuple[str, NDArray[np.float32] | NDArray[np.float16]]]:
    """Yield the matrices under the names, and in the row order, that the base's file has."""
    from gguf import MODEL_ARCH, get_tensor_name_map

    names = get_tensor_name_map(MODEL_ARCH[base.architecture.upper()], base.blocks)
    for layer, (first, second) in pairs.items():
        name = names.get_name(f"{layer}.weight", try_suffixes=(".weight",)) or ""
        if base.shapes.get(name) != (second.shape[0], first.shape[1]):
            raise AdapterUnusable(
                f"The adapter's {layer} does not fit the base model; "
                "use it with the one it was trained on."
            )
        heads = {"q_proj": base.heads, "k_proj": base.key_value_heads}.get(layer.split(".")[-1])
        if heads and REORDERED[base.architecture]:
            second = _reordered(second, heads)
        for matrix, end in ((first, "lora_a"), (second, "lora_b")):
            yield f"{name}.{end}", _narrowed(matrix, precision)


def _reordered(rows: Matrix, heads: int) -> Matrix:
    """Return the rows of each head with the two halves of RoPE interleaved.

    The order that llama.cpp's convert_hf_to_gguf.py gives the base weights (`permute`).
    """
    width = rows.shape[0] // heads // 2
    return rows.reshape(heads, 2, width, -1).swapaxes(1, 2).reshape(rows.shape)


def _narrowed(matrix: Matrix, precision: Precision) -> NDArray[np.float32] | NDArray[np.float16]:
    if precision == "f32":
        return np.ascontiguousarray(matrix)
    if np.abs(matrix).max(initial=0.0) > np.finfo(np.float16).max:
        raise AdapterUnusable(
            "The adapter's numbers are too large for half precision; write it with precision f32."
        )
    return np.ascontiguousarray(matrix, dtype=np.float16)


# ------------------------------------------------------------------ writing


def _write(
    path: Path,
    matrices: Mapping[str, NDArray[np.float32] | NDArray[np.float16]],
    base: Base,
    alpha: float,
    name: str,
) -> None:
    from gguf import GGUFType, GGUFWriter, Keys

    writer = GGUFWriter(path, base.architecture)
    try:
        writer.add_type(GGUFType.ADAPTER)
        writer.add_string(Keys.Adapter.TYPE, "lora")
        writer.add_float32(Keys.Adapter.LORA_ALPHA, alpha)
        writer.add_name(name)
        writer.add_string("notewright.base_revision", base.revision)
        for key, matrix in matrices.items():
            writer.add_tensor(key, matrix)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _number(reader: "GGUFReader", key: str) -> int:
    return int(_field(reader, key))


def _text(reader: "GGUFReader", key: str) -> str:
    return str(_field(reader, key))


def _field(reader: "GGUFReader", key: str) -> str | int:
    field = reader.get_field(key)
    if field is None:
        raise KeyError(f"it has no {key}")
    value: str | int = field.contents()
    return value


def _unreadable(path: Path, error: OSError) -> AdapterUnusable:
    return AdapterUnusable(
        f"The adapter's {path.name} cannot be read ({error.strerror}); "
        "choose the folder that training made."
    )


def _damaged(path: Path, reason: str) -> AdapterUnusable:
    return AdapterUnusable(
        f"The adapter's {path.name} is damaged ({reason}); copy it again or train it again."
    )
