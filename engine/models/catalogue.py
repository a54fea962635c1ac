"""Models known by name: the embedded one and larger ones that a person may fetch."""

import json
import re
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from engine.types import Language, Value


class CatalogueEntry(Value):
    """A model that writes notes; `memory_gb` is for its four-bit GGUF with a context."""

    name: str
    parameters: int
    languages: tuple[Language, ...]
    licence: str
    memory_gb: float
    embedded: bool = False


# What a vocabulary's name or a model's name says where nothing better does.
_CHINESE_HINT = re.compile(
    r"qwen|deepseek|glm|internlm|minicpm|hunyuan|baichuan|yi-|ernie", re.IGNORECASE
)
_UNSAID = re.compile(r"[^a-z0-9]+")


@cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return all entries, smallest first."""
    text = files("engine.models").joinpath("catalogue.json").read_text(encoding="utf-8")
    entries = TypeAdapter(tuple[CatalogueEntry, ...]).validate_python(json.loads(text))
    return tuple(sorted(entries, key=lambda entry: entry.parameters))


def models_writing(language: Language) -> tuple[CatalogueEntry, ...]:
    """Return the models that write a language, smallest first."""
    return tuple(entry for entry in catalogue() if language in entry.languages)


def find_entry(name: str) -> CatalogueEntry | None:
    """Return the entry that a file's or model's name speaks of, in any spelling."""
    plain = _UNSAID.sub("", name.lower())
    found = [entry for entry in catalogue() if _UNSAID.sub("", entry.name.lower()) in plain]
    return found[0] if found else None


def languages_of(names: tuple[str, ...], stated: str, vocabulary: str) -> tuple[Language, ...]:
    """Return what a model writes, by the best evidence there is.

    Args:
        names: what the file and its metadata call the model.
        stated: the metadata's own list of languages, as text; often empty.
        vocabulary: the name of the vocabulary's splitter.
    """
    for name in names:
        if (entry := find_entry(name)) is not None:
            return entry.languages
    chinese = re.search(r"\bzh\b", stated) or _CHINESE_HINT.search(" ".join([*names, vocabulary]))
    return ("en", "zh") if chinese else ("en",)
