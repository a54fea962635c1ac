"""Error sentences in the reader's language.

Whatever raises an error does so in English and knows of no page. Here, at the border, its sentence
is recognised by its shape and said in Chinese; one that nobody put into the table stays English.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from engine.types import Language

_PLACE = re.compile(r"\{\d+\}")
_SPACED_QUOTE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=“)|(?<=”) (?=[\u4e00-\u9fff])")
_LONGEST = 2_000  # characters; a longer one holds a stranger's text, which is not worth reading


def told(sentence: str, language: Language) -> str:
    """Return an error's sentence in a language, what is filled in included."""
    if language == "en" or len(sentence) > _LONGEST:
        return sentence
    for parts, meant in _templates():
        found = _filled_in(parts, sentence)
        if found is not None:
            values = (_value(value, language) for value in found)
            return _SPACED_QUOTE.sub("", meant.format(*values))
    return sentence


def _value(value: str, language: Language) -> str:
    """Return what is filled in: ours translated, a name that Python quoted in Chinese quotes."""
    ours = told_words().get(value)
    if ours is not None:
        return ours
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return f"“{value[1:-1]}”"
    return told(value, language)


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = files("app").joinpath("static", "i18n", "errors_zh.toml").read_text("utf-8")
    return tomllib.loads(text)


def told_sentences() -> Mapping[str, str]:
    """Return all sentences that are known: English template → Chinese template."""
    return _table()["sentences"]


def told_words() -> Mapping[str, str]:
    """Return the words of ours that are filled into sentences."""
    return _table()["words"]


@cache
def _templates() -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return the templates, cut at their places; those that say most of their own words first."""
    ordered = sorted(
        told_sentences().items(), key=lambda item: len(_PLACE.sub("", item[0])), reverse=True
    )
    return tuple((tuple(_PLACE.split(template)), meant) for template, meant in ordered)


def _filled_in(parts: tuple[str, ...], sentence: str) -> list[str] | None:
    """Return what stands in a template's places, each as short as can be; None if it is no such.

    Found from left to right without ever going back: a regular expression would, for seconds where
    a stranger's text repeats what stands between two places.
    """
    if len(parts) == 1:
        return [] if sentence == parts[0] else None
    first, *between, last = parts
    if not (sentence.startswith(first) and sentence.endswith(last)):
        return None
    values, start, end = [], len(first), len(sentence) - len(last)
    for part in between:
        place = sentence.find(part, start + 1, end)
        if place < 0:
            return None
        values.append(sentence[start:place])
        start = place + len(part)
    return [*values, sentence[start:end]] if start < end else None
