"""A BERT encoder's forward pass in numpy.

Sentence embeddings are all that Notewright asks of such a model, and this gives the same numbers
as sentence-transformers (a test compares them) in 0.2 s and 130 MB instead of 6.6 s and 540 MB.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SHARE = 32  # tokens: fewer are not worth a thread of their own
_AT_ONCE = 64  # rows that stay in the processor's cache through all the steps of an activation


class BertEncoder:
    """Post-norm BERT with mean pooling (Devlin et al. 2019; Reimers and Gurevych 2019).

    Args:
        weights: the checkpoint's tensors under their usual names.
        heads: attention heads.
        epsilon: added to variances in layer normalisation.
        threads: how many share the tokens of a call; the library of matrix products should then
            have one only.
    """

    def __init__(
        self, weights: Mapping[str, Floats], *, heads: int, epsilon: float, threads: int = 1
    ) -> None:
        """Keep the weights; nothing is copied."""
        self._weights = weights
        self._threads = threads
        self._pool = ThreadPoolExecutor(max_workers=threads - 1) if threads > 1 else None
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
        asked: Floats = np.empty((3, *states.shape), dtype=np.float32)
        for layer in range(self._layers):
            self._block(f"encoder.layer.{layer}.", states, asked, places)
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

    def _block(self, name: str, states: Floats, asked: Floats, places: Sequence[slice]) -> None:
        """Put the states of the next layer in place of these; `asked` is room for what they ask."""

        def ask(rows: slice) -> None:
            for part, into in zip(("query", "key", "value"), asked, strict=True):
                into[rows] = self._linear(f"{name}attention.self.{part}", states[rows])

        def change(rows: slice) -> None:
            mixed = self._linear(name + "attention.output.dense", self._attend(asked, rows, places))
            mixed += states[rows]
            mixed = self._norm(name + "attention.output.LayerNorm", mixed)
            hidden = _gelu(self._linear(name + "intermediate.dense", mixed))
            mixed += self._linear(name + "output.dense", hidden)
            states[rows] = self._norm(name + "output.LayerNorm", mixed)

        self._shared(ask, len(states))
        self._shared(change, len(states))

    def _shared(self, work: Callable[[slice], None], tokens: int) -> None:
        """Let each thread do the work on its share of the tokens; return when all are done."""
        shares = max(1, min(self._threads, tokens // _SHARE))
        cuts = [tokens * n // shares for n in range(shares + 1)]
        own, *others = (slice(start, end) for start, end in pairwise(cuts))
        running = [self._pool.submit(work, rows) for rows in others] if self._pool else []
        work(own)
        for each in running:
            each.result()

    def _attend(self, asked: Floats, rows: slice, places: Sequence[slice]) -> Floats:
        """Return for each of the rows what it draws from the text that it is in."""
        query, key, value = (
            part.reshape(len(part), self._heads, -1).transpose(1, 0, 2) for part in asked
        )
        scale = np.float32(query.shape[-1] ** -0.5)
        mixed: Floats = np.empty((rows.stop - rows.start, asked.shape[-1]), dtype=np.float32)
        for place in places:
            start, end = max(rows.start, place.start), min(rows.stop, place.stop)
            if start >= end:
                continue
            weights = _softmax((query[:, start:end] * scale) @ key[:, place].transpose(0, 2, 1))
            drawn = (weights @ value[:, place]).transpose(1, 0, 2)
            mixed[start - rows.start : end - rows.start] = drawn.reshape(end - start, -1)
        return mixed

    def _linear(self, name: str, states: Floats) -> Floats:
        made: Floats = states @ self._weights[name + ".weight"].T
        made += self._weights[name + ".bias"]
        return made

    def _norm(self, name: str, states: Floats) -> Floats:
        centred: Floats = states - states.mean(axis=-1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred)[:, None] / np.float32(states.shape[1])
        centred /= np.sqrt(variance + np.float32(self._epsilon))
        centred *= self._weights[name + ".weight"]
        centred += self._weights[name + ".bias"]
        return centred


def _softmax(scores: Floats) -> Floats:
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def _gelu(states: Floats) -> Floats:
    """Put x · Φ(x) in place of x: the error function by Abramowitz and Stegun 7.1.26.

    The error stays below 5e-7. Φ(x) of a positive x is 1 less half of erfc(x/√2), which is a
    polynomial in 1/(1 + px) times exp(-x²/2).
    """
    for start in range(0, len(states), _AT_ONCE):
        x = states[start : start + _AT_ONCE]
        size = np.abs(x)
        t = size * np.float32(0.3275911 * 0.5**0.5)
        t += 1
        np.reciprocal(t, out=t)
        tail = t * np.float32(0.5 * 1.061405429)
        for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
            tail += np.float32(0.5 * coefficient)
            tail *= t
        tail *= size
        size *= size
        size *= np.float32(-0.5)
        tail *= np.exp(size, out=size)
        np.maximum(x, 0, out=x)
        x -= tail
    return states
