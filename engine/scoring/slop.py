"""Stock phrases of machine prose, loops, and things said again: how much of a text they are.

The phrases are a value: `load_phrases` reads the list that ships for a language, or a writer's own
file in its place. What the author's samples or the facts say themselves is no slop.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from engine.profile.reference import load_stop_words
from engine.scoring.nouns import SlopFinding, SlopKind, SlopReport
from engine.text import Token, sentence_spans, token_spans, tokens
from engine.types import Language

LONGEST_LOOP = 12
REPEATED: dict[Language, int] = {"en": 4, "zh": 7}
"""Tokens in a row that are no chance when they come again."""
_MEANT: dict[Language, int] = {"en": 2, "zh": 4}  # tokens of such a run that must carry meaning
_OPENING: dict[Language, int] = {"en": 2, "zh": 3}  # tokens that make an opening
_OPENINGS = 3  # sentences that must open alike
_GAP = {"en": r"\W+(?:[\w'’-]+\W+){0,5}?", "zh": r"[^。！？\n]{1,10}?"}


def parse_phrases(text: str) -> tuple[str, ...]:
    """Read a list: one phrase a line, `#` lines are remarks."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def load_phrases(language: Language, directory: Path | None = None) -> tuple[str, ...]:
    """Return the phrases of `slop_LANGUAGE.txt` in the directory, else those that ship."""
    own = directory / f"slop_{language}.txt" if directory else None
    if own is not None and own.is_file():
        return parse_phrases(own.read_text(encoding="utf-8-sig", errors="replace"))
    return _shipped(language)


@cache
def _shipped(language: Language) -> tuple[str, ...]:
    path = files("engine.scoring") / "data" / f"slop_{language}.txt"
    return parse_phrases(path.read_text(encoding="utf-8"))


def find_slop(
    text: str,
    language: Language,
    phrases: Sequence[str],
    *,
    samples: Sequence[str] = (),
    told: str = "",
) -> SlopReport:
    """Return the meter and what it counts; phrases of the samples, or told, are let pass."""
    placed = token_spans(text)
    if not placed:
        return SlopReport(meter=0.0)
    known = "\n".join([told, *samples])
    findings = [
        *_phrases(text, language, tuple(phrases), known),
        *_loops(placed),
        *_repeats(placed, text, language),
        *_openings(text, language, samples),
    ]
    kept = _apart(findings)
    covered = sum(any(f.start < t.end and t.start < f.end for f in kept) for t in placed)
    return SlopReport(meter=covered / len(placed), findings=tuple(kept))


def _apart(findings: Iterable[SlopFinding]) -> list[SlopFinding]:
    """Return the findings in order, without those that lie inside an earlier or larger one."""
    kept: list[SlopFinding] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        if not kept or finding.end > kept[-1].end:
            kept.append(finding)
    return kept


# ------------------------------------------------------------------ stock phrases


def _phrases(
    text: str, language: Language, phrases: tuple[str, ...], known: str
) -> Iterable[SlopFinding]:
    # One expression of all the phrases is slow; few have their words in the text at all.
    lowered = text.casefold()
    near = tuple(p for p in phrases if all(part in lowered for part in _parts(p)))
    found = list(_pattern(near, language).finditer(text)) if near else []
    # Samples are longer than the text: they are read only where there is something to let pass.
    every = _pattern(phrases, language).finditer(known) if found else ()
    allowed = {_said(match[0]) for match in every}
    for match in found:
        if _said(match[0]) not in allowed:
            yield _finding(match.start(), match.end(), "phrase", match[0])


def _said(words: str) -> str:
    return " ".join(tokens(words))


@lru_cache(maxsize=4096)
def _parts(phrase: str) -> tuple[str, ...]:
    """Return the runs of letters that stand in whatever the phrase finds."""
    return tuple(re.findall(r"[^\W_]+", phrase.casefold()))


@lru_cache(maxsize=256)
def _pattern(phrases: tuple[str, ...], language: Language) -> re.Pattern[str]:
    """Return the phrases as one expression, the longest first."""
    made = [_expression(phrase, language) for phrase in sorted(phrases, key=len, reverse=True)]
    return re.compile("|".join(made), re.IGNORECASE)


