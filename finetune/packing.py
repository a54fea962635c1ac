"""Answers to chats that begin alike, packed so that what they share is read once.

A note gives a pair for every step that was said in two ways, and each of them is asked after the
same samples and the same earlier steps: read one by one, some 500 tokens each time for an answer of
twenty, twice for a pair. Packed, the chats form a tree (tokens that begin alike are one branch); a
mask lets each token see its own branch only, at its own place. The likelihoods are those of texts
read one by one, at a fraction of the cost (docs/LOG.md has the figures).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

ROOT = -1
Row: TypeAlias = dict[str, Any]
"""A tree as a data set holds it: tokens, parents, depths; chosen and rejected, by pair."""


class TokenPair(NamedTuple):
    """A prompt and its two answers, as token ids."""

    prompt: Sequence[int]
    chosen: Sequence[int]
    rejected: Sequence[int]


@dataclass
class Tree:
    """Texts that begin alike: each token with the token before it, and the answers' places."""

    ids: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    chosen: list[list[int]] = field(default_factory=list)
    rejected: list[list[int]] = field(default_factory=list)
    _next: dict[tuple[int, int], int] = field(default_factory=dict)

    def growth(self, pair: TokenPair) -> int:
        """Return how many tokens a pair would add."""
        shared, at = 0, ROOT
        for token in pair.prompt:
            if (at, token) not in self._next:
                break
            at, shared = self._next[at, token], shared + 1
        return len(pair.prompt) - shared + len(pair.chosen) + len(pair.rejected)

    def add(self, pair: TokenPair) -> None:
        """Put a pair in."""
        at = self._path(ROOT, pair.prompt)[-1]
        self.chosen.append(self._path(at, pair.chosen))
        self.rejected.append(self._path(at, pair.rejected))

    def row(self) -> Row:
        """Return what a data set holds of a tree."""
        return {
            "tokens": self.ids,
            "parents": self.parents,
            "depths": self.depths,
            "chosen": self.chosen,
            "rejected": self.rejected,
        }

    def _path(self, at: int, tokens: Sequence[int]) -> list[int]:
        """Return the places of tokens that follow a place, those that were lacking put in."""
        path = []
        for token in tokens:
            if (at, token) not in self._next:
                self._next[at, token] = len(self.ids)
                self.ids.append(token)
                self.parents.append(at)
                self.depths.append(0 if at == ROOT else self.depths[at] + 1)
            at = self._next[at, token]
            path.append(at)
        return path


def packed(pairs: Sequence[TokenPair], room: int) -> Iterator[Tree]:
    """Yield trees of neighbouring pairs, each of at most `room` tokens where a pair allows it."""
    tree = Tree()
    for pair in pairs:
        if tree.ids and len(tree.ids) + tree.growth(pair) > room:
            yield tree
            tree = Tree()
        tree.add(pair)
    if tree.ids:
        yield tree


def visible(parents: Sequence[int]) -> "torch.Tensor":
    """Return which tokens (columns) each token (rows) sees: itself and those it comes after."""
    import torch

    seen = torch.zeros(len(parents), len(parents), dtype=torch.bool)
    for place, parent in enumerate(parents):
        if parent != ROOT:
            seen[place] = seen[parent]
        seen[place, place] = True
    return seen


def likelihoods(
    core: "PreTrainedModel", row: Row, answers: Sequence[Sequence[int]]
) -> "list[torch.Tensor]":
    """Return for each answer the log-likelihoods of its tokens: (length,), single precision.

    Args:
        core: the language model itself.
        row: a tree, as `Tree.row` has it.
        answers: places in the tree, of each answer in order.
    """
    import torch

    device = core.device
    hidden = core.model(
        torch.tensor([row["tokens"]], device=device),
        attention_mask=visible(row["parents"])[None, None].to(device),
        position_ids=torch.tensor([row["depths"]], device=device),
        use_cache=False,
    ).last_hidden_state[0]
    places = [place for answer in answers for place in answer]
    before = torch.tensor([row["parents"][place] for place in places], device=device)
    told = torch.tensor([row["tokens"][place] for place in places], device=device)
    logits = core.lm_head(hidden[before]).float()
    found = logits.gather(1, told[:, None])[:, 0] - logits.logsumexp(dim=-1)
    return list(found.split([len(answer) for answer in answers]))
