"""One conversation at a server: streamed, tried again where it broke, held to its schema."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeAlias

from engine.errors import ModelUnavailable, NotewrightError
from engine.models.json_answers import Unfit, asking_again, fits, fitted
from engine.models.remote_client import RemoteClient
from engine.models.remote_reply import BrokenOff, Reply, released
from engine.models.shown_text import ShownText
from engine.protocols import Conversation, JsonSchema
from engine.types import Delta, Generation, Sampling

Put: TypeAlias = Callable[[Delta | Generation | NotewrightError], None]
"""Takes what a request has to say, from the loop's thread."""
Show: TypeAlias = Callable[[str], None]

_ANSWERS = 3


@dataclass(frozen=True)
class Request:
    """Asks for conversation `index` of a call; `count_tokens` guesses what no server says."""

    client: RemoteClient
    index: int
    sampling: Sampling
    schema: JsonSchema | None
    put: Put
    count_tokens: Callable[[str], int]

    async def answer(self, conversation: Conversation) -> None:
        """Put the pieces of the answer and its Generation.

        Raises:
            OpenAIError: the server failed, after retries.
            BrokenOff: it ended its answer before the answer ended.
            ModelUnavailable: it answered with something else than asked for.
        """
        if self.schema is not None:
            await self._answer_json(conversation, self.schema)
        else:
            self.put(await self._draw(conversation, self._show, live=True))

    async def _answer_json(self, conversation: Conversation, schema: JsonSchema) -> None:
        chat = conversation
        for _ in range(_ANSWERS):
            live = self.client.shows_json
            done = await self._draw(chat, self._show if live else _hold, live=live)
            if live or done.finish == "length":
                self.client.learn(kept_to_schema=done.finish == "length" or fits(done.text, schema))
                self._finish(done, done.text, shown=live)
                return
            try:
                text = fitted(done.text, schema)
            except Unfit as error:
                self.client.learn(kept_to_schema=False)
                chat = asking_again(conversation, done.text, str(error))
                continue
            if fits(done.text, schema):
                self.client.learn(kept_to_schema=True)
            self._finish(done, text, shown=False)
            return
        raise ModelUnavailable(
            f"The model {self.client.name!r} at {self.client.server.host} does not keep to the "
            "form that a plan needs; choose another planner."
        )

    def _finish(self, done: Generation, text: str, *, shown: bool) -> None:
        if not shown:
            self._show(text)
        self.put(done.model_copy(update={"text": text}))

    def _show(self, text: str) -> None:
        self.put(Delta(index=self.index, text=text))

    async def _draw(self, conversation: Conversation, show: Show, *, live: bool) -> Generation:
        never = self.sampling.never if self.schema is None else ()
        shown = ShownText(self.sampling.stop, never, self.sampling.max_tokens)
        try:
            return await self._stream(conversation, shown, show)
        except BrokenOff as error:
            error.shown = live and bool(shown.text)
            raise

    async def _stream(self, conversation: Conversation, shown: ShownText, show: Show) -> Generation:
        reply = Reply(self.client.server)
        seed = self.sampling.seed + self.index
        stream = await self.client.open(conversation, self.sampling, seed, self.schema)
        async with released(stream), aclosing(reply.pieces(stream)) as pieces:
            async for piece in pieces:
                show(shown.push(piece))
                if shown.stopped:
                    break
        show(shown.finish())
        ended = reply.finish == "length" or shown.full
        if not shown.text and ended and (reply.thought or shown.thought):
            raise ModelUnavailable(
                f"The model {self.client.name!r} used up its answer with thinking; choose a model "
                "that answers at once, or turn its thinking off on the server."
            )
        return self._generation(conversation, shown, reply)

    def _generation(self, conversation: Conversation, shown: ShownText, reply: Reply) -> Generation:
        asked = sum(self.count_tokens(message.content) for message in conversation)
        cut = shown.full or (reply.finish == "length" and not shown.stopped)
        return Generation(
            index=self.index,
            text=shown.text,
            model=self.client.name,
            revision=reply.model or self.client.server.host,
            sampling=self.sampling,
            prompt_tokens=reply.prompt_tokens or asked,
            cached_tokens=reply.cached_tokens,
            completion_tokens=reply.completion_tokens
            # A guess; but no answer is longer than was allowed.
            or min(self.count_tokens(shown.text), self.sampling.max_tokens),
            finish="length" if cut else "stop",
        )


def _hold(_: str) -> None:
    """Show nothing yet."""
