"""What ScriptedModel answers by default: notes and JSON made from the lines of the question."""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.protocols import JsonSchema

_BULLET = re.compile(r"^\s*(?:(?:[-*•·]|\(?\d{1,2}[.):])\s+|(?:Facts:|事实[::])\s*)")
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_WANTED = re.compile(r"(\d{2,4})\s*(?:-word|words?|字)")
_HAN = re.compile(r"[㐀-鿿]")

_OPENERS = ("Here is how it went.", "A few things worth saying.", "Let me start with this.")
_FILLERS = (
    "It matters more than it looks.",
    "Nobody had to be asked twice.",
    "That much is settled.",
    "There is a little more to say about it.",
    "We will see how it goes.",
    "It took some care to get there.",
    "So that is where things stand today.",
)
_MANNERS = ("Well now: *", "* Just so.", "Let it be said: *", "* As ever.", "* And that is that.")
_MANNERS_ZH = ("说起来，*", "*就是这样。", "听我说：*", "*一向如此。")
_OPENERS_ZH = ("先说要紧的。", "有几件事值得记下来。", "事情是这样的。")
_FILLERS_ZH = ("这一点很重要。", "大家都很上心。", "后面还会继续。", "到今天为止就是这样。")


def content_lines(text: str) -> tuple[str, ...]:
    """Return what a question is about: its bulleted lines, or else its sentences."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    bullets = [_BULLET.sub("", line).strip() for line in lines if _BULLET.match(line)]
    found = bullets or [s.strip() for s in _SENTENCE.findall(text)]
    return tuple(s for s in found if s) or ("Nothing was asked.",)


def write_note(asked: str, seed: int) -> str:
    """Write a note that holds the question's lines and comes near the number of words it names."""
    draw = random.Random(seed)
    chinese = len(_HAN.findall(asked)) * 2 > len(asked.replace(" ", ""))
    wanted = int(found.group(1)) if (found := _WANTED.search(asked)) else 0
    opener = draw.choice(_OPENERS_ZH if chinese else _OPENERS)
    sentences = [opener, *(_as_sentence(line, chinese) for line in content_lines(asked))]
    fillers = list(_FILLERS_ZH if chinese else _FILLERS)
    draw.shuffle(fillers)
    for number in range(200):
        if _length(sentences, chinese) >= 0.9 * wanted:
            break
        sentences.append(fillers[number % len(fillers)])
    return ("" if chinese else " ").join(sentences)


def say_again(plain: str, seed: int) -> str:
    """Say a plain sentence with a few words of manner before or after it."""
    manners = _MANNERS_ZH if _HAN.search(plain) else _MANNERS
    return random.Random(seed).choice(manners).replace("*", plain)


def go_on(text: str, seed: int) -> str:
    """Continue a text by a sentence or two that it does not hold yet."""
    draw = random.Random(seed)
    chinese = bool(_HAN.search(text))
    fresh = [f for f in (_FILLERS_ZH if chinese else _FILLERS) if f not in text]
    draw.shuffle(fresh)
    return "".join(fresh[:2]) if chinese else " " + " ".join(fresh[:2])


def write_json(schema: JsonSchema, asked: str, seed: int) -> str:
    """Write JSON that `schema` allows, its strings taken in turn from the question's lines."""
    lines = content_lines(asked)
    return json.dumps(
        _Filler(schema, lines, seed).fill(schema, "", iter(lines)), ensure_ascii=False
    )


class _Filler:
    """Fills a JSON schema: objects, arrays, strings, numbers, enums, anyOf and local $ref."""

    def __init__(self, root: JsonSchema, lines: Sequence[str], seed: int) -> None:
        self._root = root
        self._lines = lines
        self._seed = seed

    def fill(self, schema: JsonSchema, name: str, supply: Iterator[str]) -> Any:
        schema = self._resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][self._seed % len(schema["enum"])]
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "object":
            properties: Mapping[str, JsonSchema] = schema.get("properties", {})
            return {key: self.fill(part, key, supply) for key, part in properties.items()}
        if kind == "array":
            return self._array(schema, name)
        if kind == "string":
            return self._string(schema, name, supply)
        simple = {"boolean": True, "null": None, "integer": 0, "number": 0.5}
        value = simple[kind]
        return max(value, schema.get("minimum", value)) if kind in ("integer", "number") else value

    def _resolve(self, schema: JsonSchema) -> JsonSchema:
        if "$ref" in schema:
            target: Any = self._root
            for key in str(schema["$ref"]).removeprefix("#/").split("/"):
                target = target[key]
            return self._resolve(target)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self._resolve(schema[key][0])
        return schema

    def _array(self, schema: JsonSchema, name: str) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 12)
        count = max(least, min(most, len(self._lines)))
        if "prefixItems" in schema:
            return [self.fill(part, name, iter(self._lines)) for part in schema["prefixItems"]]
        supply = iter(self._lines * (count // len(self._lines) + 1))
        return [self.fill(schema.get("items", {}), name, supply) for _ in range(count)]

    def _string(self, schema: JsonSchema, name: str, supply: Iterator[str]) -> str:
        text = self._lines[0] if name in ("title", "summary") else next(supply, self._lines[0])
        if name == "title":
            text = " ".join(text.split()[:8])[:60].rstrip(".。")
        text = text[: schema.get("maxLength", len(text))].strip()
        return text.ljust(schema.get("minLength", 0), ".")


def _as_sentence(line: str, chinese: bool) -> str:
    line = line[0].upper() + line[1:]
    return line if line[-1] in ".!?。！？" else line + ("。" if chinese else ".")


def _length(sentences: Sequence[str], chinese: bool) -> int:
    text = " ".join(sentences)
    return len(_HAN.findall(text)) if chinese else len(text.split())
