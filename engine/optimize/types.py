"""The nouns of a prompt search: what is written, what it earned, the tree, how it ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Protocol

from pydantic import Field

from engine.prompts.recipe import PLAIN, PromptRecipe
from engine.types import Language, Plan, StyleProfile, WritingRequest
from engine.value import Value

State = Literal["running", "stopped", "failed", "done"]
Way = Literal["step", "whole", "restyle"]
"""The prompts that a recipe may shape: of a small model, of a large one, of one with an adapter."""

NodeStage = Literal["start", "search", "reflect"]
End = Literal["budget", "time", "flat", "settled", "exhausted"]

LEAST_CALLS = 60
MOST_CALLS = 2_000


class Edit(Value):
    """What a strategy does to a recipe: sentences added, values set."""

    lead: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    task: str | None = None
    shown: float | None = None
    last: bool | None = None
    plan: bool | None = None
    split: bool | None = None


class Strategy(Value):
    """A way to edit a prompt, in each language that it is worded in."""

    name: str
    about: Mapping[Language, str]
    ways: tuple[Way, ...] = ("step", "whole", "restyle")
    en: Edit | None = None
    zh: Edit | None = None

    def edit(self, language: Language) -> Edit | None:
        """Return the edit in a language, if there is one."""
        return self.zh if language == "zh" else self.en


class SearchCase(Value):
    """Something to write while a prompt is searched.

    The style is measured against the texts `against`; `reference` is what a person made of it,
    where they edited.
    """

    id: str
    request: WritingRequest
    plan: Plan
    against: tuple[str, ...]
    reference: str = ""


class CaseSets(Value):
    """What a search is scored on, what decides on acceptance, and what is told at the end.

    No case is in two of them. `profile` is all that the prompts may show of the writer; where they
    have enough samples, the held-out cases and the last are measured against others.
    """

    profile: StyleProfile
    search: Annotated[tuple[SearchCase, ...], Field(min_length=1)]
    held: Annotated[tuple[SearchCase, ...], Field(min_length=1)]
    told: Annotated[tuple[SearchCase, ...], Field(min_length=1)]


class Outcome(Value):
    """One call: the text that a prompt gave, what it earned, what was wrong, how long it took."""

    reward: float
    text: str
    complaints: str = ""
    seconds: float = 0.0


class SearchNode(Value):
    """A prompt of the tree; `steps` are the strategies on the edge from its parent.

    `score` is its mean reward on the search cases, `held` on the held-out ones, where those were
    asked. `kept` says that it was in force at the end of its stage.
    """

    number: int
    parent: int | None = None
    steps: tuple[str, ...] = ()
    stage: NodeStage = "start"
    recipe: PromptRecipe = PLAIN
    score: float
    held: float | None = None
    calls: int = 0
    kept: bool = False


class Gain(Value):
    """What the memory holds: strategies applied together, to what kind of profile, and the gain."""

    steps: tuple[str, ...]
    kind: str
    way: Way
    gain: float


class SearchReport(Value):
    """How a search ended: the node found, and both prompts' mean reward on cases it never saw."""

    best: int
    end: End
    start_told: float
    best_told: float
    calls: int
    seconds: float
    rounds: int = 0


class SearchOrder(Value):
    """All that a search depends on, so that it goes on as it began whatever has changed since.

    `adapter` is the one that the prompt is for, None for the bare model; `served` what would have
    written without it.
    """

    budget: int
    minutes: float | None = None
    seed: int = 0
    way: Way
    kind: str
    model: str
    adapter: str | None = None
    served: str | None = None
    pool: Mapping[str, Strategy]
    prior: tuple[Gain, ...] = ()
    cases: CaseSets


class SearchJob(Value):
    """A search as it stands. `message` says why it stopped or failed.

    `alive`: a process has it in hand; one that is "running" without was interrupted.
    """

    id: str
    owner: str
    style: str
    state: State
    alive: bool = False
    wish: Literal["go", "cancel"] = "go"
    message: str = ""
    budget: int
    minutes: float | None = None
    adapter: str | None = None
    way: Way
    calls: int = 0
    seconds: float = 0.0
    report: SearchReport | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def at_work(self) -> bool:
        """Whether something is to be expected of it by itself."""
        return self.state == "running" and self.alive

    @property
    def can_go_on(self) -> bool:
        """Whether it ended before its end and can be taken up again."""
        return not self.alive and self.state != "done"


class PromptInUse(Value):
    """The prompt that a style is written with, the adapter it is for, and what served before it.

    It steps aside once something else serves than `over`: what was promoted later is meant.
    """

    recipe: PromptRecipe
    adapter: str | None = None
    over: str | None = None
    search: str = ""
    node: int = 0
    at: datetime


class Ledger(Protocol):
    """Remembers calls, so that a search that was killed goes on without paying twice."""

    def get(self, key: str) -> Outcome | None:
        """Return what a call gave, if it was made."""

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep what a call gave."""
