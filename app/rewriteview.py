"""A rewriting beside the text as it was: both texts, scores, and what may be done, as HTML."""

from html import escape

from app.i18n import Texts
from app.render import score_list, status_line
from app.rewriting import Made, Side, trait_adapter
from app.studio import Studio
from engine.types import Language, StyleProfile, WritingRequest

SUGGESTED = ("funnier", "warmer", "drier", "shorter_sentences", "plainer")


def suggestions(t: Texts) -> str:
    """Return the traits that one press asks for."""
    buttons = "".join(
        f'<button type="button" class="chip" data-trait="{escape(name)}">{escape(name)}</button>'
        for name in (t(f"trait.{key}") for key in SUGGESTED)
    )
    label = escape(t("trait.suggestions"))
    return f'<div class="trait-chips" role="group" aria-label="{label}">{buttons}</div>'


def in_language(trait: str, language: Language) -> str:
    """Return a suggestion as the language of a note says it; what was typed stays as it is."""
    for key in SUGGESTED:
        if trait.strip() in {Texts("en")(f"trait.{key}"), Texts("zh")(f"trait.{key}")}:
            return Texts(language)(f"trait.{key}")
    return trait


def trait_served(studio: Studio, owner: str, profile: StyleProfile, t: Texts) -> str:
    """Return what gives a style's notes their trait: an adapter that learned it, or the prompt."""
    if profile.trait is None or not studio.ready:
        return ""
    trait = profile.trait.name
    adapter = trait_adapter(studio, owner, profile.name, trait)
    if adapter is None or adapter.status != "promoted":
        said = t("style.trait_by_prompt", trait=trait)
    else:
        when = f"{adapter.manifest.created_at:%Y-%m-%d %H:%M}"
        said = t("style.trait_by_adapter", trait=trait, when=when)
    return f'<p class="hint">{escape(said)}</p>'


def rewriting_view(made: Made, request: WritingRequest, t: Texts, *, kept: bool = False) -> str:
    """Return both texts side by side; kept, it can be undone, else kept or let go."""
    by = t("trait.by_adapter" if made.adapter else "trait.by_prompt")
    columns = "".join(
        _side(side, title, name, made, request, t)
        for side, title, name in (
            (made.before, t("trait.before"), "before"),
            (made.after, t("trait.after", trait=made.trait), "after"),
        )
    )
    buttons = (
        _button("undo", t("undo"))
        if kept
        else _button("keep", t("trait.keep"), primary=True) + _button("drop", t("trait.drop"))
    )
    said = status_line(t("trait.kept"), kind="done") if kept else ""
    return (
        f'<section class="before-after rewriting" role="region" '
        f'aria-label="{escape(t("trait.title"))}"><div class="two">{columns}</div>'
        f'<p class="hint">{escape(by)}</p>{said}<div class="press">{buttons}</div></section>'
    )


def _side(side: Side, title: str, name: str, made: Made, request: WritingRequest, t: Texts) -> str:
    counted = ""
    if side.count is not None:
        figure = f"{side.count:.1f}"
        counted = (
            f'<p class="hint counted">{escape(t(f"trait.count_{made.counted}", count=figure))}</p>'
        )
    return (
        f'<div><h5 dir="auto">{escape(title)}</h5>'
        f'<div class="prose-text" dir="auto" lang="{request.language}">{escape(side.text)}</div>'
        f"{counted}{score_list(side.scores, request, t, f'rewriting-{name}')}</div>"
    )


def _button(value: str, name: str, *, primary: bool = False) -> str:
    kind = "quiet is-primary" if primary else "quiet"
    return f'<button type="button" class="{kind}" data-rewriting="{value}">{escape(name)}</button>'
