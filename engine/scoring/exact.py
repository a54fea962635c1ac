"""What can be checked exactly: numbers, dates, units, names and negations of a claim.

A model that reads can be talked round; a wrong number cannot be allowed to score high. So these
checks stand beside whatever else measures support, and each violation caps it. They are made to
pass an honest retelling: what they cannot tell apart they let pass.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from engine.scoring.naming import wrong_names
from engine.scoring.nearby import Company, Sentence, taken_apart
from engine.scoring.polarity import Clauses, contradicted
from engine.scoring.quantities import Quantity, plain
from engine.scoring.units import DIMENSION
from engine.text import sentences

CAP = 0.35
"""A text with any violation scores this at most."""

_CAPS = {"number": 0.0, "date": 0.0, "time": 0.0, "unit": 0.05, "name": 0.1, "negation": 0.15}
_HEDGE = re.compile(
    r"(?:about|around|nearly|almost|over|roughly|some|than|approximately|circa|up to|"
    r"大约|约|近|超过|将近|多达|不到)\s*(?:the |an? )?[€$£¥]?$"
)
_YEAR = re.compile(r"(1\d|20)\d\d")
_APPROXIMATE = 0.05
_HALVES = {"half": "50", "twice": "2", "double": "2", "once": "1", "pair": "2", "both": "2",
           "couple": "2", "一半": "50", "triple": "3"}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """A source, taken apart once, that many claims are checked against."""

    text: str

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The source's sentences."""
        return tuple(taken_apart(sentence) for sentence in sentences(self.text))

    @cached_property
    def clauses(self) -> Clauses:
        """The source's clauses, to be found by their words."""
        return Clauses.of(self.sentences)

    @cached_property
    def lowered(self) -> str:
        """The source in lower case."""
        return self.text.lower()

    @cached_property
    def values(self) -> frozenset[str]:
        """The values of all quantities."""
        return frozenset(quantity.value for quantity, _ in self.quantities)

    @cached_property
    def quantities(self) -> tuple[tuple[Quantity, Company], ...]:
        """All quantities, each with the words that go with it."""
        return tuple(
            pair
            for sentence in self.sentences
            for pair in zip(sentence.quantities, sentence.company, strict=True)
        )


@lru_cache(maxsize=64)
def ground(source: str) -> Ground:
    """Return a source taken apart."""
    return Ground(source)


def violations(claim: str, evidence: Ground) -> tuple[str, ...]:
    """Return what a claim tells otherwise than its source: "number: 40", "name: Mira", "negation".

    Empty where nothing can be shown to be wrong, which does not mean that the claim is supported.
    """
    told = taken_apart(claim)
    found = [
        reason
        for quantity, company in zip(told.quantities, told.company, strict=True)
        if (reason := _quantity(quantity, company, told, evidence))
    ]
    found += [f"name: {name}" for name in wrong_names(claim, evidence.text)]
    if contradicted(told, evidence.clauses):
        found.append("negation")
    return tuple(dict.fromkeys(found))


def cap(found: tuple[str, ...]) -> float:
    """Return the most that a claim with these violations can be supported; 1 without any."""
    return min((_CAPS[reason.split(":")[0]] for reason in found), default=1.0)


# ------------------------------------------------------------------ quantities


def _quantity(told: Quantity, company: Company, claim: Sentence, evidence: Ground) -> str:
    if told.kind == "fraction" or (
        told.kind == "number" and told.shown.lower() in {"one", "first"}
    ):
        return ""
    matched = [(q, c) for q, c in evidence.quantities if _same(told, q)]
    if not matched:
        return "" if _loosely(told, claim, evidence) else _reason(told)
    if told.unit in DIMENSION:
        units = {q.unit for q, _ in matched}
        if not units & {told.unit, ""}:
            return f"unit: {told.shown}"
    if _elsewhere(told, company, matched, evidence):
        return _reason(told)
    return ""


def _reason(told: Quantity) -> str:
    kind = {"date": "date", "month": "date", "weekday": "date", "time": "time"}.get(told.kind)
    return f"{kind or 'number'}: {told.shown}"


