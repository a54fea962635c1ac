"""Many sequences in one context: prompts shared within a call and between calls.

Every conversation is a sequence of the same key-value cache. What prompts have in common is
evaluated once and belongs to all their sequences. The sequences of a call stay when it ends: the
next call copies whatever prefix it shares with any of them (copying is book-keeping, no memory
moves), then drops them. A prompt about to be dropped is kept as bytes in a PrefixStore, so that
going back to an earlier style costs a memory copy instead of an evaluation; what stands before a
request is kept in PrefixFiles too, for the next start.
"""

import ctypes
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.errors import ContextOverflow, ModelUnavailable
from engine.models.llamacpp_library import LlamaWeights, Pointer, Tokens
from engine.models.prefixes import (
    WORTH_KEEPING,
    PrefixFiles,
    PrefixStore,
    scope_of,
    shared,
)

CHUNK = 256
"""Most tokens that are evaluated at once; bounds the scratch memory."""

_CHUNK_SECONDS = 0.15
_SMALLEST_CHUNK = 32
_CACHE_FORM = "f16, values across"
"""How keys and values lie in memory; states of another form cannot be read."""


@dataclass(eq=False)
class Slot:
    """A sequence: the tokens evaluated so far, and how many of them were the prompt.

    `adapter` is the address of the adapter that they were evaluated with, 0 for none.
    """

    number: int
    adapter: int
    tokens: list[int]
    prompt_length: int


@dataclass(eq=False)
class Entry:
    """A token to evaluate at `position`, for one slot or for several that share it there."""

    token: int
    position: int
    slots: list[Slot]
    wants_logits: bool = False


class Prepared(NamedTuple):
    """Slots of a call, in the order of its prompts, and what must be evaluated to fill them."""

    slots: list[Slot]
    entries: list[Entry]
    cached: list[int]


