"""The prompt that NoteBench's system `prompt-optimised` writes an author by: found on the spot.

Each author's prompt is searched on their own samples with the least budget that a search takes, on
the bare model, since what a tuning-free method can do is asked. The cases' topics and facts are
those of NoteBench's dev items less the ones that are being measured; the authors' own texts for
them are never read. Nothing is kept, and nothing that was kept is used: a run repeats exactly.
"""

from collections.abc import Callable, Collection
from typing import Any, TypeAlias
from zlib import crc32

from app.searchcases import case_sets, parted
from app.studio import Studio
from engine.notebench.samples import shipped
from engine.optimize.meter import MemoryLedger
from engine.optimize.reflect import Reflection
from engine.optimize.reward import WritingReward
from engine.optimize.run import PromptSearch
from engine.optimize.strategies import load_pool
from engine.optimize.types import LEAST_CALLS, SearchNode, Way
from engine.prompts.recipe import PLAIN, PromptRecipe
from engine.protocols import StopCheck
from engine.scoring.scorer import NoteScorer
from engine.types import StyleProfile

ProfileOf: TypeAlias = Callable[[tuple[str, ...]], StyleProfile]


def search_settings() -> dict[str, Any]:
    """Return what the prompts depend on, for a run's settings."""
    pool = load_pool()
    told = "\n".join(one.model_dump_json() for one in pool.values())
    return {"calls": LEAST_CALLS, "strategies": len(pool), "pool": f"{crc32(told.encode()):08x}"}


def recipe_for(
    studio: Studio,
    samples: tuple[str, ...],
    profile_of: ProfileOf,
    measured: Collection[str],
    stop: StopCheck,
) -> PromptRecipe:
    """Return the prompt found on an author's samples; `measured` are ids that no case may have.

    Raises:
        Stopped: `stop()` became true.
    """
    models = studio.models
    whole = profile_of(samples)
    shown, held_back = parted(whole.samples)
    profile = profile_of(tuple(sample.text for sample in shown)) if held_back else whole
    dev = [item for item in shipped("dev") if item.id not in measured]
    scorer = NoteScorer(models.embedder, checker=studio.scorer.checker)
    way: Way = "whole" if models.stylist_model.card.writes_plans else "step"
    search = PromptSearch(
        case_sets(dev, (), profile, held_back),
        load_pool(),
        way,
        WritingReward(models.stylist_model, models.embedder, scorer, profile, should_stop=stop),
        Reflection(models.planner_model, stop),
        MemoryLedger(),
        budget=LEAST_CALLS,
        should_stop=stop,
    )
    kept = [node for node in search.run() if isinstance(node, SearchNode) and node.kept]
    return kept[-1].recipe if kept else PLAIN
