"""An answer as servers really send it: empty choices, whole JSON, web pages, half streams."""

import json
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import ModelUnavailable
from engine.models.remote_server import Server, quoted

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionChunk

_LARGEST = 4 << 20


class BrokenOff(ModelUnavailable):
    """The server ended its answer before the answer ended.

    Attributes:
        interrupted: it did so in good form, as servers do that leave one request for the next.
        shown: a part of the answer was seen already, so that it cannot be asked for again.
    """

    def __init__(self, message: str, *, interrupted: bool) -> None:
        """Keep the message and how it ended."""
        super().__init__(message)
        self.interrupted = interrupted
        self.shown = False


@dataclass
class Reply:
    """One answer; what is known of it beside its text, once it was read.

    `thought`: the server sent thoughts apart from the text.
    """

    server: Server
    finish: Literal["", "stop", "length"] = ""
    model: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    thought: bool = False

    async def pieces(
        self, stream: "openai.AsyncStream[ChatCompletionChunk]"
    ) -> AsyncGenerator[str, None]:
        """Yield the answer's text in pieces; empty ones are signs of life.

        Raises:
            BrokenOff: it ended without an ending; Interrupted where it said itself that it ended.
            ModelUnavailable: it is no answer, or the server's filter cut it.
        """
        import httpx2
        import openai

        kind, told_all = stream.response.headers.get("content-type", ""), False
        if "html" in kind:
            raise self._unreadable("a web page")
        try:
            if "json" in kind:
                yield self._take(await self._whole(stream))
            else:
                async for chunk in stream:
                    yield self._take(plain(chunk))
                told_all = True
        except (ValueError, RecursionError):
            raise self._unreadable("something that is no JSON") from None
        except httpx2.TimeoutException:
            raise openai.APITimeoutError(request=stream.response.request) from None
        except openai.APITimeoutError:
            raise
        except (openai.APIConnectionError, httpx2.HTTPError):
            self.finish = ""
        if not self.finish:
            raise BrokenOff(
                f"The model server at {self.server.host} broke off in the middle of its answer; "
                "try again.",
                interrupted=told_all,
            )

    async def _whole(self, stream: "openai.AsyncStream[ChatCompletionChunk]") -> object:
        """Read the answer of a server that does not stream."""
        data = b""
        async for block in stream.response.aiter_bytes():
            data += block
            if len(data) > _LARGEST:
                raise self._unreadable("more than anybody asked for")
        return json.loads(data)

    def _take(self, data: object) -> str:
        if error := _at(data, "error"):
            words = quoted(_at(error, "message") or error, self.server)
            raise ModelUnavailable(
                f"The model server at {self.server.host} failed while writing{words}; try again."
            )
        self.model = str(_at(data, "model") or self.model)
        self._count(_at(data, "usage"))
        choice = _at(data, "choices", 0)
        said = _at(choice, "delta") or _at(choice, "message")
        self.thought |= bool(_at(said, "reasoning_content") or _at(said, "reasoning"))
        reason = _at(choice, "finish_reason")
        if reason == "content_filter":
            raise ModelUnavailable(
                f"The filter of the model server at {self.server.host} stopped this text; say it "
                "in other words, or choose another model."
            )
        if reason:
            # TGI says eos_token and stop_sequence, others end_turn: all are ends of its own.
            self.finish = "length" if reason in {"length", "max_tokens"} else "stop"
        text = _at(said, "content")
        return text if isinstance(text, str) else ""

    def _count(self, usage: object) -> None:
        for name in ("prompt_tokens", "completion_tokens"):
            if isinstance(number := _at(usage, name), int):
                setattr(self, name, number)
        cached = _at(usage, "prompt_tokens_details", "cached_tokens")
        self.cached_tokens = cached if isinstance(cached, int) else self.cached_tokens

    def _unreadable(self, what: str) -> ModelUnavailable:
        return ModelUnavailable(
            f"The model server at {self.server.host} sent {what} instead of an answer; check its "
            "address, which mostly ends in /v1."
        )


@asynccontextmanager
async def released(stream: "openai.AsyncStream[ChatCompletionChunk]") -> AsyncGenerator[None, None]:
    """Close the connection at the end, and whatever the client still holds open on it.

    A stream that is left in the middle keeps generators within generators. The collector would
    close them from another thread, all at once, while the loop closes them too.
    """
    try:
        yield
    finally:
        await stream.close()
        with suppress(Exception):
            async for _ in stream:
                pass


def _at(data: Any, *path: str | int) -> Any:
    """Return what is at a place of foreign JSON, None where there is none."""
    for step in path:
        if isinstance(step, str):
            data = data.get(step) if isinstance(data, dict) else None
        else:
            data = data[step] if isinstance(data, list) and len(data) > step else None
    return data


def plain(data: object) -> object:
    """Return foreign JSON as it came: the client wraps objects, and passes on what is none."""
    from openai import BaseModel

    return data.to_dict(warnings=False) if isinstance(data, BaseModel) else data


def read_json(content: bytes) -> object:
    """Return what a server answered at once; None where that is no JSON."""
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found


def listed_models(data: object) -> dict[str, object] | None:
    """Return what a server serves, by name; None where its answer is no list of models."""
    models = _at(data, "data")
    if not isinstance(models, list):
        return None
    return {name: model for model in models if isinstance(name := _at(model, "id"), str)}


def chances(data: object, options: Sequence[str]) -> tuple[float, ...] | None:
    """Return how likely a reply's first word was each option; None where it does not say.

    An option that is not among the likely ones gets what the last of those has.
    """
    listed = _at(data, "choices", 0, "logprobs", "content", 0, "top_logprobs")
    found = dict.fromkeys(options, 0.0)
    least = 1.0
    for entry in listed if isinstance(listed, list) else ():
        word, logprob = str(_at(entry, "token") or "").strip(), _at(entry, "logprob")
        if isinstance(logprob, int | float):
            chance = math.exp(min(0.0, logprob))
            least = min(least, chance)
            for option in options:
                found[option] += chance if word and option.startswith(word) else 0.0
    if not any(found.values()):
        return None
    weights = [found[option] or least for option in options]
    return tuple(weight / sum(weights) for weight in weights)


def context_of(model: object) -> int:
    """Return how many tokens a listed model holds, by whatever name a server has for it; else 0."""
    places = (("max_model_len",), ("context_length",), ("max_context_length",), ("meta", "n_ctx"))
    told = (_at(model, *place) for place in places)
    return next((number for number in told if isinstance(number, int) and number > 0), 0)
