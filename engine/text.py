"""Text as everything else here sees it: cleaned, cut into tokens, sentences and paragraphs.

One tokenizer serves all measures, so that a score and the profile never disagree about a word.
Nothing here knows about chat templates: `<|im_end|>` is seven ordinary characters and some more.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from engine.types import Language

Item = TypeVar("Item")

# Han, kana, hangul: written without spaces, so each character is a token of its own.
HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = r"\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f"
_HANGUL = r"\u1100-\u11ff\uac00-\ud7af"
LONE = HAN + _KANA + _HANGUL
_LETTER = rf"(?:[^\W\d_{LONE}][\u0300-\u036f]*)"
_TOKEN = re.compile(
    rf"[{LONE}]|\d+(?:[.,．]\d+)*[%％]?|{_LETTER}+(?:['’]{_LETTER}+)*",
)
_ALNUM = rf"(?:[^\W_{LONE}][\u0300-\u036f]*)"
_WORD = rf"{_ALNUM}+(?:['’.,:/&@+\-]{_ALNUM}+)*"
_WORDS: dict[Language, re.Pattern[str]] = {
    "en": re.compile(rf"[{LONE}]+|{_WORD}"),
    "zh": re.compile(rf"[{LONE}]|{_WORD}"),
}

# Invisible marks that reorder or hide text. ZWJ (200D) is dealt with apart: emoji need it.
_HIDDEN = re.compile(r"[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_JOINER = re.compile(r"\u200d")
_EMOJI_BEFORE = re.compile(r"[\ufe0f\u2190-\u2bff\U0001f000-\U0001faff]")
_NEWLINES = re.compile(r"\r\n?|[\u0085\u2028\u2029]")


def clean(text: str) -> str:
    """Return `text` in NFC with plain newlines and without characters that nobody can see.

    Control characters (but newline and tab), bidirectional overrides and isolates, zero-width
    marks, byte-order marks and lone surrogates go; letters of every script stay. Idempotent.
    """
    text = _HIDDEN.sub("", _NEWLINES.sub("\n", text))
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    text = _JOINER.sub(lambda m: "\u200d" if _joins_emoji(m) else "", text)
    return unicodedata.normalize("NFC", text)


def _joins_emoji(match: re.Match[str]) -> bool:
    text, at = match.string, match.start()
    before, after = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
    return bool(_EMOJI_BEFORE.match(before) and _EMOJI_BEFORE.match(after))


class Token(NamedTuple):
    """A token in its normal form, and where it stands: characters [start, end)."""

    text: str
    start: int
    end: int


def token_spans(text: str) -> list[Token]:
    """Return the tokens of `text` with their places.

    A Han, kana or hangul character is a token; so is a run of letters (don't is one) and a number
    (3.5, 1,000, 50%). Each is NFKC, lower case, with a straight apostrophe.
    """
    return [Token(_normal(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(text)]


def _normal(token: str) -> str:
    if token.isascii():
        return token.lower()
    return unicodedata.normalize("NFKC", token).lower().replace("’", "'")


def tokens(text: str) -> list[str]:
    """Return the tokens of `text` without their places."""
    return [_normal(match) for match in _TOKEN.findall(text)]


def ngrams(items: Sequence[Item], n: int) -> list[tuple[Item, ...]]:
    """Return all runs of `n` neighbours in order; none where `items` are fewer."""
    return [tuple(items[i : i + n]) for i in range(len(items) - n + 1)]


def count_words(text: str, language: Language) -> int:
    """Return the length as a person counts it: words, or characters where `language` is Chinese."""
    return sum(1 for _ in _WORDS[language].finditer(text))


# ------------------------------------------------------------------ sentences and paragraphs


def words_set(text: str) -> frozenset[str]:
    """Return the words of a list that is written as one string, parted by spaces."""
    return frozenset(text.split())


_BULLET = re.compile(
    r"[ \t]*(?:[-*+•·‣▪●○–—][ \t]+|[•●▪]|#{1,6}[ \t]+|>[ \t]+|\d{1,3}[.)][ \t]+|\d{1,3}、|"
    r"[(（]\d{1,3}[)）][ \t]*|[一二三四五六七八九十]{1,3}、)"
)
_END = re.compile(
    r"(?P<mark>[.!?…]+|[。！？｡]+[…!?]*)(?P<close>[\"'”’」』）】》)\]*_]*)(?P<gap>\s+|$)?",
    re.DOTALL,
)
_NEVER = words_set(
    "mr mrs ms dr prof rev hon gen col capt lt sgt st mt messrs vs e.g i.e cf viz fig"
)
_IF_NUMBER = words_set(
    "no nos vol pp p ch sec art jan feb mar apr jun jul aug sep sept oct nov dec"
)
_IF_LOWER = words_set("etc a.m p.m inc ltd co corp jr sr u.s u.k ph.d al dept est")
_LAST_WORD = re.compile(r"([^\W_]+(?:\.[^\W_]+)*)$")
_LONGEST_WORD = 64  # characters; without a bound, a long line takes the square of its length


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the places of all sentences: [start, end), without surrounding space or bullets.

    A sentence ends at its mark (abbreviations, decimals and initials looked through), at a newline,
    unless the line is just wrapped, and at the end.
    """
    spans = []
    for start, end in _line_spans(text):
        bullet = _BULLET.match(text, start, end)
        start = bullet.end() if bullet else start
        cuts = [start, *(c for c in _cuts(text, start, end) if start < c < end), end]
        spans += [_trimmed(text, a, b) for a, b in pairwise(cuts)]
    return [(a, b) for a, b in spans if b > a and any(c.isalnum() for c in text[a:b])]


def sentences(text: str) -> list[str]:
    """Return the sentences of `text` (see `sentence_spans`)."""
    return [text[a:b] for a, b in sentence_spans(text)]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs: parted by blank lines, or by newlines where no line is blank."""
    blocks = re.split(r"\n[ \t\u3000]*\n\s*", text.strip())
    if len(blocks) == 1:
        blocks = [text[a:b] for a, b in _line_spans(text)]
    return [block.strip() for block in blocks if block.strip()]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, max(start, start + len(piece.strip()))


def _line_spans(text: str) -> Iterable[tuple[int, int]]:
    """Yield the places of lines, a wrapped line together with what it continues.

    Who begins no line with a capital writes in lower case: it says nothing about wrapping then.
    """
    start = 0
    wraps = any(line[:1].isupper() for line in text.split("\n"))
    for newline in re.finditer(r"\n", text):
        if not (wraps and _is_wrapped(text, start, newline.start())):
            yield start, newline.start()
            start = newline.end()
    yield start, len(text)


def _is_wrapped(text: str, start: int, at: int) -> bool:
    """Say whether the newline at `at` stands in the middle of a sentence of wrapped text."""
    before = text[max(start, text.rfind("\n", 0, at) + 1) : at].rstrip()
    after = text[at + 1 : at + 2]
    return len(before) >= 40 and after.islower() and before[-1] not in ".!?:;…"


def _cuts(text: str, start: int, end: int) -> Iterable[int]:
    for match in _END.finditer(text, start, end):
        if _ends_sentence(match, text[start : match.start()], text[match.end() : end][:1]):
            yield match.end()


def _ends_sentence(match: re.Match[str], before: str, after: str) -> bool:
    mark, closed, gap = match["mark"], bool(match["close"]), match["gap"]
    if mark[0] in "。！？｡":
        return not (closed and after in {"，", "、", "；"})
    if gap is None:
        # "Wirklich？好" has no gap, but "3.5", "e.g" and "a.b" have none either.
        return mark[-1] in "!?" and bool(after) and re.match(f"[{HAN}]", after) is not None
    if closed and after.islower():
        return False
    if mark.startswith(("..", "…")):
        return not after.islower()
    return mark[0] != "." or not _is_abbreviation(before, after)


def _is_abbreviation(before: str, after: str) -> bool:
    found = _LAST_WORD.search(before[-_LONGEST_WORD:])
    if found is None:
        return False
    word, known = found.group(), found.group().lower()
    if known in _IF_NUMBER:
        return after.isdigit()
    if known in _IF_LOWER:
        return not after.isupper()
    return known in _NEVER or (len(word) == 1 and word.isupper() and word != "I")


# ------------------------------------------------------------------ language

_FUNCTION_WORDS = {
    "en": words_set(
        "the and of to a in is that it for was with i you not be are this have but they"
    ),
    "fr": words_set("le la les et est une des du que qui pas dans pour je il elle sur au avec ce"),
    "de": words_set("der die das und ist nicht ein eine ich zu den mit sie auf für von dem es im"),
    "es": words_set("el la los las que y en un una es por con no se su para lo como del mi"),
    "it": words_set("il la che di e un una per non sono con del si gli le della nel mi ho anche"),
    "pt": words_set("o os que e um uma não para com do da em se por mais no na eu ele isso"),
}


def guess_language(text: str) -> Language | None:
    """Return the language `text` is written in, None for neither (or for no letters at all).

    Scripts decide between English and Chinese; among Latin texts, function words.
    """
    han, kana_hangul = (len(re.findall(f"[{script}]", text)) for script in (HAN, _KANA + _HANGUL))
    words = [t for t in tokens(text) if t[0].isalpha() and not re.match(f"[{LONE}]", t)]
    latin = [word for word in words if unicodedata.name(word[0], "").startswith("LATIN")]
    others = len(words) - len(latin)
    if han > max(len(latin), others) and kana_hangul * 5 < han:
        return "zh"
    if len(latin) <= max(han + kana_hangul, others):
        return None
    return "en" if _closest_function_words(latin) == "en" else None


def _closest_function_words(words: Sequence[str]) -> str:
    """Return the language whose function words are most frequent; English without evidence."""
    hits = {name: sum(word in known for word in words) for name, known in _FUNCTION_WORDS.items()}
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] > hits["en"] and hits[best] * 10 >= len(words) else "en"