def _same(told: Quantity, known: Quantity) -> bool:
    """Tell whether two quantities can be the same one; units are compared apart."""
    if told.kind == known.kind:
        return _same_time(told, known) if told.kind == "time" else told.value == known.value
    match told.kind, known.kind:
        case "month", "date":
            return known.value.split("-")[0] == told.value
        case "number", "date":
            return told.unit in {"", "th"} and known.value.split("-")[1] == told.value
        case "number", "time":
            return _on_the_hour(known, told)
        case "time", "number":
            return _on_the_hour(told, known)
        case "number", "code":
            return _digits(known.value) == told.value
    return False


@lru_cache(maxsize=4096)
def _digits(code: str) -> str:
    return re.sub(r"\D", "", code)


def _same_time(told: Quantity, known: Quantity) -> bool:
    one, other = (re.fullmatch(r"(\d+)(\D*)", q.value) for q in (told, known))
    if one is None or other is None or one[1] != other[1]:
        return False
    return one[2] == other[2] or not one[2] or not other[2]


def _on_the_hour(time: Quantity, number: Quantity) -> bool:
    if number.unit not in {"", "hour"}:
        return False
    minutes = int(_digits(time.value))
    value = number.value.split(".")
    hours, rest = int(value[0]), f"0.{value[1]}" if len(value) > 1 else "0"
    part = round(float(rest) * 100)  # 7.30 may be a time or a number
    return hours <= 24 and minutes == hours % 12 * 60 + part


def _loosely(told: Quantity, claim: Sentence, evidence: Ground) -> bool:
    """Tell whether a quantity that the source lacks is nevertheless there, in other words."""
    if told.kind == "date":
        month, day = told.value.split("-")
        return day in evidence.values and any(_month_of(q) == month for q, _ in evidence.quantities)
    if told.kind == "weekday":
        return told.value[:3] in re.findall(r"[a-z]+", evidence.lowered)
    if told.kind == "code":
        return told.value in evidence.lowered.replace("-", "").replace(" ", "")
    if told.kind != "number":
        return False
    if any(value == told.value and word in evidence.lowered for word, value in _HALVES.items()):
        return True
    if told.unit == "th":
        return told.value == "2" and not told.shown[0].isdigit() and "第" not in told.shown
    return _hedged(told, claim) and any(_about(told, q) for q, _ in evidence.quantities)


def _month_of(known: Quantity) -> str:
    return known.value.split("-")[0] if known.kind in {"date", "month"} else ""


def _hedged(told: Quantity, claim: Sentence) -> bool:
    return bool(_HEDGE.search(plain(claim.text[: told.start])[-20:]))


def _about(told: Quantity, known: Quantity) -> bool:
    if known.kind != "number":
        return False
    mine, theirs = float(told.value), float(known.value)
    round_one = len(told.value.strip("0").rstrip(".")) < len(known.value.strip("0").rstrip("."))
    return round_one and abs(mine - theirs) <= _APPROXIMATE * theirs


# ------------------------------------------------------------------ the same number, elsewhere


def _elsewhere(
    told: Quantity,
    company: Company,
    matched: list[tuple[Quantity, Company]],
    evidence: Ground,
) -> bool:
    """Tell whether what is told of this number the source tells of another one.

    Both must be of one kind. The word counted decides, else the words nearest to the number.
    """
    others = [(q, c) for q, c in evidence.quantities if _comparable(told, q) and not _same(told, q)]
    if not others:
        return False
    own = max(len(company.words & c.words) for _, c in matched)
    head = company.head
    missed = head and not any(head in c.words | c.close for _, c in matched)
    if missed and any(head == c.head for _, c in others):
        return True
    theirs = max(len(company.words & c.words) for _, c in others)
    enough = theirs >= 2 or 2 * theirs >= len(company.words) > 0
    return (own == 0 and enough) or theirs >= own + 3


def _comparable(told: Quantity, known: Quantity) -> bool:
    if told.kind != known.kind and {told.kind, known.kind} != {"date", "month"}:
        return False
    if known.shown == "one" or _is_year(told) != _is_year(known):
        return False
    if told.unit == known.unit:
        return True
    if "th" in {told.unit, known.unit}:
        return False
    one, other = DIMENSION.get(told.unit), DIMENSION.get(known.unit)
    return one is None or other is None or one == other


def _is_year(told: Quantity) -> bool:
    return told.kind == "number" and not told.unit and _YEAR.fullmatch(told.shown) is not None
