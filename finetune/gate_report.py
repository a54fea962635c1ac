"""What the gate found: kept with the adapter as JSON, read by the page, worded in app/."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from engine.types import Language
from engine.value import Share, Value

Origin = Literal["notebench", "feedback"]
Role = Literal["aim", "guard", "shown"]
Verdict = Literal["better", "worse", "same", "unknown"]
Decision = Literal["promote", "refuse"]
Rival = Literal["before", "teacher", "text"]
ReasonKind = Literal[
    "better",  # an aim rose
    "no-gain",  # no aim rose by more than luck
    "worse",  # a guarded metric got worse by more than luck
    "too-few",  # too few items to tell; `count` were there
    "no-more",  # a trait: no more of it than the text had; `count` texts were only repeated
    "equal",  # the two wrote the same everywhere
    "silent",  # the candidate wrote nothing for `count` items
    "unmeasured",  # a guarded metric that must be known could not be measured
]


class Reason(Value):
    """One reason of the decision, on a metric where it is about one."""

    kind: ReasonKind
    metric: str | None = None
    count: int | None = None


class Change(Value):
    """One metric before and after on the same `n` items, with the interval of the difference.

    `better` says which way is up; `role` what the metric counts for: one aim must rise, no guard
    may get worse, the others are shown. A metric that no item could give has no numbers.
    """

    metric: str
    role: Role
    better: Literal["higher", "lower"]
    verdict: Verdict
    n: int
    before: float | None = None
    after: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: Share | None = None


class BothTexts(Value):
    """What both adapters wrote for one item, and each text's figures.

    `wanted` is what the writer made of the note, where it is known; `nearer` which of the two texts
    is nearer to that, or to the drafts that people preferred.
    """

    id: str
    origin: Origin
    topic: str
    before: str
    after: str
    wanted: str | None = None
    nearer: Literal["before", "after", "tie"] | None = None
    scores_before: Mapping[str, float | None] = Field(default_factory=dict)
    scores_after: Mapping[str, float | None] = Field(default_factory=dict)


class JudgeReport(Value):
    """What one judge says of a trait: the candidate against another, and what misleads the judge.

    `against` is what serves now, the teacher or the text that was to be rewritten; wins, ties and
    losses are the candidate's. `turned` of `pairs` verdicts turned with the order; `longer` of
    `decided` went to the longer text; with `useless` its verdicts say nothing.
    """

    judge: str
    against: Rival
    wins: int
    ties: int
    losses: int
    pairs: int
    turned: int
    decided: int
    longer: int
    useless: bool
    calls: int

    @property
    def win_tie(self) -> float:
        """The win-tie rate of Small But Funny: the share of texts that are not lost."""
        return (self.wins + self.ties) / max(1, self.wins + self.ties + self.losses)


class GateReport(Value):
    """The gate's decision on a candidate against what serves now, and everything behind it.

    `current` is an adapter's name, None for the bare base; `signature` says what the figures depend
    on; `votes` counts people's choices between the two. A trait that was learned has its `judges`.
    """

    format: Literal[1] = 1
    candidate: str
    current: str | None
    language: Language
    decision: Decision
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]
    items: tuple[BothTexts, ...]
    votes: int = 0
    seed: int = 0
    signature: str = ""
    trait: str = Field(default="", exclude_if=lambda trait: not trait)
    judges: tuple[JudgeReport, ...] = Field(default=(), exclude_if=lambda judges: not judges)

    @property
    def passed(self) -> bool:
        """Whether the candidate may be promoted without a reason of the writer's."""
        return self.decision == "promote"
