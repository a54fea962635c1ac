"""The writer's never list while a text grows: what is banned, and what may still become so.

Latin words match whole and in any case ("art" is not in "party", and "delve" does not cover
"delves": inflections are entries of their own); Han matches anywhere. A run of spaces or a newline
is a space. The entries are kept sorted and found by bisection, so that a list of ten thousand costs
a drafted character no more than a list of ten, and takes no trie's memory.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from engine.text import LONE, sentence_spans

_SPELT_ALONE = re.compile(f"[{LONE}]")
_APOSTROPHES = "'’ʼ＇"


class Hit(NamedTuple):
    """Characters [start, end) of a text, and the entry that they are."""

    start: int
    end: int
    entry: str


def plain(text: str) -> str:
    """Return `text` as entries are compared: one character for each, so that places stay."""
    return "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character.isspace():
        return " "
    if character in _APOSTROPHES:
        return "'"
    simple = unicodedata.normalize("NFKC", character).lower()
    return simple if len(simple) == 1 else character


def in_word(character: str) -> bool:
    """Tell whether a character is part of a word that is written with spaces around it."""
    return character.isalnum() and not _SPELT_ALONE.match(character)


@dataclass(frozen=True)
class NeverList:
    """The entries, in their compared form and sorted."""

    entries: tuple[str, ...]

    @classmethod
    def of(cls, phrases: Sequence[str]) -> "NeverList":
        """Return the list of what a writer typed; blank entries are none."""
        return _listed(tuple(phrases))

    def watch(self) -> "Watch":
        """Return an eye on one text that grows."""
        return Watch(self)

    def find(self, text: str) -> list[Hit]:
        """Return where a finished text holds entries, in order and without overlaps."""
        hits: list[Hit] = []
        at = 0
        watch = self.watch()
        while at < len(text):
            hit = watch.feed(text[at:], ended=True)
            if hit is None:
                break
            hits.append(Hit(hit.start + at, hit.end + at, hit.entry))
            at += hit.end
            watch = Watch(self, before=plain(text[max(0, at - 2) : at]))
        return hits

    def without(self, text: str) -> str:
        """Return a text less its sentences that hold an entry; all else stays as it is."""
        for start, end in reversed(sentence_spans(text)):
            if self.find(text[start:end]):
                text = text[:start] + text[end:].lstrip(" ")
        return text


def untold(phrases: tuple[str, ...], told: str) -> tuple[str, ...]:
    """Return the phrases that what was told does not hold: a fact must be sayable."""
    held = {hit.entry for hit in NeverList.of(phrases).find(told)}
    return tuple(p for p in phrases if " ".join(plain(p).split()) not in held) if held else phrases


@lru_cache(maxsize=8)
def _listed(phrases: tuple[str, ...]) -> NeverList:
    entries = {" ".join(plain(phrase).split()) for phrase in phrases}
    return NeverList(tuple(sorted(entries - {""})))


@dataclass
class _Match:
    """A stretch that may be an entry: where it began, and what it says with single spaces.

    `whole` is an entry that it is already, up to `end`, if the word ends there.
    """

    start: int
    said: str = ""
    whole: str = ""
    end: int = 0


@dataclass
class Watch:
    """Looks for entries in a text that grows; `before` are the characters that it follows."""

    known: NeverList
    before: str = ""
    size: int = 0
    _open: list[_Match] = field(default_factory=list)

    @property
    def pending(self) -> int:
        """Where the earliest stretch begins that may still become an entry; else the end."""
        return min((match.start for match in self._open), default=self.size)

    def feed(self, text: str, *, ended: bool = False) -> Hit | None:
        """Take in more text; return the first entry that is certain now.

        After a hit the watch is spent. `ended` says that nothing follows: a word ends there.
        """
        for character in plain(text):
            hit = self._take(character)
            if hit is not None:
                return hit
        if not ended:
            return None
        done = [match for match in self._open if match.whole]
        self._open = []
        return _hit(min(done, key=lambda match: match.start)) if done else None

    def _take(self, character: str) -> Hit | None:
        if self._starts(character):
            self._open.append(_Match(self.size))
        still: list[_Match] = []
        found: list[_Match] = []
        for match in self._open:
            fate = self._advance(match, character)
            if fate == "hit":
                found.append(match)
            elif fate == "open":
                still.append(match)
        self._open = still
        self.size += 1
        self.before = (self.before + character)[-2:]
        return _hit(min(found, key=lambda match: match.start)) if found else None

    def _starts(self, character: str) -> bool:
        """Tell whether an entry may begin with this character here."""
        if character == " ":
            return False
        if not in_word(character) or not self.before:
            return True
        last = self.before[-1]
        inside = last == "'" and len(self.before) > 1 and in_word(self.before[-2])
        return not (in_word(last) or inside)

    def _advance(self, match: _Match, character: str) -> str:
        """Take one character into a stretch; say whether it is a hit, open still, or neither."""
        if match.whole and not self._goes_on(match, character):
            return "hit"
        if character == " " and match.said.endswith(" "):
            return "open"
        match.said += character
        at = bisect_left(self.known.entries, match.said)
        nearest = self.known.entries[at] if at < len(self.known.entries) else ""
        longer = nearest.startswith(match.said)
        if nearest == match.said:
            match.whole, match.end = nearest, self.size + 1
            if not in_word(character):
                return "hit"
        # An apostrophe may go on with the word ("can't") or close a quotation: the next one tells.
        waits = bool(match.whole) and self.size + 1 - match.end <= 1
        return "open" if longer or waits else "gone"

    def _goes_on(self, match: _Match, character: str) -> bool:
        """Tell whether the word at the end of a whole entry may go on; forget the entry if it does.

        A longer entry may still come of the stretch.
        """
        if self.size == match.end:
            if character == "'":
                return True
            if in_word(character):
                match.whole = ""
                return True
            return False
        if in_word(character):
            match.whole = ""
            return True
        return False


def _hit(match: _Match) -> Hit:
    return Hit(match.start, match.end, match.whole)
