"""What happens on the Write tab: from a click to a note, and everything that can go wrong."""

import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from app.i18n import Texts, texts_for
from app.modelroom import USUAL, Models
from app.moves import with_moves
from app.notemodels import note_models
from app.render import status_line
from app.tabs.canvas import Canvas, frames
from app.tabs.desk import Answer, Desk, Values, error_sentence, toast, whole_frames
from app.tabs.form import Form, FormFields
from app.tabs.note import NotePanel
from engine.errors import InvalidRequest, Stopped
from engine.events import NoteReady, PlanReady, PlanWords
from engine.types import MAX_SEED, Plan, StyleProfile, WritingRequest


@dataclass(frozen=True)
class WriteParts:
    """The components of the Write tab that a run changes."""

    token: gr.BrowserState
    fields: FormFields
    status: gr.HTML
    write: gr.Button
    stop: gr.Button
    fresh: gr.Button
    examples: gr.HTML
    plan_group: gr.Column
    plan: gr.Textbox
    draft: gr.Button
    pending: gr.State
    note: NotePanel

    def inputs(self) -> set[Any]:
        """Return what a run reads."""
        mine = {self.token, self.plan, self.pending, self.note.note_id, self.note.editor}
        return mine | set(self.fields.components().values())

    def outputs(self) -> set[Any]:
        """Return what a run changes."""
        panel = self.note
        return {
            self.status, self.write, self.stop, self.fresh, self.examples, self.plan_group,
            self.plan, self.draft, self.pending, panel.cards, panel.note_id, panel.group,
            panel.editor, panel.rating, panel.difference, panel.said,
        } | panel.rewriting.outputs()  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One run for one page: whose it is, in what language, and how it is stopped."""

    owner: str
    form: Form
    t: Texts
    flag: threading.Event
    models: Models = USUAL


@dataclass(frozen=True)
class WriteFlow:
    """The handlers. Each makes a typed request first and then follows the studio's events."""

    desk: Desk
    parts: WriteParts

    # -- the three ways in -------------------------------------------------------------------
    def write(self, values: Values, request: gr.Request) -> Iterator[Answer]:
        """Plan, and go on to the drafts unless the plan is to be edited first."""
        yield from whole_frames(self._guarded(values, request, self._plan_then_draft))

    def draft(self, values: Values, request: gr.Request) -> Iterator[Answer]:
        """Draft from the plan as it stands in the box."""
        yield from whole_frames(self._guarded(values, request, self._draft_from_box))

    def stop(self, request: gr.Request) -> None:
        """Stop what this page has running."""
        self.desk.stops.stop(request.session_hash or "")

    def _guarded(
        self,
        values: Values,
        request: gr.Request,
        work: Callable[[Values, Run], Iterator[Answer]],
    ) -> Iterator[Answer]:
        """Run `work`; whatever happens, the page is left usable and nothing typed is lost."""
        t, session = texts_for(request), request.session_hash or ""
        flag = self.desk.stops.begin(session)
        try:
            run = Run(self.desk.owner(values[self.parts.token]), self._form(values), t, flag)
            self.desk.remember(run.owner, form=run.form.model_dump())
            self.parts.note.keep_typed(values)
            settings, form = self.desk.studio.settings, run.form
            models = note_models(settings, form.planner, form.stylist)
            yield from work(values, replace(run, models=models))
        except Stopped:
            yield self._idle() | {self.parts.status: status_line(t("write.stopped"), kind="idle")}
        except Exception as error:
            sentence = error_sentence(error, t)
            toast(sentence)
            yield self._idle() | {self.parts.status: status_line(sentence, kind="error")}
        finally:
            flag.set()
            self.desk.stops.end(session, flag)

    # -- plan --------------------------------------------------------------------------------
    def _plan_then_draft(self, values: Values, run: Run) -> Iterator[Answer]:
        del values
        asked = run.form.request()
        yield from self._models_ready(run)
        started = time.monotonic()
        profile = self._profile(run)
        profiled_in = time.monotonic() - started
        canvas = Canvas(asked, run.t)
        canvas.say(run.t("write.own_models") if run.models != USUAL else f"{run.t('stage.plan')}…")
        yield self._running() | {self.parts.status: canvas.status_html()}
        planned = None
        opening = self._busy() | self._cleared()
        events = self.desk.studio.plan(
            run.owner, asked, models=run.models, should_stop=run.flag.is_set
        )
        for event in frames(canvas, self.desk.limits.plan(run.owner, events)):
            planned = event if isinstance(event, PlanReady) else planned
            yield opening | self._plan_frame(canvas, event)
            opening = {}
        if planned is None:
            return
        yield self._planned(run, asked, planned.plan)
        plan = yield from self._with_moves(run, canvas, profile, planned.plan)
        if run.form.edit_plan:
            said = status_line(run.t("plan.edit_now"), kind="done")
            yield self._idle() | {self.parts.status: said}
            return
        yield from self._drafting(
            run, canvas, profile, plan, planned_in=planned.seconds, profiled_in=profiled_in
        )

    def _plan_frame(self, canvas: Canvas, event: object) -> Answer:
        frame: Answer = {self.parts.status: canvas.status_html()}
        if isinstance(event, PlanWords):
            frame[self.parts.plan] = canvas.plan_text
        return frame

    def _with_moves(
        self, run: Run, canvas: Canvas, profile: StyleProfile, plan: Plan
    ) -> Generator[Answer, None, Plan]:
        """Add how each point is to be said, where that is wished for and no point says it yet."""
        if not run.form.plan_style or any(point.moves for point in plan.points):
            return plan
        events = with_moves(
            self.desk.studio, run.owner, profile, plan, models=run.models,
            seed=canvas.request.seed, should_stop=run.flag.is_set,
        )  # fmt: skip
        try:
            for event in frames(canvas, events):
                plan = event.plan if isinstance(event, PlanReady) else plan
                yield {self.parts.status: canvas.status_html()}
        except InvalidRequest as error:
            toast(error_sentence(error, run.t))
        yield self._planned(run, canvas.request, plan)
        return plan

    def _planned(self, run: Run, asked: WritingRequest, plan: Plan) -> Answer:
        """Show the finished plan and keep it, so that it survives a reload."""
        text = self.desk.studio.plan_text(plan)
        pending = {"request": asked.model_dump(mode="json"), "plan": plan.model_dump(mode="json")}
        self.desk.remember(run.owner, pending=pending, plan=text, note_id="")
        return {self.parts.plan: text, self.parts.pending: pending}

    # -- drafts ------------------------------------------------------------------------------
    def _draft_from_box(self, values: Values, run: Run) -> Iterator[Answer]:
        asked, plan, profile = self._base(values, run)
        yield from self._models_ready(run)
        edited = self.desk.studio.edited_plan(asked, plan, str(values[self.parts.plan] or ""))
        if values[self.parts.note.note_id] and edited.points == plan.points:
            asked = asked.model_copy(update={"seed": secrets.randbelow(MAX_SEED)})
        canvas = Canvas(asked, run.t)
        canvas.say(f"{run.t('stage.draft')}…")
        status = {self.parts.status: canvas.status_html()}
        yield self._busy() | self._cleared(keep_plan=True) | status
        edited = yield from self._with_moves(run, canvas, profile, edited)
        yield from self._drafting(run, canvas, profile, edited)

    def _base(self, values: Values, run: Run) -> tuple[WritingRequest, Plan, StyleProfile]:
        """Return the request, plan and style that the plan in the box came from."""
        note_id = values[self.parts.note.note_id]
        if isinstance(note_id, str) and note_id:
            note = self.desk.studio.note(run.owner, note_id).note
            profile = (
                self.desk.studio.style(run.owner, note.style_name, note.profile_version)
                if note.style_name
                else self._profile(run)
            )
            return note.request, note.plan, profile
        pending = values[self.parts.pending]
        if not isinstance(pending, dict) or "plan" not in pending:
            raise InvalidRequest("There is no plan yet; press Write first.")
        asked = WritingRequest.model_validate(pending["request"])
        return asked, Plan.model_validate(pending["plan"]), self._profile(run)

    def _drafting(
        self,
        run: Run,
        canvas: Canvas,
        profile: StyleProfile,
        plan: Plan,
        *,
        planned_in: float = 0.0,
        profiled_in: float = 0.0,
    ) -> Iterator[Answer]:
        events = self.desk.studio.draft(
            run.owner,
            canvas.request,
            profile,
            plan,
            models=run.models,
            planned_in=planned_in,
            profiled_in=profiled_in,
            should_stop=run.flag.is_set,
        )
        cards = self.parts.note.cards
        try:
            for event in frames(canvas, self.desk.limits.draft(run.owner, events)):
                if isinstance(event, NoteReady):
                    yield self._finished(run, event)
                else:
                    yield {
                        self.parts.status: canvas.status_html(),
                        cards: canvas.cards_html(),
                    }
        except Stopped:
            yield {cards: canvas.cards_html(stopped=True)}
            raise

    def _finished(self, run: Run, event: NoteReady) -> Answer:
        note_id = event.note.id
        self.desk.remember(run.owner, note_id=note_id, pending=None, editor=None)
        record = self.desk.studio.note(run.owner, note_id)
        done = status_line(
            run.t("write.done", seconds=max(1, round(event.note.timings.total))), kind="done"
        )
        return (
            self._idle()
            | self.parts.note.show(run.owner, record, run.t)
            | {
                self.parts.status: done,
                self.parts.pending: {},
                self.parts.fresh: gr.update(visible=True),
            }
        )

    # -- small steps -------------------------------------------------------------------------
    def _form(self, values: Values) -> Form:
        return self.parts.fields.read(values)

    def _profile(self, run: Run) -> StyleProfile:
        if run.form.style:
            return self.desk.known_style(run.owner, run.form.style)
        if not run.form.samples.strip():
            raise InvalidRequest(run.t("write.no_style"), field="samples")
        samples = self.desk.studio.samples_from_text(run.form.samples)
        return self.desk.studio.profile(samples, run.form.request().language)

    def _models_ready(self, run: Run) -> Iterator[Answer]:
        """Tell how long the models still take, then go on by itself."""
        told = False
        for seconds in self.desk.loading.wait(run.flag.is_set):
            said = status_line(run.t("write.loading", seconds=seconds))
            yield {self.parts.status: said} | ({} if told else self._running())
            told = True

    def _running(self) -> Answer:
        return {
            self.parts.write: gr.update(interactive=False),
            self.parts.draft: gr.update(interactive=False),
            self.parts.stop: gr.update(visible=True),
            self.parts.plan: gr.update(interactive=False),
        }

    def _busy(self) -> Answer:
        return self._running() | {
            self.parts.examples: gr.update(visible=False),
            self.parts.plan_group: gr.update(visible=True),
            self.parts.fresh: gr.update(visible=False),
        }

    def _idle(self) -> Answer:
        return {
            self.parts.write: gr.update(interactive=True),
            self.parts.draft: gr.update(interactive=True),
            self.parts.stop: gr.update(visible=False),
            self.parts.plan: gr.update(interactive=True),
        }

    def _cleared(self, *, keep_plan: bool = False) -> Answer:
        cleared = self.parts.note.hide() | {self.parts.note.cards: ""}
        box = gr.update(value="", interactive=False)
        return cleared if keep_plan else cleared | {self.parts.plan: box}
