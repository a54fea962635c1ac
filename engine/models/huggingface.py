"""A TextModel on transformers, on a GPU where there is one: conversations decoded as one batch.

The loop is our own: it asks between tokens whether to stop, and gives every draw its own seed.
Nothing holds the model to a JSON schema here: it is asked for in words, checked, and asked again.
"""

import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ContextOverflow, ModelUnavailable, Stopped
from engine.models.huggingface_weights import Batch, TorchWeights
from engine.models.json_answers import Unfit, asking_again, asking_for, fitted
from engine.models.llamacpp_template import ChatTemplate
from engine.models.shown_text import ShownText
from engine.models.torch_sampling import TorchSampler
from engine.protocols import Conversation, JsonSchema, StopCheck, never_stop
from engine.types import BaseRef, Delta, Generation, Language, ModelCard, Sampling

if TYPE_CHECKING:
    import torch

_WAIT = 0.1
_CHUNK = 256
_ANSWERS = 3


@dataclass(eq=False)
class _Run:
    """One conversation while it is being written; `told` is how much of its words was shown."""

    index: int
    prompt_length: int
    sampler: TorchSampler
    shown: ShownText
    tokens: list[int] = field(default_factory=list)
    told: int = 0
    finish: str = ""


class HuggingFaceModel:
    """Continues chats on a model in the layout of transformers.

    Args:
        weights: the loaded folder.
        context_length: tokens that a prompt and its answer may take.
        languages: what it writes.
        name: shown to people.
        writes_plans: whether it is trusted to word a plan's neutral text.
        parallel: conversations decoded together; more of them wait for their turn.
    """

    def __init__(
        self,
        weights: TorchWeights,
        *,
        context_length: int,
        languages: tuple[Language, ...] = ("en",),
        name: str = "",
        writes_plans: bool = False,
        parallel: int = 8,
    ) -> None:
        """Keep the weights; they are loaded already."""
        self._weights = weights
        self._template = ChatTemplate(weights)
        self._parallel = parallel
        self._lock = threading.Lock()
        self._card = ModelCard(
            name=name or weights.path.name,
            revision=weights.revision,
            backend="transformers",
            context_length=min(context_length, weights.trained_context),
            languages=languages,
            loads_adapters=True,
            writes_plans=writes_plans,
        )

    @property
    def card(self) -> ModelCard:
        """What the model is."""
        return self._card

    @property
    def base(self) -> BaseRef:
        """The base model, as the manifests of adapters name it."""
        return BaseRef(name=self._card.name, revision=self._weights.revision)

    def register_adapter(self, name: str, path: Path) -> None:
        """Make a PEFT adapter known under `name`: its folder, or a file that lies in it."""
        self._weights.register_adapter(name, path if path.is_dir() else path.parent)

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

        Under a schema an answer is shown when it is whole and fits. Sentences that hold a phrase of
        `sampling.never` are left out, not under a schema.

        Raises:
            ContextOverflow: a prompt with `max_tokens` does not fit.
            ModelUnavailable: the model does not keep to the schema.
            NotFound: no adapter of that name is registered.
            Stopped: `should_stop()` became true.
        """
        if schema is not None:
            for index, conversation in enumerate(conversations):
                done = yield from self._fitting(
                    conversation, index, sampling, schema, adapter, should_stop
                )
                yield Delta(index=index, text=done.text)
                yield done
            return
        prompts = [
            self._prompt(conversation, sampling.max_tokens) for conversation in conversations
        ]
        for first in range(0, len(prompts), self._parallel):
            wave = prompts[first : first + self._parallel]
            yield from self._together(wave, first, sampling, adapter, should_stop)

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
        import torch

        prompt = self._prompt(conversation, 0)
        firsts = [self._weights.tokenize(option)[0] for option in options]
        for _ in self._turn(should_stop):
            pass
        try:
            self._weights.use_adapter(adapter)
            for logits in Batch(self._weights, [prompt]).read(_CHUNK):  # noqa: B007 (the last counts)
                _check(should_stop)
        finally:
            self._lock.release()
        shares = torch.softmax(logits[0, firsts].double(), dim=-1)
        return tuple(float(share) for share in shares)

    def _prompt(self, conversation: Conversation, answer: int) -> tuple[int, ...]:
        prompt = self._template.tokens(conversation)
        most = self._card.context_length
        if len(prompt) + answer > most:
            raise ContextOverflow(
                f"The text takes {len(prompt)} tokens and the answer up to {answer}, but the "
                f"model can hold {most}; shorten the facts or the samples."
            )
        return prompt

    def _turn(self, should_stop: StopCheck) -> Iterator[None]:
        """Take the lock of the model, with a heartbeat while somebody else holds it."""
        while not self._lock.acquire(timeout=_WAIT):
            _check(should_stop)
            yield None

    def _fitting(
        self,
        conversation: Conversation,
        index: int,
        sampling: Sampling,
        schema: JsonSchema,
        adapter: str | None,
        should_stop: StopCheck,
    ) -> Generator[Delta, None, Generation]:
        """Ask for JSON until it fits, with heartbeats; return it."""
        chat = asking_for(conversation, schema)
        plain = sampling.model_copy(update={"never": (), "stop": ()})
        for _ in range(_ANSWERS):
            prompt = self._prompt(chat, sampling.max_tokens)
            for item in self._together([prompt], index, plain, adapter, should_stop):
                if isinstance(item, Generation):
                    done = item.model_copy(update={"sampling": sampling})
                else:
                    yield Delta(index=index)
            try:
                return done.model_copy(update={"text": fitted(done.text, schema)})
            except Unfit as error:
                if done.finish == "length":
                    return done
                chat = asking_again(asking_for(conversation, schema), done.text, str(error))
        raise ModelUnavailable(
            f"The model {self._card.name!r} does not keep to the form that a plan needs; choose "
            "another planner."
        )

    def _together(
        self,
        prompts: Sequence[tuple[int, ...]],
        first: int,
        sampling: Sampling,
        adapter: str | None,
        should_stop: StopCheck,
    ) -> Iterator[Delta | Generation]:
        """Let a few conversations, the call's from `first` on, grow together."""
        for _ in self._turn(should_stop):
            yield Delta(index=first)
        try:
            self._weights.use_adapter(adapter)
            runs = [
                _Run(
                    first + number,
                    len(prompt),
                    TorchSampler(sampling, sampling.seed + first + number),
                    ShownText(sampling.stop, sampling.never, sampling.max_tokens),
                )
                for number, prompt in enumerate(prompts)
            ]
            batch = Batch(self._weights, prompts)
            for logits in batch.read(_CHUNK):  # noqa: B007 (the last counts)
                _check(should_stop)
                yield Delta(index=first)
            while True:
                for number, run in enumerate(runs):
                    if not run.finish:
                        yield Delta(index=run.index, text=self._grow(run, logits[number], sampling))
                        if run.finish:
                            yield self._finished(run, sampling, adapter)
                if all(run.finish for run in runs):
                    return
                _check(should_stop)
                # What has ended goes along unread: rows of a batch have one length.
                logits = batch.grow([run.tokens[-1] if run.tokens else 0 for run in runs])
        finally:
            self._lock.release()

    def _grow(self, run: _Run, logits: "torch.Tensor", sampling: Sampling) -> str:
        """Draw the conversation's next token; return what became visible."""
        token = run.sampler.draw(logits, run.tokens)
        text = ""
        if token in self._weights.ends:
            run.finish = "stop"
        else:
            run.tokens.append(token)
            words = self._weights.words(run.tokens)
            if not words.endswith("\ufffd"):
                text, run.told = run.shown.push(words[run.told :]), len(words)
            if run.shown.stopped:
                run.finish = "length" if run.shown.full else "stop"
            elif len(run.tokens) >= sampling.max_tokens:
                run.finish = "length"
        return text + run.shown.finish() if run.finish else text

    def _finished(self, run: _Run, sampling: Sampling, adapter: str | None) -> Generation:
        return Generation(
            index=run.index,
            text=run.shown.text,
            model=self._card.name,
            revision=self._card.revision,
            adapter=adapter,
            sampling=sampling,
            prompt_tokens=run.prompt_length,
            completion_tokens=len(run.tokens),
            finish="length" if run.finish == "length" else "stop",
        )


def _check(should_stop: StopCheck) -> None:
    if should_stop():
        raise Stopped("Stopped.")
