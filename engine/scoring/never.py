"""Does a text hold a phrase of the writer's never list? Checked by other code than keeps it out."""

import re
from collections.abc import Sequence
from functools import lru_cache

from engine.text import LONE, tokens
from engine.types import Span

_LATIN = rf"[^\W_{LONE}]"


def find_never(text: str, phrases: Sequence[str], facts: Sequence[str] = ()) -> tuple[Span, ...]:
    """Return where the phrases stand: kind "never", or "never_told" where a fact says them."""
    have, told = frozenset(tokens(text)), "\n".join(facts)
    spans: list[Span] = []
    for phrase, words in zip(phrases, _words(tuple(phrases)), strict=True):
        if not phrase.strip() or not words <= have:
            continue
        pattern = _expression(phrase)
        said = pattern.search(told) is not None
        spans += [
            Span(
                start=match.start(),
                end=match.end(),
                kind="never_told" if said else "never",
                note=" ".join(phrase.split()),
            )
            for match in pattern.finditer(text)
        ]
    return tuple(sorted(spans, key=lambda span: span.start))


@lru_cache(maxsize=8)
def _words(phrases: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    """Return the words that a text must have before a phrase is looked for in it."""
    return tuple(frozenset(tokens(phrase)) for phrase in phrases)


def _expression(phrase: str) -> re.Pattern[str]:
    body = r"\s+".join(re.escape(word) for word in phrase.split())
    body = re.sub("['’]", "['’]", body)
    first, last = phrase.strip()[0], phrase.strip()[-1]
    left = f"(?<!{_LATIN})(?<!{_LATIN}['’])" if re.match(_LATIN, first) else ""
    right = f"(?!['’]?{_LATIN})" if re.match(_LATIN, last) else ""
    return re.compile(left + body + right, re.IGNORECASE)
