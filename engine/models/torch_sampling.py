"""How the next token is drawn from a row of logits, as llama.cpp's samplers do it, seed by seed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.types import Sampling

if TYPE_CHECKING:
    import torch

REPEAT_WINDOW = 64
"""Tokens of the answer that the penalty looks back on; the prompt is never penalised."""


class TorchSampler:
    """Draws the tokens of one conversation; the same seed and logits give the same tokens."""

    def __init__(self, sampling: Sampling, seed: int) -> None:
        """Seed the draw; it happens on the CPU, so that a GPU draws the same."""
        import torch

        self._sampling = sampling
        self._random = torch.Generator().manual_seed(seed)

    def draw(self, logits: "torch.Tensor", written: Sequence[int]) -> int:
        """Return the next token after `written`; `logits` has the shape (vocabulary,)."""
        import torch

        s = self._sampling
        row = logits.float().cpu().clone()
        recent = torch.tensor(sorted(set(written[-REPEAT_WINDOW:])), dtype=torch.long)
        if s.repeat_penalty != 1.0 and len(recent):
            seen = row[recent]
            row[recent] = torch.where(seen > 0, seen / s.repeat_penalty, seen * s.repeat_penalty)
        if s.temperature <= 0:
            return int(row.argmax())
        best, tokens = row.topk(min(s.top_k or len(row), len(row)))
        shares = torch.softmax(best, dim=-1)
        # The first is always kept, whatever the two limits say.
        keep = (shares.cumsum(0) - shares < s.top_p) & (shares >= s.min_p * shares[0])
        shares = torch.softmax(best[keep] / s.temperature, dim=-1)
        return int(tokens[keep][torch.multinomial(shares, 1, generator=self._random)])
