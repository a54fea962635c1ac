"""A server that speaks OpenAI's language: where it is, its key, and what each of its faults means.

No key may show: it is a SecretStr, a server's own words are quoted only with it blotted out, and
errors are not chained to the client's, which hold the request.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from engine.errors import ContextOverflow, InvalidRequest, ModelUnavailable
from engine.types import Value

if TYPE_CHECKING:
    import openai

_QUOTED = 160
_OVERFLOW = re.compile(
    r"context[ _-]?(length|window|size)|maximum context|exceeds? the (available )?context"
    r"|inputs?`? tokens|too many tokens|prompt is too long",
    re.IGNORECASE,
)


class Server(Value):
    """Where a model is served.

    `model` may be empty where the server has just one. `patience` is how many seconds may pass
    without a word, `longest` how many a whole answer may take.
    """

    url: str
    model: str = ""
    key: SecretStr = SecretStr("")
    patience: float = 60.0
    longest: float = 600.0
    retries: int = 2

    @property
    def host(self) -> str:
        """The server's name for people: host and port."""
        return urlsplit(self.url).netloc

    @property
    def base_url(self) -> str:
        """The address that requests begin with; where no path is given it is /v1."""
        parts = urlsplit(self.url)
        return parts._replace(path=parts.path.rstrip("/") or "/v1").geturl()


def checked_server(server: Server) -> Server:
    """Return the server if its address and key can be used.

    Raises:
        InvalidRequest: what is wrong; the message holds neither the address's secrets nor the key.
    """
    try:
        parts = urlsplit(server.url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # A bracket that is not closed, a port that is no number.
        usable = False
    if not usable:
        raise InvalidRequest(
            "The address of a model server must begin with http:// or https://, such as "
            "http://127.0.0.1:8000/v1; mend it in the settings."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidRequest(
            "The address of a model server must hold no key, password or query; put the key into "
            "a file and name the file in the settings."
        )
    key = server.key.get_secret_value()
    if not all(33 <= ord(character) <= 126 for character in key):
        raise InvalidRequest(
            "The key of a model server must be one line of plain letters and signs; "
            "check the file or the variable that holds it."
        )
    return server


def honest(error: "openai.OpenAIError", server: Server) -> ModelUnavailable:
    """Return the sentence for what the client raised."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return mute(server)
    if isinstance(error, openai.APIStatusError):
        return _refused(error, server)
    if isinstance(error, openai.APIConnectionError):
        return ModelUnavailable(
            f"The model server at {server.host} cannot be reached or broke off; check that it runs "
            "and that its address is right, then try again."
        )
    words = quoted(words_of(error), server)
    return ModelUnavailable(
        f"The model server at {server.host} failed{words}; try again, or choose another model."
    )


def mute(server: Server) -> ModelUnavailable:
    """Return the sentence for a server that says nothing."""
    return ModelUnavailable(
        f"The model server at {server.host} did not answer within {server.patience:g} seconds; "
        "try again, or choose another model."
    )


def _refused(error: "openai.APIStatusError", server: Server) -> ModelUnavailable:
    status, words = error.status_code, quoted(words_of(error), server)
    if is_overflow(error):
        return ContextOverflow(
            f"The text is longer than {server.model!r} at {server.host} can read at once; "
            "shorten the facts or the samples."
        )
    # What a server says of a key may quote it.
    if status in {401, 403}:
        return ModelUnavailable(
            f"The model server at {server.host} refused the key ({status}); check the key that is "
            "set for it."
        )
    if status == 404:
        return ModelUnavailable(
            f"The model server at {server.host} knows no model {server.model!r} at this address "
            "(404); check the model's name, and that the address ends as the server wants it, "
            "mostly in /v1."
        )
    if status == 429:
        return ModelUnavailable(
            f"The model server at {server.host} takes no more requests now (429{words}); wait a "
            "minute and try again, or check the quota of the key."
        )
    if status >= 500:
        return ModelUnavailable(
            f"The model server at {server.host} failed ({status}{words}); try again, or choose "
            "another model."
        )
    return ModelUnavailable(
        f"The model server at {server.host} refused the request ({status}{words}); choose another "
        "model or server."
    )


def words_of(error: "openai.OpenAIError") -> str:
    """Return what the server itself said, without what the client says around it."""
    body = getattr(error, "body", None)
    words = body.get("message") if isinstance(body, dict) else body
    return words if isinstance(words, str) and words else str(getattr(error, "message", ""))


def is_about_request(error: "openai.APIStatusError") -> bool:
    """Tell whether a refusal is about what was asked for, whoever's fault the server calls it."""
    if error.status_code in {400, 422}:
        return True
    # llama-cpp-python's server answers its own check of a request so.
    return error.status_code == 500 and "validation error" in words_of(error)


def is_overflow(error: "openai.APIStatusError") -> bool:
    """Tell whether a refusal is because the text is too long."""
    return error.status_code in {400, 413, 422} and (
        error.code == "context_length_exceeded" or bool(_OVERFLOW.search(words_of(error)))
    )


def quoted(words: object, server: Server) -> str:
    """Return a server's own words as ": …" for a sentence, short, plain and without the key."""
    text = words if isinstance(words, str) else ""
    if "<html" in text.lower() or "<!doctype" in text.lower():
        return ": a web page"
    key = server.key.get_secret_value()
    text = text.replace(key, "•••") if key else text
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = text[:_QUOTED] + "…" if len(text) > _QUOTED else text
    return f": {text.rstrip(' .;:')}" if text else ""
