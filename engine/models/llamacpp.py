"""A TextModel on llama.cpp: all conversations of a call decoded together, one batch a token.

The high-level `llama_cpp.Llama` decodes one sequence at a time and forgets the prompt between
drafts; this class uses the low-level functions through the small modules beside it:
`llamacpp_library` (weights), `llamacpp_context` (cache), `llamacpp_sampling`, `llamacpp_template`,
`llamacpp_text`.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.errors import ContextOverflow, Stopped
from engine.models.llamacpp_context import Entry, LlamaContext, Slot
from engine.models.llamacpp_library import LlamaWeights, Tokens
from engine.models.llamacpp_sampling import TokenSampler, grammar_of
from engine.models.llamacpp_template import ChatTemplate
from engine.models.llamacpp_text import TextStream
from engine.models.prefixes import WORTH_KEEPING, PrefixFiles
from engine.protocols import Conversation, JsonSchema, StopCheck, never_stop
from engine.types import BaseRef, Delta, Generation, Language, ModelCard, Sampling

PLAN_WRITER_PARAMETERS = 1_400_000_000
"""From this size on a model is trusted to word a plan's neutral text."""

LEAST_TURNS = 16
"""Times that a text may be taken back for the never list; long ones a quarter of their tokens."""

_WAIT = 0.1


@dataclass(eq=False)
class _Run:
    """One conversation while it is being written.

    `barred` are the tokens that may not stand at a place of the answer: each began a phrase of the
    never list there. `turns` counts how often the answer was taken back.
    """

    index: int
    slot: Slot
    cached: int
    sampler: TokenSampler
    stream: TextStream
    tokens: list[int] = field(default_factory=list)
    next_token: int = -1
    finish: str = ""
    barred: dict[int, set[int]] = field(default_factory=dict)
    turns: int = 0


