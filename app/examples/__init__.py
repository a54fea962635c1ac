"""Example styles of our own writing: what a newcomer can try with one click."""

import json
from functools import cache
from importlib.resources import files

from engine.errors import NotFound
from engine.types import Language, Value


class Example(Value):
    """A voice with a few samples, and something to write in it."""

    id: str
    language: Language
    name: str
    voice: str
    topic: str
    facts: tuple[str, ...]
    words: int
    samples: tuple[str, ...]

    @property
    def samples_text(self) -> str:
        """The samples as a person would paste them: parted by a line of dashes."""
        return "\n\n---\n\n".join(self.samples)


@cache
def examples() -> tuple[Example, ...]:
    """Return all examples, English ones first, by name."""
    found = (
        Example.model_validate(json.loads(file.read_text("utf-8")))
        for file in files("app.examples").iterdir()
        if file.name.endswith(".json")
    )
    return tuple(sorted(found, key=lambda example: (example.language, example.name)))


def example(example_id: str) -> Example:
    """Return one example.

    Raises:
        NotFound: there is none of that id.
    """
    for candidate in examples():
        if candidate.id == example_id:
            return candidate
    raise NotFound(f"There is no example called {example_id!r}; reload the page.")
