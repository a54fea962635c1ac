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


@dataclass(frozen=True)
class SyntaxReference:
    """Counts of productions over a reference corpus, its metrics, and shares of its sentences.

    `heads` counts all rules with a left side, those too rare to be listed too.
    """

    rules: Mapping[str, int]
    heads: Mapping[str, int]
    metrics: Mapping[str, float]
    tags: Mapping[str, float]


def parse_syntax(text: str) -> SyntaxReference:
    """Read the data file: `#head`, `#metric` and `#tag` with name and value, then `RULE COUNT`."""
    rows: dict[str, dict[str, float]] = {"#head": {}, "#metric": {}, "#tag": {}, "": {}}
    for line in text.splitlines():
        *kind, name, value = line.split("\t")
        rows["".join(kind)][name] = float(value)
    return SyntaxReference(
        rules={name: int(count) for name, count in rows[""].items()},
        heads={name: int(count) for name, count in rows["#head"].items()},
        metrics=rows["#metric"],
        tags=rows["#tag"],
    )


@cache
def load_syntax(language: Language) -> SyntaxReference:
    """Return the reference of sentences that ships for a language."""
    data = files("engine.profile") / "data" / f"reference_syntax_{language}.tsv"
    return parse_syntax(data.read_text(encoding="utf-8"))
