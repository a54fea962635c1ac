"""Servers on 127.0.0.1 that speak OpenAI's language: one over a real TextModel, one that plays back
what servers were seen to answer."""

import json
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from engine.errors import ContextOverflow
from engine.protocols import TextModel
from engine.types import Delta, Generation, Message, Sampling

Body: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a server sends: `parts` one after another; `broken` closes without the last chunk."""

    parts: Sequence[str | bytes] = ()
    status: int = 200
    kind: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    wait: threading.Event | None = None


@dataclass
class Asked:
    """What was asked of a server."""

    bodies: list[Body] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    left_early: threading.Event = field(default_factory=threading.Event)


Script: TypeAlias = Callable[[str, Body], Answer | Iterator[str]]
"""Answers a path and a body; an iterator is streamed as it comes, closed when nobody listens."""


@contextmanager
def serving(script: Script) -> Iterator[tuple[str, Asked]]:
    """Serve on a free port; yield the address and what was asked so far."""
    asked = Asked()

    class Handler(_Handler):
        def answer(self, body: Body) -> None:
            asked.bodies.append(body)
            asked.keys.append(self.headers.get("Authorization", ""))
            try:
                self.send(script(self.path, body))
            except ConnectionError:
                asked.left_early.set()
                self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", asked
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.answer({})

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, body: Body) -> None:
        """Answer a request."""
        raise NotImplementedError

    def send(self, given: Answer | Iterator[str]) -> None:
        answer = given if isinstance(given, Answer) else Answer()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if isinstance(given, Answer):
            self._write(answer.parts)
        else:
            try:
                self._write(given)
            finally:
                getattr(given, "close", tuple)()
        if answer.wait is not None:
            answer.wait.wait(20)
        if answer.broken:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _write(self, parts: Iterable[str | bytes]) -> None:
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()


# ------------------------------------------------------------------ what servers say


def event(data: object) -> str:
    """Return a server-sent event."""
    return f"data: {json.dumps(data)}\n\n"


DONE = "data: [DONE]\n\n"


def chunk(text: str | None = None, finish: str | None = None, **more: object) -> str:
    """Return a piece of a streamed chat completion as OpenAI sends it."""
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    about = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m-2026"}
    return event({**about, "choices": [choice], **more})


def streamed(*texts: str, finish: str = "stop") -> Answer:
    """Return a whole answer in pieces."""
    return Answer([chunk(""), *map(chunk, texts), chunk(finish=finish), DONE])


def refusal(status: int, words: str, **more: object) -> Answer:
    """Return an error as OpenAI words it; clients are told to try again at once."""
    body = json.dumps({"error": {"message": words, "type": "error", **more}})
    return Answer([body], status, "application/json", {"retry-after-ms": "1"})


# ------------------------------------------------------------------ over a real model


def over(model: TextModel) -> Script:
    """Return the script of a server that really answers, with `model`."""

    def script(path: str, body: Body) -> Answer | Iterator[str]:
        if path.endswith("/models"):
            card = {"id": "real", "object": "model", "max_model_len": model.card.context_length}
            return Answer([json.dumps({"object": "list", "data": [card]})], kind="application/json")
        chat = [Message.model_validate(message) for message in body["messages"]]
        if body.get("logprobs"):
            return _likely(model, chat, body["top_logprobs"])
        sampling = Sampling(
            temperature=body["temperature"],
            top_p=body["top_p"],
            top_k=body["top_k"],
            min_p=body["min_p"],
            repeat_penalty=body["repeat_penalty"],
            max_tokens=body["max_tokens"],
            seed=body["seed"],
        )
        form = body.get("response_format")
        schema = form["json_schema"]["schema"] if form else None
        answer = model.generate([chat], sampling, schema=schema)
        try:
            first = next(answer)
        except ContextOverflow:
            return refusal(400, "This model's maximum context length is 1024 tokens.")
        return _events(first, answer)

    return script


def _events(first: Delta | Generation, rest: Iterator[Delta | Generation]) -> Iterator[str]:
    with closing(rest):  # type: ignore[type-var]
        for item in (first, *()):
            yield from _event(item)
        for item in rest:
            yield from _event(item)
    yield DONE


def _event(item: Delta | Generation) -> Iterator[str]:
    if isinstance(item, Delta):
        yield chunk(item.text)
        return
    usage = {"prompt_tokens": item.prompt_tokens, "completion_tokens": item.completion_tokens}
    yield chunk(finish=item.finish)
    yield event({"choices": [], "usage": usage})


def _likely(model: TextModel, chat: Sequence[Message], top: int) -> Answer:
    words = [str(number) for number in range(min(10, top))]
    found = model.choose(chat, words) or ()
    listed = [
        {"token": word, "logprob": math.log(max(chance, 1e-9))}
        for word, chance in zip(words, found, strict=True)
    ]
    message = {"role": "assistant", "content": words[0]}
    choice = {"message": message, "logprobs": {"content": [{"top_logprobs": listed}]}}
    return Answer([json.dumps({"choices": [choice]})], kind="application/json")
