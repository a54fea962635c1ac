"""Texts less what the writer struck out of their profile, for the style score.

A word that was struck out is taken from the text and the samples alike; a habit is put as everybody
puts it: an exclamation becomes a full stop, what stood in brackets stands without. So the score
neither asks for it nor minds it. Rules and tags that are struck out leave the score as it is: it
does not measure them.
"""

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from engine.profile.habits import MARKS
from engine.text import token_spans
from engine.types import Language, StyleProfile

_HANGING = re.compile(r",[ \t]*(?=[.!?])")
_GAPS = re.compile(r"[ \t]+(?=[,.;:!?，。；：！？])|(?<=[ \t])[ \t]+")


def without_struck(text: str, profile: StyleProfile) -> str:
    """Return a text without the words and habits that the writer struck out of the profile."""
    struck = set(profile.struck)
    words = frozenset(word.word for word in profile.words if word.word in struck)
    habits = frozenset(habit.name for habit in profile.habits if habit.name in struck)
    return _without(text, words, habits, profile.language) if words or habits else text


@lru_cache(maxsize=256)
def _without(text: str, words: frozenset[str], habits: frozenset[str], language: Language) -> str:
    for mark in MARKS:
        if mark.name in habits:
            pieces, done = [], 0
            for match in mark.find(text):
                pieces += [text[done : match.start()], _plainly(mark.name, match[0], language)]
                done = match.end()
            text = "".join((*pieces, text[done:]))
    text = _without_words(text, words, language)
    return _GAPS.sub("", text)


def _without_words(text: str, words: Collection[str], language: Language) -> str:
    if language == "zh":
        for word in words:
            text = re.sub(re.escape(word), "", text, flags=re.IGNORECASE)
        return text
    for token in reversed(token_spans(text)):
        if token.text in words:
            text = text[: token.start] + text[token.end :].removeprefix(",")
    return _HANGING.sub("", text)


def _plainly(habit: str, found: str, language: Language) -> str:
    """Return a mark as somebody without the habit would put it."""
    if habit in _PLAIN:
        return _PLAIN[habit](found)
    return _ENDS[language].get(habit, "")


_ENDS: Mapping[Language, Mapping[str, str]] = {
    "en": dict.fromkeys(("exclamation", "question", "ellipsis"), ".")
    | dict.fromkeys(("em_dash", "semicolon", "colon"), ","),
    "zh": dict.fromkeys(("exclamation", "question", "ellipsis"), "。")
    | dict.fromkeys(("em_dash", "semicolon", "colon"), "，"),
}
_PLAIN: Mapping[str, Callable[[str], str]] = {
    "parentheses": lambda found: found[1:-1],
    "quotes": lambda found: found[1:-1],
    "code": lambda found: found[1:-1],
    "bold": lambda found: found[2:-2],
    "all_caps": str.lower,
    "lower_start": str.upper,
    "ampersand": lambda _: "and",
}