class LlamaContext:
    """The key-value cache and scratch memory of one user of the weights. Not thread-safe.

    Args:
        weights: the model; several contexts may share it.
        size: tokens that all sequences of a call may take together.
        parallel: sequences that run together at most.
        stored_bytes: memory for prompts of earlier calls.
        files: where the beginnings of prompts outlive the process, if anywhere.
    """

    def __init__(
        self,
        weights: LlamaWeights,
        *,
        size: int,
        parallel: int = 8,
        stored_bytes: int = 0,
        files: PrefixFiles | None = None,
    ) -> None:
        """Allocate the context."""
        api = self._api = weights.api
        self.weights = weights
        self.parallel = parallel
        self.pointer = _open(weights, size, parallel)
        if not self.pointer:
            raise ModelUnavailable(
                f"There is not enough memory to work with {weights.path.name!r} "
                f"({weights.lib.last_words()}); close other programs or choose a smaller model."
            )
        self._batch = api.llama_batch_init(CHUNK, 0, parallel)
        # The finalizer holds the weights: a context must go before its model.
        weakref.finalize(self, _free, weights, self.pointer, self._batch).atexit = False
        self.size = int(api.llama_n_ctx(self.pointer))
        self._memory: Pointer = api.llama_get_memory(self.pointer)
        self._live: list[Slot] = []
        self._adapter = 0
        self._store, self._files = PrefixStore(stored_bytes), files
        self._scope = self._scope_with(None)
        self._chunk = _SMALLEST_CHUNK * 2

    def use_threads(self, threads: int) -> None:
        """Compute on so many threads from now on."""
        self._api.llama_set_n_threads(self.pointer, threads, threads)

    def cells(self, prompts: Sequence[Tokens], answer: int) -> int:
        """Return the room that a call takes: shared beginnings count once."""
        own = 0
        for number, prompt in enumerate(prompts):
            own += len(prompt) - max((shared(p, prompt) for p in prompts[:number]), default=0)
        return own + len(prompts) * answer

    def prepare(self, prompts: Sequence[Tokens], adapter: str | None) -> Prepared:
        """Make a slot for each prompt, reuse what earlier calls evaluated, list the rest.

        At most `parallel` prompts. The last token of each prompt is always listed: its logits are
        what the answer starts from.
        """
        address = self._use_adapter(adapter)
        self._bring_back(prompts[0], address)
        taken = self._numbers()
        numbers = [n for n in range(2 * self.parallel) if n not in taken]
        slots, cached = [], []
        for number, prompt in zip(numbers, prompts, strict=False):
            source, length = self._best_live(prompt, address)
            if source is not None:
                self._api.llama_memory_seq_cp(self._memory, source.number, number, 0, length)
            slots.append(Slot(number, address, list(prompt[:length]), len(prompt)))
            cached.append(length)
        for slot in self._live:
            self._drop(slot)
        self._live = slots
        return Prepared(slots, _plan_entries(prompts, slots), cached)

    def evaluate(self, entries: Sequence[Entry]) -> None:
        """Evaluate at most CHUNK entries; logits are at the entries' places that want them.

        Raises:
            ModelUnavailable: llama.cpp failed; the context is empty again.
        """
        batch = self._batch
        for place, entry in enumerate(entries):
            batch.token[place] = entry.token
            batch.pos[place] = entry.position
            batch.n_seq_id[place] = len(entry.slots)
            for index, slot in enumerate(entry.slots):
                batch.seq_id[place][index] = slot.number
            batch.logits[place] = entry.wants_logits
        batch.n_tokens = len(entries)
        result = self._api.llama_decode(self.pointer, batch)
        if result:
            self.clear()
            if result == 1:
                raise ContextOverflow(
                    f"The text does not fit the {self.size} tokens that the model can hold; "
                    "shorten the facts or the samples."
                )
            raise ModelUnavailable(
                f"The model failed while reading ({self.weights.lib.last_words()}); try again, "
                "and run the doctor if it happens twice."
            )
        for entry in entries:
            for slot in entry.slots:
                slot.tokens.append(entry.token)

    def logits(self, place: int) -> NDArray[np.float32]:
        """Return the logits after the entry at `place` of the last evaluation: (vocabulary,)."""
        pointer = self._api.llama_get_logits_ith(self.pointer, place)
        return np.ctypeslib.as_array(pointer, (self.weights.vocabulary_size,)).copy()

    def rewind(self, slot: Slot, length: int) -> int | None:
        """Forget a sequence from its token number `length` on; return that token.

        Evaluated again, it gives the logits that followed it. None where the model's memory cannot
        be cut; the sequence then stays as it is.
        """
        if length < 0 or not self.weights.cuts_sequences:
            return None
        if not self._api.llama_memory_seq_rm(self._memory, slot.number, length, -1):
            return None
        token = slot.tokens[length]
        del slot.tokens[length:]
        return token

    def next_chunk(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the first entries that can be evaluated in about a heartbeat's time."""
        return entries[: self._chunk]

    def evaluate_timed(self, entries: Sequence[Entry]) -> None:
        """Evaluate, and learn from the time it took how long the next chunk may be."""
        started = time.perf_counter()
        self.evaluate(entries)
        seconds = time.perf_counter() - started
        if len(entries) == self._chunk or seconds > _CHUNK_SECONDS:
            fitting = int(len(entries) * _CHUNK_SECONDS / max(seconds, 1e-6))
            self._chunk = max(_SMALLEST_CHUNK, min(CHUNK, 2 * self._chunk, fitting))

    def forget(self) -> None:
        """Forget every sequence and every kept prompt (files stay)."""
        self.clear()
        self._store = PrefixStore(self._store.limit)

    def clear(self) -> None:
        """Forget every sequence (kept states stay)."""
        self._live = []
        self._api.llama_memory_clear(self._memory, False)

    def _best_live(self, prompt: Tokens, adapter: int) -> tuple[Slot | None, int]:
        if not self.weights.cuts_sequences:
            return None, 0
        found = [
            (min(shared(slot.tokens, prompt), len(prompt) - 1), slot)
            for slot in self._live
            if slot.adapter == adapter
        ]
        length, slot = max(found, key=lambda item: item[0], default=(0, None))
        return (slot, length) if length else (None, 0)

    def keep_beginning(self, slot: Slot, length: int) -> None:
        """Write what was read of the first `length` tokens of a prompt to disk, where there is one.

        Not worth it for short ones; not possible for a memory that cannot be cut.
        """
        if self._files is None or length < WORTH_KEEPING or not self.weights.cuts_sequences:
            return
        spare = next(n for n in range(2 * self.parallel) if n not in self._numbers())
        self._api.llama_memory_seq_cp(self._memory, slot.number, spare, 0, length)
        state = self._state(spare)
        self._api.llama_memory_seq_rm(self._memory, spare, -1, -1)
        self._files.keep(self._scope, tuple(slot.tokens[:length]), state)

    def _bring_back(self, prompt: Tokens, adapter: int) -> None:
        """Keep the live prompt's state if this call would lose it; restore a better kept one."""
        if not self.weights.cuts_sequences:
            return
        _, have = self._best_live(prompt, adapter)
        self._save_what_goes(have, adapter)
        length, kept = self._store.best(adapter, prompt)
        if length >= have + WORTH_KEEPING:
            self._restore(adapter, kept, self._store.take(adapter, kept))
            have = length
        found = self._files and self._files.find(self._scope, prompt, least=have + WORTH_KEEPING)
        if found:
            self._restore(adapter, *found)

    def _save_what_goes(self, have: int, adapter: int) -> None:
        """Keep the first live prompt, unless the next call uses most of it (`have` tokens)."""
        if not (self._store.limit and self._live):
            return
        first = self._live[0]
        done = tuple(first.tokens[: first.prompt_length])
        lost = len(done) - (have if first.adapter == adapter else 0)
        if lost >= WORTH_KEEPING and not self._store.holds(first.adapter, done):
            self._api.llama_memory_seq_rm(self._memory, first.number, len(done), -1)
            del first.tokens[len(done) :]
            state = self._state(first.number)
            if 0 < len(state) <= self._store.limit:
                self._store.keep(first.adapter, done, state)

    def _state(self, number: int) -> bytes:
        """Return a sequence's keys and values as llama.cpp writes them, empty if it cannot."""
        size = self._api.llama_state_seq_get_size(self.pointer, number)
        buffer = (ctypes.c_uint8 * size)()
        written = self._api.llama_state_seq_get_data(self.pointer, buffer, size, number)
        return bytes(memoryview(buffer)[:written])

    def _restore(self, adapter: int, tokens: Tokens, state: bytes) -> None:
        self.clear()
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if self._api.llama_state_seq_set_data(self.pointer, buffer, len(state), 0):
            self._live = [Slot(0, adapter, list(tokens), len(tokens))]
        else:
            self.clear()

    def _numbers(self) -> set[int]:
        return {slot.number for slot in self._live}

    def _scope_with(self, adapter: str | None) -> str:
        """Return a name for all that a state depends on beside its tokens."""
        tuned = "" if adapter is None else self.weights.adapter_digest(adapter)
        return scope_of(self.weights.lib.version(), self.weights.revision, tuned, _CACHE_FORM)

    def _use_adapter(self, name: str | None) -> int:
        """Attach the adapter and return its address, which slots carry: no prefix crosses it."""
        api = self._api
        pointer = None if name is None else self.weights.adapter(name)
        address = (ctypes.cast(pointer, ctypes.c_void_p).value or 0) if pointer else 0
        if address != self._adapter:
            pointers = (api.llama_adapter_lora_p_ctypes * 1)(pointer)
            scales = (ctypes.c_float * 1)(1.0)
            api.llama_set_adapters_lora(self.pointer, pointers, int(address != 0), scales)
            self._adapter, self._scope = address, self._scope_with(name)
        return address

    def _drop(self, slot: Slot) -> None:
        self._api.llama_memory_seq_rm(self._memory, slot.number, -1, -1)


def _plan_entries(prompts: Sequence[Tokens], slots: Sequence[Slot]) -> list[Entry]:
    """List the tokens that no slot has yet, those that prompts share only once.

    A prompt that shares more with an earlier one of the call than is cached joins its entries; as
    both found the same cache, both start at the same position.
    """
    entries: list[Entry] = []
    chains: list[list[Entry]] = []
    for prompt, slot in zip(prompts, slots, strict=True):
        start = len(slot.tokens)
        chain: list[Entry] = []
        for earlier, (other, other_slot) in enumerate(
            zip(prompts[: len(chains)], slots, strict=False)
        ):
            common = shared(other, prompt) - start
            if len(other_slot.tokens) == start and common > len(chain):
                chain = chains[earlier][:common]
        for entry in chain:
            entry.slots.append(slot)
        new = [Entry(prompt[p], p, [slot]) for p in range(start + len(chain), len(prompt))]
        entries += new
        chain = chain + new
        chain[-1].wants_logits = True
        chains.append(chain)
    return entries


def _open(weights: LlamaWeights, size: int, parallel: int) -> Pointer:
    """Return a new context, or nothing where the memory does not suffice."""
    api = weights.api
    parameters = api.llama_context_default_params()
    parameters.n_ctx = min(size, weights.trained_context)
    parameters.n_batch = parameters.n_ubatch = CHUNK
    # Two generations of slots: a call's own, and those of the call before it.
    parameters.n_seq_max = parameters.n_outputs_max = 2 * parallel
    parameters.kv_unified = True
    # On a CPU it costs time, with many texts over one long prompt most (docs/PERFORMANCE.md).
    parameters.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.n_threads = parameters.n_threads_batch = weights.configuration.threads
    parameters.no_perf = True
    return api.llama_init_from_model(weights.pointer, parameters)


def _free(weights: LlamaWeights, context: Pointer, batch: Pointer) -> None:
    weights.api.llama_batch_free(batch)
    weights.api.llama_free(context)
