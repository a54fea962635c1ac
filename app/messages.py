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
_LONGEST = (
    2_000  # characters; a longer one holds a stranger's text, which patterns should not crawl
)


def told(sentence: str, language: Language) -> str:
    """Return an error's sentence in a language, what is filled in included."""
    if language == "en" or len(sentence) > _LONGEST:
        return sentence
    for pattern, meant in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            values = (_value(value, language) for value in found.groups())
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
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the templates as patterns, those that say most of their own words first."""
    ordered = sorted(
        told_sentences().items(), key=lambda item: len(_PLACE.sub("", item[0])), reverse=True
    )
    return tuple((_pattern(template), meant) for template, meant in ordered)


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACE.split(template)
    return re.compile("(.+?)".join(re.escape(part) for part in parts), re.DOTALL)
