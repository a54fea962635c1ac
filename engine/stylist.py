"""Decides how to say it: picks the way of drafting that the model at hand can do."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.events import DraftWords
from engine.prompts.recipe import PLAIN, PromptRecipe
from engine.protocols import Embedder, StopCheck, Stylist, TextModel, never_stop
from engine.restyle import RestyleStylist
from engine.stepwise import StepwiseStylist
from engine.types import Draft, ModelCard, Plan, StyleProfile, WritingRequest
from engine.whole import WholeStylist


def make_stylist(model: TextModel, embedder: Embedder, recipe: PromptRecipe = PLAIN) -> Stylist:
    """Return a stylist for a model: with an adapter it restyles, as it was trained to do.

    Without one, whole notes come from a model that can, point by point from others, or where the
    recipe splits the task. The recipe shapes the prompts of both ways.
    """
    whole = model.card.writes_plans and not recipe.split
    bare = (WholeStylist if whole else StepwiseStylist)(model, embedder, recipe)
    return AdaptableStylist(bare, RestyleStylist(model, embedder, recipe))


@dataclass(frozen=True)
class AdaptableStylist:
    """Two ways of drafting on one model: bare, and with an adapter."""

    bare: Stylist
    adapted: Stylist

    @property
    def card(self) -> ModelCard:
        """The model behind it."""
        return self.bare.card

    def draft(
        self,
        request: WritingRequest,
        profile: StyleProfile,
        plan: Plan,
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[DraftWords | Draft]:
        """Yield each draft's text so far as it grows, then the Drafts, in order."""
        return self._way(adapter).draft(
            request, profile, plan, adapter=adapter, should_stop=should_stop
        )

    def revise(
        self,
        request: WritingRequest,
        profile: StyleProfile,
        plan: Plan,
        draft: Draft,
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[DraftWords | Draft]:
        """Yield the text of one new draft that mends what `draft.scores` complains of."""
        return self._way(adapter).revise(
            request, profile, plan, draft, adapter=adapter, should_stop=should_stop
        )

    def _way(self, adapter: str | None) -> Stylist:
        return self.bare if adapter is None else self.adapted
