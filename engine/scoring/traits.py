"""Traits that code can count: shorter sentences, fewer words, warmer by lexicon …

A model too small to judge (one that chooses by position) is no critic; for these traits a count
stands in for it, and whoever uses it says so. A count knows nothing of taste: it is not offered for
humour, or for anything else that no count can see.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from engine.text import count_words, sentences, tokens
from engine.types import Language

_LOUD = re.compile(r"[!！]")
_ASKING = re.compile(r"[?？]")


@dataclass(frozen=True)
class TraitMeasure:
    """How much of a trait a text has, counted; `wants_more` says which way the trait goes."""

    key: str
    wants_more: bool

    def count(self, text: str, language: Language) -> float:
        """Return the figure as people know it, in the unit of the key."""
        return _COUNTS[self.key](text, language)

    def amount(self, text: str, language: Language) -> float:
        """Return the figure so that higher means more of the trait."""
        found = self.count(text, language)
        return found if self.wants_more else -found

    @property
    def is_length(self) -> bool:
        """Whether the trait is the length itself, which is then not held fast."""
        return self.key == "words"


def measure_of(trait: str) -> TraitMeasure | None:
    """Return what counts a trait; None for one that no count can see."""
    name = " ".join(trait.casefold().split()).strip(" .!。！")
    found = _names().get(name)
    if found is None:
        return None
    return TraitMeasure(found.lstrip("+-"), found.startswith("+"))


@cache
def _names() -> Mapping[str, str]:
    """Return the traits by the names that people give them: "shorter sentences" → "-sentence"."""
    return MappingProxyType({name: key for key, names in _table("names").items() for name in names})


@cache
def _table(part: str) -> Mapping[str, tuple[str, ...]]:
    import tomllib

    text = files("engine.scoring").joinpath("data", "traits.toml").read_text(encoding="utf-8")
    return {key: tuple(words) for key, words in tomllib.loads(text)[part].items()}


def _sentence_words(text: str, language: Language) -> float:
    found = sentences(text)
    return count_words(text, language) / len(found) if found else 0.0


def _words(text: str, language: Language) -> float:
    return float(count_words(text, language))


def _letters(text: str, _: Language) -> float:
    found = [t for t in tokens(text) if t.isalpha()]
    return sum(map(len, found)) / len(found) if found else 0.0


def _lexicon(name: str) -> Callable[[str, Language], float]:
    def share(text: str, language: Language) -> float:
        words = _table("lexicon")[f"{name}_{language}"]
        size = count_words(text, language)
        if language == "zh":
            hits = sum(text.count(word) * len(word) for word in words)
        else:
            known = frozenset(words)
            hits = sum(token in known for token in tokens(text))
        return 100 * hits / size if size else 0.0

    return share


def _a_sentence(mark: re.Pattern[str]) -> Callable[[str, Language], float]:
    def rate(text: str, _: Language) -> float:
        found = sentences(text)
        return len(mark.findall(text)) / len(found) if found else 0.0

    return rate


_COUNTS: Mapping[str, Callable[[str, Language], float]] = {
    "sentence": _sentence_words,
    "words": _words,
    "letters": _letters,
    "warmth": _lexicon("warmth"),
    "emphasis": _lexicon("emphasis"),
    "exclamations": _a_sentence(_LOUD),
    "questions": _a_sentence(_ASKING),
}
