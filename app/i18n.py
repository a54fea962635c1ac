"""Words of the page in English and Chinese.

Labels that never change go to the browser through `gr.I18n`; texts made here for one visitor follow
the language that their browser asks for. Both read the same two files.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import gradio as gr
from gradio.i18n import I18nData

from engine.types import Language

# What the browser part of Gradio calls the languages it may start in.
_BROWSER_LOCALES: Mapping[str, Language] = {"en": "en", "zh": "zh", "zh-CN": "zh", "zh-TW": "zh"}


@cache
def table(language: Language) -> Mapping[str, str]:
    """Return all words of the page in one language."""
    text = files("app").joinpath("static", "i18n", f"{language}.json").read_text("utf-8")
    words: dict[str, str] = json.loads(text)
    return words


@dataclass(frozen=True)
class Texts:
    """The page's words in one language; call it with a key and the values to fill in."""

    language: Language

    def get(self, key: str, otherwise: str) -> str:
        """Return the text of `key`, or `otherwise` where the page has no word for it."""
        return table(self.language).get(key, otherwise)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with `values` in their places."""
        return table(self.language)[key].format(**values)


def browser_translations() -> gr.I18n:
    """Return what the browser needs to name the fixed labels."""
    return gr.I18n(**{locale: dict(table(name)) for locale, name in _BROWSER_LOCALES.items()})


def label(key: str) -> I18nData:
    """Return a fixed label, to be translated in the browser."""
    if key not in table("en"):
        raise KeyError(key)
    return I18nData(key)


def texts_for(request: gr.Request | None) -> Texts:
    """Return the words in the language that the visitor's browser asks for first."""
    accepted = "" if request is None else str(request.headers.get("accept-language", ""))
    return Texts(preferred_language(accepted))


def preferred_language(accept_language: str) -> Language:
    """Return the first language of an Accept-Language header that the page speaks.

    Browsers list them in order of preference, so the weights need no reading.
    """
    for part in accept_language.split(","):
        name = part.split(";")[0].strip().lower().split("-")[0]
        if name == "zh":
            return "zh"
        if name == "en":
            return "en"
    return "en"
