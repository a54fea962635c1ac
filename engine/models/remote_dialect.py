"""How a server wants to be asked. It is learned from refusals, once for each server.

OpenAI's own models refuse the sampling parameters of other servers, its newer ones `max_tokens`
too; others know no `json_schema`, or only `json_object`. A refusal (400, 422) mostly names what it
is about: that is left out, or asked for in the next simpler form, and remembered.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.models.json_answers import asking_for, without_limits
from engine.protocols import Conversation, JsonSchema
from engine.types import Message, Sampling

_EXTRAS = ("top_k", "min_p", "repeat_penalty", "repetition_penalty", "chat_template_kwargs")
_OPTIONAL = ("temperature", "top_p", "seed", "stop", "stream_options", "logprobs", "top_logprobs")
_ABOUT_FORM = re.compile(r"response_format|json_?schema|json_?object|schema|grammar|guided", re.I)
_MOST_STOPS = 4
_GO_ON = "Go on with your last answer from exactly where it ends. Write only what comes next."


_FORMS = ("strict", "without limits", "object with schema", "object", "words alone")
_IN_WORDS = 2
"""From this form on a server may not see the fields: the prompt says what they are."""


@dataclass(frozen=True)
class Dialect:
    """What a server takes: the name of the length limit, what it refuses, the form of a schema.

    `proven`: an answer in this form did fit its schema, so that the next may be shown as it comes.
    """

    limit: str = "max_tokens"
    refused: frozenset[str] = frozenset()
    form: int = 0
    proven: bool = False

    def request(
        self, conversation: Conversation, sampling: Sampling, seed: int, schema: JsonSchema | None
    ) -> dict[str, Any]:
        """Return the arguments of a streamed chat completion."""
        sent: dict[str, Any] = {
            "messages": as_messages(self.chat(conversation, schema)),
            self.limit: sampling.max_tokens,
            "stream": True,
        }
        wanted: dict[str, Any] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": seed,
            "stream_options": {"include_usage": True},
        }
        if sampling.stop:
            wanted["stop"] = list(sampling.stop[:_MOST_STOPS])
        sent |= {name: value for name, value in wanted.items() if name not in self.refused}
        extras = {
            "top_k": sampling.top_k,
            "min_p": sampling.min_p,
            "repeat_penalty": sampling.repeat_penalty,
            "repetition_penalty": sampling.repeat_penalty,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        sent["extra_body"] = {n: v for n, v in extras.items() if n not in self.refused}
        form = {} if schema is None else _response_format(_FORMS[self.form], schema)
        return sent | ({"response_format": form} if form else {})

    def chat(self, conversation: Conversation, schema: JsonSchema | None) -> Sequence[Message]:
        """Return the chat as this server must be told it."""
        if conversation[-1].role == "assistant":
            conversation = [*conversation, Message(role="user", content=_GO_ON)]
        told_in_words = schema is not None and self.form >= _IN_WORDS
        return asking_for(conversation, schema) if schema and told_in_words else conversation

    def simpler(self) -> "Dialect | None":
        """Return the dialect with the next looser form of a schema, if there is one."""
        if self.form + 1 >= len(_FORMS):
            return None
        return replace(self, form=self.form + 1, proven=False)

    def in_words(self) -> "Dialect":
        """Return the dialect in which the prompt says what the fields are: the form is ignored."""
        return replace(self, form=max(self.form, _IN_WORDS), proven=False)

    def after(self, words: str, *, schema: bool) -> "Dialect | None":
        """Return how to ask instead after a refusal in these words; None where nothing is left."""
        if self.limit == "max_tokens" and "max_completion_tokens" in words:
            return replace(self, limit="max_completion_tokens")
        if schema and _ABOUT_FORM.search(words):
            return self.simpler()
        sent = [name for name in (*_OPTIONAL, *_EXTRAS) if name not in self.refused]
        named = {name for name in sent if re.search(rf"\b{name}\b", words)}
        if named & set(_EXTRAS) or not named:
            # Who refuses one of them knows none of them.
            named |= {name for name in _EXTRAS if name not in self.refused}
        if named:
            return replace(self, refused=self.refused | named)
        return self.simpler() if schema else None


def _response_format(form: str, schema: JsonSchema) -> dict[str, Any]:
    if form in {"strict", "without limits"}:
        kept = dict(schema) if form == "strict" else without_limits(schema)
        named = {"name": "answer", "schema": kept, "strict": True}
        return {"type": "json_schema", "json_schema": named}
    if form == "words alone":
        return {}
    told = {"schema": dict(schema)} if form == "object with schema" else {}
    return {"type": "json_object", **told}


def as_messages(conversation: Conversation) -> list[dict[str, str]]:
    """Return a chat as the protocol has it."""
    return [{"role": message.role, "content": message.content} for message in conversation]