class LlamaCppModel:
    """Continues chats on a GGUF model.

    Args:
        weights: the loaded file; several models may share it, each with its own context.
        context_length: tokens that prompts and answers of a call may take together.
        languages: what it writes.
        name: shown to people; the file's own name by default.
        parallel: conversations decoded together; more of them wait for their turn.
        stored_bytes: memory kept for the evaluated prompts of earlier calls.
        prefixes: where evaluated beginnings of prompts outlive the process, if anywhere.
    """

    def __init__(
        self,
        weights: LlamaWeights,
        *,
        context_length: int,
        languages: tuple[Language, ...] = ("en",),
        name: str = "",
        parallel: int = 8,
        stored_bytes: int = 64 << 20,
        prefixes: PrefixFiles | None = None,
    ) -> None:
        """Allocate the context."""
        self._weights = weights
        self._context = LlamaContext(
            weights,
            size=context_length,
            parallel=parallel,
            stored_bytes=stored_bytes,
            files=prefixes,
        )
        self._template = ChatTemplate(weights)
        self._lock = threading.Lock()
        self._card = ModelCard(
            name=name or weights.metadata("general.name") or weights.path.stem,
            revision=weights.revision,
            backend="llama.cpp",
            context_length=self._context.size,
            languages=languages,
            loads_adapters=True,
            writes_plans=weights.parameters >= PLAN_WRITER_PARAMETERS,
        )

    @property
    def card(self) -> ModelCard:
        """What the model is."""
        return self._card

    @property
    def weights(self) -> LlamaWeights:
        """The file it runs on, which other models may share."""
        return self._weights

    @property
    def base(self) -> BaseRef:
        """The base model, as the manifests of adapters name it."""
        return BaseRef(name=self._card.name, revision=self._weights.base_revision)

    def forget(self) -> None:
        """Drop all evaluated prompts; the next call reads what is not on disk again."""
        with self._lock:
            self._context.forget()

    def register_adapter(self, name: str, path: Path) -> None:
        """Make a LoRA file (GGUF) known under `name`, for the `adapter` of later calls."""
        self._weights.register_adapter(name, path)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` takes, special tokens read as plain text."""
        return len(self._weights.tokenize(text))

    def generate(
        self,
        conversations: Sequence[Conversation],
        sampling: Sampling,
        *,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Delta | Generation]:
        """Continue every conversation, together.

        Prompts are evaluated once where they agree, and not at all where an earlier call with the
        same adapter evaluated them (`Generation.cached_tokens`). A phrase of `sampling.never` is
        taken back before it is shown and written otherwise, up to a limit; a text that reaches it
        ends with its last whole sentence. Under a schema the list does not hold.

        Raises:
            ContextOverflow: a prompt with `max_tokens` does not fit.
            NotFound: no adapter of that name is registered.
            Stopped: `should_stop()` became true.
        """
        prompts = [self._template.tokens(conversation) for conversation in conversations]
        grammar = None if schema is None else grammar_of(schema)
        for first, wave in self._waves(prompts, sampling.max_tokens):
            for _ in self._turn(should_stop):
                yield Delta(index=first)
            runs: list[_Run] = []
            try:
                prepared = self._context.prepare(wave, adapter)
                for number, slot in enumerate(prepared.slots):
                    runs.append(self._start(first + number, slot, sampling, grammar))
                    runs[-1].cached = prepared.cached[number]
                yield from self._read(runs, prepared.entries, should_stop)
                yield from self._write(runs, sampling, adapter, should_stop)
                self._keep(runs[0], conversations[first])
            finally:
                for run in runs:
                    run.sampler.close()
                self._lock.release()

    def choose(
        self,
        conversation: Conversation,
        options: Sequence[str],
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> tuple[float, ...] | None:
        """Return the probability of each option as the next word, normalised over the options.

        Options are told apart by their first tokens.
        """
        prompt = self._template.tokens(conversation)
        (_, wave), *_ = self._waves([prompt], 0)
        firsts = [self._weights.tokenize(option)[0] for option in options]
        for _ in self._turn(should_stop):
            pass
        try:
            entries: Sequence[Entry] = self._context.prepare(wave, adapter).entries
            while entries:
                _check(should_stop)
                chunk = self._context.next_chunk(entries)
                self._context.evaluate_timed(chunk)
                entries = entries[len(chunk) :]
            logits = self._context.logits(len(chunk) - 1)[firsts].astype(np.float64)
        finally:
            self._lock.release()
        weights = np.exp(logits - logits.max())
        return tuple(float(weight) for weight in weights / weights.sum())

    def _turn(self, should_stop: StopCheck) -> Iterator[None]:
        """Take the lock of the context, with a heartbeat while somebody else holds it."""
        while not self._lock.acquire(timeout=_WAIT):
            _check(should_stop)
            yield None

    def _waves(self, prompts: Sequence[Tokens], answer: int) -> list[tuple[int, list[Tokens]]]:
        """Split the prompts, in order, into groups that fit the context together."""
        waves: list[tuple[int, list[Tokens]]] = []
        for number, prompt in enumerate(prompts):
            if len(prompt) + answer > self._context.size:
                raise ContextOverflow(
                    f"The text takes {len(prompt)} tokens and the answer up to {answer}, but the "
                    f"model can hold {self._context.size}; shorten the facts or the samples."
                )
            wave = [*waves[-1][1], prompt] if waves else []
            fits = self._context.cells(wave, answer) <= self._context.size
            if wave and fits and len(wave) <= self._context.parallel:
                waves[-1][1].append(prompt)
            else:
                waves.append((number, [prompt]))
        return waves

    def _start(self, index: int, slot: Slot, sampling: Sampling, grammar: str | None) -> _Run:
        sampler = TokenSampler(self._weights, sampling, sampling.seed + index, grammar)
        never = () if grammar else sampling.never
        return _Run(index, slot, 0, sampler, TextStream(sampling.stop, never))

    def _read(
        self, runs: Sequence[_Run], entries: Sequence[Entry], should_stop: StopCheck
    ) -> Iterator[Delta]:
        """Evaluate the prompts in chunks and draw each conversation's first token."""
        while entries:
            _check(should_stop)
            yield Delta(index=runs[0].index)
            chunk = self._context.next_chunk(entries)
            self._context.evaluate_timed(chunk)
            entries = entries[len(chunk) :]
            for place, entry in enumerate(chunk):
                for run in runs:
                    slot = run.slot
                    if entry.position == slot.prompt_length - 1 and slot in entry.slots:
                        self._draw(run, place)

    def _write(
        self,
        runs: Sequence[_Run],
        sampling: Sampling,
        adapter: str | None,
        should_stop: StopCheck,
    ) -> Iterator[Delta | Generation]:
        """Let all conversations grow a token at a time until each has ended."""
        running = list(runs)
        while running:
            _check(should_stop)
            for run in running:
                text = self._grow(run, sampling.max_tokens)
                # The first one's pieces come even when empty: the reader's sign of life.
                if text or run is running[0]:
                    yield Delta(index=run.index, text=text)
                if run.finish:
                    yield self._finished(run, sampling, adapter)
            running = [run for run in running if not run.finish]
            if running:
                self._context.evaluate(
                    [Entry(r.next_token, len(r.slot.tokens), [r.slot], True) for r in running]
                )
                for place, run in enumerate(running):
                    self._draw(run, place)

    def _keep(self, run: _Run, conversation: Conversation) -> None:
        """Put what stands before the request on disk, if this call had to read it.

        The request itself stays off the disk: the next one is another.
        """
        if run.cached < WORTH_KEEPING:
            self._context.keep_beginning(run.slot, self._template.lasting(conversation))

    def _draw(self, run: _Run, place: int) -> None:
        barred = run.barred.get(len(run.tokens), ())
        token = run.sampler.sample(self._context.pointer, place, barred)
        run.next_token = -1 if token is None or self._weights.ends(token) else token

    def _grow(self, run: _Run, most: int) -> str:
        """Add the drawn token to the conversation's text; return what became visible."""
        text = ""
        if run.next_token < 0 or most < 1:
            run.finish = "stop" if run.next_token < 0 else "length"
        else:
            run.tokens.append(run.next_token)
            text = run.stream.push(self._weights.piece(run.next_token))
            if run.stream.stopped:
                run.finish = "stop"
            elif len(run.tokens) >= most:
                run.finish = "length"
        if run.finish:
            text += run.stream.finish()
        if run.stream.caught is not None:
            self._take_back(run, run.stream.caught, max(LEAST_TURNS, most // 4))
        return text

    def _take_back(self, run: _Run, place: int, limit: int) -> None:
        """Go back to where a banned phrase began and bar the token that began it there."""
        run.turns += 1
        token = None
        if run.turns <= limit:
            token = self._context.rewind(run.slot, run.slot.prompt_length + place - 1)
        if token is None:
            run.stream.end_cleanly()
            run.finish = "stop"
            return
        run.barred = {at: tokens for at, tokens in run.barred.items() if at <= place}
        run.barred.setdefault(place, set()).add(run.tokens[place])
        del run.tokens[place:]
        run.stream.rewind(place)
        run.sampler.rewind(run.tokens)
        run.next_token, run.finish = token, ""

    def _finished(self, run: _Run, sampling: Sampling, adapter: str | None) -> Generation:
        return Generation(
            index=run.index,
            text=run.stream.text,
            model=self._card.name,
            revision=self._card.revision,
            adapter=adapter,
            sampling=sampling,
            prompt_tokens=run.slot.prompt_length,
            cached_tokens=run.cached,
            completion_tokens=len(run.tokens),
            finish="length" if run.finish == "length" else "stop",
        )


def _check(should_stop: StopCheck) -> None:
    if should_stop():
        raise Stopped("Stopped.")
