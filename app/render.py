"""Drafts, scores, plans, differences as HTML. Pure functions; every text of people is escaped."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from app.i18n import Texts
from app.why import interval, percent, slop_word, why_style
from engine.scoring.nouns import StyleReading
from engine.types import Draft, Note, Plan, PlanPoint, Scores, Span, WritingRequest

_BANDS = ((0.8, "strong"), (0.6, "good"), (0.4, "fair"), (0.0, "weak"))
_WORDS = re.compile(r"\s+|[\u3400-\u9fff]|\w+|[^\w\s]")
_LARGEST_WORD_DIFF = 6_000


def people(text: str, *, tag: str = "bdi") -> str:
    """Return text of a person or a model, escaped, running in whatever direction it is written."""
    return f'<{tag} dir="auto">{escape(text)}</{tag}>'


def band(value: float) -> str:
    """Return the key of the word for a score in [0, 1]."""
    return next(name for floor, name in _BANDS if value >= floor)


# ------------------------------------------------------------------ marks in the text


def marked_text(text: str, spans: Sequence[Span], t: Texts) -> str:
    """Return a draft's text with facts, copied and stock phrases and unsupported claims marked.

    Spans may overlap; each stretch carries the marks of all the spans over it.
    """
    size = len(text)
    cuts = {0, size} | {min(max(cut, 0), size) for s in spans for cut in (s.start, s.end)}
    ordered = sorted(cuts)
    return "".join(
        _stretch(text[start:end], [s for s in spans if s.start <= start and s.end >= end], t)
        for start, end in pairwise(ordered)
    )


def _stretch(piece: str, over: Sequence[Span], t: Texts) -> str:
    if not over:
        return escape(piece)
    kinds = list(dict.fromkeys(span.kind for span in over))
    why = "; ".join(t(f"mark.{kind}") for kind in kinds)
    notes = "; ".join(dict.fromkeys(span.note for span in over if span.note))
    title = f"{why}: {notes}" if notes else why
    classes = " ".join(f"m-{kind}" for kind in kinds)
    return f'<mark class="{classes}" title="{escape(title)}">{escape(piece)}</mark>'


# ------------------------------------------------------------------ scores


@dataclass(frozen=True)
class ScoreLine:
    """One score as a reader sees it: what it is about, a word, a number, and how good it is."""

    key: str
    word: str
    number: str
    level: str


def score_lines(
    scores: Scores, request: WritingRequest, t: Texts, reading: StyleReading | None = None
) -> list[ScoreLine]:
    """Return the scores that were measured, the most telling first; style as it was read."""
    lines = [
        ScoreLine(name, t(f"band.{band(value)}"), f"{value:.2f}", band(value))
        for name in ("style", "meaning", "faithful", "factual")
        if (value := getattr(scores, name)) is not None
    ]
    if reading and lines and lines[0].key == "style":
        lines[0] = ScoreLine("style", percent(reading), interval(reading), band(reading.percent))
    if scores.facts_found:
        found, of = sum(scores.facts_found), len(scores.facts_found)
        level = "strong" if found == of else "weak"
        lines.insert(1, ScoreLine("facts", t("facts.kept", found=found, of=of), "", level))
    if scores.copied is not None:
        word = t("copied.none") if scores.copied == 0 else t("copied.some")
        number = "" if scores.copied == 0 else f"{scores.copied:.0%}"
        lines.append(ScoreLine("copied", word, number, "strong" if scores.copied == 0 else "fair"))
    if scores.slop is not None:
        key, level = slop_word(scores.slop)
        number = f"{scores.slop:.0%}" if scores.slop else ""
        lines.append(ScoreLine("slop", t(f"slop.{key}"), number, level))
    if scores.length_ratio is not None:
        near = abs(scores.length_ratio - 1) <= 0.25
        word = t("length.words", words=round(scores.length_ratio * request.words))
        of_asked = t("length.of", words=request.words)
        lines.append(ScoreLine("length", word, of_asked, "strong" if near else "fair"))
    return lines


def score_list(
    scores: Scores,
    request: WritingRequest,
    t: Texts,
    prefix: str,
    reading: StyleReading | None = None,
) -> str:
    """Return the scores as a list; each explains itself on hover and on focus.

    `prefix` makes the ids of the explanations unique on the page.
    """
    items = "".join(
        f'<li class="score is-{line.level}" tabindex="0" aria-describedby="{prefix}-{line.key}">'
        f'<span class="score-name">{escape(t(f"score.{line.key}"))}</span>'
        f'<span class="score-word">{escape(line.word)}</span>'
        f'<span class="score-number">{escape(line.number)}</span>'
        f'<span class="tip" role="tooltip" id="{prefix}-{line.key}">'
        f"{escape(t(f'explain.{line.key}'))}</span></li>"
        for line in score_lines(scores, request, t, reading)
    )
    return f'<ul class="scores">{items}</ul>'


def missing_facts(scores: Scores, request: WritingRequest, t: Texts) -> str:
    """Return the facts that a draft lost, as a list; nothing when it kept them all."""
    lost = [
        fact for fact, found in zip(request.facts, scores.facts_found, strict=False) if not found
    ]
    if not lost:
        return ""
    items = "".join(f"<li>{people(fact)}</li>" for fact in lost)
    return f'<div class="missing"><b>{escape(t("facts.missing"))}</b><ul>{items}</ul></div>'


# ------------------------------------------------------------------ drafts


@dataclass(frozen=True)
class Card:
    """What a draft's card shows. `draft` is None while its words still come.

    `reading` is its style against the author's, where the samples are at hand.
    """

    index: int
    text: str
    draft: Draft | None = None
    chosen: bool = False
    reason: str = ""
    stopped: bool = False
    reading: StyleReading | None = None


def draft_cards(
    cards: Iterable[Card], request: WritingRequest, t: Texts, *, choosable: bool = False
) -> str:
    """Return the drafts side by side; `choosable` adds the buttons that take another one."""
    inner = "".join(_card(card, request, t, choosable) for card in cards)
    return f'<div class="cards">{inner}</div>' if inner else ""


def _card(card: Card, request: WritingRequest, t: Texts, choosable: bool) -> str:
    draft = card.draft
    classes = ["card"]
    classes += ["is-chosen"] if card.chosen else []
    classes += ["is-failed"] if draft and draft.failed else []
    classes += ["is-writing"] if draft is None and not card.stopped else []
    scores = draft.scores if draft else None
    body = marked_text(card.text, scores.spans if scores else (), t)
    parts = [
        _card_head(card, t),
        f'<div class="prose-text" dir="auto" lang="{request.language}">{body}</div>',
        _objections(draft, t) if draft else "",
        missing_facts(scores, request, t) if scores else "",
        score_list(scores, request, t, f"d{card.index}", card.reading) if scores else "",
        why_style(card.reading, t) if card.reading else "",
        _choose_button(card, t) if choosable else "",
    ]
    name = escape(t("draft.title", number=card.index + 1))
    return f'<article class="{" ".join(classes)}" aria-label="{name}">{"".join(parts)}</article>'


def _card_head(card: Card, t: Texts) -> str:
    title = escape(t("draft.title", number=card.index + 1))
    if card.draft and card.draft.revised_from is not None:
        title += f" <small>{escape(t('draft.revised', number=card.draft.revised_from + 1))}</small>"
    crown = ""
    if card.chosen:
        crown = f'<span class="crown">{_CROWN}{escape(t("draft.chosen"))}</span>'
    elif card.draft is None:
        state = "draft.stopped" if card.stopped else "draft.writing"
        crown = f'<span class="state">{escape(t(state))}</span>'
    reason = f'<p class="reason">{escape(card.reason)}</p>' if card.reason else ""
    return f"<header><h3>{title}</h3>{crown}</header>{reason}"


_CROWN = (
    '<svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true"><path fill="currentColor" '
    'd="M3 7l4.5 4L12 4l4.5 7L21 7l-2 11H5z"/></svg>'
)


def _objections(draft: Draft, t: Texts) -> str:
    if not draft.failed:
        return ""
    return f'<p class="objections">{escape(", ".join(objections(draft, t)))}</p>'


def objections(draft: Draft, t: Texts) -> list[str]:
    """Return in plain words why the gate refused a draft."""
    return [t(_objection_key(reason, draft.scores)) for reason in draft.failed]


def _objection_key(reason: str, scores: Scores | None) -> str:
    if reason != "length":
        return f"gate.{reason}"
    ratio = scores.length_ratio if scores else None
    return "gate.too_short" if ratio is None or ratio < 1 else "gate.too_long"


def _choose_button(card: Card, t: Texts) -> str:
    if card.draft is None:
        return ""
    if card.chosen:
        go = escape(t("draft.to_editor"))
        return f'<button type="button" class="quiet" data-goto="editor">{go}</button>'
    name = escape(t("draft.choose_name", number=card.index + 1))
    return (
        f'<button type="button" class="quiet" data-choose="{card.index}" aria-label="{name}">'
        f"{escape(t('draft.choose'))}</button>"
    )


def why_chosen(note: Note, t: Texts) -> str:
    """Return in a sentence why the program chose the draft that it did."""
    verdict, revised = note.verdict, note.drafts[note.chosen].revised_from
    if revised is not None:
        return t("why.revised", number=revised + 1)
    if verdict is None or verdict.chosen != note.chosen:
        return t("why.scores")
    other = verdict.first if verdict.second == note.chosen else verdict.second
    sure = f"{verdict.probability:.0%}"
    return t("why.verdict", other=other + 1, reason=verdict.reason, sure=sure)


# ------------------------------------------------------------------ plan, differences, status


def plan_view(plan: Plan, request: WritingRequest, t: Texts) -> str:
    """Return a plan to read: title, points, and the facts that it leaves out."""
    points = "".join(f"<li>{people(point.text)}{_moves(point)}</li>" for point in plan.points)
    left_out = [request.facts[i] for i in plan.missing if i < len(request.facts)]
    items = "".join(f"<li>{people(fact)}</li>" for fact in left_out)
    missing = (
        f'<div class="missing"><b>{escape(t("plan.missing"))}</b><ul>{items}</ul></div>'
        if left_out
        else ""
    )
    return f'<div class="plan">{people(plan.title, tag="h4")}<ul>{points}</ul>{missing}</div>'


def _moves(point: PlanPoint) -> str:
    """Return how a point was to be said, under it."""
    return people(point.moves, tag="small") if point.moves else ""


def difference(before: str, after: str, t: Texts) -> str:
    """Return what an edit changed, word by word (line by line for very long texts)."""
    if before == after:
        return f'<p class="hint">{escape(t("diff.none"))}</p>'
    old, new = _pieces(before), _pieces(after)
    if len(old) + len(new) > _LARGEST_WORD_DIFF:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    parts = [
        _change(op, "".join(old[a:b]), "".join(new[c:d]))
        for op, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    ]
    name = escape(t("diff.name"))
    return f'<div class="diff" dir="auto" role="group" aria-label="{name}">{"".join(parts)}</div>'


def _pieces(text: str) -> list[str]:
    return _WORDS.findall(text)


def _change(op: str, old: str, new: str) -> str:
    if op == "equal":
        return escape(old)
    gone = f"<del>{escape(old)}</del>" if old else ""
    come = f"<ins>{escape(new)}</ins>" if new else ""
    return gone + come


def status_line(text: str, *, kind: str = "busy", detail: str = "") -> str:
    """Return one line about what is happening; `kind` is busy, done, error or idle."""
    if not text:
        return ""
    role = "alert" if kind == "error" else "status"
    extra = f' <span class="detail">{escape(detail)}</span>' if detail else ""
    dot = '<span class="pulse" aria-hidden="true"></span>' if kind == "busy" else ""
    return f'<p class="status is-{kind}" role="{role}">{dot}{escape(text)}{extra}</p>'
