"""The nouns, in path order: request → profile → plan → drafts → scores → verdict → note → feedback.

The last, what feedback becomes, is the adapter. All are frozen pydantic models that refuse unknown
fields. Tables are separate (storage/tables.py). What a profile and an adapter are made of have
files of their own, but are imported from here like the rest.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from engine.adapter_types import Adapter, AdapterManifest, AdapterStatus, BaseRef, Promotion
from engine.profile_types import (
    Habit,
    PragmaticTag,
    ShapeMetrics,
    SignatureWord,
    StyleProfile,
    StyleSample,
    SyntaxMetrics,
    SyntaxRule,
    TraitLevel,
    TraitWish,
)
from engine.value import Language, Share, Value

# Nouns that live elsewhere and are looked up here.
__all__ = [
    "Adapter",
    "AdapterManifest",
    "AdapterStatus",
    "BaseRef",
    "Habit",
    "Language",
    "PragmaticTag",
    "Promotion",
    "ShapeMetrics",
    "Share",
    "SignatureWord",
    "StyleProfile",
    "StyleSample",
    "SyntaxMetrics",
    "SyntaxRule",
    "TraitLevel",
    "TraitWish",
    "Value",
]

Role = Literal["system", "user", "assistant"]
ModelRole = Literal["planner", "stylist"]

MAX_FACTS = 60
MAX_SEED = 2**31 - 1


def utc_now() -> datetime:
    """Return the present time, in UTC, to the millisecond (what the database keeps)."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


# ------------------------------------------------------------------ 0 request


class WritingRequest(Value):
    """What a person asks for. Made only by `engine.requests.make_request`, which cleans and checks.

    `words` is the wanted length (Han characters count as words in Chinese); `creativity` in [0, 1]
    becomes the sampling temperature; `source`, when given, *is* the plan's neutral text.
    """

    topic: str
    facts: tuple[str, ...] = ()
    audience: str = ""
    words: int = 120
    language: Language = "en"
    drafts: int = 4
    creativity: Share = 0.5
    seed: int = 0
    source: str | None = None


# ------------------------------------------------------------------ 2 plan


class PlanPoint(Value):
    """One thing the note says, and the indices (from 0) of the requested facts that it carries.

    `moves` say how it is to be put in the author's style (engine/moves.py); left out of the address
    where there are none.
    """

    text: str
    facts: tuple[int, ...] = ()
    moves: str = Field(default="", exclude_if=lambda moves: not moves)


class Plan(Value):
    """What to say, in neutral words.

    Checked here: `missing` are exactly the facts, of `fact_count`, that no point carries.
    `instead_of` names the planner that was wanted where another had to plan.
    """

    title: str
    summary: str
    points: tuple[PlanPoint, ...]
    neutral_text: str
    fact_count: int = 0
    missing: tuple[int, ...] = ()
    generation: "Generation | None" = None
    edited: bool = False
    # Left out of the address where it says nothing, as in notes of before.
    instead_of: str = Field(default="", exclude_if=lambda name: not name)

    @model_validator(mode="after")
    def _every_fact_is_accounted_for(self) -> Self:
        placed = {index for point in self.points for index in point.facts}
        if tuple(i for i in range(self.fact_count) if i not in placed) != self.missing:
            raise ValueError("Plan.missing must name exactly the facts that no point carries")
        return self


# ------------------------------------------------------------------ 3 drafts


class Message(Value):
    """One turn of a chat. A last turn by the assistant is continued, not answered."""

    role: Role
    content: str


class Sampling(Value):
    """How tokens are drawn; the same values and seed on the same model give the same text."""

    temperature: float = 0.7
    top_p: float = 0.95
    min_p: float = 0.05
    top_k: int = 40
    repeat_penalty: float = 1.1
    max_tokens: int = 256
    seed: int = 0
    stop: tuple[str, ...] = ()
    never: tuple[str, ...] = Field(default=(), exclude=True)  # the profile keeps them


class ModelCard(Value):
    """What a model is: enough to name it in a note and to decide what to ask of it.

    `writes_plans` says that it can be trusted to word a plan's neutral text; else code does.
    """

    name: str
    revision: str
    backend: Literal["llama.cpp", "transformers", "remote", "scripted"]
    context_length: int
    languages: tuple[Language, ...]
    loads_adapters: bool = False
    writes_plans: bool = False


class Generation(Value):
    """One finished text of a model, `index` of its call, with what it takes to ask for it again."""

    index: int = 0
    text: str
    model: str
    revision: str
    adapter: str | None = None
    prompt_version: str = ""
    sampling: Sampling
    prompt_tokens: int
    cached_tokens: int = 0
    completion_tokens: int
    finish: Literal["stop", "length"]


class Delta(Value):
    """A piece of text that grew conversation `index`; an empty `text` is a heartbeat."""

    index: int = 0
    text: str = ""


# ------------------------------------------------------------------ 4 scores


class Span(Value):
    """Characters [start, end) of a draft's text, and why they are marked."""

    start: int
    end: int
    kind: Literal["fact", "copied", "unsupported", "slop", "never", "never_told"]
    note: str = ""


