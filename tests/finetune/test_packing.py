"""Packed answers are as likely as those read one by one; what they share is kept once."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from finetune.base import load_base
from finetune.packing import TokenPair, Tree, likelihoods, packed
from tests.finetune.bases import random_model, write_base

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

PAIRS = (
    TokenPair([5, 6, 7], [8, 9], [10, 11, 12]),
    TokenPair([5, 6, 7, 8, 9, 20], [21], [22, 23]),  # the chosen side goes on
    TokenPair([5, 6, 30], [8, 9], [31]),
    TokenPair([40, 41], [42, 43], [42, 44]),  # answers that begin alike
)


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def core(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "PreTrainedModel":
    import torch

    folder: Path = tmp_path_factory.mktemp("base")
    base = write_base(folder / "tiny.gguf", random_model(request.param))
    return load_base(base, dtype=torch.float32)


def alone(core: "PreTrainedModel", prompt: list[int], answer: list[int]) -> "torch.Tensor":
    """Read one text by itself."""
    import torch

    ids = torch.tensor([[*prompt, *answer]])
    told = core(ids).logits[0, len(prompt) - 1 : -1].log_softmax(dim=-1)
    found: torch.Tensor = told.gather(1, ids[0, len(prompt) :, None])[:, 0]
    return found


def test_a_packed_answer_is_as_likely_as_alone(core: "PreTrainedModel") -> None:
    import torch

    [tree] = packed(PAIRS, room=100)
    with torch.no_grad():
        found = likelihoods(core, tree.row(), [*tree.chosen, *tree.rejected])
        for pair, chosen, rejected in zip(PAIRS, found[:4], found[4:], strict=True):
            prompt = list(pair.prompt)
            torch.testing.assert_close(chosen, alone(core, prompt, list(pair.chosen)))
            torch.testing.assert_close(rejected, alone(core, prompt, list(pair.rejected)))


def test_what_texts_share_is_kept_once() -> None:
    tree = Tree()
    grown = []
    for pair in PAIRS:
        grown.append((tree.growth(pair), len(tree.ids)))
        tree.add(pair)
    assert [before for _, before in grown] == [0, 8, 12, 16]
    assert len(tree.ids) == 21
    assert [most for most, _ in grown] == [8, 4, 4, 6]  # answers that begin alike are counted twice


def test_rows_keep_to_their_room_and_lose_no_pair() -> None:
    trees = list(packed(PAIRS, room=12))
    assert [len(tree.chosen) for tree in trees] == [2, 2]
    assert all(len(tree.ids) <= 12 for tree in trees)
    assert [len(tree.chosen) for tree in packed(PAIRS, room=1)] == [1, 1, 1, 1]
