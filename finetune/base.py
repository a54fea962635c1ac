"""The base model to train on: the very GGUF file that is served, or the folder of safetensors.

Everything here runs in the training process only: importing torch and transformers takes seconds
that no page should wait for.
"""

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelUnavailable
from finetune.precision import in_quick_bits

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LEARNING = ("llama", "mistral", "qwen2", "qwen3")
"""Architectures of folders: ours are losses of a plain head, and LoRAs of seven projections."""


def load_base(
    path: Path, *, dtype: "torch.dtype | None" = None, four_bit: bool = False
) -> "PreTrainedModel":
    """Return the base model, ready for an adapter; on the GPU where there is one.

    A GGUF file is dequantised (transformers keeps its blocks packed otherwise, and its Trainer
    refuses those); a folder holds safetensors.

    Args:
        path: a GGUF file, or a folder in the layout of transformers.
        dtype: what the weights are held in; if absent bfloat16, made longer where that is quicker.
        four_bit: hold a folder's weights in four bits (QLoRA); nothing to a GGUF file.

    Raises:
        ModelUnavailable: the file is missing, or of an architecture that cannot be trained.
    """
    import torch

    held = dtype or torch.bfloat16
    quantised = four_bit and path.is_dir()
    try:
        model = _folder(path, held, quantised) if path.is_dir() else _dequantised(path, held)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelUnavailable(
            f"The model {path.name!r} cannot be trained ({error}); choose another stylist."
        ) from error
    # PEFT would look a name up on a hub at each save, and write this machine's path to adapters.
    model.name_or_path = ""
    if dtype is None and not quantised:
        model = in_quick_bits(model)
    return model.to("cuda") if torch.cuda.is_available() and not quantised else model


def _folder(path: Path, dtype: "torch.dtype", quantised: bool) -> "PreTrainedModel":
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    kind = AutoConfig.from_pretrained(path, local_files_only=True).model_type
    if kind not in LEARNING:
        raise ValueError(f"it is a {kind}, none of {', '.join(LEARNING)}")
    how: dict[str, Any] = {"dtype": dtype, "local_files_only": True, "use_safetensors": True}
    if not quantised:
        return AutoModelForCausalLM.from_pretrained(path, **how)
    from peft import prepare_model_for_kbit_training

    from engine.models.huggingface_weights import in_four_bits

    how["device_map"] = {"": 0 if torch.cuda.is_available() else "cpu"}
    model = AutoModelForCausalLM.from_pretrained(path, quantization_config=in_four_bits(), **how)
    model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    # Who asks for four bits is short of memory: what a layer made is made again on the way back.
    model.activation_checkpointing_enable({"use_reentrant": False})
    return model


def _dequantised(path: Path, dtype: "torch.dtype") -> "PreTrainedModel":
    from transformers import AutoModelForCausalLM, GgufConfig

    return AutoModelForCausalLM.from_pretrained(
        path.parent,
        gguf_file=path.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=dtype,
        local_files_only=True,
    )


def load_tokenizer(path: Path) -> "PreTrainedTokenizerBase":
    """Return the tokenizer that TRL's trainers ask for; our rows are tokenised by rendering.py."""
    from transformers import AutoTokenizer

    if path.is_dir():
        return AutoTokenizer.from_pretrained(path, local_files_only=True)
    return AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, local_files_only=True)


def use_threads(count: int) -> None:
    """Keep training to so many cores, and behind everything else that runs."""
    import torch

    torch.set_num_threads(count)
    os.nice(19 - os.nice(0))


def let_go() -> None:
    """Give the memory of a model back that nobody holds any more: a GPU has room for one."""
    import torch

    gc.collect()  # trainers and models hold each other
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
