"""Samples in, StyleProfile out."""

from collections.abc import Sequence
from typing import Literal

from engine.documents import MAX_CHARACTERS
from engine.errors import InvalidRequest
from engine.profile.advice import advice
from engine.profile.habits import find_habits
from engine.profile.lexical import signature_words
from engine.profile.parsing import read_sentences
from engine.profile.pragmatics import find_tags
from engine.profile.productions import find_rules
from engine.profile.reference import load_reference, load_stop_words, load_syntax
from engine.profile.shape import shape
from engine.profile.syntax import measure
from engine.text import clean, count_words, guess_language
from engine.types import Language, StyleProfile, StyleSample

__all__ = ["advice", "build_profile"]

GOOD = (1500, 5)  # words and samples from which a profile can be trusted
FAIR = (300, 3)
_TELLING_WORDS = 20
"""Fewer words of no language we know may still be a list, a poem or names."""
_NAMES: dict[Language, str] = {"en": "English", "zh": "Chinese"}


def build_profile(
    samples: Sequence[StyleSample], language: Language, *, name: str = ""
) -> StyleProfile:
    """Read an author's samples into a profile.

    Raises:
        InvalidRequest: (field "samples") there is no text, too much, or another language's.
    """
    _check_size(samples)
    cleaned = (StyleSample(title=s.title, text=clean(s.text).strip()) for s in samples)
    kept = tuple(dict.fromkeys(s for s in cleaned if count_words(s.text, language)))
    _check(kept, language)
    texts = [s.text for s in kept]
    reference, usual = load_reference(language), load_syntax(language)
    sentences = read_sentences(texts, language)
    return StyleProfile(
        name=name,
        language=language,
        samples=kept,
        words=tuple(signature_words(texts, language, reference, load_stop_words(language))),
        habits=tuple(find_habits(texts, language, reference)),
        shape=shape(texts, language),
        rules=tuple(find_rules(sentences, usual)),
        syntax=measure(sentences, language),
        tags=tuple(find_tags(sentences, language, usual.tags)),
        confidence=_confidence(sum(count_words(t, language) for t in texts), len(kept)),
    )


def _check(samples: Sequence[StyleSample], language: Language) -> None:
    if not samples:
        raise InvalidRequest(
            "Add at least one sample of the style: paste a text or drop a file.", field="samples"
        )
    for sample in samples:
        _check_language(sample, language)


def _check_size(samples: Sequence[StyleSample]) -> None:
    """Refuse too much text as it came: cleaning megabytes would take seconds."""
    size = sum(len(s.text) for s in samples)
    if size > MAX_CHARACTERS:
        raise InvalidRequest(
            f"The samples have {size:,} characters together; {MAX_CHARACTERS:,} fit at most. "
            "Keep the most typical ones.",
            field="samples",
        )


def _check_language(sample: StyleSample, language: Language) -> None:
    seen = guess_language(sample.text)
    if seen == language:
        return
    if seen is None and count_words(sample.text, language) < _TELLING_WORDS:
        return
    found = f"is in {_NAMES[seen]}" if seen else f"does not look like {_NAMES[language]}"
    raise InvalidRequest(
        f"The sample “{sample.title}” {found}, but the style is to be {_NAMES[language]}: "
        "choose the language of the samples, or other samples.",
        field="samples",
    )


def _confidence(words: int, samples: int) -> Literal["low", "fair", "good"]:
    if words >= GOOD[0] and samples >= GOOD[1]:
        return "good"
    return "fair" if words >= FAIR[0] and samples >= FAIR[1] else "low"
