"""The path from request to note: plan, draft, score, critique, at most one revision.

`Writer` joins the seams and yields events; it touches no database and no page.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from engine.choosing import choose, gate, needs_revision, survivors, worth
from engine.critic import most_different
from engine.events import (
    DraftReady,
    DraftWords,
    Event,
    NoteReady,
    PlanReady,
    StageStarted,
    VerdictReady,
)
from engine.protocols import Critic, Embedder, Planner, Scorer, StopCheck, Stylist, never_stop
from engine.types import (
    Draft,
    ModelsUsed,
    Note,
    Plan,
    Scores,
    StyleProfile,
    Timings,
    Verdict,
    WritingRequest,
)


class Clock:
    """Seconds spent in each named stage of one note."""

    def __init__(self) -> None:
        """Start the clock."""
        self.started = time.perf_counter()
        self.spent: dict[str, float] = {}
        self._mark = self.started

    def lap(self, stage: str) -> None:
        """Charge the time since the last lap to a stage."""
        now = time.perf_counter()
        self.spent[stage] = self.spent.get(stage, 0.0) + now - self._mark
        self._mark = now

    def first(self, stage: str) -> None:
        """Note the time since the last lap, the first time that it is asked for this stage."""
        self.spent.setdefault(stage, time.perf_counter() - self._mark)


@dataclass(frozen=True)
class Writer:
    """Turns a request and a profile into a note."""

    planner: Planner
    stylist: Stylist
    critic: Critic
    scorer: Scorer
    embedder: Embedder

    def plan(
        self, request: WritingRequest, *, should_stop: StopCheck = never_stop
    ) -> Iterator[Event]:
        """Yield StageStarted, PlanWords…, FellBack where another planner steps in, PlanReady."""
        yield StageStarted(stage="plan")
        clock = Clock()
        for event in self.planner.plan(request, should_stop=should_stop):
            if isinstance(event, Plan):
                clock.lap("plan")
                yield PlanReady(plan=event, seconds=clock.spent["plan"])
            else:
                yield event

    def draft(
        self,
        request: WritingRequest,
        profile: StyleProfile,
        plan: Plan,
        *,
        adapter: str | None = None,
        planned_in: float = 0.0,
        profiled_in: float = 0.0,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Event]:
        """Yield the drafts as they grow, their scores, the verdict and NoteReady (not yet stored).

        `planned_in` and `profiled_in` are the seconds already spent, for the note's timings.
        """
        work = _Work(self, request, profile, plan, adapter, should_stop)
        yield StageStarted(stage="draft")
        yield from work.write_drafts()
        yield StageStarted(stage="critique")
        verdict = yield from work.criticise()
        chosen = choose(work.drafts, verdict)
        if needs_revision(work.drafts[chosen]):
            yield StageStarted(stage="revise")
            yield from work.revise(chosen)
            if worth(work.drafts[-1]) > worth(work.drafts[chosen]):
                chosen = len(work.drafts) - 1
        work.clock.spent |= {"plan": planned_in, "profile": profiled_in}
        yield NoteReady(note=work.note(chosen, verdict))


@dataclass
class _Work:
    """One note being made."""

    writer: Writer
    request: WritingRequest
    profile: StyleProfile
    plan: Plan
    adapter: str | None
    should_stop: StopCheck
    drafts: list[Draft] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def write_drafts(self) -> Iterator[Event]:
        written: list[Draft] = []
        for event in self.writer.stylist.draft(
            self.request,
            self.profile,
            self.plan,
            adapter=self.adapter,
            should_stop=self.should_stop,
        ):
            if isinstance(event, DraftWords):
                self.clock.first("first_token")
                yield event
            else:
                written.append(event)
        self.clock.lap("draft")
        yield StageStarted(stage="score")
        for draft in written:
            yield self._scored(draft)

    def _scored(self, draft: Draft) -> DraftReady:
        scores = self._score(draft.text)
        failed = gate(draft.text, scores, length_matters=self.request.source is None)
        scored = draft.model_copy(update={"scores": scores, "failed": failed})
        self.drafts.append(scored)
        self.clock.lap("score")
        return DraftReady(index=len(self.drafts) - 1, draft=scored)

    def _score(self, text: str) -> Scores:
        carried = sorted({i for point in self.plan.points for i in point.facts})
        told = [self.plan.neutral_text, *(self.request.facts[i] for i in carried)]
        return self.writer.scorer.score(
            text,
            language=self.request.language,
            samples=[s.text for s in self.profile.samples],
            source="\n".join(dict.fromkeys(told)),
            facts=self.request.facts,
            words=self.request.words,
            profile=self.profile,
        )

    def criticise(self) -> Generator[Event, None, Verdict | None]:
        """Yield VerdictReady where there are two drafts to compare; return the verdict."""
        pair = most_different(self.drafts, survivors(self.drafts))
        if pair is None or self.drafts[pair[0]].text == self.drafts[pair[1]].text:
            return None
        verdict = self.writer.critic.compare(
            self.profile, self.plan, self.drafts, pair, should_stop=self.should_stop
        )
        self.clock.lap("critique")
        yield VerdictReady(verdict=verdict)
        return verdict

    def revise(self, chosen: int) -> Iterator[Event]:
        """Append the one revision, unless it is the same text again."""
        index = len(self.drafts)
        for event in self.writer.stylist.revise(
            self.request,
            self.profile,
            self.plan,
            self.drafts[chosen],
            adapter=self.adapter,
            should_stop=self.should_stop,
        ):
            if isinstance(event, DraftWords):
                yield DraftWords(index=index, text=event.text)
            elif event.text.strip() and event.text != self.drafts[chosen].text:
                self.clock.lap("critique")
                yield self._scored(event.model_copy(update={"revised_from": chosen}))

    def note(self, chosen: int, verdict: Verdict | None) -> Note:
        spent = {k: round(v, 3) for k, v in self.clock.spent.items()}
        passed = time.perf_counter() - self.clock.started
        total = round(passed + spent["plan"] + spent["profile"], 3)
        return Note(
            request=self.request,
            style_name=self.profile.name,
            profile_digest=self.profile.digest(),
            profile_version=self.profile.version,
            plan=self.plan,
            drafts=tuple(self.drafts),
            chosen=chosen,
            verdict=verdict,
            models=self._models(self.drafts),
            timings=Timings(**spent, total=total),
        )

    def _models(self, drafts: Sequence[Draft]) -> ModelsUsed:
        planned = self.plan.generation
        return ModelsUsed(
            planner=planned.model if planned else self.writer.planner.card.name,
            stylist=drafts[0].generation.model,
            adapter=self.adapter,
            embedder=self.writer.embedder.name,
        )
