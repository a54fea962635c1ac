"""The NoteBench tab: what to measure on the left, the open run and what it found on the right."""

from pathlib import Path
from typing import Any

import gradio as gr

from app.bench import BenchSet, choose_items
from app.benchjobs import BenchJobs, Seen
from app.benchview import about_systems, progress_view, run_actions, run_list
from app.i18n import Texts, label, texts_for
from app.render import status_line
from app.systems import SYSTEMS
from app.tabs.desk import Answer, Desk, Values, edge, event_value, view
from app.tabs.notebench_results import ResultsPane
from app.tabs.notebench_scoring import ScoringPane
from engine.errors import InvalidRequest, NotFound
from engine.notebench.samples import Split
from engine.types import Language

_FIRST_COUNT = 12


class NoteBenchTab:
    """Lays the tab out, connects it, and fills it when it is shown."""

    def __init__(self, desk: Desk, token: gr.BrowserState) -> None:
        """Build all components in the present Blocks context."""
        self.desk, self.token = desk, token
        self.jobs = desk.jobs or BenchJobs(desk.studio, desk.limits)
        self.deleted = gr.State("")
        self.told = gr.State("")
        with gr.Tabs(elem_id="bench-tabs"):
            with (
                gr.Tab(label("bench.measure"), id="measure"),
                gr.Row(elem_id="bench-row", elem_classes="two-columns"),
            ):
                with gr.Column(scale=4, min_width=300, elem_classes="side"):
                    self._side()
                with gr.Column(scale=9, min_width=300, elem_classes="main"):
                    self._main()
            with gr.Tab(label("bench.score_text"), id="score-text"):
                self.scoring = ScoringPane(desk, token)
        self.timer = gr.Timer(1.0, active=False)
        self._wire()

    # -- layout ------------------------------------------------------------------------------
    def _side(self) -> None:
        self.list = view("bench-runs", "pick")
        with gr.Accordion(label("bench.new"), open=True, elem_id="new-run"):
            self.systems = gr.CheckboxGroup(
                choices=[row.name for row in SYSTEMS if not row.missing],
                value=["copy-source", "sag"],
                label=label("bench.systems"),
                info=label("bench.systems_info"),
                elem_id="bench-systems",
            )
            self.missing = view("bench-missing")
            self._what()
            self.start = gr.Button(label("bench.start"), variant="primary", elem_id="bench-start")
        self.said = view("bench-said")
        self.undo = gr.Button(label("undo"), visible=False, size="sm", elem_id="undo-run")

    def _what(self) -> None:
        self.data = gr.Radio(
            choices=[(label(f"bench.{name}"), name) for name in ("dev", "test", "own")],
            value="dev",
            label=label("bench.data"),
            info=label("bench.data_info"),
            elem_id="bench-data",
        )
        self.file = gr.File(
            label=label("bench.file"), file_types=[".jsonl"], elem_id="bench-file", height=52,
            visible=False,
        )  # fmt: skip
        self.language = gr.Radio(
            choices=[("English", "en"), ("中文", "zh"), (label("bench.any_language"), "")],
            value="en",
            label=label("form.language"),
            elem_id="bench-language",
        )
        with gr.Row(elem_classes="pair"):
            self.count = gr.Number(
                value=_FIRST_COUNT, precision=0, minimum=1, label=label("bench.count"),
                info=label("bench.count_info"), elem_id="bench-count", min_width=90,
            )  # fmt: skip
            self.seed = gr.Number(
                value=0, precision=0, minimum=0, label=label("form.seed"),
                info=label("bench.seed_info"), elem_id="bench-seed", min_width=90,
            )  # fmt: skip

    def _main(self) -> None:
        head = view("run-head")
        self.progress = view("bench-progress")
        with gr.Row(visible=False, elem_classes="actions", elem_id="run-actions") as self.actions:
            self.stop = gr.Button(label("bench.stop"), size="sm", elem_id="bench-stop")
            self.resume = gr.Button(
                label("bench.resume"), size="sm", variant="primary", elem_id="bench-resume"
            )
            self.delete = gr.Button(label("bench.delete"), size="sm", elem_id="bench-delete")
        self.results = ResultsPane(self.desk, self.token, self.jobs, head)

    # -- what is shown -----------------------------------------------------------------------
    def outputs(self) -> set[Any]:
        """Return what this tab's handlers change."""
        return {
            self.list, self.missing, self.said, self.undo, self.deleted, self.told, self.progress,
            self.actions, self.stop, self.resume, self.timer, self.file, self.language,
        } | self.results.outputs() | self.scoring.outputs()  # fmt: skip

    def restore(self, owner: str, t: Texts) -> Answer:
        """Return the tab as it is when the page opens: the newest run is open."""
        runs = self.jobs.seen(owner)
        writes = self.desk.studio.languages() if self.desk.studio.ready else ("en",)
        answer: Answer = {
            self.missing: about_systems(t),
            self.language: t.language if t.language in writes else "en",
        }
        opened = runs[0].run.id if runs else ""
        return answer | self.scoring.restore(t) | self._refresh(owner, opened, t)

    def _refresh(self, owner: str, opened: str, t: Texts) -> Answer:
        """Return the list, and the open run with all that it has found."""
        runs = self.jobs.seen(owner)
        seen = next((each for each in runs if each.run.id == opened), None)
        return self._watched(runs, seen, t) | self.results.show(owner, seen, t)

    def _watched(self, runs: list[Seen], seen: Seen | None, t: Texts) -> Answer:
        """Return what may change from second to second, and whether to go on watching."""
        can = run_actions(seen) if seen else {"stop": False, "resume": False}
        return {
            self.list: run_list(runs, t, opened=seen.run.id if seen else ""),
            self.told: _told(runs),
            self.progress: progress_view(seen, t) if seen else "",
            self.actions: gr.update(visible=seen is not None),
            self.stop: gr.update(visible=can["stop"]),
            self.resume: gr.update(visible=can["resume"]),
            self.timer: gr.Timer(active=any(each.state in ("waiting", "running") for each in runs)),
        }

    # -- handlers ----------------------------------------------------------------------------
    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; what was chosen stays."""
        return {self.said: status_line(sentence, kind="error"), self.undo: gr.update(visible=False)}

    def _say(self, text: str, *, undo: bool = False) -> Answer:
        return {self.said: status_line(text, kind="done"), self.undo: gr.update(visible=undo)}

    @edge
    def shown(self, values: Values, request: gr.Request) -> Answer:
        """Bring the tab up to date when it is opened."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        opened = str(values[self.results.opened] or "")
        runs = self.jobs.seen(owner)
        return self._refresh(owner, opened or (runs[0].run.id if runs else ""), t)

    @edge
    def watch(self, values: Values, request: gr.Request) -> Answer:
        """Move the bar; show results anew only when a run began, ended or finished a system."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        opened, runs = str(values[self.results.opened] or ""), self.jobs.seen(owner)
        if _told(runs) != values[self.told]:
            return self._refresh(owner, opened, t)
        seen = next((each for each in runs if each.run.id == opened), None)
        changed = self._watched(runs, seen, t)
        del changed[self.list], changed[self.actions]
        return changed

    @edge
    def pick(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Open a run."""
        owner = self.desk.owner(values[self.token])
        run = self.jobs.see(owner, event_value(event)).run
        return self._refresh(owner, run.id, texts_for(request)) | {
            self.said: "", self.undo: gr.update(visible=False)
        }  # fmt: skip

    @edge
    def begin(self, values: Values, request: gr.Request) -> Answer:
        """Start a run of what was chosen."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        asked = values[self.language]
        language: Language | None = "en" if asked == "en" else "zh" if asked == "zh" else None
        chosen = self._chosen(values, language)
        names = _in_order(values[self.systems])
        seed = _whole(values[self.seed]) or 0
        run = self.jobs.start(owner, chosen, names, language=language, seed=seed)
        return self._refresh(owner, run.id, t) | self._say(t("bench.started"))

    def _chosen(self, values: Values, language: Language | None) -> BenchSet:
        data = values[self.data]
        split: Split = "test" if data == "test" else "dev"
        file = self._file(values) if data == "own" else None
        found = choose_items(file, split, language, _whole(values[self.count]))
        return BenchSet(file.name, found.items) if file else found

    def _file(self, values: Values) -> Path:
        name = values[self.file]
        if not isinstance(name, str) or not Path(name).is_file():
            raise InvalidRequest("Drop a file of items first, or choose NoteBench's own data.")
        return Path(name)

    @edge
    def choose_data(self, values: Values) -> Answer:
        """Show the place for a file where one is wanted."""
        return {self.file: gr.update(visible=values[self.data] == "own")}

    @edge
    def read_file(self, values: Values, request: gr.Request) -> Answer:
        """Check a dropped file at once; a wrong line is named."""
        t, file = texts_for(request), self._file(values)
        items = choose_items(file, "dev").items
        voices = len({item.author for item in items})
        return self._say(t("bench.file_read", name=file.name, items=len(items), voices=voices))

    @edge
    def stop_run(self, values: Values, request: gr.Request) -> Answer:
        """Stop the open run."""
        t, owner, run_id = self._open(values, request)
        self.jobs.stop(owner, run_id)
        return self._refresh(owner, run_id, t) | self._say(t("bench.stopping"))

    @edge
    def resume_run(self, values: Values, request: gr.Request) -> Answer:
        """Let the open run go on."""
        t, owner, run_id = self._open(values, request)
        self.jobs.resume(owner, run_id)
        return self._refresh(owner, run_id, t) | self._say(t("bench.resumed"))

    @edge
    def delete_run(self, values: Values, request: gr.Request) -> Answer:
        """Delete the open run; it can be brought back."""
        t, owner, run_id = self._open(values, request)
        self.jobs.delete(owner, run_id)
        said = self._say(t("bench.deleted"), undo=True)
        return self._refresh(owner, "", t) | said | {self.deleted: run_id}

    @edge
    def undo_delete(self, values: Values, request: gr.Request) -> Answer:
        """Bring the deleted run back."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        run_id = values[self.deleted]
        if not isinstance(run_id, str) or not run_id:
            raise NotFound("There is nothing to bring back.")
        self.jobs.restore(owner, run_id)
        return self._refresh(owner, run_id, t) | self._say(t("bench.restored"))

    def _open(self, values: Values, request: gr.Request) -> tuple[Texts, str, str]:
        owner = self.desk.owner(values[self.token])
        run = self.jobs.see(owner, str(values[self.results.opened] or "")).run
        return texts_for(request), owner, run.id

    # -- wiring ------------------------------------------------------------------------------
    def _wire(self) -> None:
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        known = {self.token, self.told, self.deleted} | self.results.known()
        asked = {
            self.token, self.systems, self.data, self.file, self.language, self.count, self.seed
        }  # fmt: skip
        out = self.outputs()
        reveal = {"js": "() => notewright.reveal('run-actions')"}
        self.start.click(self.begin, asked, out, **quiet).then(None, None, None, **reveal)
        self.list.pick(self.pick, known, out, **quiet).then(None, None, None, **reveal)
        self.data.input(self.choose_data, asked, out, **quiet)
        self.file.upload(self.read_file, asked, out, **quiet)
        self.stop.click(self.stop_run, known, out, **quiet)
        self.resume.click(self.resume_run, known, out, **quiet)
        self.delete.click(self.delete_run, known, out, **quiet)
        self.undo.click(self.undo_delete, known, out, **quiet)
        self.timer.tick(self.watch, known, out, **quiet)


def _told(runs: list[Seen]) -> str:
    """Return what the list of runs says, to see whether it has changed."""
    return ";".join(f"{each.run.id}:{each.state}:{len(each.finished)}" for each in runs)


def _in_order(chosen: object) -> list[str]:
    """Return the chosen systems as they are listed, in whatever order they were ticked."""
    names = [str(name) for name in chosen] if isinstance(chosen, list) else []
    listed = [row.name for row in SYSTEMS]
    return sorted(names, key=lambda name: listed.index(name) if name in listed else len(listed))


def _whole(value: object) -> int | None:
    """Return a number typed on the page; None for an empty field."""
    if value is None or value == "":
        return None
    if not isinstance(value, int | float) or value != int(value) or not 0 <= value < 2**31:
        raise InvalidRequest("Items and seed are whole numbers; mend them.")
    return int(value)
