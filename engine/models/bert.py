"""A BERT encoder's forward pass in numpy.

Sentence embeddings are all that Notewright asks of such a model, and this gives the same numbers
as sentence-transformers (a test compares them) in 0.2 s and 130 MB instead of 6.6 s and 540 MB.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class BertEncoder:
    """Post-norm BERT with mean pooling (Devlin et al. 2019; Reimers and Gurevych 2019).

    Args:
        weights: the checkpoint's tensors under their usual names.
        heads: attention heads.
        epsilon: added to variances in layer normalisation.
    """

    def __init__(self, weights: Mapping[str, Floats], *, heads: int, epsilon: float) -> None:
        """Keep the weights; nothing is copied."""
        self._weights = weights
        self._heads = heads
        self._epsilon = epsilon
        names = (name for name in weights if name.endswith("attention.self.query.weight"))
        self._layers = sum(1 for _ in names)

    def encode(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Return the mean of each text's token states as a unit row: (len(texts), width)."""
        means: Floats = np.stack([states.mean(axis=0) for states in self.states(texts)])
        lengths: Floats = np.linalg.norm(means, axis=1, keepdims=True)
        return means / lengths

    def states(
        self, texts: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None = None
    ) -> list[Floats]:
        """Return the last layer's states of each text's tokens: (tokens, width).

        `types` says which of two joined texts a token belongs to (0 or 1); 0 for all when None. The
        texts' tokens are laid end to end, so that no time goes into padding; only attention looks
        at each text alone.
        """
        bounds = list(accumulate((len(text) for text in texts), initial=0))
        places = [slice(start, end) for start, end in pairwise(bounds)]
        states = self._embed(texts, types)
        for layer in range(self._layers):
            states = self._block(f"encoder.layer.{layer}.", states, places)
        return [states[place] for place in places]

    def _embed(
        self, texts: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None
    ) -> Floats:
        ids = np.concatenate([np.asarray(text) for text in texts])
        positions = np.concatenate([np.arange(len(text)) for text in texts])
        name = "embeddings.{}_embeddings.weight"
        summed = self._weights[name.format("word")][ids]
        summed += self._weights[name.format("position")][positions]
        told = self._weights[name.format("token_type")]
        summed += told[0] if types is None else told[np.concatenate([np.asarray(t) for t in types])]
        return self._norm("embeddings.LayerNorm", summed)

    def _block(self, name: str, states: Floats, places: Sequence[slice]) -> Floats:
        mixed = self._attend(name, states, places)
        mixed = self._linear(name + "attention.output.dense", mixed)
        states = self._norm(name + "attention.output.LayerNorm", states + mixed)
        hidden = _gelu(self._linear(name + "intermediate.dense", states))
        return self._norm(
            name + "output.LayerNorm", states + self._linear(name + "output.dense", hidden)
        )

    def _attend(self, name: str, states: Floats, places: Sequence[slice]) -> Floats:
        query, key, value = (
            self._linear(f"{name}attention.self.{part}", states)
            .reshape(len(states), self._heads, -1)
            .transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scale = np.float32(query.shape[-1] ** -0.5)
        mixed = np.empty_like(states)
        for place in places:
            weights = _softmax(query[:, place] @ key[:, place].transpose(0, 2, 1) * scale)
            mixed[place] = (
                (weights @ value[:, place]).transpose(1, 0, 2).reshape(-1, states.shape[1])
            )
        return mixed

    def _linear(self, name: str, states: Floats) -> Floats:
        return states @ self._weights[name + ".weight"].T + self._weights[name + ".bias"]

    def _norm(self, name: str, states: Floats) -> Floats:
        centred: Floats = states - states.mean(axis=-1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred)[:, None] / np.float32(states.shape[1])
        centred /= np.sqrt(variance + np.float32(self._epsilon))
        return centred * self._weights[name + ".weight"] + self._weights[name + ".bias"]


def _softmax(scores: Floats) -> Floats:
    raised: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    raised /= raised.sum(axis=-1, keepdims=True)
    return raised


def _gelu(states: Floats) -> Floats:
    """Return x · Φ(x), the error function by Abramowitz and Stegun 7.1.26 (error below 2e-7).

    A few rows at a time, which stay in the processor's cache through all the steps.
    """
    for start in range(0, len(states), 32):
        x = states[start : start + 32]
        z = np.abs(x) * np.float32(0.5**0.5)
        t = 1 / (1 + np.float32(0.3275911) * z)
        series = t * np.float32(1.061405429) + np.float32(-1.453152027)
        for coefficient in (1.421413741, -0.284496736, 0.254829592):
            series *= t
            series += np.float32(coefficient)
        series *= t
        series *= np.exp(-z * z)
        x *= (1 + np.copysign(1 - series, x)) * np.float32(0.5)
    return states
