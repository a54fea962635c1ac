"""The one renderer of prompts, used by inference now and by training later.

Text from people only ever fills a $name: it is never read as a template, and backends tokenise it
with special tokens off.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import TypeAlias

from engine.types import Language, Message, Role

Wording: TypeAlias = Mapping[str, str]


@cache
def _templates() -> dict[str, dict[str, dict[str, str]]]:
    text = files("engine.prompts").joinpath("templates.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def wording(prompt: str, language: Language) -> Wording:
    """Return the texts of a prompt in a language, by part name."""
    return _templates()[prompt][language]


def version(prompt: str) -> str:
    """Return the prompt's version, which is kept with every generation."""
    return str(_templates()[prompt]["version"])


def fill(text: str, /, **values: str) -> str:
    """Fill the $names of one text; a missing name is a KeyError, never a stray dollar sign."""
    return Template(text).substitute(values).strip()


def fill_part(words: Wording, part: str, /, **values: str) -> str:
    """Fill an optional part, keeping its leading space or newline; "" if any value is empty."""
    return Template(words[part]).substitute(values) if all(values.values()) else ""


def message(role: Role, text: str, /, **values: str) -> Message:
    """Return one turn, filled."""
    return Message(role=role, content=fill(text, **values))
