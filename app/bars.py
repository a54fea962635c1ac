"""Rows of small bars: what a thing is called, how much of it there is, an example, a button."""

from html import escape

from app.i18n import Texts
from app.render import people


def bar(share: float, kind: str = "mine") -> str:
    """Return one bar, from a sliver to the whole width."""
    return f'<i class="bar {kind}" style="width:{max(2.0, min(1.0, share) * 100):.0f}%"></i>'


def pair(mine: float, usual: float, top: float) -> str:
    """Return a writer's bar over the usual one, both against the longest of the list."""
    return bar(mine / (top or 1.0)) + bar(usual / (top or 1.0), "usual")


def legend(t: Texts) -> str:
    """Return what the two bars of a row are."""
    return (
        f'<p class="legend"><i class="mine"></i>{escape(t("style.mine"))} '
        f'<i class="usual"></i>{escape(t("style.usual"))}</p>'
    )


def row(
    *,
    label: str,
    bars: str,
    number: str,
    t: Texts,
    example: str = "",
    advice: str = "",
    key: str = "",
    struck: bool = False,
) -> str:
    """Return one row. `key` is what its button strikes out; without one there is no button."""
    said = (f"<q>{people(example)}</q> " if example else "") + escape(advice)
    note = f'<p class="bar-note">{said}</p>' if said else ""
    button = _button(label, key, struck, t) if key else "<span></span>"
    title = f' title="{escape(example)}"' if example else ""
    return (
        f'<li class="{"is-struck" if struck else ""}"{title}>'
        f'<span class="bar-label">{people(label)}</span>'
        f'<span class="bar-track" aria-hidden="true">{bars}</span>'
        f'<span class="bar-number">{escape(number)}</span>'
        f"{button}{note}</li>"
    )


def _button(label: str, key: str, struck: bool, t: Texts) -> str:
    name = escape(t("style.bring_back" if struck else "style.strike", word=label))
    return (
        f'<button type="button" class="strike" data-strike="{escape(key)}" aria-label="{name}" '
        f'title="{name}" aria-pressed="{str(struck).lower()}">{"↺" if struck else "×"}</button>'
    )
