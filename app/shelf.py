"""Notes and styles in lists, an open note with its history, and the rating bar, as HTML."""

from collections.abc import Sequence
from html import escape
from typing import get_args

from app.consentview import consent_switch
from app.examples import Example
from app.feedback import chosen_draft, final_text
from app.i18n import Texts
from app.render import Card, difference, draft_cards, people, plan_view, why_chosen
from engine.scoring.nouns import StyleReading
from engine.types import Feedback, FeedbackTag, Language, Note
from storage.store import NotePage, NoteRecord, NoteSummary, StyleRow

_SNIPPET_MARKS = {"\x02": "<mark>", "\x03": "</mark>"}


# ------------------------------------------------------------------ a note


def note_cards(
    record: NoteRecord,
    t: Texts,
    *,
    choosable: bool = True,
    readings: Sequence[StyleReading | None] = (),
) -> str:
    """Return the drafts of a finished note, the one in force crowned with the reason.

    `readings` are those of the drafts in order; none where the samples are not at hand.
    """
    note, chosen = record.note, chosen_draft(record)
    by_writer = any(f.puts_in_force for f in record.feedback)
    reason = t("why.you") if by_writer else why_chosen(note, t)
    known = [*readings, *[None] * len(note.drafts)]
    cards = [
        Card(i, draft.text, draft, i == chosen, reason if i == chosen else "", reading=known[i])
        for i, draft in enumerate(note.drafts)
    ]
    return draft_cards(cards, note.request, t, choosable=choosable)


def note_difference(record: NoteRecord, t: Texts) -> str:
    """Return what the writer's last edit changed; nothing where they changed nothing."""
    before, after = record.note.drafts[chosen_draft(record)].text, final_text(record)
    if before == after:
        return ""
    return f"<h4>{escape(t('diff.name'))}</h4>{difference(before, after, t)}"


def rating_bar(record: NoteRecord, t: Texts, *, allowed: bool = True) -> str:
    """Return stars, thumbs and tags as buttons, what was given pressed, and the note's switch."""
    about = [f for f in record.feedback if f.draft == chosen_draft(record)]
    stars = next((f.stars for f in reversed(about) if f.kind == "stars"), None) or 0
    thumb = next((f.thumb for f in reversed(about) if f.kind == "thumb"), None)
    tags = {f.tag for f in about if f.kind == "tag"}
    parts = [
        _group(t("rate.stars"), "".join(_star(n, stars, t) for n in range(1, 6)), "stars"),
        _group(
            t("rate.thumbs"), "".join(_thumb(way, thumb, t) for way in ("up", "down")), "thumbs"
        ),
        _group(t("rate.tags"), "".join(_tag(tag, tag in tags, t) for tag in _TAGS), "tags"),
        f'<div class="consent">{consent_switch(record.note.id, t, allowed=allowed)}</div>',
    ]
    return f'<div class="rating">{"".join(parts)}</div>'


_TAGS: tuple[str, ...] = get_args(FeedbackTag)


def _group(name: str, inner: str, kind: str) -> str:
    label = escape(name)
    return (
        f'<div class="{kind}" role="group" aria-label="{label}">'
        f'<span class="group-name">{label}</span>{inner}</div>'
    )


def _press(value: str, shown: str, name: str, *, on: bool, classes: str) -> str:
    return (
        f'<button type="button" class="{classes}" data-rate="{value}" aria-label="{escape(name)}" '
        f'title="{escape(name)}" aria-pressed="{str(on).lower()}">{shown}</button>'
    )


def _star(number: int, given: int, t: Texts) -> str:
    name = t("rate.star" if number == 1 else "rate.star_many", number=number)
    pressed = number == given
    lit = "star is-lit" if number <= given else "star"
    return _press(f"stars:{number}", "★", name, on=pressed, classes=lit)


def _thumb(way: str, given: str | None, t: Texts) -> str:
    turn = ' class="upside-down"' if way == "down" else ""
    return _press(
        f"thumb:{way}", _THUMB.format(turn), t(f"rate.{way}"), on=way == given, classes="thumb"
    )


