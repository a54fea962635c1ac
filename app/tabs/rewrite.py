"""Make this note funnier: a trait typed or pressed, both texts side by side, keep and undo."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.i18n import Texts, label, texts_for
from app.render import status_line
from app.rewriteview import in_language, rewriting_view, suggestions
from app.rewriting import Made, keep, rewrite
from app.tabs.desk import Answer, Desk, Values, edge, event_value, view
from engine.errors import InvalidRequest

ShowNote = Callable[[str, str, Texts], Answer]
"""Shows a note again, given owner, id and the reader's language."""


@dataclass(frozen=True)
class RewritePanel:
    """The components. `made` holds what waits for the writer's word."""

    desk: Desk
    token: gr.BrowserState
    note_id: gr.State
    made: gr.State
    trait: gr.Textbox
    go: gr.Button
    chips: gr.HTML
    result: gr.HTML

    def outputs(self) -> set[Any]:
        """Return what a note that is shown changes here."""
        return {self.result, self.chips}

    def cleared(self, t: Texts) -> Answer:
        """Return the updates that show nothing but the box and the suggestions."""
        return {self.result: "", self.chips: suggestions(t)}

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; what was typed stays."""
        return {self.result: status_line(sentence, kind="error"), self.go: _free(True)}

    # -- what a person does ------------------------------------------------------------------
    @edge
    def take(self, event: gr.EventData) -> Answer:
        """Put a suggestion into the box."""
        return {self.trait: event_value(event)}

    @edge
    def begin(self, values: Values, request: gr.Request) -> Answer:
        """Say that it is being done."""
        del values
        t = texts_for(request)
        return {self.result: status_line(t("trait.working")), self.go: _free(False)}

    @edge
    def work(self, values: Values, request: gr.Request) -> Answer:
        """Rewrite the text in force and show both."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        note_id = self._note(values)
        language = self.desk.studio.note(owner, note_id).note.request.language
        asked = in_language(str(values[self.trait] or ""), language)
        self.desk.limits.take(owner, 1)
        session = request.session_hash or ""
        flag = self.desk.stops.begin(session)
        try:
            found = None
            for event in rewrite(self.desk.studio, owner, note_id, asked, should_stop=flag.is_set):
                found = event if isinstance(event, Made) else found
        finally:
            self.desk.stops.end(session, flag)
        assert found is not None
        return {self.made: found, self.go: _free(True), self.result: self._shown(owner, found, t)}

    def decide(
        self, values: Values, event: gr.EventData, request: gr.Request, show: ShowNote
    ) -> Answer:
        """Keep the rewriting, let it go, or take back that it was kept."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        made, act = values[self.made], event_value(event)
        if not isinstance(made, Made) or made.note_id != self._note(values):
            raise InvalidRequest("There is no rewriting of this note; ask for one first.")
        if act == "drop":
            return {self.result: ""}
        if act not in {"keep", "undo"}:
            raise InvalidRequest("There is nothing to bring back.")
        keep(self.desk.studio, owner, made, undo=act == "undo")
        self.desk.remember(owner, editor=None)
        shown = show(owner, made.note_id, t)
        kept = self._shown(owner, made, t, kept=True) if act == "keep" else ""
        undone = status_line(t("trait.undone"), kind="done")
        return shown | {self.result: kept or undone}

    def _note(self, values: Values) -> str:
        note_id = values[self.note_id]
        if not isinstance(note_id, str) or not note_id:
            raise InvalidRequest("There is no note here yet; write one first.")
        return note_id

    def _shown(self, owner: str, made: Made, t: Texts, *, kept: bool = False) -> str:
        request = self.desk.studio.note(owner, made.note_id).note.request
        return rewriting_view(made, request, t, kept=kept)

    # -- wiring ------------------------------------------------------------------------------
    def wire(self) -> None:
        """Connect the box, the button and the suggestions."""
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        model = quiet | {"concurrency_id": "model", "concurrency_limit": 24}
        known, out = {self.token, self.note_id, self.trait}, {self.result, self.go, self.made}
        busy = {self.result, self.go}
        taken = self.chips.trait(self.take, None, {self.trait, self.result, self.go}, **quiet)
        for begun in (
            taken.then(self.begin, known, busy, **quiet),
            self.go.click(self.begin, known, busy, **quiet),
            self.trait.submit(self.begin, known, busy, **quiet),
        ):
            begun.then(self.work, known, out, trigger_mode="once", **model)


def rewrite_panel(desk: Desk, token: gr.BrowserState, note_id: gr.State) -> RewritePanel:
    """Lay the panel out."""
    with gr.Column(elem_id="rewrite", elem_classes="rewrite"):
        with gr.Row(elem_classes="trait-row"):
            trait = gr.Textbox(
                label=label("trait.label"), placeholder=label("trait.hint"), elem_id="trait",
                max_length=4_000, scale=5, min_width=180,
            )  # fmt: skip
            go = gr.Button(
                label("trait.go"), size="sm", elem_id="rewrite-go", scale=1, min_width=120
            )
        chips = view("trait-chips", "trait")
        result = view("rewriting", "rewriting")
    panel = RewritePanel(desk, token, note_id, gr.State(None), trait, go, chips, result)
    panel.wire()
    return panel


def _free(ready: bool) -> Any:
    return gr.update(interactive=ready)
