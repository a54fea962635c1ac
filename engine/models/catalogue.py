"""Models known by name: the embedded one and larger ones that a person may fetch.

The facts are in catalogue.json; docs/CATALOGUE.md says where each comes from. What is not known is
null there: no checksum and no revision is ever guessed.
"""

import difflib
import json
import re
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from engine.errors import NotFound
from engine.types import Language, Value

Role: TypeAlias = Literal["planner", "stylist"]
Fit: TypeAlias = Literal["good", "fair", "poor"]
_Words: TypeAlias = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Repository: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
_FileName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\w.-]+\.gguf$")]
_Revision: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
_Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Count: TypeAlias = Annotated[int, Field(gt=0)]

CONTEXT_TOKENS = 9_216
"""Tokens that planner and stylist keep together where one model does both."""

_CACHE_BYTES = 2  # for a number of the key-value cache: half precision
_WORKING_BYTES = 350_000_000
_SPLIT = re.compile(r"\d{5}-of-\d{5}")


class HubFile(Value):
    """A file on the Hugging Face Hub.

    Attributes:
        repository: owner and name.
        name: the file in the repository.
        revision: the commit that the other facts are from; None where it is not known.
        sha256: of the whole file; None where it is not known.
        size: in bytes.
        quantisation: llama.cpp's name of the format.
    """

    repository: _Repository
    name: _FileName
    revision: _Revision | None
    sha256: _Sha256 | None
    size: _Count
    quantisation: _Words

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if _SPLIT.search(self.name):
            raise ValueError("only models of one file can be fetched")
        return self


class Opinion(Value):
    """How good a model is in a role, why, and who says so."""

    fit: Fit
    why: dict[Language, _Words]
    source: dict[Language, _Words]

    @model_validator(mode="after")
    def _in_both_languages(self) -> Self:
        if not set(self.why) == set(self.source) == {"en", "zh"}:
            raise ValueError("say why, and who says so, in English and in Chinese")
        return self


class CatalogueEntry(Value):
    """A model that plans or writes notes.

    Attributes:
        name: what it is called everywhere.
        parameters: how many numbers it has.
        languages: what it writes, as its makers say.
        licence: its name.
        commercial: whether the licence allows earning money with it.
        architecture: llama.cpp's name of it.
        layers, kv_heads, head_size: what a token takes in the key-value cache.
        context: the longest text it was made for, in tokens.
        template: what its chat template does that others do not.
        planner, stylist: how good it is in each role.
        file: what is fetched; None for the embedded model, which comes in a package.
    """

    name: _Words
    parameters: _Count
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    licence: _Words
    commercial: bool
    architecture: _Words
    layers: _Count
    kv_heads: _Count
    head_size: _Count
    context: _Count
    template: _Words
    planner: Opinion
    stylist: Opinion
    file: HubFile | None
    embedded: bool = False

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.embedded == (self.file is not None):
            raise ValueError("a model is either embedded or has a file on the Hub")
        return self

    def memory(self, size: int) -> int:
        """Return about how many bytes the model needs when its file has `size` bytes.

        The file, keys and values of `CONTEXT_TOKENS` tokens in half precision, and an allowance of
        350 MB for the rest: working buffers, the vocabulary's scores, the library.
        """
        token = 2 * self.layers * self.kv_heads * self.head_size * _CACHE_BYTES
        return size + CONTEXT_TOKENS * token + _WORKING_BYTES


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


def named(name: str) -> CatalogueEntry:
    """Return the entry of that name, in any spelling.

    Raises:
        NotFound: there is none; the message names those that are spelled most like it.
    """
    plain = {_plain(entry.name): entry for entry in catalogue()}
    if (entry := plain.get(_plain(name))) is not None:
        return entry
    close = difflib.get_close_matches(_plain(name), plain, n=3, cutoff=0.4)
    near = ", ".join(plain[each].name for each in close) or "see `notewright models list`"
    raise NotFound(f"There is no model {name!r} in the catalogue; the closest: {near}.")


def find_entry(name: str) -> CatalogueEntry | None:
    """Return the entry that a file's or model's name speaks of, in any spelling."""
    plain = _plain(name)
    return next((entry for entry in catalogue() if _plain(entry.name) in plain), None)


def _plain(name: str) -> str:
    return _UNSAID.sub("", name.lower())


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
