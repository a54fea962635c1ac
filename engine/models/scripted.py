"""A language model without weights: the same question always gets the same words.

It drives the whole application in tests and in page work. What it writes is plausible filler, never
to be shown to a person as writing.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from engine.errors import ContextOverflow, Stopped
from engine.models.scripted_replies import go_on, say_again, write_json, write_note
from engine.moves import SIGN
from engine.never import NeverList
from engine.protocols import Conversation, JsonSchema, StopCheck, never_stop
from engine.restyling import is_restyling
from engine.trait import rewriting_of
from engine.types import BaseRef, Delta, Generation, ModelCard, Sampling

Reply: TypeAlias = Callable[[Conversation, JsonSchema | None, int], str]
"""Writes the answer to a conversation; the last argument is the draw's own seed."""

_PIECE = re.compile(r"\s*(?:[㐀-鿿]|[^\s㐀-鿿]+)|\s+")
_HEARTBEAT = 0.1
_MOVES = {"shape:": " longer", "manner:": " exclamation"}


def default_reply(conversation: Conversation, schema: JsonSchema | None, seed: int) -> str:
    """Answer from the last user message: JSON valid for `schema`, or else a sentence or a note."""
    asked = next((m.content for m in reversed(conversation) if m.role == "user"), "")
    rewriting = rewriting_of(conversation)
    if schema is None and rewriting is not None:
        return say_again(rewriting, seed)
    if schema is None and is_restyling(conversation):
        last = conversation[-1].content
        planning = last.startswith(SIGN) and "\n" not in last
        return _MOVES.get(last.split()[-1], "") if planning else say_again(asked, seed)
    if conversation and conversation[-1].role == "assistant":
        return go_on("\n".join(m.content for m in conversation), seed)
    return write_note(asked, seed) if schema is None else write_json(schema, asked, seed)


class ScriptedModel:
    """A TextModel that answers by a script.

    Args:
        replies: what to answer. A sequence is used in order, one text for each conversation, and
            starts again at its end; a callable is asked each time; None uses `default_reply`.
        delay: seconds that each word takes (all conversations of a call advance together).
        choices: probabilities that `choose` gives to the options in order; None derives them from
            the conversation's text.
        context_length: words that prompt and answer may take together.
    """

    def __init__(
        self,
        replies: Sequence[str] | Reply | None = None,
        *,
        delay: float = 0.0,
        choices: Sequence[float] | None = None,
        context_length: int = 16_384,
    ) -> None:
        """Keep the script."""
        self._replies = default_reply if replies is None else replies
        self._delay = delay
        self._choices = choices
        self._answered = 0
        self._counting = threading.Lock()
        self._card = ModelCard(
            name="scripted",
            revision="1",
            backend="scripted",
            context_length=context_length,
            languages=("en", "zh"),
            loads_adapters=True,
        )

    @property
    def card(self) -> ModelCard:
        """What the model is."""
        return self._card

    @property
    def base(self) -> BaseRef:
        """The base model, as the manifests of adapters name it."""
        return BaseRef(name=self._card.name, revision=self._card.revision)

    def register_adapter(self, name: str, path: Path) -> None:
        """Accept an adapter; the script is the same for every one."""

    def count_tokens(self, text: str) -> int:
        """Return the number of words, Han characters counting one each."""
        return sum(1 for piece in _PIECE.findall(text) if not piece.isspace())

    def generate(
        self,
        conversations: Sequence[Conversation],
        sampling: Sampling,
        *,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Delta | Generation]:
        """Answer every conversation, a word of each in turn.

        Sentences that hold a phrase of `sampling.never` are left out (not under a schema).

        Raises:
            ContextOverflow: a prompt with `max_tokens` is longer than the context.
            Stopped: `should_stop()` became true.
        """
        prompts = [self._prompt_tokens(c, sampling) for c in conversations]
        texts = [
            self._cut(self._answer(c, schema, sampling.seed + i), sampling, schema)
            for i, c in enumerate(conversations)
        ]
        running = {i: _PIECE.findall(text)[: sampling.max_tokens] for i, text in enumerate(texts)}
        position = 0
        while running:
            yield from self._wait(min(running), should_stop)
            for i, pieces in list(running.items()):
                if position < len(pieces):
                    yield Delta(index=i, text=pieces[position])
                    continue
                del running[i]
                yield Generation(
                    index=i,
                    text="".join(pieces),
                    model=self._card.name,
                    revision=self._card.revision,
                    adapter=adapter,
                    sampling=sampling,
                    prompt_tokens=prompts[i],
                    completion_tokens=len(pieces),
                    finish="stop" if "".join(pieces) == texts[i] else "length",
                )
            position += 1

    def choose(
        self,
        conversation: Conversation,
        options: Sequence[str],
        *,
        adapter: str | None = None,  # noqa: ARG002 - the script is the same for every adapter
        should_stop: StopCheck = never_stop,
    ) -> tuple[float, ...] | None:
        """Return fixed probabilities for the options, normalised."""
        if should_stop():
            raise Stopped("Stopped.")
        weights = self._choices or [
            1 + hashlib.sha256(f"{option}\n{_text_of(conversation)}".encode()).digest()[0]
            for option in options
        ]
        total = sum(weights[: len(options)])
        return tuple(weight / total for weight in weights[: len(options)])

    def _prompt_tokens(self, conversation: Conversation, sampling: Sampling) -> int:
        tokens = self.count_tokens(_text_of(conversation))
        if tokens + sampling.max_tokens > self._card.context_length:
            raise ContextOverflow(
                f"The text takes {tokens} tokens and the answer {sampling.max_tokens}, but the "
                f"model can hold {self._card.context_length}; shorten the facts or the samples."
            )
        return tokens

    def _answer(self, conversation: Conversation, schema: JsonSchema | None, seed: int) -> str:
        if callable(self._replies):
            return self._replies(conversation, schema, seed)
        with self._counting:
            number = self._answered
            self._answered += 1
        return self._replies[number % len(self._replies)]

    @staticmethod
    def _cut(text: str, sampling: Sampling, schema: JsonSchema | None) -> str:
        if sampling.never and schema is None:
            never = NeverList.of(sampling.never)
            text = never.without(text)
            text = "" if never.find(text) else text.rstrip()
        found = [at for at in (text.find(stop) for stop in sampling.stop if stop) if at >= 0]
        return text[: min(found)] if found else text

    def _wait(self, index: int, should_stop: StopCheck) -> Iterator[Delta]:
        """Let one word's time pass with heartbeats."""
        if should_stop():
            raise Stopped("Stopped.")
        left = self._delay
        while left > 0:
            time.sleep(min(left, _HEARTBEAT))
            left -= _HEARTBEAT
            if should_stop():
                raise Stopped("Stopped.")
            yield Delta(index=index)


def _text_of(conversation: Conversation) -> str:
    return "\n".join(message.content for message in conversation)
