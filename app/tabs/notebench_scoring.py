"""Score my text: a text and what is beside it on the left, every score in words on the right."""

from typing import Any

import gradio as gr

from app.i18n import Texts, label, texts_for
from app.render import status_line
from app.scoretext import PastedText, score_text
from app.scoreview import scored_view
from app.shelf import empty_state
from app.tabs.desk import Answer, Desk, Values, edge, view
from app.tabs.form import language_choice
from engine.errors import InvalidRequest


class ScoringPane:
    """Lays the pane out and connects it."""

    def __init__(self, desk: Desk, token: gr.BrowserState) -> None:
        """Build all components in the present Blocks context."""
        self.desk, self.token = desk, token
        with gr.Row(elem_id="scoring-row", elem_classes="two-columns"):
            with gr.Column(scale=4, min_width=300, elem_classes="side"):
                self._side()
            with gr.Column(scale=9, min_width=300, elem_classes="main"):
                self.view = view("scored-view")
        self._wire()

    def _side(self) -> None:
        self.text = gr.Textbox(
            label=label("scoring.text"), placeholder=label("scoring.text_hint"), lines=6,
            max_lines=16, elem_id="score-text",
        )  # fmt: skip
        self.language = language_choice("score-language")
        self.samples = _box("samples", "form.samples", lines=4)
        self.source = _box("source", "scoring.source")
        self.reference = _box("reference", "scoring.reference")
        self.knowledge = _box("knowledge", "scoring.knowledge")
        self.go = gr.Button(label("scoring.go"), variant="primary", elem_id="score-go")
        self.said = view("scoring-said")

    def outputs(self) -> set[Any]:
        """Return what this pane's handlers change."""
        return {self.view, self.said, self.language}

    def restore(self, t: Texts) -> Answer:
        """Return the pane as it is when the page opens."""
        empty = empty_state(t("scoring.empty_title"), t("scoring.empty"))
        return {self.view: empty, self.language: t.language}

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; what was pasted stays."""
        return {self.said: status_line(sentence, kind="error")}

    @edge
    def score(self, values: Values, request: gr.Request) -> Answer:
        """Score the pasted text; it counts as a note where visitors have a share."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        language = values[self.language]
        if language not in ("en", "zh"):
            raise InvalidRequest("Choose English or Chinese.", field="language")
        fields = ("text", "samples", "source", "reference", "knowledge")
        told = {name: str(values[getattr(self, name)] or "") for name in fields}
        self.desk.limits.take(owner, 1)
        scored = score_text(self.desk.studio, PastedText(language=language, **told))
        return {
            self.view: scored_view(scored, t),
            self.said: status_line(t("scoring.done"), kind="done"),
        }

    def _wire(self) -> None:
        asked = {
            self.token, self.text, self.language, self.samples, self.source, self.reference,
            self.knowledge,
        }  # fmt: skip
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        busy = "() => notewright.reveal('scored-view')"
        self.go.click(self.score, asked, self.outputs(), **private).then(None, None, None, js=busy)


def _box(name: str, title: str, *, lines: int = 2) -> gr.Textbox:
    return gr.Textbox(
        label=label(title), info=label(f"scoring.{name}_info"), lines=lines, max_lines=12,
        elem_id=f"score-{name}",
    )  # fmt: skip
