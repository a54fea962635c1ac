"""A whole prompt search: the tree, the held-out choice, reflection, and what came of it.

Nothing here keeps anything: what calls gave is in the ledger, what is found is yielded.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from engine.optimize.memory import Beliefs
from engine.optimize.meter import Meter, Spent, mean, surpasses
from engine.optimize.reflect import Reflecting, Rewrite
from engine.optimize.reward import Reward
from engine.optimize.search import TreeSearch, path
from engine.optimize.strategies import Pool, profile_kind
from engine.optimize.types import (
    LEAST_CALLS,
    CaseSets,
    Gain,
    Ledger,
    Outcome,
    SearchNode,
    SearchReport,
    Way,
)
from engine.prompts.render import wording
from engine.protocols import StopCheck, never_stop

_TRIED = 3  # prompts of the tree that are asked the held-out cases, with the start


@dataclass
class PromptSearch:
    """One search on one style.

    Args:
        cases: what to write.
        pool: the strategies.
        way: the kind of prompt that is shaped.
        reward: writes a case by a prompt and says what it earned.
        reflect: rewrites instructions; None leaves stage 2 out.
        ledger: remembers calls.
        prior: what earlier searches gained.
        budget: calls, at least `LEAST_CALLS` of them.
        seconds: how long the calls may take together.
        seed: decides between equals.
    """

    cases: CaseSets
    pool: Pool
    way: Way
    reward: Reward
    reflect: Rewrite | None
    ledger: Ledger
    prior: Iterable[Gain] = ()
    budget: int = LEAST_CALLS
    seconds: float = float("inf")
    seed: int = 0
    should_stop: StopCheck = never_stop

    def run(self) -> Iterator[SearchNode | SearchReport]:
        """Yield every prompt as it is scored (again where it was asked more), then the report.

        Raises:
            Spent: the budget does not allow the least that a search takes.
            Stopped: the person cancelled; the ledger has what was done.
        """
        meter = Meter(self.reward, self.ledger, self.budget, self.seconds, self.should_stop)
        profile = self.cases.profile
        beliefs = Beliefs(self.way, profile_kind(profile))
        beliefs.remember(self.prior)
        tree = TreeSearch(
            meter, self.cases, self.pool, beliefs, profile.language, self.way, self.seed
        )
        yield from tree.run()
        best = yield from self._held(tree, meter)
        tree.nodes[best.number] = best = best.model_copy(update={"kept": True})
        yield best
        rounds = 0
        if self.reflect is not None and tree.end != "flat":
            # The final comparison is paid for beforehand: reflection spends what is left.
            meter.budget -= 2 * len(self.cases.told)
            after = Reflecting(
                meter, self.cases, self.reflect, profile.language,
                wording(self.way, profile.language)["system"].partition("$advice")[0],
                best, len(tree.nodes), self.seed,
            )  # fmt: skip
            yield from after.run()
            best, rounds = after.node, after.rounds
            meter.budget += 2 * len(self.cases.told)
        yield self._report(tree, best, meter, rounds)

    def _held(self, tree: TreeSearch, meter: Meter) -> Generator[SearchNode, None, SearchNode]:
        """Ask the start and the best of the tree the held-out cases, as far as the budget goes.

        Returns the one that is best there, the start where none surpasses it.
        """
        ranked = sorted(tree.nodes[1:], key=lambda n: (-n.score, n.number))
        promising = [n for n in ranked if n.score > tree.nodes[0].score][:_TRIED]
        spare = 2 * len(self.cases.told)
        best, start = tree.nodes[0], list[Outcome]()
        for node in (tree.nodes[0], *promising):
            try:
                meter.check(len(self.cases.held) + spare)
                outcomes = meter.outcomes(node.recipe, self.cases.held)
            except Spent:
                break
            asked = node.model_copy(update={"held": mean(outcomes)})
            tree.nodes[node.number] = asked
            yield asked
            start = start or outcomes
            better = surpasses(outcomes, start) and mean(outcomes) > (best.held or 0.0)
            best = asked if node.parent is None or better else best
        return best

    def _report(
        self, tree: TreeSearch, best: SearchNode, meter: Meter, rounds: int
    ) -> SearchReport:
        start = tree.nodes[0].recipe
        meter.seconds = float("inf")  # the comparison is owed even where the time is up
        return SearchReport(
            best=best.number,
            end=tree.end,
            start_told=mean(meter.outcomes(start, self.cases.told)),
            best_told=mean(meter.outcomes(best.recipe, self.cases.told)),
            calls=meter.calls,
            seconds=meter.spent,
            rounds=rounds,
        )


def gains(nodes: list[SearchNode], kind: str, way: Way) -> list[Gain]:
    """Return what a tree teaches the next search: each edge's gain, and the best whole path's."""
    found = [
        Gain(steps=n.steps, kind=kind, way=way, gain=n.score - nodes[n.parent].score)
        for n in nodes
        if n.stage == "search" and n.parent is not None
    ]
    best = next((n for n in nodes if n.kept and n.stage != "reflect"), None)
    if best is not None and len(steps := path(nodes, best)) > 1 and len(best.steps) < len(steps):
        found.append(Gain(steps=steps, kind=kind, way=way, gain=best.score - nodes[0].score))
    return found
