"""The base model to train on: the very file that is served, or safetensors on a GPU.

Everything here runs in the training process only: importing torch and transformers takes seconds
that no page should wait for.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelUnavailable

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def load_base(path: Path, *, dtype: "torch.dtype | None" = None) -> "PreTrainedModel":
    """Return the base model, dense and ready for an adapter.

    A GGUF file is dequantised (transformers keeps its blocks packed otherwise, and its Trainer
    refuses those); a folder holds safetensors.

    Args:
        path: a GGUF file, or a folder in the layout of transformers.
        dtype: what the weights are held in; bfloat16 if absent.

    Raises:
        ModelUnavailable: the file is missing, or of an architecture that cannot be trained.
    """
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    held = dtype or torch.bfloat16
    try:
        if path.is_dir():
            model = AutoModelForCausalLM.from_pretrained(
                path, dtype=held, local_files_only=True, use_safetensors=True
            )
        else:
            model = AutoModelForCausalLM.from_pretrained(
                path.parent,
                gguf_file=path.name,
                quantization_config=GgufConfig(dequantize=True),
                dtype=held,
                local_files_only=True,
            )
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailable(
            f"The model {path.name!r} cannot be trained ({error}); choose another stylist."
        ) from error
    # PEFT would look a name up on a hub at each save, and write this machine's path to adapters.
    model.name_or_path = ""
    return model.to("cuda") if torch.cuda.is_available() else model


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
