"""Checks on what a person types about a style: its name, words, guidance, never list."""

from collections.abc import Sequence

from engine.errors import InvalidRequest
from engine.profile.pragmatics import tag_names
from engine.text import clean

_NAME = 60
_WORD = 40
_WORDS = 40
_GUIDANCE = 400
_PHRASE = 200
_PHRASES = 20_000


def style_name(text: str) -> str:
    """Return a style's name on one line, or say what is wrong with it."""
    name = _one_line(text, _NAME)
    if not name:
        raise InvalidRequest("Give the style a name.", field="name")
    if len(name) > _NAME:
        raise InvalidRequest(f"A style's name has at most {_NAME} characters.", field="name")
    return name


def added_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words a writer added, each once, or say what is wrong with them."""
    kept = tuple(dict.fromkeys(w for w in (_one_line(w, _WORD) for w in words) if w))
    if len(kept) > _WORDS or any(len(w) > _WORD for w in kept):
        raise InvalidRequest(
            f"Add at most {_WORDS} words of at most {_WORD} characters each.", field="added_words"
        )
    return kept


def added_tags(names: Sequence[str]) -> tuple[str, ...]:
    """Return the tags a writer added, each once, or say which there are."""
    kept, known = tuple(dict.fromkeys(names)), tag_names("en")
    strange = [name for name in kept if name not in known]
    if strange:
        raise InvalidRequest(
            f"There is no tag {strange[0]!r}; the tags are {', '.join(known)}.", field="added_tags"
        )
    return kept


def guidance(text: str) -> str:
    """Return the writer's own sentence about the style."""
    said = _one_line(text, _GUIDANCE)
    if len(said) > _GUIDANCE:
        raise InvalidRequest(
            f"Keep the guidance to {_GUIDANCE} characters: a sentence or two.", field="guidance"
        )
    return said


def never_list(phrases: Sequence[str]) -> tuple[str, ...]:
    """Return what a writer never writes, each once, or say what is wrong with it."""
    kept = tuple(dict.fromkeys(p for p in (" ".join(clean(p).split()) for p in phrases) if p))
    if len(kept) > _PHRASES or any(len(p) > _PHRASE for p in kept):
        raise InvalidRequest(
            f"List at most {_PHRASES:,} phrases of at most {_PHRASE} characters each, one a line.",
            field="never",
        )
    return kept


def _one_line(text: str, limit: int) -> str:
    """Return a text cleaned; one that is far too long as it came, for it will be refused."""
    return " ".join(clean(text).split()) if len(text) <= 20 * limit else text
