"""NoteBench items: what to write, in whose style, and what the author wrote."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from engine.errors import NotFound
from engine.types import Language, Value

VERSION = "v1"
Split = Literal["dev", "test"]
Text = Annotated[str, Field(min_length=1)]


def _several(given: object) -> object:
    """One reference may stand as a string; a list holds several of one item."""
    return (given,) if isinstance(given, str) else given


def _id(given: object) -> object:
    """An id may be a number in the file."""
    return str(given) if type(given) is int else given


class BenchItem(Value):
    """One thing to write. Where `source` is given it is the plan's neutral text.

    `reference` holds what the author wrote, once or several times; nothing where it is unknown.
    """

    id: Annotated[Text, BeforeValidator(_id)]
    topic: Text
    samples: Annotated[tuple[Text, ...], Field(min_length=1)]
    author: str = ""
    language: Language = "en"
    facts: tuple[str, ...] = ()
    source: str | None = None
    reference: Annotated[tuple[Text, ...], BeforeValidator(_several)] = ()
    words: int | None = Field(default=None, ge=1)
    knowledge: str | None = None


def shipped_rows() -> Iterator[tuple[str, str]]:
    """Yield each line of the data that ships with the name of its file, writers in order.

    Raises:
        NotFound: the data are not there.
    """
    folder = files("engine.notebench").joinpath(f"data/{VERSION}")
    entries = folder.iterdir() if folder.is_dir() else ()
    paths = sorted((e for e in entries if e.name.endswith(".jsonl")), key=lambda entry: entry.name)
    if not paths:
        raise NotFound(
            "NoteBench's own data are not in this installation; give data of your own with "
            "--data FILE, or install Notewright again."
        )
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path.name, line


@cache
def shipped(split: Split, language: Language | None = None) -> tuple[BenchItem, ...]:
    """Return NoteBench's own items of a split: one for each invented writer."""
    writers: dict[str, list[dict[str, object]]] = {}
    for name, line in shipped_rows():
        writers.setdefault(name, []).append(json.loads(line))
    found = []
    for rows in writers.values():
        samples = tuple(str(row["reference"]) for row in rows if row["split"] == "sample")
        for row in rows:
            if row["split"] == split and language in {None, row["language"]}:
                told = {key: value for key, value in row.items() if key != "split"}
                found.append(BenchItem.model_validate(told | {"samples": samples}))
    return tuple(found)
