"""Punctuation, emoji and layout habits: how often per 100 words, against everybody's rate."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from engine.profile.reference import Reference
from engine.text import count_words, sentence_spans
from engine.types import Habit, Language

_EMOJI = (
    r"[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b]"
    r"[\ufe0f\U0001f3fb-\U0001f3ff]?(?:\u200d[\U0001f300-\U0001faff\u2600-\u27bf]\ufe0f?)*"
)


class Mark(NamedTuple):
    """A thing to count: its stable key, how it is shown, and where it stands in a text."""

    name: str
    sign: str
    find: Callable[[str], Iterable[re.Match[str]]]


def _pattern(expression: str) -> Callable[[str], Iterable[re.Match[str]]]:
    compiled = re.compile(expression, re.MULTILINE)
    return compiled.finditer


def _lower_starts(text: str) -> Iterable[re.Match[str]]:
    first = re.compile(r"[\"'“‘(]?[a-z]")
    return (m for a, _ in sentence_spans(text) if (m := first.match(text, a)))


MARKS: tuple[Mark, ...] = (
    Mark("exclamation", "!", _pattern(r"[!！]+")),
    Mark("question", "?", _pattern(r"[?？]+[!！]*")),
    Mark("ellipsis", "…", _pattern(r"\.{3,}|…+|。{2,}")),
    Mark("em_dash", "—", _pattern(r"—+|(?<=\s)--?(?=\s)|(?<=\s)–(?=\s)|(?<=\w)--(?=\w)")),
    Mark("semicolon", ";", _pattern(r"[;；]")),
    Mark("colon", ":", _pattern(r"：|:(?=\s)")),
    Mark("comma", ",", _pattern(r",(?=\s)|，")),
    Mark("parentheses", "( )", _pattern(r"[(（][^()（）\n]{1,200}[)）]")),
    Mark("quotes", "“ ”", _pattern(r"[“「『][^”」』\n]{1,200}[”」』]|\"[^\"\n]{1,200}\"")),
    Mark("tilde", "~", _pattern(r"(?<!~)[~～](?!~)|[~～]{3,}")),
    Mark("emoji", "🙂", _pattern(_EMOJI)),
    Mark("hashtag", "#tag", _pattern(r"(?<![\w&#])#[^\W\d_][\w]*#?")),
    Mark("bullet", "•", _pattern(r"^[ \t]*(?:[-*+][ \t]+|[•●▪‣][ \t]*)(?=\S)")),
    Mark(
        "numbered",
        "1.",
        _pattern(r"^[ \t]*(?:\d{1,2}[.)][ \t]+|\d{1,2}、|[一二三四五六七八九十]{1,3}、)"),
    ),
    Mark("heading", "##", _pattern(r"^#{1,6}[ \t]+(?=\S)")),
    Mark("bold", "**", _pattern(r"\*\*[^*\n]+\*\*|__[^_\n]+__")),
    Mark("code", "`", _pattern(r"`[^`\n]+`")),
    Mark("link", "link", _pattern(r"https?://\S+|\[[^\]\n]+\]\([^)\n]+\)")),
    Mark("all_caps", "CAPS", _pattern(r"\b(?:[A-Z]{4,}|[A-Z]{2,}(?=[ ,.!?]+[A-Z]{2,}\b))\b")),
    Mark("lower_start", "abc", _lower_starts),
    Mark("ampersand", "&", _pattern(r"(?<=\s)&(?=\s)")),
)
_NAMES: dict[Language, frozenset[str]] = {
    # Marks that say nothing in the other script.
    "en": frozenset(mark.name for mark in MARKS),
    "zh": frozenset(mark.name for mark in MARKS) - {"lower_start", "ampersand", "all_caps"},
}
# Doing without these says something about a writer; doing without bullets or capitals does not.
_MISSABLE = frozenset(
    {"exclamation", "question", "ellipsis", "em_dash", "semicolon", "parentheses", "quotes"}
)


def rates(text: str, language: Language) -> dict[str, float]:
    """Return how often each mark comes per 100 words of `text` (Han characters count one each)."""
    words = max(count_words(text, language), 1)
    return {
        mark.name: 100 * sum(1 for _ in mark.find(text)) / words
        for mark in MARKS
        if mark.name in _NAMES[language]
    }


def find_habits(samples: Sequence[str], language: Language, reference: Reference) -> list[Habit]:
    """Return the marks used at least half as often again as others use them, or hardly at all.

    The most unusual come first. A mark is called missing only where three of it were expected.
    """
    text = "\n\n".join(samples)
    words = max(count_words(text, language), 1)
    found = rates(text, language)
    habits = [
        Habit(
            name=mark.name,
            mark=mark.sign,
            rate=round(found[mark.name], 3),
            reference_rate=round(reference.rates.get(mark.name, 0.0), 3),
            example=_example(text, mark),
        )
        for mark in MARKS
        if mark.name in found
        and _is_notable(mark, found[mark.name], reference.rates.get(mark.name, 0.0), words)
    ]
    return sorted(habits, key=lambda habit: -unusualness(habit))


def unusualness(habit: Habit) -> float:
    """Return how many times more (or less) often than others, smoothed: at least 1."""
    ratio = (habit.rate + 0.1) / (habit.reference_rate + 0.1)
    return max(ratio, 1 / ratio)


def _is_notable(mark: Mark, rate: float, usual: float, words: int) -> bool:
    count, expected = rate * words / 100, usual * words / 100
    if count >= 2 and rate >= 1.5 * usual + 0.05:
        return True
    return mark.name in _MISSABLE and expected >= 3 and rate <= usual / 3


def _example(text: str, mark: Mark) -> str:
    """Return a short sentence or line that shows the mark; empty where there is none."""
    for match in islice(mark.find(text), 1):
        for start, end in sentence_spans(text):
            if start <= match.start() < end:
                return text[start:end][:200].strip()
        line_start = text.rfind("\n", 0, match.start()) + 1
        line_end = text.find("\n", match.end())
        return text[line_start : line_end if line_end >= 0 else len(text)][:200].strip()
    return ""
