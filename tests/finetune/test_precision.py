"""Training computes in what is quick on the processor at hand, from the same weights everywhere."""

from pathlib import Path

import pytest
import torch

from finetune import precision
from finetune.base import load_base
from finetune.precision import computes_in_bfloat16
from finetune.sft import LoraShape, SftSettings, new_adapter, one_row_arguments
from tests.finetune.bases import random_model

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is:FutureWarning")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama with random weights of 32 bits."""
    folder = tmp_path_factory.mktemp("base")
    random_model("llama").save_pretrained(folder)
    return folder


def processor(patch: pytest.MonkeyPatch, room: int | None, **has: bool) -> None:
    """Let this be another processor, with so many bytes of free memory."""
    patch.setattr(torch.cuda, "is_available", lambda: False)
    patch.setattr(torch.cpu, "get_capabilities", lambda: has)
    patch.setattr(precision, "available_memory", lambda: room)


@pytest.mark.parametrize(
    ("has", "room", "dtype"),
    [
        ({"avx512_bf16": False, "amx_bf16": False}, 1 << 40, torch.float32),
        ({"avx512_bf16": False}, None, torch.float32),
        ({}, 1000, torch.bfloat16),
        ({"avx512_bf16": True}, 1 << 40, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": True}, 1 << 40, torch.bfloat16),
        ({"bf16": True}, 1 << 40, torch.bfloat16),
    ],
)
def test_the_processor_and_the_memory_decide(
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    has: dict[str, bool],
    room: int | None,
    dtype: torch.dtype,
) -> None:
    processor(monkeypatch, room, **has)
    model = load_base(base)
    assert {weight.dtype for weight in model.parameters()} == {dtype}
    rounded = load_base(base, dtype=torch.bfloat16)
    for mine, other in zip(model.parameters(), rounded.parameters(), strict=True):
        torch.testing.assert_close(mine, other.to(dtype), rtol=0, atol=0)
    short = computes_in_bfloat16(new_adapter(model, LoraShape(rank=2, alpha=2)))
    assert short is (dtype == torch.bfloat16)
    told = one_row_arguments(SftSettings(), 4, tmp_path, bfloat16=short)
    assert told.bf16 is short
