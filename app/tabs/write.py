"""The Write tab: the form on the left, the plan, the drafts and the note on the right."""

from typing import Any

import gradio as gr

from app.choices import ROLES
from app.examples import example, examples
from app.i18n import Texts, label, texts_for
from app.models_use import names_in
from app.notemodels import model_names
from app.render import status_line
from app.shelf import example_cards
from app.tabs.desk import Answer, Desk, Values, choice, edge, event_value, view
from app.tabs.form import (
    Form,
    FormFields,
    example_form,
    language_choice,
    model_choices,
    sample_files,
    style_choices,
)
from app.tabs.note import note_panel
from app.tabs.writing import WriteFlow, WriteParts
from engine.errors import NotFound
from engine.requests import DRAFTS, WORDS
from engine.types import Language


class WriteTab:
    """Lays the tab out, connects it, and fills it when the page opens."""

    def __init__(self, desk: Desk, token: gr.BrowserState) -> None:
        """Build all components in the present Blocks context."""
        self.desk = desk
        with gr.Row(elem_id="write-row"):
            with gr.Column(scale=4, min_width=300, elem_id="form"):
                fields = self._form()
                with gr.Row(elem_classes="actions", elem_id="go"):
                    write = gr.Button(label("write.go"), variant="primary", elem_id="write")
                    stop = gr.Button(label("write.stop"), visible=False, elem_id="stop")
                status = view("write-status")
            with gr.Column(scale=7, min_width=300, elem_id="canvas"):
                self.parts = self._canvas(token, fields, (write, stop, status))
        self.flow = WriteFlow(desk, self.parts)
        self._wire()

    # -- layout ------------------------------------------------------------------------------
    def _form(self) -> FormFields:
        topic = gr.Textbox(
            label=label("form.topic"), placeholder=label("form.topic_hint"), elem_id="topic",
            max_length=2_000, autofocus=True,
        )  # fmt: skip
        facts = gr.Textbox(
            label=label("form.facts"), info=label("form.facts_info"), lines=4, max_lines=12,
            placeholder=label("form.facts_hint"), elem_id="facts",
        )  # fmt: skip
        style = choice(
            choices=[(label("form.paste"), "")], value="", label=label("form.style"),
            elem_id="style",
        )  # fmt: skip
        samples = gr.Textbox(
            label=label("form.samples"), info=label("form.samples_info"), lines=5, max_lines=10,
            elem_id="samples",
        )  # fmt: skip
        self.files = sample_files("files")
        with gr.Row(elem_classes="pair"):
            language = language_choice("language", min_width=140)
            words = gr.Slider(
                *WORDS, value=120, step=10, label=label("form.words"), elem_id="words",
                min_width=140, buttons=[],
            )  # fmt: skip
        more = self._more()
        return FormFields(topic, facts, style, samples, language, words, *more)

    def _more(self) -> tuple[Any, ...]:
        with gr.Accordion(label("form.more"), open=False, elem_id="more"):
            audience = gr.Textbox(
                label=label("form.audience"), placeholder=label("form.audience_hint"),
                elem_id="audience", max_length=1_000,
            )  # fmt: skip
            with gr.Row(elem_classes="pair"):
                drafts = gr.Slider(
                    *DRAFTS, value=4, step=1, label=label("form.drafts"), elem_id="drafts",
                    min_width=140, buttons=[],
                )  # fmt: skip
                creativity = gr.Slider(
                    0, 1, value=0.5, step=0.05, label=label("form.creativity"),
                    elem_id="creativity", min_width=140, buttons=[],
                )  # fmt: skip
            seed = gr.Number(
                value=None, label=label("form.seed"), info=label("form.seed_info"), elem_id="seed"
            )
            edit_plan = gr.Checkbox(label=label("form.edit_plan"), elem_id="edit-plan")
            plan_style = gr.Checkbox(
                label=label("form.plan_style"), info=label("form.plan_style_info"),
                elem_id="plan-style",
            )  # fmt: skip
            with gr.Column(visible=False, elem_id="note-models") as self.models:
                planner, stylist = (
                    choice(
                        choices=model_choices((), label("form.as_set")), value="",
                        label=label(f"form.{role}"), info=label(f"form.{role}_info"),
                        elem_id=f"note-{role}",
                    )
                    for role in ROLES
                )  # fmt: skip
        return audience, drafts, creativity, seed, edit_plan, plan_style, planner, stylist

    def _canvas(
        self,
        token: gr.BrowserState,
        fields: FormFields,
        go: tuple[gr.Button, gr.Button, gr.HTML],
    ) -> WriteParts:
        cards_to_try = view("examples", "example")
        with gr.Column(visible=False, elem_id="plan-group") as plan_group:
            plan = gr.Textbox(
                label=label("plan.title"), info=label("plan.info"), lines=3, max_lines=16,
                elem_id="plan", elem_classes="writing",
            )  # fmt: skip
            with gr.Row(elem_classes="actions"):
                draft = gr.Button(label("plan.draft"), size="sm", elem_id="draft")
                fresh = gr.Button(label("write.fresh"), size="sm", visible=False, elem_id="fresh")
        cards = view("drafts-view", "choose")
        panel = note_panel(self.desk, token, cards)
        write, stop, status = go
        return WriteParts(
            token, fields, status, write, stop, fresh, cards_to_try, plan_group, plan, draft,
            gr.State({}), panel,
        )  # fmt: skip

    # -- when the page opens -----------------------------------------------------------------
    def outputs(self) -> set[Any]:
        """Return what opening the page changes here."""
        fields = set(self.parts.fields.components().values())
        return self.parts.outputs() | fields | {self.files, self.models}

    def restore(self, owner: str, t: Texts) -> Answer:
        """Return the page as this person left it: form, plan, note, an edit half typed."""
        kept = self.desk.studio.load_form(owner)
        form = Form.lenient(kept.get("form") or {})
        names = [row.name for row in self.desk.studio.styles(owner)]
        if form.style not in names:
            form = form.model_copy(update={"style": ""})
        answer = self.parts.fields.fill(form)
        answer |= self.style_choices(owner, form.style)
        answer |= self.model_choices(form, t)
        answer[self.parts.examples] = gr.update(value=self._examples(t), visible=True)
        return answer | self._restore_work(owner, kept, t)

    def style_choices(self, owner: str, chosen: object) -> Answer:
        """Return the list of styles, the chosen one kept where it is still there."""
        names = [row.name for row in self.desk.studio.styles(owner)]
        own = chosen not in names
        return {
            self.parts.fields.style: gr.update(
                choices=style_choices(names, label("form.paste")), value="" if own else chosen
            ),
            self.files: gr.update(visible=own),
        }

    def model_choices(self, form: Form, t: Texts) -> Answer:
        """Return the models that a note may be written on; a model that has gone is as set."""
        settings = self.desk.studio.settings
        names, set_up = model_names(settings), names_in(settings)
        answer: Answer = {self.models: gr.update(visible=len(names) > 1)}
        for role in ROLES:
            usual, chosen = t("form.as_set_name", name=set_up[role]), getattr(form, role)
            answer[getattr(self.parts.fields, role)] = gr.update(
                choices=model_choices([name for name in names if name != set_up[role]], usual),
                value=chosen if chosen in names and chosen != set_up[role] else "",
            )
        return answer

    def _restore_work(self, owner: str, kept: dict[str, Any], t: Texts) -> Answer:
        note_id, pending = kept.get("note_id"), kept.get("pending")
        if isinstance(note_id, str) and note_id:
            try:
                return self.open(owner, note_id, t)
            except NotFound:
                return {}
        if isinstance(pending, dict) and "plan" in pending:
            return {
                self.parts.pending: pending,
                self.parts.plan: str(kept.get("plan") or ""),
                self.parts.plan_group: gr.update(visible=True),
                self.parts.examples: gr.update(visible=False),
            }
        return {}

    def open(self, owner: str, note_id: str, t: Texts) -> Answer:
        """Return the updates that show a finished note, an edit half typed included."""
        record = self.desk.studio.note(owner, note_id)
        kept = self.desk.studio.load_form(owner)
        editor = kept.get("editor") or {}
        typed = editor.get("text") if editor.get("note_id") == note_id else None
        plan = kept.get("plan") if kept.get("note_id") == note_id else None
        return self.parts.note.show(owner, record, t, typed=typed) | {
            self.parts.plan: plan or self.desk.studio.plan_text(record.note.plan),
            self.parts.plan_group: gr.update(visible=True),
            self.parts.examples: gr.update(visible=False),
            self.parts.fresh: gr.update(visible=True),
        }

    def _examples(self, t: Texts) -> str:
        return example_cards(
            examples(),
            t,
            title=t("example.title"),
            text=t("example.text"),
            writes=self._languages(),
        )

    def _languages(self) -> tuple[Language, ...]:
        """Return what the model writes; all languages while it is not loaded yet."""
        ready = self.desk.loading.state == "ready"
        return self.desk.studio.languages() if ready else ("en", "zh")

    # -- handlers ----------------------------------------------------------------------------
    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; what was typed stays."""
        return {self.parts.status: status_line(sentence, kind="error")}

    @edge
    def take_example(self, values: Values, event: gr.EventData) -> Answer:
        """Fill the form with an example."""
        form = example_form(example(event_value(event)), self.parts.fields.read(values))
        self._keep(values, form)
        return self.parts.fields.fill(form) | {self.parts.status: ""}

    @edge
    def take_files(self, values: Values, request: gr.Request) -> Answer:
        """Put dropped files into the samples box, then forget the files."""
        t = texts_for(request)
        fields = self.parts.fields
        form = fields.read(values)
        samples, count = self.desk.with_files(form.samples, values[self.files])
        form = form.model_copy(update={"samples": samples, "style": ""})
        self._keep(values, form)
        said = status_line(t("form.files_read", count=count), kind="done")
        return fields.fill(form) | {self.files: None, self.parts.status: said}

    @edge
    def typed(self, values: Values) -> Answer:
        """Keep the form as it is typed."""
        self._keep(values, self.parts.fields.read(values))
        return {self.parts.status: gr.skip()}

    @edge
    def plan_typed(self, values: Values) -> Answer:
        """Keep the plan as it is edited."""
        owner = self.desk.owner(values[self.parts.token])
        self.desk.remember(owner, plan=str(values[self.parts.plan] or ""))
        return {self.parts.status: gr.skip()}

    @edge
    def style_chosen(self, values: Values) -> Answer:
        """Show the samples box only where the writer brings their own samples."""
        form = self.parts.fields.read(values)
        self._keep(values, form)
        own = not form.style
        return {
            self.parts.fields.samples: gr.update(visible=own),
            self.files: gr.update(visible=own),
        }

    @edge
    def start_fresh(self, values: Values, request: gr.Request) -> Answer:
        """Clear topic and facts for the next note; the last one stays in the Library."""
        owner = self.desk.owner(values[self.parts.token])
        self.parts.note.keep_typed(values)
        form = self.parts.fields.read(values).model_copy(update={"topic": "", "facts": ""})
        self.desk.remember(owner, form=form.model_dump(), note_id="", pending=None, plan="")
        return (
            self.parts.fields.fill(form)
            | self.parts.note.hide()
            | {
                self.parts.note.cards: "",
                self.parts.plan: "",
                self.parts.plan_group: gr.update(visible=False),
                self.parts.examples: gr.update(
                    value=self._examples(texts_for(request)), visible=True
                ),
                self.parts.fresh: gr.update(visible=False),
                self.parts.status: "",
            }
        )

    def _keep(self, values: Values, form: Form) -> None:
        self.desk.remember(self.desk.owner(values[self.parts.token]), form=form.model_dump())

    # -- wiring ------------------------------------------------------------------------------
    def _wire(self) -> None:
        parts, fields = self.parts, self.parts.fields
        every = set(fields.components().values())
        asked = every | {parts.token}
        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        model = quiet | {"concurrency_id": "model", "concurrency_limit": 24}
        reveal = "() => notewright.reveal('canvas')"
        parts.write.click(
            self.flow.write, parts.inputs(), parts.outputs(), trigger_mode="once", **model
        )
        parts.draft.click(
            self.flow.draft, parts.inputs(), parts.outputs(), trigger_mode="once", **model
        )
        parts.write.click(None, None, None, js=reveal)
        parts.stop.click(self.flow.stop, None, None, queue=False, **quiet)
        parts.examples.example(self.take_example, asked, every | {parts.status}, **quiet)
        self.files.upload(
            self.take_files, asked | {self.files}, every | {self.files, parts.status}, **quiet
        )
        fields.style.input(
            self.style_chosen, asked, {fields.samples, self.files, parts.status}, **quiet
        )
        as_typed = quiet | {"queue": False, "trigger_mode": "always_last"}
        for name, component in fields.components().items():
            if name != "style":
                component.input(self.typed, asked, {parts.status}, **as_typed)
        parts.plan.input(self.plan_typed, {parts.token, parts.plan}, {parts.status}, **as_typed)
        parts.fresh.click(self.start_fresh, parts.inputs(), parts.outputs() | every, **quiet)
