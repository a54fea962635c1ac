"""Does a claim say no where its source says yes, or all where it says some?"""
# Patterns and sentences are easier to read in one piece.
# ruff: noqa: E501

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from engine.scoring.nearby import Sentence, Word, meaningful
from engine.scoring.quantities import plain

_NOT = re.compile(
    r"\b(?:not(?! (?:too|only|just|very|so|quite|least)\b)|no(?! (?:matter|doubt)\b)|never|none|nobody|nothing|neither|nor|cannot|without)\b|n't\b|"
    r"不(?![过仅但同久断错少料妨如管论单光得已禁足止])|没(?:有)?|[无未](?![论来必])|别(?=[再去来忘带吃喝进开说])|勿|从不"
)
# Says no by itself, in part, or in a way that leaves open what it denies.
_WEAK = re.compile(
    r"\b(?:un(?!i|der|til|c)\w{3,}|in(?:valid|complete|active|correct)\w*|dis\w{4,}|non\w+|hardly|barely|"
    r"scarcely|rarely|seldom|few|little|lack\w*|fail\w*|refus\w*|reject\w*|forbid\w*|forbad\w*|ban(?:ned|s)?|"
    r"prohibit\w*|prevent\w*|stop\w*|avoid\w*|except\w*|instead|rather|free|closed|shut|missing|absent|"
    r"empty|cancel\w*|abandon\w*|deni\w+|deny|only|unless|until|but|however|although|though|if|whether|"
    r"any|less|yet|miss(?:ed|es)?|neglect\w*|exempt|skip\w*|declin\w*|gone|ended|leave|left|stay away|"
    r"impossible|just|off|out)\b|禁止|禁|免|拒|缺|停|关|闭|取消|除|少|难|只|仅|但|空|失|忘|谢绝|如果|若"
)
_CLAUSE = re.compile(
    r",(?!\d)|[;:()—，；：、]|\b(?:but|because|so|while|although|though|whereas)\b|[但而]"
)
_NEAR = 3
_MOST = 200
_QUANTIFIERS = {
    "every": "all every each always everyone everybody everything entire 所有 全部 全体 每 都 总是 一律",
    "none": "none no never nobody 从不 从没 没有",
    "some": "some several sometimes occasionally 有些 一些 部分 有时",
    "most": "most mostly usually majority 大多数 大多 大部分 通常",
}
_CLASS = {word: kind for kind, said in _QUANTIFIERS.items() for word in said.split()}
_QUANTIFIER = re.compile(
    rf"\b(?:{'|'.join(w for w in _CLASS if w.isascii())})\b|"
    rf"{'|'.join(sorted((w for w in _CLASS if not w.isascii()), key=len, reverse=True))}"
)


class _Clause(NamedTuple):
    """A clause: its words, the words after a negation (the first of them its head), and its quantifiers' words."""

    stems: frozenset[str]
    negated: bool
    denied: frozenset[str]
    heads: frozenset[str]
    weak: bool
    quantified: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Clauses:
    """All clauses of a source, found by their words."""

    every: tuple[_Clause, ...]
    places: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, grounds: Sequence[Sentence]) -> "Clauses":
        """Take the clauses of all sentences."""
        every = tuple(clause for ground in grounds for clause in _clauses(ground.text))
        places: dict[str, list[int]] = {}
        for number, clause in enumerate(every):
            for word in clause.stems:
                places.setdefault(word, []).append(number)
        return cls(every, places)

    def near(self, told: _Clause) -> list[_Clause]:
        """Return the clauses that share a word, at most _MOST for each word."""
        found = {n for word in told.stems for n in self.places.get(word, ())[:_MOST]}
        return [self.every[n] for n in sorted(found)]


def contradicted(claim: Sentence, clauses: Clauses) -> bool:
    """Tell whether a clause is denied that the source affirms, or the other way round."""
    return any(
        _against(told, near) or _exchanged(told, near)
        for told in _clauses(claim.text)
        if (near := clauses.near(told))
    )


@lru_cache(maxsize=4096)
def _clauses(sentence: str) -> tuple[_Clause, ...]:
    return tuple(_clause(part) for part in _CLAUSE.split(plain(sentence)) if part.strip())


def _clause(text: str) -> _Clause:
    denials = list(_NOT.finditer(text))
    words = tuple(meaningful(text, [match.span() for match in denials]))
    after = [_following(words, match.end()) for match in denials]
    return _Clause(
        stems=frozenset(w.stem for w in words),
        negated=len(denials) % 2 == 1,
        denied=frozenset(w.stem for following in after for w in following),
        heads=frozenset(following[0].stem for following in after if following),
        weak=bool(_WEAK.search(text)) or len(denials) > 1 or "?" in text,
        quantified=tuple(
            (_CLASS[match[0]], following[0].stem)
            for match in _QUANTIFIER.finditer(text)
            if (following := _following(words, match.end()))
        ),
    )


def _following(words: Sequence[Word], start: int) -> list[Word]:
    return [w for w in words if w.start >= start][:_NEAR]


def _against(told: _Clause, every: Sequence[_Clause]) -> bool:
    """Tell whether the nearest clauses deny what this one says, or say what it denies.

    A clause that uses the denied word with this one's sign excuses it.
    """
    if told.weak or not told.stems or (len(told.stems) < 2 and not told.negated):
        return False
    shares = [len(told.stems & c.stems) for c in every]
    best = max(shares, default=0)
    least = min(2, len(told.stems))
    if best < least or best < 0.5 * len(told.stems):
        return False
    nearest = [c for c, n in zip(every, shares, strict=True) if n >= max(least, best - 1)]
    opposed = [c for c in nearest if not c.weak and c.negated != told.negated]
    denied = {w for c in opposed for w in (told.heads & c.stems or c.denied & told.stems)}
    return bool(denied) and not any(
        denied & c.stems for c in nearest if c.weak or c.negated == told.negated
    )


def _exchanged(told: _Clause, every: Sequence[_Clause]) -> bool:
    """Tell whether all was told of what the source says only some or none of, and so on."""
    for kind, word in told.quantified:
        kinds = {k for c in every for k, w in c.quantified if w == word}
        if kinds and kind not in kinds:
            return True
    return False