class Scores(Value):
    """What the scorer found, in [0, 1] but `length_ratio`; higher is better but for copied, slop.

    None: what it needs was not given. `facts_found[i]`: requested fact i is in the text.
    """

    style: Share | None = None
    meaning: Share | None = None
    faithful: Share | None = None
    factual: Share | None = None
    copied: Share | None = None
    fact_recall: Share | None = None
    length_ratio: float | None = None
    vss: Share | None = None
    # Left out of old notes, whose addresses were made without it.
    slop: Share | None = Field(default=None, exclude_if=lambda slop: slop is None)
    facts_found: tuple[bool, ...] = ()
    spans: tuple[Span, ...] = ()
    signature: str


GateReason = Literal["copied", "length", "facts", "plan", "empty", "never"]


class Draft(Value):
    """One styled text. `failed` names the gate's objections (empty: it passed).

    `steps` are the (plain, styled) pairs that it was made of, where it was made in steps; left out
    of the address where there are none, as in notes of before.
    """

    text: str
    generation: Generation
    scores: Scores | None = None
    failed: tuple[GateReason, ...] = ()
    revised_from: int | None = None
    steps: tuple[tuple[str, str], ...] = Field(default=(), exclude_if=lambda steps: not steps)


# ------------------------------------------------------------------ 5 critique


class Verdict(Value):
    """A judgement between two drafts: the one chosen, how sure, on what criterion, and why.

    `probability` is the mean over both orders of the chance given to `chosen`.
    """

    criterion: str
    first: int
    second: int
    chosen: int
    probability: Share
    reason: str
    signature: str


# ------------------------------------------------------------------ 6 note


class ModelsUsed(Value):
    """Names of the models that made a note."""

    planner: str
    stylist: str
    adapter: str | None = None
    embedder: str


class Timings(Value):
    """Seconds spent in each stage; `first_token` is from the start to the first word of a draft."""

    profile: float = 0.0
    plan: float = 0.0
    draft: float = 0.0
    score: float = 0.0
    critique: float = 0.0
    first_token: float = 0.0
    total: float = 0.0


class Note(Value):
    """A finished note: immutable, addressed by its content. An edit is feedback, not a change."""

    request: WritingRequest
    style_name: str
    profile_digest: str
    profile_version: int
    plan: Plan
    drafts: tuple[Draft, ...]
    chosen: int
    verdict: Verdict | None = None
    models: ModelsUsed
    timings: Timings
    created_at: datetime = Field(default_factory=utc_now)

    @property
    def id(self) -> str:
        """The content address: scheme tag and the first 32 hex digits of the digest."""
        return f"n1-{self.digest()[:32]}"

    @property
    def text(self) -> str:
        """The chosen draft's text."""
        return self.drafts[self.chosen].text


# ------------------------------------------------------------------ 7 feedback

FeedbackKind = Literal["stars", "thumb", "choice", "edit", "tag"]
FeedbackTag = Literal[
    "off-style", "wrong-fact", "missing-fact", "too-long", "too-short", "copied", "dull", "great"
]


class Feedback(Value):
    """One act of judgement on a note; append-only. Exactly the value of its `kind` is given.

    `draft` is the index among the note's drafts that it is about. A choice puts that draft in
    force, unless `over` names another draft that was passed over for it: then two drafts were
    compared blind, and nothing else changes. `withdrawn` takes the rater's choice between those
    two back.
    """

    note_id: str
    draft: int
    kind: FeedbackKind
    stars: Annotated[int, Field(ge=1, le=5)] | None = None
    thumb: Literal["up", "down"] | None = None
    edited_text: str | None = None
    tag: FeedbackTag | None = None
    # Left out where they say nothing: older addresses were made without them.
    over: int | None = Field(default=None, exclude_if=lambda over: over is None)
    withdrawn: bool = Field(default=False, exclude_if=lambda withdrawn: not withdrawn)
    rater: str = "writer"
    created_at: datetime = Field(default_factory=utc_now)

    @model_validator(mode="after")
    def _one_value_for_its_kind(self) -> Self:
        values: dict[str, object] = {"stars": self.stars, "thumb": self.thumb}
        values |= {"edit": self.edited_text, "tag": self.tag}
        given = {kind for kind, value in values.items() if value is not None}
        if given != ({self.kind} - {"choice"}):
            raise ValueError(f"a feedback of kind {self.kind!r} must carry just its own value")
        if (self.over is not None and self.kind != "choice") or self.over == self.draft:
            raise ValueError("only a choice passes over another draft")
        if self.withdrawn and self.over is None:
            raise ValueError("only a choice between two drafts can be withdrawn")
        return self

    @property
    def puts_in_force(self) -> bool:
        """Whether it says which draft the note is to be."""
        return self.kind == "choice" and self.over is None

    @property
    def id(self) -> str:
        """The content address of this act."""
        return f"f1-{self.digest()[:32]}"


Plan.model_rebuild()
