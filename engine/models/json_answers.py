"""JSON from models that nothing holds to a schema: asked for in words, found, mended, checked.

Covers what our own schemas use: objects, arrays, strings, numbers, booleans and enums, with their
limits of length. What is merely too much is cut; what is missing or of another kind is an error.
"""

import json
from collections.abc import Mapping
from typing import Any

from engine.protocols import Conversation, JsonSchema
from engine.types import Message

_LIMITS = frozenset({"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"})
_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


class Unfit(ValueError):
    """The text holds no JSON that fits; the message says what is wrong, for the model to read."""


def fitted(text: str, schema: JsonSchema) -> str:
    """Return the first JSON value in `text` that fits, as JSON; fences and prose around it go.

    Raises:
        Unfit: there is none.
    """
    decoder = json.JSONDecoder()
    reason = "it holds no JSON object"
    at = min((i for i in (text.find("{"), text.find("[")) if i >= 0), default=-1)
    while at >= 0:
        try:
            value, _ = decoder.raw_decode(text, at)
            return json.dumps(_mended(value, schema, "the answer"), ensure_ascii=False)
        except Unfit as error:
            reason = str(error)
        except json.JSONDecodeError as error:
            reason = f"it is not valid JSON ({error.msg})"
        except RecursionError:
            # Each later brace would be as deep: small models repeat one without end.
            raise Unfit("it is nested too deeply") from None
        at = text.find("{", at + 1)
    raise Unfit(reason)


def fits(text: str, schema: JsonSchema) -> bool:
    """Tell whether `text` is such JSON and nothing else, but for what can be cut."""
    try:
        _mended(json.loads(text), schema, "the answer")
    except (ValueError, RecursionError):
        return False
    return True


def without_limits(schema: JsonSchema) -> dict[str, Any]:
    """Return the schema less its limits of length and size, which some servers refuse."""
    return {key: _bare(value) for key, value in schema.items() if key not in _LIMITS}


def asking_for(conversation: Conversation, schema: JsonSchema) -> list[Message]:
    """Return the chat with the schema in words, for a model that only words can hold to it."""
    words = (
        "Answer with one JSON object and nothing else: no fences, no explanation. "
        f"It must fit this JSON schema: {json.dumps(schema, ensure_ascii=False)}"
    )
    first, *rest = conversation
    if first.role == "system":
        return [Message(role="system", content=f"{first.content}\n\n{words}"), *rest]
    return [Message(role="system", content=words), *conversation]


def asking_again(conversation: Conversation, answer: str, reason: str) -> list[Message]:
    """Return the chat that shows the model its unfit answer and what is wrong with it."""
    words = f"That cannot be used: {reason}. Answer again, with the JSON object only."
    return [
        *conversation,
        Message(role="assistant", content=answer or "{}"),
        Message(role="user", content=words),
    ]


def _bare(value: object) -> object:
    if isinstance(value, Mapping):
        return without_limits(value)
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _mended(value: Any, schema: Mapping[str, Any], name: str) -> Any:
    """Return the value with what is too much cut off."""
    kind = str(schema.get("type", ""))
    if kind in _KINDS and not _is_of(value, kind):
        raise Unfit(f"{name} must be of type {kind}")
    if "enum" in schema and value not in schema["enum"]:
        raise Unfit(f"{name} must be one of {', '.join(map(str, schema['enum']))}")
    if isinstance(value, str):
        value = value[: schema.get("maxLength")]
    if isinstance(value, str | list):
        least = schema.get("minLength" if isinstance(value, str) else "minItems", 0)
        if len(value) < least:
            raise Unfit(f"{name} is too short")
    if isinstance(value, list) and "items" in schema:
        kept = value[: schema.get("maxItems")]
        return [_mended(item, schema["items"], f"an item of {name}") for item in kept]
    return _mended_object(value, schema, name) if isinstance(value, dict) else value


def _mended_object(value: dict[str, Any], schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    missing = [key for key in schema.get("required", ()) if key not in value]
    if missing:
        raise Unfit(f"{name} lacks {', '.join(missing)}")
    known = schema.get("properties", {})
    return {key: _mended(value[key], known[key], repr(key)) for key in known if key in value}


def _is_of(value: object, kind: str) -> bool:
    if isinstance(value, bool) and kind in {"number", "integer"}:
        return False
    return isinstance(value, _KINDS[kind])
