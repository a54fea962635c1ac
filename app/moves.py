"""Planned style on the page: how each point is to be said, written before the drafts."""

from collections.abc import Iterator

from app.modelroom import USUAL, Models
from app.studio import Studio
from engine.adapter_files import read_manifest
from engine.errors import InvalidRequest
from engine.events import Event, PlanReady, StageStarted
from engine.models import general
from engine.moveplan import MovePlanner
from engine.protocols import StopCheck, never_stop
from engine.types import Plan, StyleProfile


def with_moves(
    studio: Studio,
    owner: str,
    profile: StyleProfile,
    plan: Plan,
    *,
    models: Models = USUAL,
    seed: int = 0,
    should_stop: StopCheck = never_stop,
) -> Iterator[Event]:
    """Yield Waiting…, StageStarted and PlanReady with the plan, moves under its points.

    Raises:
        InvalidRequest: the adapter that serves the style was not trained with moves.
    """
    loaded = studio.loaded(models)
    adapter = studio.adapters.choose(owner, profile.name, host=lambda: loaded.adapters).name
    if not _taught(studio, owner, adapter):
        raise InvalidRequest(
            "What writes this style was not taught to plan it, so the note is written without; "
            "train the style with the method “planned” on the Improve tab, then it can."
        )
    planner = MovePlanner(loaded.stylist_model, adapter)
    yield from studio.turnstile.enter(should_stop)
    try:
        yield StageStarted(stage="moves")
        planned = planner.plan(plan, profile, seed=seed, should_stop=should_stop)
    finally:
        studio.turnstile.leave()
    yield PlanReady(plan=planned)


def _taught(studio: Studio, owner: str, adapter: str | None) -> bool:
    if adapter is None:
        return False
    if adapter == general.NAME:
        return read_manifest(general.general_folder()).writes_moves
    return studio.adapters.shelf.get(owner, adapter).manifest.writes_moves