def _expression(phrase: str, language: Language) -> str:
    gaps = re.split(r"\s*(?:\.\.\.|…+)\s*", phrase)
    body = _GAP[language].join(
        re.escape(part)
        .replace(r"\*", r"\w*")
        .replace("'", "['’]")
        .replace(r"\ ", r"\s+")
        .replace(r"\-", r"[-‐‑ ]")
        for part in gaps
    )
    left = r"(?<![^\W_])" if phrase[0].isascii() and phrase[0].isalnum() else ""
    right = r"(?![^\W_])" if phrase[-1].isascii() and phrase[-1].isalnum() else ""
    return f"{left}{body}{right}"


# ------------------------------------------------------------------ repetition


def _loops(placed: Sequence[Token]) -> Iterable[SlopFinding]:
    """Yield runs that are said again at once: three times for one word, twice for longer ones."""
    said = [token.text for token in placed]
    at = 0
    while at < len(said):
        found = next(filter(None, (_loop_at(said, at, n) for n in range(1, LONGEST_LOOP + 1))), 0)
        if found:
            first, last = placed[at], placed[at + found - 1]
            yield _finding(first.start, last.end, "loop", " ".join(said[at : at + found])[:60])
        at += found or 1


def _loop_at(said: Sequence[str], at: int, n: int) -> int:
    """Return how many tokens from `at` on are one run of `n` over and over; 0 for too few."""
    run = said[at : at + n]
    times = 1
    while said[at + times * n : at + (times + 1) * n] == run:
        times += 1
    # 慢慢, 研究研究, "no, no" and "nearer and nearer and" are ways of speaking.
    size = sum(map(len, run))
    least = 4 if size <= 2 else 3 if n <= 2 or size <= 4 else 2
    return times * n if times >= least else 0


def _repeats(placed: Sequence[Token], text: str, language: Language) -> Iterable[SlopFinding]:
    """Yield the second and later places of runs that come again, whole; names may."""
    n, stop = REPEATED[language], load_stop_words(language)
    first: dict[tuple[str, ...], int] = {}
    start = end = -1
    for at in range(len(placed) - n + 1):
        run = placed[at : at + n]
        key = tuple(token.text for token in run)
        if first.setdefault(key, at) + n > at or not _means(run, text, stop, _MEANT[language]):
            continue
        if run[0].start > end:
            if end > 0:
                yield _finding(start, end, "repeat", text[start:end])
            start = run[0].start
        end = run[-1].end
    if end > 0:
        yield _finding(start, end, "repeat", text[start:end])


def _means(run: Sequence[Token], text: str, stop: frozenset[str], least: int) -> bool:
    meant = [t for t in run if t.text not in stop]
    return sum(not text[t.start].isupper() for t in meant) >= least


def _openings(text: str, language: Language, samples: Sequence[str]) -> Iterable[SlopFinding]:
    """Yield the openings that three sentences or more share, unless the author opens so as well."""
    places = [p for p in sentence_spans(text) if tokens(text[p[0] : p[1]])]
    opened = [_opening(text[a:b], language) for a, b in places]
    often = {key for key, count in Counter(opened).items() if count >= _OPENINGS}
    often |= {a for (a, b), c in zip(pairwise(opened), opened[2:], strict=False) if a == b == c}
    theirs = [_opening(s, language) for sample in samples for _, s in _sentences(sample)]
    for key in often:
        share = opened.count(key) / len(opened)
        if share <= 0.2 or (theirs and theirs.count(key) / len(theirs) >= share / 2):
            continue
        for (start, end), opening in list(zip(places, opened, strict=True)):
            if opening == key:
                size = token_spans(text[start:end])[: _OPENING[language]][-1].end
                yield _finding(start, start + size, "opening", text[start : start + size])


def _sentences(text: str) -> list[tuple[int, str]]:
    return [(a, text[a:b]) for a, b in sentence_spans(text)]


def _opening(sentence: str, language: Language) -> tuple[str, ...]:
    return tuple(tokens(sentence)[: _OPENING[language]])


def _finding(start: int, end: int, kind: SlopKind, note: str) -> SlopFinding:
    return SlopFinding(start=start, end=end, kind=kind, note=note)
