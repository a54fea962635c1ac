"""Consent as HTML: the switch on a text, the offer to forget it, and what an adapter learned from.

Pure functions; every text of people is escaped.
"""

from collections.abc import Collection, Mapping, Sequence
from html import escape

from app.consent import Forgotten, Learned
from app.i18n import Texts
from app.messages import told
from app.render import people, status_line

_MOST_TITLES = 30


def consent_switch(about: str, t: Texts, *, allowed: bool) -> str:
    """Return the switch of a note or sample; a click asks for the other way round."""
    other = "refuse" if allowed else "allow"
    return (
        f'<button type="button" class="switch" role="switch" aria-checked="{str(allowed).lower()}" '
        f'data-{other}="{escape(about)}"><i></i>{escape(t("consent.switch"))}</button>'
    )


def word_kept(t: Texts, *, allowed: bool) -> str:
    """Return what is said after a switch was turned."""
    return status_line(t("consent.allowed" if allowed else "consent.refused"), kind="done")


def offer(count: int, t: Texts, *, standing: bool = False) -> str:
    """Return the offer to retire adapters and train again; nothing where there are none.

    `standing` is for texts that were taken back at any time, not by what was done just now.
    """
    if not count:
        return ""
    many = "_one" if count == 1 else ""
    said = t(f"consent.{'overdue' if standing else 'saw'}{many}", count=count)
    return (
        f'<div class="offer" role="status"><p>{escape(said)}</p><button type="button" class="quiet"'
        f' data-forget="yes">{escape(t(f"consent.forget{many}"))}</button></div>'
    )


def forgotten(done: Forgotten, t: Texts) -> str:
    """Return what became of the offer: who was retired, what is trained, what is not and why."""
    count = len(done.retired)
    said = [t("consent.retired_one" if count == 1 else "consent.retired", count=count)]
    said += [t("consent.training", style=job.style) for job in done.jobs]
    said += [
        t("consent.not_begun", style=style, why=told(why, t.language))
        for style, why in done.not_begun.items()
    ]
    return status_line(" ".join(said), kind="done")


# ------------------------------------------------------------------ what an adapter learned from


def learned_view(learned: Learned, t: Texts) -> str:
    """Return what an adapter learned from: counted, and folded away each by its title."""
    notes = len(learned.notes) + learned.deleted
    samples = len(learned.samples) + learned.taken_out
    counts = [
        _count("learned.note", notes, t),
        _count("learned.act", learned.acts, t),
        _count("improve.sample", samples, t),
        _count("learned.other", learned.elsewhere, t),
    ]
    what = t("improve.comma").join(part for part in counts if part) or t("learned.nothing")
    body = (
        _titles("learned.notes_title", learned.notes, learned.refused, t, opens=True)
        + _titles("learned.samples_title", learned.samples, learned.refused, t)
        + _gone(learned, t)
    )
    return (
        f'<details class="learned"><summary>{escape(t("learned.from", what=what))}</summary>'
        f"{body}</details>"
    )


def _count(key: str, number: int, t: Texts) -> str:
    return t(key if number == 1 else f"{key}s", count=number) if number else ""


def _titles(
    key: str, titles: Mapping[str, str], refused: Collection[str], t: Texts, *, opens: bool = False
) -> str:
    if not titles:
        return ""
    shown = list(titles.items())[:_MOST_TITLES]
    items = "".join(_title(*each, each[0] in refused, t, opens=opens) for each in shown)
    left = len(titles) - len(shown)
    more = f'<li class="hint">{escape(t("learned.more", count=left))}</li>' if left else ""
    return f"<h5>{escape(t(key))}</h5><ul>{items}{more}</ul>"


def _title(address: str, title: str, refused: bool, t: Texts, *, opens: bool) -> str:
    named = people(title)
    if opens:
        named = f'<button type="button" class="link" data-note="{escape(address)}">{named}</button>'
    word = f' <span class="since">{escape(t("learned.refused"))}</span>' if refused else ""
    return f"<li>{named}{word}</li>"


def _gone(learned: Learned, t: Texts) -> str:
    said: Sequence[str] = [
        _count("learned.deleted", learned.deleted, t),
        _count("learned.taken", learned.taken_out, t),
        _count("learned.elsewhere", learned.elsewhere, t),
        t("learned.continued") if learned.continued else "",
    ]
    return "".join(f'<p class="hint">{escape(each)}</p>' for each in said if each)