_THUMB = (
    '<svg{} viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path fill="none" '
    'stroke="currentColor" stroke-width="1.8" stroke-linejoin="round" d="M7 11v9H4v-9zm0 0l4-8c1.7 '
    '0 2.6 1.2 2.3 3L12.7 9H19c1.2 0 2 1.1 1.7 2.2l-2 7.3c-.2.9-1 1.5-1.9 1.5H7"/></svg>'
)


def _tag(tag: str, given: bool, t: Texts) -> str:
    name = t(f"tag.{tag}")
    return _press(f"tag:{tag}", escape(name), name, on=given, classes="chip")


def open_note(
    record: NoteRecord,
    t: Texts,
    *,
    readings: Sequence[StyleReading | None] = (),
    allowed: bool = True,
) -> str:
    """Return all that is kept of a note: text, plan, drafts, scores, models, feedback, edits.

    `allowed` is whether it may be learned from.
    """
    note = record.note
    facts = "".join(f"<li>{people(fact)}</li>" for fact in note.request.facts)
    asked = f"<ul>{facts}</ul>" if facts else f'<p class="hint">{escape(t("library.no_facts"))}</p>'
    text = (
        f'<div class="prose-text final" dir="auto" lang="{note.request.language}">'
        f"{escape(final_text(record))}</div>"
    )
    parts = [
        f'<header class="note-head"><h3 dir="auto">{escape(note.plan.title)}</h3>'
        f'<p class="meta">{_meta(record, t)}</p>'
        f'<div class="consent">{consent_switch(note.id, t, allowed=allowed)}</div></header>',
        text,
        note_difference(record, t),
        _fold(t("library.asked"), people(note.request.topic, tag="p") + asked),
        _fold(t("library.plan"), plan_view(note.plan, note.request, t)),
        _fold(
            t("library.drafts"),
            note_cards(record, t, choosable=False, readings=readings),
            opened=True,
        ),
        _fold(t("library.feedback"), _history(record.feedback, t)),
        _fold(t("library.made_by"), _models(record, t)),
    ]
    return f'<article class="note">{"".join(parts)}</article>'


def _meta(record: NoteRecord, t: Texts) -> str:
    note = record.note
    style = note.style_name or t("library.pasted_style")
    version = t("style.version", version=note.profile_version) if note.style_name else ""
    said = [style + (f" · {version}" if version else ""), t(f"language.{note.request.language}")]
    said.append(note.created_at.strftime("%Y-%m-%d %H:%M UTC"))
    return " · ".join(people(part) for part in said)


def _fold(title: str, body: str, *, opened: bool = False) -> str:
    flag = " open" if opened else ""
    return f"<details{flag}><summary>{escape(title)}</summary>{body}</details>"


def _history(feedback: Sequence[Feedback], t: Texts) -> str:
    if not feedback:
        return f'<p class="hint">{escape(t("library.no_feedback"))}</p>'
    items = "".join(
        f"<li><time>{act.created_at:%Y-%m-%d %H:%M}</time> {escape(_said(act, t))}</li>"
        for act in feedback
    )
    return f'<ul class="history">{items}</ul>'


def _said(act: Feedback, t: Texts) -> str:
    number = act.draft + 1
    if act.kind == "stars":
        return t("history.stars", stars="★" * (act.stars or 0), number=number)
    if act.kind == "thumb":
        return t("history.thumb", thumb=t(f"rate.{act.thumb}"), number=number)
    if act.kind == "tag":
        return t("history.tag", tag=t(f"tag.{act.tag}"), number=number)
    if act.over is not None:
        key = "history.withdrawn" if act.withdrawn else "history.preferred"
        return t(key, number=number, other=act.over + 1)
    return t(f"history.{act.kind}", number=number)


def _planner(note: Note, t: Texts) -> str:
    wanted, used = note.plan.instead_of, note.models.planner
    return t("made.instead", used=used, wanted=wanted) if wanted else used


