"""In how many bits training computes: sixteen where the processor has instructions for them.

Where it has none, PyTorch makes bfloat16 products by way of other instructions, at a quarter of the
speed of 32 bits (docs/LOG.md).
"""

from typing import TYPE_CHECKING

from engine.models.machine import available_memory

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

_QUICK = ("avx512_bf16", "amx_bf16", "bf16")  # Intel's and AMD's, Intel's tiles, ARM's
_BYTES = 8  # to a weight of 32 bits, with all that training holds beside


def in_quick_bits(model: "PreTrainedModel") -> "PreTrainedModel":
    """Return a model of bfloat16 weights in those bits that this machine computes fastest in.

    It stays as it is on a GPU, and where memory has no room for 32 bits. The weights are rounded
    the same everywhere, so that an adapter fits wherever it was trained.
    """
    import torch

    if torch.cuda.is_available() or any(torch.cpu.get_capabilities().get(one) for one in _QUICK):
        return model
    room = available_memory()
    return model.float() if room is None or model.num_parameters() * _BYTES < room else model


def computes_in_bfloat16(tuned: "PeftModel") -> bool:
    """Return whether an adapter's base is held, or was quantised to compute, in bfloat16."""
    import torch

    base = tuned.get_base_model()
    return base.dtype == torch.bfloat16 or bool(getattr(base, "is_quantized", False))
