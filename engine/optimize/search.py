"""Stage 1: reinforcement search with memory over a tree of prompts (IDEALPrompt, "RWS").

A node is a prompt with its mean reward, an edge the strategies that made it of its parent. Each
step grows the node and strategy of the highest upper bound: the node's own score, the gain expected
of the strategy, and a bonus for what is little known. What a strategy gained anywhere in the tree
tells about it everywhere; what it gained for earlier styles is the prior. All nodes write the same
cases with the same seeds, so that scores differ by the prompt alone.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.optimize.memory import Beliefs, Steps
from engine.optimize.meter import Meter, Spent, mean
from engine.optimize.strategies import Pool, applied, offered
from engine.optimize.types import CaseSets, End, SearchNode, Way
from engine.prompts.recipe import PLAIN, PromptRecipe
from engine.types import Language

RESERVE = 0.4
"""The share of the budget that is kept for held-out scores, reflection and the final comparison."""

_DEEPEST = 6
_FLAT_AFTER = 8  # prompts, after which a reward that never moved is taken not to move
_MOVES = 1e-3  # a difference of reward that counts as one
_PATIENCE = 16  # prompts in a row that were not the best so far


@dataclass
class TreeSearch:
    """Grows the tree; `nodes` are its prompts, the start first."""

    meter: Meter
    cases: CaseSets
    pool: Pool
    beliefs: Beliefs
    language: Language
    way: Way
    seed: int = 0
    nodes: list[SearchNode] = field(default_factory=list)
    end: End = "exhausted"

    def run(self) -> Iterator[SearchNode]:
        """Yield each prompt as soon as it is scored; `end` says afterwards why it stopped.

        Raises:
            Spent: the budget does not even allow the start prompt.
            Stopped: the person cancelled.
        """
        yield self._grown(None, (), PLAIN, reserve=0.0)
        arms: list[Steps] = [(name,) for name in offered(self.pool, self.way, self.language)]
        random.Random(self.seed).shuffle(arms)
        arms = [*self.beliefs.paths(), *arms]
        while True:
            try:
                step = self._next(arms)
                if step is None:
                    return
                yield self._grown(*step, reserve=RESERVE)
            except Spent as spent:
                self.end = "time" if spent.end == "time" else "budget"
                return
            if self._stands_still():
                return

    @property
    def best(self) -> SearchNode:
        """The prompt of the highest score, the earlier one of equals."""
        return max(self.nodes, key=lambda node: (node.score, -node.number))

    def path(self, node: SearchNode) -> Steps:
        """Return all strategies from the start to a node."""
        return path(self.nodes, node)

    def _next(self, arms: Sequence[Steps]) -> tuple[SearchNode, Steps, PromptRecipe] | None:
        """Return where to grow, and by what; None where everything was tried."""
        known = {_rendered(node.recipe) for node in self.nodes}
        best, found = float("-inf"), None
        for node in self.nodes:
            used = self.path(node)
            for arm in arms:
                if len(used) + len(arm) > _DEEPEST or set(arm) & set(used):
                    continue
                bound = node.score + self.beliefs.promise(arm)
                if bound > best:
                    recipe = applied(node.recipe, self.pool, arm, self.language)
                    if _rendered(recipe) not in known:
                        best, found = bound, (node, arm, recipe)
        return found

    def _grown(
        self, parent: SearchNode | None, steps: Steps, recipe: PromptRecipe, *, reserve: float
    ) -> SearchNode:
        outcomes = self.meter.outcomes(recipe, self.cases.search, reserve=reserve)
        node = SearchNode(
            number=len(self.nodes),
            parent=None if parent is None else parent.number,
            steps=steps,
            stage="start" if parent is None else "search",
            recipe=recipe,
            score=mean(outcomes),
            calls=self.meter.calls,
        )
        self.nodes.append(node)
        if parent is not None:
            self.beliefs.see(steps, node.score - parent.score)
        return node

    def _stands_still(self) -> bool:
        scores = [node.score for node in self.nodes]
        if len(scores) > _FLAT_AFTER and max(scores) - min(scores) < _MOVES:
            self.end = "flat"
        elif len(scores) - 1 - self.best.number >= _PATIENCE:
            self.end = "settled"
        else:
            return False
        return True


def _rendered(recipe: PromptRecipe) -> PromptRecipe:
    """Return the recipe by which two that render alike are equal: no rules cannot come last."""
    return recipe if recipe.rules else recipe.model_copy(update={"last": False})


def path(nodes: Sequence[SearchNode], node: SearchNode) -> Steps:
    """Return all strategies from the start of a tree to one of its nodes."""
    own = node.steps
    return own if node.parent is None else (*path(nodes, nodes[node.parent]), *own)
