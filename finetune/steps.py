"""Drafts, edits and samples in the steps that the stylist writes in: (plain, styled) pairs."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from engine.planner import as_sentence
from engine.text import count_words, sentence_spans, tokens
from engine.types import Draft, Language, Note
from finetune.alignment import Aligned, align

Steps: TypeAlias = tuple[tuple[str, str], ...]

LENGTH_RATIO = (0.6, 1.5)
"""Of the worse text to the better (Structured Style-Rewrite, arXiv 2603.05933)."""
ASIDE_WORDS = 30  # more than these, put in between two steps, are not learned
PASSAGE_WORDS = 150  # about what a note has: samples are learned in pieces of this size


class Contrast(NamedTuple):
    """A step said in two ways, after the better side's earlier steps."""

    said: Steps
    plain: str
    better: str
    worse: str


def draft_steps(note: Note, draft: Draft) -> Steps:
    """Return the steps that a draft was made of, or else match it to its plan; empty if in vain."""
    return draft.steps or matched(plan_steps(note), draft.text)


def plan_steps(note: Note) -> list[str]:
    """Return the plain sentences that the stylist is asked for, one by one."""
    return [as_sentence(point.text, note.request.language) for point in note.plan.points]


def matched(plain: str | Sequence[str], styled: str) -> Steps:
    """Return a styled text in steps, each with the line breaks that follow it."""
    return _with_breaks(align(plain, styled), styled)


def edited_steps(draft: Steps, text: str) -> Steps:
    """Return an edited text in the steps of its draft.

    What was left as it was holds the steps between in place. A step that was struck out is absent;
    a few words put in belong to the step before them, or to the first.
    """
    found: list[Aligned] = []
    waiting: list[str] = []
    at = 0
    for plain, styled in draft:
        place = text.find(styled.strip(), at)
        if place < 0:
            waiting.append(plain)
            continue
        end = place + len(styled.strip())
        opens = not found and not waiting and _is_aside(text[:place])
        _fill(found, waiting, text[at:place])
        found.append(Aligned(plain, text[0 if opens else place : end].lstrip()))
        waiting, at = [], end
    _fill(found, waiting, text[at:])
    return _with_breaks(found, text)


def _fill(found: list[Aligned], waiting: Sequence[str], gap: str) -> None:
    """Add what stands between two steps that were left as they were."""
    if waiting and gap.strip():
        found += align(waiting, gap.strip())
    elif found and _is_aside(gap):
        plain, styled = found[-1]
        found[-1] = Aligned(plain, styled + gap.rstrip())


def _is_aside(gap: str) -> bool:
    """Tell whether what was put in is manner; what is longer has content that no plan holds."""
    return bool(gap.strip()) and len(tokens(gap)) <= ASIDE_WORDS


def _with_breaks(pairs: Sequence[Aligned], text: str) -> Steps:
    """Give each step the line breaks after it: they are the author's too."""
    steps, at = [], 0
    for plain, styled in pairs:
        place = text.find(styled, at)
        at = at if place < 0 else place + len(styled)
        after = text[at:]
        blank = after[: len(after) - len(after.lstrip())]
        last = at + len(blank) == len(text)
        steps.append((plain, styled + "\n" * (0 if last or place < 0 else blank.count("\n"))))
    return tuple(steps)


def contrasts(better: Steps, worse: Steps) -> Iterator[Contrast]:
    """Yield each step that the two sides say in different words."""
    others = dict(worse)
    for number, (plain, styled) in enumerate(better):
        other = others.get(plain)
        if other is not None and not same_words(styled, other):
            yield Contrast(better[:number], plain, styled, other)


def same_words(one: str, other: str) -> bool:
    """Tell whether two texts differ in nothing but spaces and punctuation."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    # Signs such as emoji count: to add one is an edit of style.
    return "".join(c for c in text if unicodedata.category(c)[0] not in "PZC")


def lengths_agree(better: str, worse: str) -> bool:
    """Tell whether a pair is near enough in length not to teach length."""
    low, high = LENGTH_RATIO
    return low <= len(worse.strip()) / max(1, len(better.strip())) <= high


def passages(text: str, language: Language, words: int = PASSAGE_WORDS) -> tuple[str, ...]:
    """Return a text cut between sentences into passages of about `words`."""
    found, start, end = [], 0, 0
    for first, last in sentence_spans(text):
        if end > start and count_words(text[start:last], language) > words:
            found.append(text[start:first].strip())
            start = first
        end = last
    return tuple(p for p in (*found, text[start:].strip()) if p)
