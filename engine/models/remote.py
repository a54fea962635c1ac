"""A TextModel on any OpenAI-compatible server, through the official client.

Conversations of a call are requests of their own, in parallel, so that each draw has its own seed
(servers share the prompt themselves). They run in one event loop behind the program: Stop cancels
them at once, wherever the server is.
"""

import asyncio
import math
import queue
import re
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from engine.errors import ContextOverflow, ModelUnavailable, NotewrightError, NotFound, Stopped
from engine.models.behind import HEARTBEAT, finish, start
from engine.models.remote_client import RemoteClient
from engine.models.remote_reply import BrokenOff
from engine.models.remote_request import Put, Request
from engine.models.remote_server import Server, honest
from engine.protocols import Conversation, JsonSchema, StopCheck, never_stop
from engine.text import LONE
from engine.types import Delta, Generation, Language, ModelCard, Sampling

USUAL_CONTEXT = 8_192
"""Tokens that a served model is taken to hold where nobody says."""

T = TypeVar("T")

_BACK_OFF = 0.5
_LETTERS_PER_TOKEN = 3.5
_LONE = re.compile(f"[{LONE}]")


class RemoteModel:
    """Continues chats on a server.

    Args:
        server: where, and with what key.
        languages: what it writes.
        writes_plans: whether it is trusted to word a plan's neutral text.
        parallel: requests at once.

    Raises:
        InvalidRequest: the address or the key cannot be used.
    """

    def __init__(
        self,
        server: Server,
        *,
        languages: tuple[Language, ...] = ("en", "zh"),
        writes_plans: bool = True,
        parallel: int = 8,
    ) -> None:
        """Make the client; nothing is sent yet."""
        self._client = RemoteClient(server, parallel)
        self._languages = languages
        self._writes_plans = writes_plans

    @property
    def card(self) -> ModelCard:
        """What the model is, as far as the server has said."""
        server = self._client.server
        return ModelCard(
            name=self._client.name or server.host,
            revision=server.host,
            backend="remote",
            context_length=self._client.context_length or USUAL_CONTEXT,
            languages=self._languages,
            writes_plans=self._writes_plans,
        )

    def look(self, *, should_stop: StopCheck = never_stop) -> tuple[str, ...]:
        """Ask the server what it serves and return the names; the card knows more afterwards.

        Raises:
            ModelUnavailable: it does not answer, or it serves several models and none was named.
        """
        return self._ask(self._client.look(), should_stop)

    def count_tokens(self, text: str) -> int:
        """Return about how many tokens `text` takes: servers have no common way to ask."""
        lone = len(_LONE.findall(text))
        return lone + math.ceil((len(text) - lone) / _LETTERS_PER_TOKEN)

    def generate(
        self,
        conversations: Sequence[Conversation],
        sampling: Sampling,
        *,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Delta | Generation]:
        """Continue every conversation, in parallel requests.

        Under a schema the first answers are shown when they are whole and fit; once a server has
        kept to a schema by itself they are shown as they come. Sentences that hold a phrase of
        `sampling.never` are left out, not under a schema.

        Raises:
            ContextOverflow: a prompt with `max_tokens` does not fit.
            ModelUnavailable: the server failed, after retries; the message says how.
            Stopped: `should_stop()` became true.
        """
        self._check(conversations, sampling, adapter)
        told: queue.SimpleQueue[Delta | Generation | NotewrightError] = queue.SimpleQueue()
        work = start(self._answer(conversations, sampling, schema, told.put))
        left = len(conversations)
        try:
            while left:
                if should_stop():
                    raise Stopped("Stopped.")
                try:
                    item = told.get(timeout=HEARTBEAT)
                except queue.Empty:
                    if work.done():
                        work.result()
                    yield Delta()
                    continue
                if isinstance(item, NotewrightError):
                    raise item
                left -= isinstance(item, Generation)
                yield item
        finally:
            work.cancel()

    def choose(
        self,
        conversation: Conversation,
        options: Sequence[str],
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> tuple[float, ...] | None:
        """Return the probability of each option as the next word, normalised over the options.

        None where the server shows no probabilities, or none of these words among the likely ones.
        """
        self._check([conversation], Sampling(max_tokens=1), adapter)
        return self._ask(self._client.chances(conversation, options), should_stop)

    def _ask(self, work: Coroutine[Any, Any, T], should_stop: StopCheck) -> T:
        import openai

        try:
            return finish(work, should_stop)
        except openai.OpenAIError as error:
            raise honest(error, self._client.server) from None

    def _check(
        self, conversations: Sequence[Conversation], sampling: Sampling, adapter: str | None
    ) -> None:
        if adapter is not None:
            raise NotFound(
                f"The model server at {self._client.server.host} is given no adapters; write "
                "without one, or choose a stylist on this machine."
            )
        most = self._client.context_length
        for conversation in conversations if most else ():
            # Some servers cut what is too long in silence.
            tokens = sum(self.count_tokens(message.content) for message in conversation)
            if tokens + sampling.max_tokens > most:
                raise ContextOverflow(
                    f"The text takes about {tokens} tokens and the answer up to "
                    f"{sampling.max_tokens}, but the model can hold {most}; shorten the facts or "
                    "the samples."
                )

    async def _answer(
        self,
        conversations: Sequence[Conversation],
        sampling: Sampling,
        schema: JsonSchema | None,
        put: Put,
    ) -> None:
        async with asyncio.TaskGroup() as group:
            for index, conversation in enumerate(conversations):
                request = Request(self._client, index, sampling, schema, put, self.count_tokens)
                group.create_task(self._told(request, conversation))

    async def _told(self, request: Request, conversation: Conversation) -> None:
        """Run a request; whatever goes wrong becomes a sentence for the caller."""
        import openai

        server = self._client.server
        try:
            await self._in_turn(request, conversation)
        except openai.OpenAIError as error:
            request.put(honest(error, server))
        except NotewrightError as error:
            request.put(error)
        except TimeoutError:
            request.put(
                ModelUnavailable(
                    f"The model server at {server.host} was not done after {server.longest:g} "
                    "seconds; ask for less, or choose another model."
                )
            )

    async def _in_turn(self, request: Request, conversation: Conversation) -> None:
        """Wait for a turn and run a request; again where the answer broke off unseen.

        Before it is given up the server is asked why: some refuse a text only once they stream.
        """
        client, tries, wait = self._client, 0, _BACK_OFF
        while True:
            try:
                async with client.gate as alone, asyncio.timeout(client.server.longest):
                    await request.answer(conversation)
                return
            except BrokenOff as error:
                crossed = error.interrupted and not alone
                if crossed:
                    # Another of ours came between: from now on they go one after another.
                    await client.gate.narrow()
                if error.shown:
                    raise
                if not crossed and tries >= client.server.retries:
                    async with client.gate:
                        await client.ask_why(conversation)
                    raise
                tries += not crossed
            # So long at least: a server that broke off may be closing the connection still.
            await asyncio.sleep(wait)
            wait *= 2
