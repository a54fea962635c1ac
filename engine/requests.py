"""The one place where what a person typed becomes a WritingRequest, or a clear sentence."""

import math
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import get_args

from engine.errors import InvalidRequest
from engine.text import clean, count_words
from engine.types import MAX_FACTS, MAX_SEED, Language, ModelCard, WritingRequest

MAX_TOPIC = 300
MAX_FACT = 500
MAX_AUDIENCE = 200
MAX_SOURCE = 20_000
_ROOM = 4  # a text so many times too long is refused as it came: cleaning megabytes takes seconds
WORDS = (20, 800)
DRAFTS = (1, 8)

_LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "zh": "Chinese"}
_MARKER = re.compile(
    r"\s*(?:[-*+–—]\s+|[•·‣▪●○]\s*|\d{1,2}[.)]\s+|\d{1,2}、\s*|[(（]\d{1,2}[)）]\s*)+"
)


def make_request(
    *,
    topic: str,
    facts: str | Sequence[str] = (),
    audience: str = "",
    words: float | str = 120,
    language: str = "en",
    drafts: float | str = 4,
    creativity: float | str = 0.5,
    seed: float | str | None = None,
    source: str | None = None,
) -> WritingRequest:
    """Clean and check what a person asked for.

    Args:
        topic: what the note is about, one line.
        facts: what it must say; a string holds one fact a line. Bullets and numbers in front,
            blank lines and repetitions are dropped.
        audience: who will read it; may be empty.
        words: the wanted length (Han characters count one each in Chinese).
        language: "en" or "zh".
        drafts: how many drafts to write.
        creativity: 0 plain to 1 daring.
        seed: repeats a note exactly; one is drawn where it is None.
        source: a neutral text to restyle, in place of a plan's own.

    Raises:
        InvalidRequest: a value cannot be used; `field` names it.
    """
    wanted = _whole(words, "words", "The length in words", *WORDS)
    spoken = _language(language)
    kept = _facts(facts)
    _check_facts_fit(kept, wanted, spoken)
    return WritingRequest(
        topic=_topic(topic),
        facts=kept,
        audience=_short(audience, MAX_AUDIENCE, "audience", "The audience"),
        words=wanted,
        language=spoken,
        drafts=_whole(drafts, "drafts", "The number of drafts", *DRAFTS),
        creativity=_creativity(creativity),
        seed=_seed(seed),
        source=_source(source),
    )


def check_languages(request: WritingRequest, card: ModelCard, suggestions: Sequence[str]) -> None:
    """Refuse a language that the model cannot write, before anybody waits.

    Args:
        request: what is asked for.
        card: the model that would write it.
        suggestions: names of models that can write that language.

    Raises:
        InvalidRequest: with `field="language"`, naming `suggestions`.
    """
    if request.language in card.languages:
        return
    can = " and ".join(_LANGUAGE_NAMES[name] for name in card.languages) or "no language we know"
    asked = _LANGUAGE_NAMES[request.language]
    if suggestions:
        remedy = f"Set up one that can ({', '.join(suggestions)}), or ask for {can}."
    else:
        remedy = f"Set up a model that can, or ask for {can}."
    raise InvalidRequest(
        f"The model {card.name} writes {can} only, not {asked}. {remedy}", field="language"
    )


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _short(text: str, limit: int, field: str, label: str) -> str:
    line = _one_line(text) if len(text) <= _ROOM * limit else text
    if len(line) > limit:
        raise InvalidRequest(
            f"{label} has {len(line):,} characters; shorten it to {limit} at most.", field=field
        )
    return line


def _topic(text: str) -> str:
    topic = _short(text, MAX_TOPIC, "topic", "The topic")
    if not topic:
        raise InvalidRequest("The topic is empty; say what the note is about.", field="topic")
    return topic


def _facts(given: str | Sequence[str]) -> tuple[str, ...]:
    size = sum(map(len, given))
    if size > _ROOM * MAX_FACTS * MAX_FACT:
        raise InvalidRequest(
            f"The facts have {size:,} characters; a note can hold {MAX_FACTS} facts of {MAX_FACT} "
            "characters at most. Keep the ones that matter.",
            field="facts",
        )
    lines: Iterable[str] = clean(given).split("\n") if isinstance(given, str) else given
    stripped = (_without_marker(_one_line(line)) for line in lines)
    facts = tuple(dict.fromkeys(fact for fact in stripped if fact))
    if len(facts) > MAX_FACTS:
        raise InvalidRequest(
            f"There are {len(facts):,} facts; a note can hold {MAX_FACTS} at most. "
            "Keep the ones that matter, or write several notes.",
            field="facts",
        )
    for number, fact in enumerate(facts, start=1):
        _short(fact, MAX_FACT, "facts", f"Fact {number}")
    return facts


def _without_marker(line: str) -> str:
    """Return a fact without the bullet or number that its line begins with."""
    marker = _MARKER.match(line + " ")
    return line[marker.end() :].strip() if marker else line


def _check_facts_fit(facts: Sequence[str], words: int, language: Language) -> None:
    total = sum(count_words(fact, language) for fact in facts)
    if total > 2 * words:
        raise InvalidRequest(
            f"The facts take {total:,} words, too many for a note of {words}. "
            "Ask for a longer note or give fewer facts.",
            field="facts",
        )


def _number(value: float | str | None, field: str, label: str) -> float:
    """Return what a web form or a command line gave as a number."""
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidRequest(f"{label} is {value!r}, which is not a number.", field=field)
    return number


def _whole(value: float | str | None, field: str, label: str, low: int, high: int) -> int:
    number = _number(value, field, label)
    if number != int(number) or not low <= number <= high:
        raise InvalidRequest(
            f"{label} is {value}; it must be a whole number from {low} to {high}.", field=field
        )
    return int(number)


def _creativity(value: float | str) -> float:
    number = _number(value, "creativity", "Creativity")
    if not 0 <= number <= 1:
        raise InvalidRequest(
            f"Creativity is {number:g}; choose a value from 0 to 1.", field="creativity"
        )
    return number


def _seed(value: float | str | None) -> int:
    """Return the seed asked for, or a fresh one: it is always kept, so a note can be repeated."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return secrets.randbelow(MAX_SEED + 1)
    return _whole(value, "seed", "The seed", 0, MAX_SEED)


def _language(value: str) -> Language:
    for known in get_args(Language):
        if value == known:
            return known  # type: ignore[no-any-return]  # get_args is untyped
    raise InvalidRequest(
        f"The language {value!r} is not known; choose 'en' for English or 'zh' for Chinese.",
        field="language",
    )


def _source(text: str | None) -> str | None:
    given = text or ""
    source = clean(given).strip() if len(given) <= _ROOM * MAX_SOURCE else given
    if len(source) > MAX_SOURCE:
        raise InvalidRequest(
            f"The text to restyle has {len(source):,} characters; {MAX_SOURCE:,} fit at most. "
            "Give a shorter one.",
            field="source",
        )
    return source or None
