"""How text becomes searchable words: one way for the index, the query and a snippet's marks.

Words are folded (compatibility forms, case and accents do not count). Chinese has no spaces, so
each Han or Kana character is a word of its own and a run of them is looked for as a phrase: exact,
for one character as for ten, without a dictionary.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

START, END = "\x02", "\x03"
MAX_PHRASES = 24
MAX_QUERY_CHARS = 400
SNIPPET_CHARS = 160
_LEAD = 40  # characters shown before the first match

_SINGLE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ALONE = re.compile(f"[{_SINGLE}]")
_WORD = re.compile(f"[{_SINGLE}]|[^\\W_{_SINGLE}]+")


class Word(NamedTuple):
    """A folded word and where it stands in the text: characters [start, end)."""

    folded: str
    start: int
    end: int


class Phrase(NamedTuple):
    """Words that follow one another; with `prefix` the last one is only begun."""

    words: tuple[str, ...]
    prefix: bool = False


def words(text: str) -> Iterator[Word]:
    """Yield the words of a text in order; punctuation, spaces and marks are between words."""
    for match in _WORD.finditer(text):
        folded = _folded(match.group())
        if folded:
            yield Word(folded, match.start(), match.end())


def indexed(*texts: str) -> str:
    """Return the folded words of some texts, parted by spaces, for the index."""
    return " ".join(word.folded for text in texts for word in words(_composed(text)))


def phrases(query: str) -> tuple[Phrase, ...]:
    """Read what a person typed: each piece between spaces is a phrase, whatever signs it holds.

    The last word is taken as only begun, unless a space follows it.
    """
    query = _composed(query[:MAX_QUERY_CHARS])
    begun = bool(query) and not query[-1].isspace()
    found = []
    pieces = query.split()
    for place, piece in enumerate(pieces):
        parts = tuple(word.folded for word in words(piece))
        if parts:
            last = begun and place == len(pieces) - 1
            found.append(Phrase(parts, prefix=last and not _ALONE.match(parts[-1])))
    return tuple(found[:MAX_PHRASES])


def snippet(text: str, sought: Sequence[Phrase]) -> str:
    """Return about a line of the text around the first match, every match between START and END."""
    line = " ".join(_composed(text).replace(START, "").replace(END, "").split())
    marks = _matches(line, sought) if sought else []
    first = marks[0][0] if marks else 0
    begin = _window_start(line, first)
    stop = min(len(line), begin + SNIPPET_CHARS)
    shown, at = [], begin
    for start, end in marks:
        if start < at or end > stop:
            continue
        shown += [line[at:start], START, line[start:end], END]
        at = end
    shown.append(line[at:stop].rstrip())
    return ("…" if begin else "") + "".join(shown) + ("…" if stop < len(line) else "")


def _window_start(line: str, first: int) -> int:
    if first <= _LEAD:
        return 0
    space = line.find(" ", first - _LEAD, first)
    return space + 1 if space >= 0 else first - _LEAD // 2


def _matches(line: str, sought: Sequence[Phrase]) -> list[tuple[int, int]]:
    """Return where the phrases stand, in order and without overlaps."""
    here = list(words(line))
    spans = [
        (here[i].start, here[i + len(phrase.words) - 1].end)
        for i in range(len(here))
        for phrase in sought
        if _stands_at(here, i, phrase)
    ]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    return apart


def _stands_at(here: Sequence[Word], place: int, phrase: Phrase) -> bool:
    *head, last = phrase.words
    end = place + len(head)
    if end >= len(here) or any(here[place + i].folded != word for i, word in enumerate(head)):
        return False
    found = here[end].folded
    return found.startswith(last) if phrase.prefix else found == last


def _composed(text: str) -> str:
    # Accents typed as marks of their own would part a word; composed, they are one letter with it.
    return text if text.isascii() else unicodedata.normalize("NFC", text)


@lru_cache(maxsize=20_000)
def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word).casefold()
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if c.isalnum()))
