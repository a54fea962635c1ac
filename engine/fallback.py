"""When a model on a server is down: plan and judge with the one on this machine, and say so."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.critic import ModelCritic
from engine.errors import ContextOverflow, ModelUnavailable
from engine.events import FellBack, PlanWords
from engine.planner import ModelPlanner
from engine.protocols import StopCheck, TextModel, never_stop
from engine.types import Draft, ModelCard, Plan, StyleProfile, Verdict, WritingRequest


@dataclass
class Chain:
    """A model and the one that stands in for it, loaded when it is first needed.

    After a failure the first is left alone for `patience` seconds, so that not every note waits for
    a server that is down.
    """

    first: TextModel
    spare: Callable[[], TextModel]
    patience: float = 30.0
    _failed: tuple[float, str] | None = field(default=None, init=False)

    @property
    def reason(self) -> str:
        """Why the first is left alone now; empty when it is to be asked."""
        if self._failed is None or time.monotonic() >= self._failed[0]:
            return ""
        return self._failed[1]

    def failed(self, error: ModelUnavailable) -> None:
        """Remember why the first could not be used."""
        if isinstance(error, ContextOverflow):
            raise error
        self._failed = time.monotonic() + self.patience, str(error)


@dataclass(frozen=True)
class FallbackPlanner:
    """Plans with the first model of a chain, or else with its spare."""

    chain: Chain

    @property
    def card(self) -> ModelCard:
        """The model that is asked first."""
        return self.chain.first.card

    def plan(
        self, request: WritingRequest, *, should_stop: StopCheck = never_stop
    ) -> Iterator[PlanWords | FellBack | Plan]:
        """Yield the plan's words and the Plan; FellBack in between where the spare plans.

        Raises:
            ContextOverflow: topic and facts are longer than the planner can read.
            ModelUnavailable: the spare cannot plan either.
            Stopped: `should_stop()` became true.
        """
        chain = self.chain
        # Kept here: the chain may have forgotten it by the time that the spare is loaded.
        reason = chain.reason
        if not reason:
            try:
                yield from ModelPlanner(chain.first).plan(request, should_stop=should_stop)
                return
            except ModelUnavailable as error:
                chain.failed(error)
                reason = str(error)
        spare = ModelPlanner(chain.spare())
        yield FellBack(wanted=self.card.name, used=spare.card.name, reason=reason)
        for event in spare.plan(request, should_stop=should_stop):
            if isinstance(event, Plan):
                yield event.model_copy(update={"instead_of": self.card.name})
            else:
                yield event


@dataclass(frozen=True)
class FallbackCritic:
    """Judges with the first model of a chain, or else with its spare: no note is lost for it."""

    chain: Chain

    def compare(
        self,
        profile: StyleProfile,
        plan: Plan,
        drafts: Sequence[Draft],
        pair: tuple[int, int],
        *,
        should_stop: StopCheck = never_stop,
    ) -> Verdict:
        """Return the choice between two drafts; its signature names the model that made it."""
        if not self.chain.reason:
            try:
                critic = ModelCritic(self.chain.first)
                return critic.compare(profile, plan, drafts, pair, should_stop=should_stop)
            except ModelUnavailable as error:
                self.chain.failed(error)
        spare = ModelCritic(self.chain.spare())
        return spare.compare(profile, plan, drafts, pair, should_stop=should_stop)