def _models(record: NoteRecord, t: Texts) -> str:
    note = record.note
    rows = [
        (t("made.planner"), _planner(note, t)),
        (t("made.stylist"), note.models.stylist),
        (t("made.adapter"), note.models.adapter or "–"),
        (t("made.embedder"), note.models.embedder),
        (t("made.seed"), str(note.request.seed)),
        (t("made.time"), t("made.seconds", seconds=f"{note.timings.total:.1f}")),
        (t("made.id"), note.id),
    ]
    cells = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f"<dl>{cells}</dl>"


# ------------------------------------------------------------------ lists


def note_list(page: NotePage, t: Texts, *, opened: str = "", searching: bool = False) -> str:
    """Return found notes as buttons, and how many there are."""
    if not page.notes:
        key = "library.nothing_found" if searching else "library.empty"
        return empty_state(t(f"{key}_title"), t(key))
    count = t("library.count_one" if page.total == 1 else "library.count", count=page.total)
    items = "".join(_note_item(note, note.id == opened, t) for note in page.notes)
    more = ""
    if page.total > len(page.notes):
        more = (
            f'<button type="button" class="quiet" data-more="{len(page.notes)}">'
            f"{escape(t('library.more'))}</button>"
        )
    return f'<p class="hint" role="status">{escape(count)}</p><ul class="items">{items}</ul>{more}'


def _note_item(note: NoteSummary, current: bool, t: Texts) -> str:
    snippet = escape(note.snippet)
    for mark, tag in _SNIPPET_MARKS.items():
        snippet = snippet.replace(mark, tag)
    stars = f'<span class="given">{"★" * note.stars}</span>' if note.stars else ""
    style = note.style_name or t("library.pasted_style")
    here = ' aria-current="true"' if current else ""
    return (
        f'<li><button type="button" class="item" data-pick="{escape(note.id)}"{here}>'
        f'<b dir="auto">{escape(note.title)}</b><span class="snippet" dir="auto">{snippet}</span>'
        f'<span class="meta">{people(style)} · {note.created_at:%Y-%m-%d} {stars}</span>'
        f"</button></li>"
    )


def style_list(rows: Sequence[StyleRow], t: Texts, *, opened: str = "") -> str:
    """Return saved styles as buttons."""
    return (
        f'<ul class="items">{"".join(_style_item(row, row.name == opened, t) for row in rows)}</ul>'
    )


def _style_item(row: StyleRow, current: bool, t: Texts) -> str:
    here = ' aria-current="true"' if current else ""
    said = t("style.row", samples=row.samples, notes=row.notes, version=row.version)
    return (
        f'<li><button type="button" class="item" data-pick="{escape(row.name)}"{here}>'
        f'<b dir="auto">{escape(row.name)}</b>'
        f'<span class="meta">{escape(t(f"language.{row.language}"))} · {escape(said)}</span>'
        f"</button></li>"
    )


def empty_state(title: str, text: str, extra: str = "") -> str:
    """Return what a newcomer sees where there is nothing yet, and what to do about it."""
    return f'<div class="empty"><h3>{escape(title)}</h3><p>{escape(text)}</p>{extra}</div>'


def example_cards(
    examples: Sequence[Example], t: Texts, *, title: str, text: str, writes: Sequence[Language]
) -> str:
    """Return the examples as buttons, those in the reader's own language first.

    `writes` are the languages that the model at hand can write; the others say what they need.
    """
    ordered = sorted(examples, key=lambda example: example.language != t.language)
    buttons = "".join(_example(example, t, example.language in writes) for example in ordered)
    return empty_state(title, text, f'<div class="examples">{buttons}</div>')


def _example(example: Example, t: Texts, can_write: bool) -> str:
    need = "" if can_write else f'<span class="need">{escape(t("example.needs_model"))}</span>'
    return (
        f'<button type="button" class="example" data-example="{escape(example.id)}" '
        f'lang="{example.language}"><b>{escape(example.name)}</b>'
        f"<span>{escape(example.voice)}</span><em>{escape(example.topic)}</em>{need}</button>"
    )
