"""Make a note funnier, warmer, shorter …: its text rewritten for a trait, beside the old one.

An adapter of the style that was trained for the trait does it where there is one, the planner's
model by its prompt elsewhere. Nothing is stored until the writer keeps it: then it is an edit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.feedback import chosen_draft, final_text
from app.studio import Studio
from engine.adapter_types import Adapter
from engine.errors import InvalidRequest, NotFound
from engine.events import Waiting
from engine.loading import suggestions_for
from engine.protocols import StopCheck, never_stop
from engine.requests import check_languages
from engine.rewrite import Rewriter, Rewritten
from engine.scoring.traits import measure_of
from engine.trait import trait_name
from engine.types import Language, Scores, StyleProfile, TraitLevel, TraitWish
from storage.store import NoteRecord

LONGEST = 6_000
"""Characters of a text that is rewritten at once; nobody waits for more."""


@dataclass(frozen=True)
class Side:
    """A text as it stood or as it was rewritten, with its scores as the note."""

    text: str
    scores: Scores
    count: float | None = None


@dataclass(frozen=True)
class Made:
    """A rewriting that waits for the writer's word.

    `adapter` is the id of what did it, None for the prompt; `counted` the key of what was counted
    where code can count the trait.
    """

    note_id: str
    draft: int
    trait: str
    before: Side
    after: Side
    adapter: str | None = None
    counted: str = ""


def rewrite(
    studio: Studio,
    owner: str,
    note_id: str,
    trait: str,
    *,
    level: TraitLevel = 2,
    should_stop: StopCheck = never_stop,
) -> Iterator[Waiting | Made]:
    """Yield how many are before us, then the rewriting of the text in force.

    Raises:
        InvalidRequest: the trait is none, the model refuses it, or no rewriting would do.
        Stopped: `should_stop()` became true.
    """
    wish = TraitWish(name=trait_name(trait), level=level)
    record = studio.note(owner, note_id)
    before = final_text(record)
    if len(before) > LONGEST:
        raise InvalidRequest(
            f"The note has {len(before):,} characters; {LONGEST:,} can be rewritten at most. "
            "Shorten it."
        )
    yield from studio.turnstile.enter(should_stop)
    try:
        who, adapter = _rewriter(studio, owner, record, wish)
        made = who.rewrite(before, seed=record.note.request.seed, should_stop=should_stop)
    finally:
        studio.turnstile.leave()
    _check_changed(made, wish)
    measure = measure_of(wish.name)
    sides = [_side(studio, owner, record, text, wish) for text in (before, made.text)]
    yield Made(
        note_id=note_id,
        draft=chosen_draft(record),
        trait=wish.name,
        before=sides[0],
        after=sides[1],
        adapter=adapter,
        counted=measure.key if measure else "",
    )


def _check_changed(made: Rewritten, wish: TraitWish) -> None:
    if made.refused:
        raise InvalidRequest(
            f"The model declines to make this text {wish.name!r}; name another trait.",
            field="trait",
        )
    if not made.changed:
        raise InvalidRequest(
            f"The model found no wording that is {wish.name!r} and says the same, so the text "
            "stays as it is; try again, name another trait, or choose a larger planner.",
            field="trait",
        )


def keep(studio: Studio, owner: str, made: Made, *, undo: bool = False) -> None:
    """Put the rewriting in force as the writer's edit, or with `undo` the text as it was."""
    text = made.before.text if undo else made.after.text
    studio.rate(owner, made.note_id, edited_text=text, draft=made.draft)


def trait_adapter(studio: Studio, owner: str, style: str, trait: str) -> Adapter | None:
    """Return the newest adapter of a style that learned a trait for the model that writes.

    One that was refused, rolled back or retired (it may have learned from a text that was taken
    back) writes no more.
    """
    host = studio.models.adapters
    if host is None or not style:
        return None
    revision, shelf = host.base.revision, studio.adapters.shelf
    try:
        found = shelf.list(owner, style)
        serving = {adapter.id for adapter in shelf.serving(owner, style, base=revision)}
    except NotFound:  # the style was deleted since
        return None
    for adapter in found:
        may_write = adapter.status == "candidate" or adapter.id in serving
        fits = adapter.manifest.base.revision == revision
        if fits and may_write and learned(adapter) == trait.casefold():
            return adapter
    return None


def learned(adapter: Adapter) -> str:
    """Return the trait that an adapter learned, in lower case; empty for none."""
    told = adapter.manifest.settings.get("trait")
    return str(told.get("trait", "")).casefold() if isinstance(told, dict) else ""


def _rewriter(
    studio: Studio, owner: str, record: NoteRecord, wish: TraitWish
) -> tuple[Rewriter, str | None]:
    note, models = record.note, studio.models
    language: Language = note.request.language
    style = record.style_name or note.style_name
    adapter, profile = (
        trait_adapter(studio, owner, style, wish.name),
        _profile(studio, owner, record),
    )
    if adapter is not None and profile is not None:
        name = studio.adapters.choose(owner, style, adapter.id).name
        who = Rewriter(models.stylist_model, studio.scorer, wish, language, profile, name)
        return who, adapter.id
    card = models.planner_model.card
    check_languages(note.request, card, suggestions_for(language))
    return Rewriter(models.planner_model, studio.scorer, wish, language, profile), None


def _profile(studio: Studio, owner: str, record: NoteRecord) -> StyleProfile | None:
    try:
        return studio.store.profile(owner, record.note.profile_digest)
    except NotFound:
        return None


def _side(studio: Studio, owner: str, record: NoteRecord, text: str, wish: TraitWish) -> Side:
    request, plan = record.note.request, record.note.plan
    measure = measure_of(wish.name)
    scores = studio.scorer.score(
        text,
        language=request.language,
        source=plan.neutral_text,
        facts=request.facts,
        words=request.words,
        profile=_profile(studio, owner, record),
    )
    return Side(text, scores, measure.count(text, request.language) if measure else None)
