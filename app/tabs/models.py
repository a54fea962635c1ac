"""The Models tab: this machine on the left; what comes just now and the catalogue on the right.

Whoever runs the page chooses its models: visitors of a shared page do not see the tab, and what
they send to it all the same is refused.
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from app.choices import changes_for
from app.i18n import Texts, label, texts_for
from app.modeljobs import AT_WORK, ModelJobs
from app.modelrows import Machine, ModelRow, model_rows, this_machine
from app.models_use import in_settings, models_folder, names_in
from app.modelview import coming_view, machine_view, model_list, size_text
from app.render import status_line
from app.tabs.desk import Answer, Desk, Values, edge, event_value, view
from engine.errors import InvalidRequest
from engine.models.catalogue import CatalogueEntry, Role, named
from engine.models.pulled import PulledModels

_EVENTS = ("ask", "pull", "askdrop", "drop", "keep", "plans", "writes")


class ModelsTab:
    """Lays the tab out, connects it, and fills it when it is shown."""

    def __init__(self, desk: Desk) -> None:
        """Build all components in the present Blocks context."""
        self.desk = desk
        self.jobs = ModelJobs(PulledModels(models_folder(desk.settings)))
        self.told, self.asked = gr.State(""), gr.State("")
        with gr.Row(elem_id="models-row", elem_classes="two-columns"):
            with gr.Column(scale=4, min_width=300, elem_classes="side"):
                self.machine = view("machine")
                self.language = gr.Radio(
                    choices=[(label("models.any"), ""), (label("models.chinese"), "zh")], value="",
                    label=label("models.language"), elem_id="models-language",
                )  # fmt: skip
                self.fitting = gr.Checkbox(
                    label=label("models.fitting"), value=False, elem_id="models-fitting"
                )
                gr.HTML(label("models.about"), elem_id="models-about", apply_default_css=False)
            with gr.Column(scale=8, min_width=300, elem_classes="main"):
                self.said = view("models-said")
                self.coming = view("models-coming", "pause")
                self.list = view("models-list", *_EVENTS)
        self.timer = gr.Timer(1.0, active=False)
        self._wire()

    @property
    def open_here(self) -> bool:
        """Whether who sees this page may choose its models: not where it has visitors."""
        return not (self.desk.settings.shared or self.desk.settings.named_owners)

    # -- what is shown -----------------------------------------------------------------------
    def outputs(self) -> set[Any]:
        """Return what this tab's handlers change."""
        return {
            self.told, self.asked, self.machine, self.said, self.coming, self.list, self.timer,
        }  # fmt: skip

    def known(self) -> set[Any]:
        """Return what its handlers read."""
        return {self.told, self.asked, self.language, self.fitting}

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; the list stays."""
        return {self.said: status_line(sentence, kind="error")}

    def _filled(self, values: Values, t: Texts, *, asked: str = "", said: str = "") -> Answer:
        """Return the whole tab, with an open question and a line about what was done."""
        machine, rows, now, coming = self._look()
        shown = [
            row for row in rows if _is_wanted(row, values[self.language], values[self.fitting])
        ]
        return {
            self.machine: machine_view(machine, now, coming, t),
            self.list: model_list(shown, machine, t, asked=asked),
            self.asked: asked,
            self.said: status_line(said, kind="done"),
        } | self._watched(rows, t)

    def _look(
        self,
    ) -> tuple[Machine, list[ModelRow], dict[Role, str], dict[Role, str]]:
        """Measure the machine and look where every model stands."""
        if not self.open_here:
            raise InvalidRequest("Whoever runs this page chooses its models.")
        settings, studio = self.desk.settings, self.desk.studio
        machine, coming = this_machine(settings, self.jobs), in_settings(settings)
        # By the same words as what comes: files and servers call themselves otherwise.
        now = names_in(studio.settings) if studio.ready else {}
        return (
            machine,
            model_rows(settings, self.jobs, machine, now=now, coming=coming),
            now,
            coming,
        )

    def _watched(self, rows: Sequence[ModelRow], t: Texts) -> Answer:
        """Return what may change from second to second, and whether to go on watching."""
        return {
            self.coming: coming_view(rows, t),
            self.told: _standing(rows),
            self.timer: gr.Timer(active=any(row.seen.state in AT_WORK for row in rows)),
        }

    # -- handlers ----------------------------------------------------------------------------
    @edge
    def shown(self, values: Values, request: gr.Request) -> Answer:
        """Bring the tab up to date when it is opened, or what to list has changed."""
        return self._filled(values, texts_for(request))

    @edge
    def watch(self, values: Values, request: gr.Request) -> Answer:
        """Show how far downloads are; everything else only when one has changed its state."""
        t = texts_for(request)
        _, rows, _, _ = self._look()
        if _standing(rows) == values[self.told]:
            return {self.coming: coming_view(rows, t)}
        changed = self._filled(values, t, asked=str(values[self.asked] or ""))
        del changed[self.said]
        return changed

    @edge
    def ask(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Show the licence and what the download takes, before anything is asked for."""
        entry = self._entry(event)
        return self._filled(values, texts_for(request), asked=f"pull:{entry.name}")

    @edge
    def ask_drop(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Ask whether a model is really to be deleted."""
        entry = self._entry(event)
        return self._filled(values, texts_for(request), asked=f"drop:{entry.name}")

    @edge
    def keep(self, values: Values, request: gr.Request) -> Answer:
        """Put an open question away."""
        return self._filled(values, texts_for(request))

    @edge
    def pull(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Download a model, or go on with it."""
        self.jobs.start(self._entry(event))
        return self._filled(values, texts_for(request))

    @edge
    def pause(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Stop a download; what is here stays."""
        self.jobs.pause(self._entry(event))
        t = texts_for(request)
        return self._filled(values, t, said=t("models.paused"))

    @edge
    def drop(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Delete a model that neither plans nor writes."""
        entry = self._entry(event)
        _, _, now, coming = self._look()
        if entry.name in {*now.values(), *coming.values()}:
            raise InvalidRequest(f"{entry.name} plans or writes; choose another model first.")
        freed = self.jobs.delete(entry)
        t = texts_for(request)
        said = t("models.deleted", name=entry.name, size=size_text(freed))
        return self._filled(values, t, said=said)

    @edge
    def plans(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Let a model plan."""
        return self._use("planner", values, event, request)

    @edge
    def writes(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Let a model write."""
        return self._use("stylist", values, event, request)

    def _use(self, role: Role, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        entry, t = self._entry(event), texts_for(request)
        self.desk.studio.use(changes_for(self.desk.studio.settings, role, entry.name))
        return self._filled(values, t, said=t(f"models.chosen_{role}", name=entry.name))

    def _entry(self, event: gr.EventData) -> CatalogueEntry:
        """Return the model whose button was pressed, for those who may press it."""
        if not self.open_here:
            raise InvalidRequest("Whoever runs this page chooses its models.")
        return named(event_value(event))

    # -- wiring ------------------------------------------------------------------------------
    def _wire(self) -> None:
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        known, out = self.known(), self.outputs()
        for field in (self.language, self.fitting):
            field.input(self.shown, known, out, **quiet)
        handlers = (
            self.ask, self.pull, self.ask_drop, self.drop, self.keep, self.plans, self.writes,
        )  # fmt: skip
        for name, handler in zip(_EVENTS, handlers, strict=True):
            getattr(self.list, name)(handler, known, out, **quiet)
        self.coming.pause(self.pause, known, out, **quiet)
        self.timer.tick(self.watch, known, out, **quiet)


def _is_wanted(row: ModelRow, language: object, fitting: object) -> bool:
    speaks = language != "zh" or "zh" in row.entry.languages
    return speaks and not (fitting is True and row.fits is False)


def _standing(rows: Sequence[ModelRow]) -> str:
    """Return what decides which buttons there are, to see whether it has changed."""
    return " ".join(f"{row.seen.state}{row.seen.elsewhere:d}" for row in rows)
