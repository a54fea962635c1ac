"""How the next token is drawn: llama.cpp's own samplers, one chain for each conversation."""

import ctypes
import json
import weakref
from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelUnavailable
from engine.models.llamacpp_library import LlamaWeights, Pointer
from engine.protocols import JsonSchema
from engine.types import Sampling

REPEAT_WINDOW = 64
"""Tokens of the answer that `repeat_penalty` looks back on; the prompt is never penalised, or the
facts that it holds would be shunned."""

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


def grammar_of(schema: JsonSchema) -> str:
    """Return the GBNF grammar of the JSON texts that `schema` allows.

    Raises:
        ModelUnavailable: the schema uses what llama.cpp cannot express.
    """
    return _grammar_of(json.dumps(schema))


@lru_cache(maxsize=32)
def _grammar_of(schema: str) -> str:
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(schema))
    except (ValueError, KeyError, AssertionError) as error:
        raise ModelUnavailable(
            f"The JSON schema cannot be used as a grammar ({error}); simplify the schema."
        ) from error


class TokenSampler:
    """Draws the tokens of one conversation; the same seed and logits give the same tokens.

    With a grammar the unconstrained draw is tried first: the grammar then judges one token instead
    of the whole vocabulary, and only a refusal costs a second draw among what it allows.
    """

    def __init__(
        self, weights: LlamaWeights, sampling: Sampling, seed: int, grammar: str | None = None
    ) -> None:
        """Build the chain."""
        self._api = api = weights.api
        self._weights = weights
        self._chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        self._free = [weakref.finalize(self, api.llama_sampler_free, self._chain)]
        self._penalties: Pointer = None
        for part in self._parts(sampling, seed):
            api.llama_sampler_chain_add(self._chain, part)
        self._grammar: Pointer = None
        if grammar is not None:
            self._grammar = api.llama_sampler_init_grammar(
                weights.vocabulary, grammar.encode(), b"root"
            )
            if not self._grammar:
                raise ModelUnavailable(
                    f"llama.cpp refused the grammar ({weights.lib.last_words()}); "
                    "simplify the schema."
                )
            self._free.append(weakref.finalize(self, api.llama_sampler_free, self._grammar))

    def close(self) -> None:
        """Free the chain; sampling again is an error."""
        for free in self._free:
            free()

    def rewind(self, tokens: Sequence[int]) -> None:
        """Remember `tokens` as what was written so far, for the penalty on repetition.

        The random numbers go on where they are.
        """
        if self._penalties is not None:
            self._api.llama_sampler_reset(self._penalties)
            for token in tokens[-REPEAT_WINDOW:]:
                self._api.llama_sampler_accept(self._penalties, token)

    def sample(self, context: Pointer, output: int, barred: Collection[int] = ()) -> int | None:
        """Draw the next token from the logits at `output`; None when the grammar allows none.

        `barred` tokens cannot be drawn: their logits are overwritten in place.
        """
        if self._grammar is None and not barred:
            return int(self._api.llama_sampler_sample(self._chain, context, output))
        logits = np.ctypeslib.as_array(
            self._api.llama_get_logits_ith(context, output), (self._weights.vocabulary_size,)
        )
        logits[list(barred)] = -np.inf
        if self._grammar is None:
            return int(self._api.llama_sampler_sample(self._chain, context, output))
        token = self._draw(logits, constrained=False)
        if token is None or not self._allowed(token):
            token = self._draw(logits, constrained=True)
        if token is not None:
            self._api.llama_sampler_accept(self._chain, token)
            if not self._weights.ends(token):
                self._api.llama_sampler_accept(self._grammar, token)
        return token

    def _draw(self, logits: NDArray[np.float32], *, constrained: bool) -> int | None:
        table = np.empty(len(logits), _CANDIDATE)
        table["id"] = np.arange(len(logits), dtype=np.int32)
        table["logit"] = logits
        if constrained:
            self._apply(self._grammar, table)
            table = table[np.isfinite(table["logit"])]
            if not len(table):
                return None
        candidates = self._apply(self._chain, table)
        return int(candidates.data[candidates.selected].id)

    def _allowed(self, token: int) -> bool:
        table = np.array([(token, 1.0, 0.0)], _CANDIDATE)
        self._apply(self._grammar, table)
        return bool(np.isfinite(table["logit"][0]))

    def _apply(self, sampler: Pointer, table: NDArray[np.void]) -> Pointer:
        candidates = self._api.llama_token_data_array(
            data=table.ctypes.data_as(self._api.llama_token_data_p),
            size=len(table),
            selected=-1,
            sorted=False,
        )
        self._api.llama_sampler_apply(sampler, ctypes.byref(candidates))
        return candidates

    def _parts(self, sampling: Sampling, seed: int) -> list[Pointer]:
        api, parts = self._api, []
        if sampling.repeat_penalty != 1.0:
            self._penalties = api.llama_sampler_init_penalties(
                self._weights.vocabulary_size, REPEAT_WINDOW, sampling.repeat_penalty, 0.0, 0.0
            )
            parts.append(self._penalties)
        if sampling.temperature <= 0:
            return [*parts, api.llama_sampler_init_greedy()]
        return [
            *parts,
            api.llama_sampler_init_top_k(sampling.top_k),
            api.llama_sampler_init_top_p(sampling.top_p, 1),
            api.llama_sampler_init_min_p(sampling.min_p, 1),
            api.llama_sampler_init_temp(sampling.temperature),
            api.llama_sampler_init_dist(seed),
        ]
