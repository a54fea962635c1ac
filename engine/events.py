"""What happens while a note is written, as typed values; pages and commands only render them."""

from typing import Literal

from engine.types import Draft, Note, Plan, StyleProfile, Value, Verdict

Stage = Literal["profile", "plan", "moves", "draft", "score", "critique", "revise"]


class Waiting(Value):
    """Somebody else is writing; `ahead` requests come first."""

    ahead: int


class StageStarted(Value):
    """A stage began; `seconds` is how long it is expected to take, None when unknown."""

    stage: Stage
    seconds: float | None = None


class ProfileReady(Value):
    """The samples have been read."""

    profile: StyleProfile


class PlanWords(Value):
    """The plan so far, as readable text (never raw JSON)."""

    text: str


class FellBack(Value):
    """The planner that was wanted cannot be used; another plans in its place, and `reason` why."""

    wanted: str
    used: str
    reason: str


class PlanReady(Value):
    """The plan is done; it holds every fact or says which is missing. `seconds` it took."""

    plan: Plan
    seconds: float = 0.0


class DraftWords(Value):
    """Draft `index` so far: its whole text, not the difference."""

    index: int
    text: str


class DraftReady(Value):
    """Draft `index` is written and, when `draft.scores` is set, scored and gated."""

    index: int
    draft: Draft


class VerdictReady(Value):
    """The critic chose between two drafts."""

    verdict: Verdict


class NoteReady(Value):
    """The note is finished (and stored, when it comes from the Studio)."""

    note: Note


Event = (
    Waiting
    | StageStarted
    | ProfileReady
    | PlanWords
    | FellBack
    | PlanReady
    | DraftWords
    | DraftReady
    | VerdictReady
    | NoteReady
)
