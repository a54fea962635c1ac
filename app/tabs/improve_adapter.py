"""The open adapter on the Improve tab: its report, texts side by side, and what to do with it."""

import shutil
from collections.abc import Sequence
from typing import Any

import gradio as gr

from app.adapterzip import pack
from app.i18n import Texts, label, texts_for
from app.improveview import adapter_name, adapter_view, compared_view
from app.render import status_line
from app.tabs.desk import Answer, Desk, Values, choice, edge, view
from app.tabs.downloads import fresh_folder
from app.training import Training
from engine.adapter_types import Adapter
from engine.errors import InvalidRequest


class AdapterPane:
    """Lays out the open adapter, and connects what can be done with it."""

    def __init__(self, desk: Desk, token: gr.BrowserState, training: Training) -> None:
        """Build all components in the present Blocks context."""
        self.desk, self.token, self.training = desk, token, training
        self.opened = gr.State("")
        self.said = view("adapter-said")
        with gr.Column(visible=False, elem_id="adapter-open") as self.group:
            self.view = view("adapter", "note")
            self.reason = gr.Textbox(
                label=label("improve.reason"), info=label("improve.reason_info"), visible=False,
                elem_id="promote-reason", max_length=1_000,
            )  # fmt: skip
            with gr.Row(elem_classes="actions", elem_id="adapter-actions"):
                self.promote = gr.Button(
                    label("improve.promote"), size="sm", variant="primary", elem_id="promote"
                )
                self.rollback = gr.Button(label("improve.rollback"), size="sm", elem_id="rollback")
                self.export = gr.Button(
                    label("improve.export"), size="sm", elem_id="export-adapter"
                )
                self.file = gr.DownloadButton("", elem_id="adapter-download", elem_classes="unseen")
            self.other = choice(
                choices=[], label=label("improve.compare"), elem_id="compare-with", visible=False
            )
            self.compared = view("compared")

    def outputs(self) -> set[Any]:
        """Return what handlers change here."""
        return {
            self.opened, self.said, self.group, self.view, self.reason, self.promote,
            self.rollback, self.other, self.compared,
        }  # fmt: skip

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; a reason half typed stays."""
        return {self.said: status_line(sentence, kind="error")}

    def show(self, owner: str, style: str, address: str, t: Texts) -> Answer:
        """Return an adapter of a style with all that can be done with it; nothing for none."""
        adapters = self.training.adapters(owner, style)
        adapter = next((each for each in adapters if each.id == address), None)
        empty: Answer = {self.opened: "", self.said: "", self.compared: ""}
        if adapter is None:
            return empty | {self.group: gr.update(visible=False)}
        others = [(adapter_name(each, t), each.id) for each in adapters if each.id != address]
        serves = adapter.status == "promoted"
        return empty | {
            self.opened: adapter.id,
            self.group: gr.update(visible=True),
            self.view: adapter_view(
                adapter,
                self.training.history(owner, style),
                self.desk.consent.learned(owner, adapter),
                t,
            ),
            self.reason: gr.update(value="", visible=adapter.status in {"refused", "retired"}),
            self.promote: gr.update(visible=not serves),
            self.rollback: gr.update(visible=serves),
            self.other: gr.update(choices=others, value=None, visible=bool(others)),
        }

    def _open(self, values: Values) -> tuple[str, Adapter]:
        owner = self.desk.owner(values[self.token])
        return owner, self.training.shelf.get(owner, str(values[self.opened] or ""))

    @edge
    def use(self, values: Values, request: gr.Request) -> Answer:
        """Let the open adapter serve."""
        owner, adapter = self._open(values)
        made = self.training.promote(owner, adapter.id, str(values[self.reason] or ""))
        return self._again(owner, made, "improve.promoted", texts_for(request))

    @edge
    def go_back(self, values: Values, request: gr.Request) -> Answer:
        """Let the adapter serve that served before."""
        owner, adapter = self._open(values)
        base = adapter.manifest.base.revision
        before = self.training.rollback(owner, adapter.style, base=base)
        said = "improve.rolled_back" if before else "improve.rolled_out"
        return self._again(owner, before or adapter, said, texts_for(request))

    def _again(self, owner: str, adapter: Adapter, said: str, t: Texts) -> Answer:
        done = status_line(t(said), kind="done")
        return self.show(owner, adapter.style, adapter.id, t) | {self.said: done}

    @edge
    def compare(self, values: Values, request: gr.Request) -> Answer:
        """Lay what two adapters wrote side by side."""
        owner, adapter = self._open(values)
        if not values[self.other]:
            raise InvalidRequest("Choose the adapter to compare with.")
        other = self.training.shelf.get(owner, str(values[self.other]))
        return {self.compared: compared_view(adapter, other, texts_for(request))}

    @edge
    def pack_up(self, values: Values, request: gr.Request) -> Answer:
        """Pack the open adapter for download; packs of an hour ago are removed."""
        owner, adapter = self._open(values)
        place = fresh_folder()
        folder = self.training.export(owner, adapter.id, place / "adapter")
        packed = pack(folder, place / f"notewright-{adapter.id}")
        shutil.rmtree(folder)
        said = texts_for(request)("improve.exported")
        return {self.file: str(packed), self.said: status_line(said, kind="done")}

    def changes(self, style: gr.Dropdown) -> Sequence[Any]:
        """Connect the buttons; return the events after which lists must be brought up to date."""
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        known, out = {self.token, self.opened, style}, self.outputs()
        used = self.promote.click(self.use, known | {self.reason}, out, **quiet)
        back = self.rollback.click(self.go_back, known, out, **quiet)
        self.other.input(self.compare, known | {self.other}, {self.compared, self.said}, **quiet)
        self.export.click(self.pack_up, known, {self.file, self.said}, **quiet).success(
            None, None, None, js="() => notewright.press('adapter-download')"
        )
        return used, back
