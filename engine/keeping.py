"""Does a text still say what it was told to say? What planner and stylist check of their own work.

The scorer judges facts by its own, stricter code (engine/scoring/facts.py): a measure shares none
with what it measures.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from engine.text import ngrams, tokens

SAME = 0.8  # share of a fact's tokens that make a wording "the same fact"
_NUMBER_WORDS = """
two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy
eighty ninety
"""
_SPELLED = frozenset(_NUMBER_WORDS.split())
_NAME_WITHIN = re.compile(r"(?<=[a-z,] )[A-Z][a-z]\w+")
_COUNTED = re.compile(r"\b(\w+)(?=[ -]([a-z]+))")  # a word and the next, nothing between them
_STEM = 4  # letters that two words must share to be one: abide, abideth
COPIED_RUN = 7  # tokens in a row shared with a sample that we call copying while drafting

_GRAMMAR = """
a an the is are was were be been being am it its it's he she they we i you me him them us my
his her their our your this that these those there here and or but so if then than as of to
in on at by for with from into onto up out off over about has have had do does did done will
would can could shall should may might must not no nor too very just when which who whom
what where why how again also yet still only even ever
"""
GRAMMAR_WORDS = frozenset(_GRAMMAR.split())


def _counts(token: str) -> bool:
    return token[0].isdigit() or token in _SPELLED


def says(text: str, fact: str, *, share: float = SAME) -> bool:
    """Tell whether a text says a fact: every number, and `share` of the words that carry meaning.

    Endings may differ (potato, potatoes): two words agree when they share all but two letters.
    """
    have = set(tokens(text))
    want = [t for t in tokens(fact) if t not in GRAMMAR_WORDS] or tokens(fact)
    if not want or any(t not in have for t in want if _counts(t)):
        return False
    stems = {t[:cut] for t in have for cut in range(4, len(t) + 1)}
    found = sum(t in have or (len(t) > 3 and t[: max(4, len(t) - 2)] in stems) for t in want)
    return found / len(want) >= share


def invents(text: str, told: str) -> bool:
    """Tell whether a text has a number, or a name within a sentence, that was not told.

    What is counted must have been told too: 200 dollars do not become 200 pounds.
    """
    given = set(tokens(told))
    numbers = [t for t in tokens(text) if _counts(t)]
    names = [n.lower() for n in _NAME_WITHIN.findall(text)]
    counted = {
        thing[:_STEM]
        for number, thing in _COUNTED.findall(text.lower())
        if _counts(number) and thing not in GRAMMAR_WORDS
    }
    return any(t not in given for t in [*numbers, *names]) or not counted <= _stems(told)


def copies(text: str, samples: Sequence[str], told: str = "", *, run: int = COPIED_RUN) -> bool:
    """Tell whether a text repeats `run` tokens of a sample that were not told."""
    own = set(ngrams(tokens(text), run)) - set(ngrams(tokens(told), run))
    return any(not own.isdisjoint(ngrams(tokens(sample), run)) for sample in samples)


def likeness(one: str, other: str) -> float:
    """Return the F1 of the meaning words that two texts share, endings aside, in [0, 1]."""
    mine, theirs = _stems(one), _stems(other)
    if not mine or not theirs:
        return float(tokens(one) == tokens(other))
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


@lru_cache(maxsize=4_096)
def _stems(text: str) -> frozenset[str]:
    # Kept: an alignment compares each piece of a text with every sentence of another.
    return frozenset(t[:_STEM] for t in tokens(text) if t not in GRAMMAR_WORDS)
