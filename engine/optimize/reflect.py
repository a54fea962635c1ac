"""Stage 2: reflection on the worst cases (IDEALPrompt, "ESO").

The planner's model reads the instruction in force with the texts that it served worst and what the
scorer said of them, and writes the instruction anew. The rewrite is accepted only if the held-out
score rises; a few rounds without a gain are the end.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.optimize.meter import Meter, Spent, mean, surpasses
from engine.optimize.types import CaseSets, Outcome, SearchCase, SearchNode
from engine.prompts.recipe import PromptRecipe
from engine.prompts.render import message, wording
from engine.protocols import StopCheck, TextModel, never_stop
from engine.text import clean, count_words
from engine.types import Generation, Language, Message, Sampling

ROUNDS = 3
"""Rounds in a row without a gain, after which reflection ends."""

_WORST = 3
_CHARACTERS = 400
_LEAST_WORDS = 4
_HOPELESS = 0.03  # a search score lower by so much is not worth the held-out calls


Rewrite: TypeAlias = Callable[[str, Sequence[tuple[SearchCase, Outcome]], Language, int], Outcome]
"""Makes an instruction anew after the worst cases; a call. The last argument is a seed."""


@dataclass(frozen=True)
class Reflection:
    """Rewrites instructions with a model."""

    model: TextModel
    should_stop: StopCheck = never_stop

    def __call__(
        self, task: str, worst: Sequence[tuple[SearchCase, Outcome]], language: Language, seed: int
    ) -> Outcome:
        """Return the new instruction as the text of a call; empty where none came of it."""
        began = time.perf_counter()
        schema = {
            "type": "object",
            "properties": {
                "critique": {"type": "string", "minLength": 1, "maxLength": _CHARACTERS},
                "instruction": {"type": "string", "minLength": 1, "maxLength": _CHARACTERS},
            },
            "required": ["critique", "instruction"],
            "additionalProperties": False,
        }
        sampling = Sampling(temperature=0.7, seed=seed, max_tokens=320)
        chat = reflection_chat(task, worst, language)
        text = ""
        for event in self.model.generate(
            [chat], sampling, schema=schema, should_stop=self.should_stop
        ):
            text = event.text if isinstance(event, Generation) else text
        critique, instruction = _parsed(text)
        return Outcome(
            reward=0.0,
            text=instruction if count_words(instruction, language) >= _LEAST_WORDS else "",
            complaints=critique,
            seconds=time.perf_counter() - began,
        )


def reflection_chat(
    task: str, worst: Sequence[tuple[SearchCase, Outcome]], language: Language
) -> list[Message]:
    """Return the chat that asks for a better instruction."""
    words = wording("reflect", language)
    shown = "\n\n".join(
        words["case"].replace("$plan", case.plan.neutral_text)
        .replace("$text", outcome.text)
        .replace("$complaints", outcome.complaints or words["dull"])
        for case, outcome in worst
    )  # fmt: skip
    return [
        message("system", words["system"]),
        message("user", words["user"], task=task, cases=shown),
    ]


@dataclass
class Reflecting:
    """Rewrites the prompt in force, round by round; `node` is the one in force."""

    meter: Meter
    cases: CaseSets
    reflect: Rewrite
    language: Language
    task: str  # the instruction of the plain prompt
    node: SearchNode
    number: int
    seed: int = 0
    rounds: int = 0

    def run(self) -> Iterator[SearchNode]:
        """Yield each rewrite with its scores; the accepted ones are kept."""
        idle = 0
        while idle < ROUNDS:
            try:
                rewrite = self._rewritten()
                self.rounds += 1
                if rewrite is None:
                    idle += 1
                    continue
                node = self._scored(rewrite)
            except Spent:
                return
            idle = 0 if node.kept else idle + 1
            if node.kept:
                self.node = node
            yield node

    def _rewritten(self) -> PromptRecipe | None:
        """Return the prompt in force with an instruction made anew; None where it is no other."""
        outcomes = self.meter.outcomes(self.node.recipe, self.cases.search)
        pairs = sorted(zip(self.cases.search, outcomes, strict=True), key=lambda p: p[1].reward)
        task = self.node.recipe.task or self.task
        self.meter.check(1 + len(self.cases.search))
        seed = (self.seed + self.rounds) % 2**31
        key = f"reflect:{self.node.recipe.digest()[:24]}:{self.rounds}"
        found = self.meter.call(
            key, lambda: self.reflect(task, pairs[:_WORST], self.language, seed)
        )
        changed = found.text and found.text != task
        update = {"task": found.text}
        return self.node.recipe.model_copy(update=update) if changed else None

    def _scored(self, recipe: PromptRecipe) -> SearchNode:
        score = mean(self.meter.outcomes(recipe, self.cases.search))
        held, kept = None, False
        if score >= self.node.score - _HOPELESS:
            before = self.meter.outcomes(self.node.recipe, self.cases.held)
            outcomes = self.meter.outcomes(recipe, self.cases.held)
            held, kept = mean(outcomes), surpasses(outcomes, before)
        self.number += 1
        return SearchNode(
            number=self.number - 1,
            parent=self.node.number,
            steps=("reflect",),
            stage="reflect",
            recipe=recipe,
            score=score,
            held=held,
            calls=self.meter.calls,
            kept=kept,
        )


def _parsed(text: str) -> tuple[str, str]:
    try:
        told = json.loads(text)
    except json.JSONDecodeError:
        return "", ""
    if not isinstance(told, dict):
        return "", ""
    critique, instruction = (
        " ".join(clean(str(told.get(name, ""))).split()) for name in ("critique", "instruction")
    )
    return critique, instruction
