"""What a claim consists of, and how much of it another text supports."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.scoring.numerals import is_number, numbers
from engine.text import ngrams, tokens

_FUNCTION = """
a about above after again all also am an and any are as at be because been before being both but by
can could did do does doing don't down during each else even ever few for from further get got had
has have having he her here hers him himself his how i i'd i'll i'm i've if in into is isn't it it's
its itself just let like me more most much my myself no nor not now of off on once one only or other
our ours out over own quite rather really right said same she should so some still such than that
that's the their theirs them themselves then there there's these they this those though through to
too under until up upon us very was we we're well were what when where which while who whom why will
with within without would yes yet you you're your yours yourself 的 了 是 在 和 与 也 就 都 而 及 着
过 吗 呢 吧 啊 我 你 他 她 它 们 这 那 有 不 一 个 很 又 把 被 从 到 对 为 以 于 之 其 者 所
"""
FUNCTION_WORDS = frozenset(_FUNCTION.split())
_NEGATION = """
not no never none nobody nothing neither nor without cannot isn't aren't wasn't weren't don't
doesn't didn't won't wouldn't can't couldn't shouldn't hasn't haven't hadn't 不 没 无 非 未 勿 别
"""
_NEGATIONS = frozenset(_NEGATION.split())
_NAME = re.compile(r"\b[A-Z][\w'’-]*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:\n][\"'”’)\]]*\s+|[\"'“‘(\[])[A-Z][\w'’-]*")
_TITLE = re.compile(r"[《「『“\"]([^》」』”\"]{2,30})[》」』”\"]")
_STEM = re.compile(r"(?:ing|ed|es|s|ly|er|est|'s)$")


def stem(token: str) -> str:
    """Return a token less its English ending, so that walks, walked and walking agree."""
    cut = _STEM.sub("", token) if token.isascii() and len(token) > 4 else token
    return cut[:-1] if len(cut) > 4 and cut[-1] in "ey" else cut


def content(text: str) -> list[str]:
    """Return what carries meaning: stems of words, neighbouring Han characters in pairs.

    Numbers are left out: they are compared as numbers.
    """
    told = [t for t in tokens(text) if t not in FUNCTION_WORDS and not is_number(t)]
    han = [t for t in told if is_han(t)]
    return [stem(t) for t in told if not is_han(t)] + ["".join(p) for p in ngrams(han, 2)]


def is_han(token: str) -> bool:
    """Tell whether a token is one Han character."""
    return len(token) == 1 and "㐀" <= token <= "鿿"


def names(text: str) -> set[str]:
    """Return capitalised words that do not just begin a sentence, and quoted Chinese titles."""
    starts = {m.end() for m in _SENTENCE_START.finditer(text)}
    capital = {m[0].lower().rstrip("'’") for m in _NAME.finditer(text) if m.end() not in starts}
    return (capital - FUNCTION_WORDS) | {t for t in _TITLE.findall(text) if is_han(t[0])}


def negated(text: str) -> bool:
    """Tell whether a clause is negative: an odd number of negations."""
    return sum(t in _NEGATIONS or t.endswith("n't") for t in tokens(text)) % 2 == 1


@dataclass(frozen=True)
class Evidence:
    """A source, taken apart once, that many claims are held against."""

    tokens: frozenset[str]
    stems: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Evidence":
        """Take the texts apart."""
        whole = "\n".join(texts)
        return cls(
            tokens=frozenset(tokens(whole)),
            stems=frozenset(content(whole)),
            numbers=frozenset(numbers(whole)),
        )

    def missing_names(self, text: str) -> set[str]:
        """Return the names of `text` that the source lacks."""
        return {n for n in names(text) if stem(n) not in self.stems and n not in self.tokens} - {
            n for n in names(text) if is_han(n[0]) and set(n) <= self.tokens
        }

    def share(self, text: str) -> float:
        """Return which share of the meaningful words of `text` the source holds; 1 for none."""
        wanted = content(text)
        return sum(w in self.stems for w in wanted) / len(wanted) if wanted else 1.0
