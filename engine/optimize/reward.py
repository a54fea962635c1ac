"""What a prompt earns: it writes a case, and the one scorer says what the draft is worth.

The reward is `engine.choosing.worth`, by which drafts are chosen too. Where a person edited what
was written, half of it is likeness to what they made of it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from rapidfuzz import fuzz

from engine.choosing import gate, worth
from engine.optimize.types import Outcome, SearchCase
from engine.prompts.recipe import PromptRecipe
from engine.protocols import Embedder, Scorer, StopCheck, TextModel, never_stop
from engine.scoring.copying import copied
from engine.stylist import make_stylist
from engine.text import tokens
from engine.types import Draft, StyleProfile
from engine.whole import complaints

_REFERENCE = 0.5  # the share of a person's own wording in the reward, where there is one

Reward: TypeAlias = Callable[[PromptRecipe, SearchCase], Outcome]
"""Writes a case by a prompt; one call."""


@dataclass(frozen=True)
class WritingReward:
    """The reward of a stylist on a model, with the adapter that the prompt is for, if any."""

    model: TextModel
    embedder: Embedder
    scorer: Scorer
    profile: StyleProfile
    adapter: str | None = None
    should_stop: StopCheck = field(default=never_stop)

    def __call__(self, recipe: PromptRecipe, case: SearchCase) -> Outcome:
        """Return the text that a prompt gives for a case and what it earns."""
        began = time.perf_counter()
        draft = self._scored(self._drafted(recipe, case), case)
        value = worth(draft)
        if case.reference:
            value = (1 - _REFERENCE) * value + _REFERENCE * likeness(draft.text, case.reference)
        return Outcome(
            reward=value,
            text=draft.text,
            complaints=complaints(case.request, draft),
            seconds=time.perf_counter() - began,
        )

    def _drafted(self, recipe: PromptRecipe, case: SearchCase) -> Draft:
        stylist = make_stylist(self.model, self.embedder, recipe)
        events = stylist.draft(
            case.request, self.profile, case.plan,
            adapter=self.adapter, should_stop=self.should_stop,
        )  # fmt: skip
        return next(event for event in events if isinstance(event, Draft))

    def _scored(self, draft: Draft, case: SearchCase) -> Draft:
        return scored(draft, case, self.profile, self.scorer)


def scored(draft: Draft, case: SearchCase, profile: StyleProfile, scorer: Scorer) -> Draft:
    """Return a draft with its scores and what the gate objects to."""
    request = case.request
    scores = scorer.score(
        draft.text,
        language=request.language,
        samples=case.against,
        source="\n".join(dict.fromkeys((case.plan.neutral_text, *request.facts))),
        facts=request.facts,
        words=request.words,
        profile=profile,
    )
    # The style is measured against texts held back where there are some: what the prompt shows must
    # not be copied either.
    told = "\n".join((case.plan.neutral_text, *request.facts))
    shown, _ = copied(draft.text, profile.samples, told, request.language)
    most = max(shown or 0.0, scores.copied or 0.0)
    scores = scores.model_copy(update={"copied": most})
    failed = gate(draft.text, scores, length_matters=request.source is None)
    return draft.model_copy(update={"scores": scores, "failed": failed})


def likeness(text: str, reference: str) -> float:
    """Return how much of two texts' words agree in order, in [0, 1]."""
    return float(fuzz.ratio(tokens(text), tokens(reference))) / 100
