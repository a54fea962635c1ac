"""How everybody writes: word counts and mark rates that ship (scripts/make_reference.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from engine.types import Language


@dataclass(frozen=True)
class Reference:
    """Counts of words over a reference corpus, and rates of marks per 100 words of it.

    `total` counts all words of the corpus, those too rare to be listed too.
    """

    counts: Mapping[str, int]
    total: int
    rates: Mapping[str, float]

    def frequency(self, word: str) -> float:
        """Return p(word), a word that is not listed counting a half."""
        return self.counts.get(word, 0.5) / max(self.total, 1)


def parse(text: str) -> Reference:
    """Read the data file: `#words N`, `#mark NAME RATE`, then `WORD COUNT`, parted by tabs."""
    counts: dict[str, int] = {}
    rates: dict[str, float] = {}
    total = 0
    for line in text.splitlines():
        fields = line.split("\t")
        if fields[0] == "#words":
            total = int(fields[1])
        elif fields[0] == "#mark":
            rates[fields[1]] = float(fields[2])
        elif fields[0] != "#":
            counts[fields[0]] = int(fields[1])
    return Reference(counts=counts, total=total, rates=rates)


@cache
def load_reference(language: Language) -> Reference:
    """Return the reference that ships for a language."""
    data = files("engine.profile") / "data" / f"reference_{language}.tsv"
    return parse(data.read_text(encoding="utf-8"))


@cache
def load_stop_words(language: Language) -> frozenset[str]:
    """Return words too common to tell authors apart by what they say."""
    data = files("engine.profile") / "data" / f"stop_{language}.txt"
    return frozenset(data.read_text(encoding="utf-8").split())
