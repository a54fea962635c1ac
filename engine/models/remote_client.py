"""The official client to one server, and what was learned of how it wants to be asked.

Coroutines, for the loop of `engine.models.behind`. The client itself waits and tries again, longer
each time or as the server says, where a request was not taken (408, 409, 429, 5xx, no connection).
"""

import asyncio
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import ModelUnavailable
from engine.models.behind import start
from engine.models.remote_dialect import Dialect, as_messages
from engine.models.remote_gate import Gate
from engine.models.remote_reply import chances, context_of, listed_models, read_json
from engine.models.remote_server import (
    Server,
    checked_server,
    is_about_request,
    is_overflow,
    mute,
    words_of,
)
from engine.protocols import Conversation, JsonSchema
from engine.types import Sampling

if TYPE_CHECKING:
    import httpx2
    import openai
    from openai.types.chat import ChatCompletionChunk

_CONNECTING = 5.0
_TOP = (20, 5)
_LONGEST_PAUSE = 60.0  # that the client makes before it tries again, by its own rule
_giving_up: ContextVar[asyncio.Timeout] = ContextVar("giving_up")


class RemoteClient:
    """One server and one of its models.

    Args:
        server: where, and with what key.
        parallel: requests at once.

    Raises:
        InvalidRequest: the address or the key cannot be used.
    """

    def __init__(self, server: Server, parallel: int) -> None:
        """Make the client; nothing is sent yet."""
        # Half a second to import: only who uses a server pays it.
        import openai

        self.server = checked_server(server)
        self.name = server.model
        self.context_length = 0
        self.gate = Gate(parallel)
        self._client = openai.AsyncOpenAI(
            # The client wants one; a server without keys never looks.
            api_key=server.key.get_secret_value() or "none",
            base_url=server.base_url,
            timeout=openai.Timeout(server.patience, connect=min(_CONNECTING, server.patience)),
            max_retries=server.retries,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [self._heard]}),
        )
        weakref.finalize(self, _close, self._client).atexit = False
        self._dialect = Dialect()
        self._tops: tuple[int, ...] = _TOP

    @property
    def shows_json(self) -> bool:
        """Whether answers under a schema can be shown as they come."""
        return self._dialect.proven

    def learn(self, *, kept_to_schema: bool) -> None:
        """Remember whether an answer fitted its schema without help."""
        if kept_to_schema:
            self._dialect = replace(self._dialect, proven=True)
        elif self._dialect.proven:
            self._dialect = replace(self._dialect, proven=False)
        else:
            self._dialect = self._dialect.in_words()

    async def look(self) -> tuple[str, ...]:
        """Return the names of what is served; learn the model's own and its context's length.

        Raises:
            ModelUnavailable: several models are served, or none, and none was named.
        """
        import openai

        try:
            # As it came: the client stumbles over what is no list.
            async with self._patient():
                reply = await self._client.models.with_raw_response.list()
        except openai.NotFoundError:
            return ()
        listed = listed_models(read_json(reply.content))
        if listed is None:
            raise ModelUnavailable(
                f"The model server at {self.server.host} does not list its models; check its "
                "address, which mostly ends in /v1."
            )
        if not self.name and len(listed) != 1:
            raise ModelUnavailable(
                f"The model server at {self.server.host} serves {', '.join(listed) or 'no model'}; "
                "name the one to use in the settings."
            )
        self.name = self.name or next(iter(listed))
        self.context_length = context_of(listed.get(self.name))
        return tuple(listed)

    async def open(
        self, conversation: Conversation, sampling: Sampling, seed: int, schema: JsonSchema | None
    ) -> "openai.AsyncStream[ChatCompletionChunk]":
        """Send a request in the server's dialect, learning from its refusals."""
        import openai

        name = await self._named()
        while True:
            dialect = self._dialect
            sent: dict[str, Any] = dialect.request(conversation, sampling, seed, schema)
            try:
                stream: openai.AsyncStream[ChatCompletionChunk]
                async with self._patient():
                    stream = await self._client.chat.completions.create(model=name, **sent)
                return stream
            except openai.APIStatusError as error:
                if not is_about_request(error) or is_overflow(error):
                    raise
                easier = dialect.after(words_of(error), schema=schema is not None)
                if easier is None:
                    raise
                # A request beside this one may have learned the same meanwhile.
                if self._dialect == dialect:
                    self._dialect = easier

    async def ask_why(self, conversation: Conversation) -> None:
        """Ask for one token in one piece, after a stream that broke off without a word.

        Raises:
            OpenAIError: what the server says is wrong, where it says anything.
        """
        import openai

        # The connection of before may be half closed: one more try is for that.
        asked = self._client.with_options(max_retries=1).chat.completions.with_raw_response
        with suppress(openai.APIConnectionError):
            async with self._patient():
                await asked.create(model=await self._named(), **self._first_token(conversation))

    def _first_token(self, conversation: Conversation) -> dict[str, Any]:
        messages = as_messages(self._dialect.chat(conversation, None))
        return {"messages": messages, self._dialect.limit: 1}

    async def chances(
        self, conversation: Conversation, options: Sequence[str]
    ) -> tuple[float, ...] | None:
        """Return how likely each option is as the first word; None where the server won't say."""
        import openai

        name = await self._named()
        while self._tops:
            top = self._tops[0]
            sent = self._first_token(conversation) | {"logprobs": True, "top_logprobs": top}
            try:
                asked = self._client.chat.completions.with_raw_response
                async with self._patient():
                    reply = await asked.create(model=name, **sent)
            except openai.APIStatusError as error:
                if not is_about_request(error) or is_overflow(error):
                    raise
                easier = self._dialect.after(words_of(error), schema=False)
                if easier is not None and easier.limit != self._dialect.limit:
                    self._dialect = easier
                    continue
                self._tops = tuple(number for number in self._tops if number < top)
                continue
            return chances(read_json(reply.content), options)
        return None

    @asynccontextmanager
    async def _patient(self) -> AsyncIterator[None]:
        """Give a server up that says nothing at all; the client would ask and wait once more."""
        try:
            async with asyncio.timeout(self.server.patience) as giving_up:
                _giving_up.set(giving_up)
                yield
        except TimeoutError:
            raise mute(self.server) from None

    async def _heard(self, _: "httpx2.Response") -> None:
        """Give a server time again that has answered, if only to refuse for now."""
        now = asyncio.get_running_loop().time()
        _giving_up.get().reschedule(now + _LONGEST_PAUSE + self.server.patience)

    async def _named(self) -> str:
        if not self.name:
            await self.look()
        return self.name


def _close(client: "openai.AsyncOpenAI") -> None:
    start(client.close())
