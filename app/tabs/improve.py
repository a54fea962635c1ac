"""The Improve tab: what there is to learn on the left; the job at work and adapters on the right.

The page only watches the job's row: it may be closed and opened again at any time.
"""

from pathlib import Path
from typing import Any, get_args

import gradio as gr

from app.consentview import offer
from app.i18n import Texts, label, texts_for
from app.improveview import adapter_list, job_view, prospect_view, welcome
from app.render import status_line
from app.tabs.consenting import forget
from app.tabs.desk import Answer, Desk, Values, choice, edge, event_value, view
from app.tabs.improve_adapter import AdapterPane
from app.tabs.improve_prompt import PromptPane
from app.training import actions
from engine.errors import InvalidRequest
from engine.job_types import OPEN, TrainingJob, Wish
from engine.learning_types import MOST_ROUNDS, Method

_ROUNDS = list(range(1, MOST_ROUNDS + 1))
_METHODS: dict[str, Method] = {each: each for each in get_args(Method)}


class ImproveTab:
    """Lays the tab out, connects it, and fills it when it is shown."""

    def __init__(self, desk: Desk, token: gr.BrowserState) -> None:
        """Build all components in the present Blocks context."""
        self.desk, self.token = desk, token
        self.training = desk.training
        self.told = gr.State("")
        self.welcome = view("improve-welcome")
        with gr.Row(elem_id="improve-row", elem_classes="two-columns", visible=False) as self.body:
            with gr.Column(scale=4, min_width=300, elem_classes="side"):
                self._side()
            with gr.Column(scale=8, min_width=300, elem_classes="main"):
                self._main()
        with gr.Column(elem_id="improve-prompts", visible=False) as self.below:
            self.prompts = PromptPane(desk, token, self.style)
        self.timer = gr.Timer(1.0, active=False)
        self._wire()

    # -- layout ------------------------------------------------------------------------------
    def _side(self) -> None:
        self.style = choice(
            choices=[], label=label("improve.style"), info=label("improve.style_info"),
            elem_id="improve-style",
        )  # fmt: skip
        self.prospect = view("prospect")
        with gr.Accordion(label("improve.more"), open=False, elem_id="improve-more"):
            self.method = gr.Radio(
                choices=[(label(f"method.{name}"), name) for name in ("auto", *_METHODS)],
                value="auto", label=label("improve.method"), info=label("improve.method_info"),
                elem_id="improve-method",
            )  # fmt: skip
            self.rounds = gr.Radio(
                choices=_ROUNDS, value=1, label=label("improve.rounds"),
                info=label("improve.rounds_info"), elem_id="improve-rounds", visible=False,
            )  # fmt: skip
        self.start = gr.Button(label("improve.start"), variant="primary", elem_id="improve-start")
        self.said = view("improve-said")
        gr.HTML(label("improve.adapters"), elem_id="adapters-title", apply_default_css=False)
        self.list = view("adapter-list", "pick")
        with gr.Accordion(label("improve.import"), open=False, elem_id="import-adapter"):
            self.file = gr.File(
                label=label("improve.import_file"), file_types=[".zip"], elem_id="adapter-file",
                height=52,
            )  # fmt: skip

    def _main(self) -> None:
        self.offer = view("improve-offer", "forget")
        self.job = view("job")
        with gr.Row(visible=False, elem_classes="actions", elem_id="job-actions") as self.actions:
            self.pause = gr.Button(label("improve.pause"), size="sm", elem_id="job-pause")
            self.resume = gr.Button(
                label("improve.resume"), size="sm", variant="primary", elem_id="job-resume"
            )
            self.cancel = gr.Button(label("improve.cancel"), size="sm", elem_id="job-cancel")
        self.pane = AdapterPane(self.desk, self.token, self.training)

    # -- what is shown -----------------------------------------------------------------------
    def outputs(self) -> set[Any]:
        """Return what this tab's handlers change."""
        return {
            self.told, self.welcome, self.body, self.style, self.prospect, self.start, self.said,
            self.list, self.file, self.job, self.actions, self.pause, self.resume, self.cancel,
            self.timer, self.below, self.offer,
        } | self.pane.outputs()  # fmt: skip

    def asked(self) -> set[Any]:
        """Return what its handlers read."""
        return {self.token, self.style, self.told, self.pane.opened}

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; what was chosen stays."""
        return {self.said: status_line(sentence, kind="error")}

    def restore(self, owner: str, t: Texts) -> Answer:
        """Return the tab as it is when the page opens; a job at work is watched again."""
        jobs = self.training.jobs(owner)
        at_work = next((job.style for job in jobs if job.state in OPEN), "")
        return self._filled(owner, at_work, "", t)

    def _filled(self, owner: str, style: object, opened: str, t: Texts) -> Answer:
        """Return everything about a style: what it can learn, its newest job, its adapters."""
        names = [row.name for row in self.desk.studio.styles(owner)]
        name = style if isinstance(style, str) and style in names else names[0] if names else ""
        answer: Answer = {
            self.welcome: gr.update(value=welcome(t), visible=not name),
            self.body: gr.update(visible=bool(name)),
            self.below: gr.update(visible=bool(name)),
            self.style: gr.update(choices=names, value=name or None),
            self.timer: gr.Timer(active=False),
            self.told: "",
        }
        if not name:
            return answer
        found = self.training.prospect(owner, name)
        job = self._job(owner, name)
        adapters = self.training.adapters(owner, name)
        known = {adapter.id for adapter in adapters}
        shown = opened if opened in known else job.adapter if job and job.adapter else ""
        shown = shown if shown in known else adapters[0].id if adapters else ""
        ready = found.method is not None and (job is None or job.state not in OPEN)
        return (
            answer
            | {
                self.prospect: prospect_view(found, t),
                self.start: gr.update(interactive=ready),
                self.list: adapter_list(adapters, t, opened=shown),
                self.offer: offer(len(self.desk.consent.overdue(owner)), t, standing=True),
            }
            | self._watched(job, t)
            | self.pane.show(owner, name, shown, t)
        )

    def _job(self, owner: str, style: str) -> TrainingJob | None:
        return next(iter(self.training.jobs(owner, style)), None)

    def _watched(self, job: TrainingJob | None, t: Texts) -> Answer:
        """Return what may change from second to second, and whether to go on watching."""
        can = actions(job)
        shown = ""
        if job is not None:
            points = self.training.curve(job.owner, job.id)
            shown = job_view(job, points, self.training.ahead(job), t)
        return {
            self.job: shown,
            self.told: _told(job),
            self.actions: gr.update(visible=bool(can)),
            self.pause: gr.update(visible="pause" in can),
            self.resume: gr.update(visible="resume" in can),
            self.cancel: gr.update(visible="cancel" in can),
            self.timer: gr.Timer(active=job is not None and job.state in OPEN),
        }

    # -- handlers ----------------------------------------------------------------------------
    def _who(self, values: Values) -> tuple[str, str]:
        owner = self.desk.owner(values[self.token])
        return owner, self.desk.known_style(owner, values[self.style]).name

    @edge
    def shown(self, values: Values, request: gr.Request) -> Answer:
        """Bring the tab up to date when it is opened, or another style is chosen."""
        owner, t = self.desk.owner(values[self.token]), texts_for(request)
        opened = str(values[self.pane.opened] or "")
        return self._filled(owner, values[self.style], opened, t) | {self.said: ""}

    @edge
    def watch(self, values: Values, request: gr.Request) -> Answer:
        """Show where the job stands; everything else only when its state has changed."""
        owner, style = self._who(values)
        t, job = texts_for(request), self._job(owner, style)
        if _told(job) != values[self.told]:
            opened = job.adapter or "" if job and job.state == "done" else ""
            over = {} if job and job.state in OPEN else {self.said: ""}
            opened = opened or str(values[self.pane.opened] or "")
            return self._filled(owner, style, opened, t) | over
        changed = self._watched(job, t)
        del changed[self.actions], changed[self.told]
        return changed

    @edge
    def foretell(self, values: Values, request: gr.Request) -> Answer:
        """Say how long the way to learn that was chosen will take."""
        owner, style = self._who(values)
        method, rounds = self._how(values)
        found = self.training.prospect(owner, style, method, rounds)
        return {
            self.prospect: prospect_view(found, texts_for(request)),
            self.rounds: gr.update(visible=method == "filter"),
            self.said: "",
        }

    def _how(self, values: Values) -> tuple[Method | None, int]:
        """Return the method that was chosen, None for "by itself", and its rounds."""
        method, rounds = str(values[self.method]), values[self.rounds]
        if method != "auto" and method not in _METHODS:
            raise InvalidRequest("There is no such way to learn; reload the page.")
        if rounds not in _ROUNDS:
            raise InvalidRequest("The style filter goes one to three rounds; reload the page.")
        return _METHODS.get(method), int(rounds) if method == "filter" else 1

    @edge
    def begin(self, values: Values, request: gr.Request) -> Answer:
        """Start a job."""
        owner, style = self._who(values)
        t, (method, rounds) = texts_for(request), self._how(values)
        self.training.start(owner, style, method, rounds=rounds)
        opened = str(values[self.pane.opened] or "")
        return self._filled(owner, style, opened, t) | self._say(t("improve.started"))

    def _ask(self, values: Values, request: gr.Request, wish: Wish) -> Answer:
        owner, style = self._who(values)
        job = self._job(owner, style)
        if job is None:
            raise InvalidRequest("Nothing is being trained in this style; start it first.")
        self.training.ask(owner, job.id, wish)
        opened = str(values[self.pane.opened] or "")
        return self._filled(owner, style, opened, texts_for(request)) | {self.said: ""}

    @edge
    def forget(self, values: Values, request: gr.Request) -> Answer:
        """Retire the adapters that learned from what was taken back, and train again."""
        owner, style = self._who(values)
        t, opened = texts_for(request), str(values[self.pane.opened] or "")
        done = forget(self.desk, owner, t)
        return self._filled(owner, style, opened, t) | {self.offer: done}

    @edge
    def pause_job(self, values: Values, request: gr.Request) -> Answer:
        """Let the job stand still."""
        return self._ask(values, request, "pause")

    @edge
    def resume_job(self, values: Values, request: gr.Request) -> Answer:
        """Let the job go on."""
        return self._ask(values, request, "go")

    @edge
    def cancel_job(self, values: Values, request: gr.Request) -> Answer:
        """End the job."""
        return self._ask(values, request, "cancel")

    @edge
    def pick(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Open an adapter."""
        owner, style = self._who(values)
        t, address = texts_for(request), event_value(event)
        adapters = self.training.adapters(owner, style)
        listed = {self.list: adapter_list(adapters, t, opened=address), self.said: ""}
        return listed | self.pane.show(owner, style, address, t)

    @edge
    def changed(self, values: Values, request: gr.Request) -> Answer:
        """Bring lists up to date after an adapter was promoted or rolled back."""
        owner, style = self._who(values)
        t, opened = texts_for(request), str(values[self.pane.opened] or "")
        adapters = self.training.adapters(owner, style)
        return {self.list: adapter_list(adapters, t, opened=opened)}

    @edge
    def take_file(self, values: Values, request: gr.Request) -> Answer:
        """Import a dropped adapter; the uploaded file is removed."""
        from app.adapterzip import unpacked

        name = values[self.file]
        if not isinstance(name, str) or not Path(name).is_file():
            raise InvalidRequest("Drop a file that Export made.")
        try:
            owner, style = self._who(values)
            with unpacked(Path(name)) as folder:
                made = self.training.import_(owner, style, folder)
        finally:
            Path(name).unlink(missing_ok=True)
        t = texts_for(request)
        return (
            self._filled(owner, style, made.id, t)
            | self._say(t("improve.imported"))
            | {self.file: None}
        )

    def _say(self, text: str) -> Answer:
        return {self.said: status_line(text, kind="done")}

    # -- wiring ------------------------------------------------------------------------------
    def _wire(self) -> None:
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        asked, out = self.asked(), self.outputs()
        reveal = {"js": "() => notewright.reveal('job')"}
        self.style.input(self.shown, asked, out, **quiet)
        how = asked | {self.method, self.rounds}
        for chosen in (self.method, self.rounds):
            chosen.input(self.foretell, how, {self.prospect, self.rounds, self.said}, **quiet)
        self.start.click(self.begin, how, out, **quiet).then(None, None, None, **reveal)
        self.pause.click(self.pause_job, asked, out, **quiet)
        self.resume.click(self.resume_job, asked, out, **quiet)
        self.cancel.click(self.cancel_job, asked, out, **quiet)
        self.offer.forget(self.forget, asked, out, **quiet)
        self.list.pick(self.pick, asked, out, **quiet)
        self.file.upload(self.take_file, asked | {self.file}, out, **quiet)
        self.timer.tick(self.watch, asked, out, **quiet)
        for done in self.pane.changes(self.style):
            done.then(self.changed, asked, {self.list, self.said}, **quiet)


def _told(job: TrainingJob | None) -> str:
    """Return what decides which buttons there are, to see whether it has changed."""
    return f"{job.id}:{job.state}:{job.wish}" if job else ""
