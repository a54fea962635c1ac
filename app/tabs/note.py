"""The finished note on the Write tab: take another draft, edit, rate, copy, download."""

from dataclasses import dataclass

import gradio as gr

from app.feedback import chosen_draft, final_text
from app.i18n import Texts, label, texts_for
from app.present import note_markdown
from app.render import status_line
from app.shelf import note_cards, note_difference, rating_bar
from app.tabs.consenting import forget, keep_word
from app.tabs.desk import Answer, Desk, Values, edge, event_number, event_value, view
from app.tabs.rewrite import RewritePanel, rewrite_panel
from engine.errors import InvalidRequest
from storage.store import NoteRecord


@dataclass(frozen=True)
class NotePanel:
    """The components of a finished note. `cards` show its drafts, above this panel."""

    desk: Desk
    token: gr.BrowserState
    cards: gr.HTML
    note_id: gr.State
    group: gr.Column
    editor: gr.Textbox
    save: gr.Button
    copy: gr.Button
    download: gr.Button
    rating: gr.HTML
    difference: gr.HTML
    said: gr.HTML
    markdown: gr.JSON
    rewriting: RewritePanel

    # -- what is shown -----------------------------------------------------------------------
    def show(self, owner: str, record: NoteRecord, t: Texts, *, typed: str | None = None) -> Answer:
        """Return the updates that show a note; `typed` is an edit not yet saved."""
        return {
            self.note_id: record.note.id,
            self.group: gr.update(visible=True),
            self.cards: note_cards(record, t, readings=self.desk.studio.readings(owner, record)),
            self.editor: final_text(record) if typed is None else typed,
            self.rating: self._rating(owner, record, t),
            self.difference: note_difference(record, t),
            self.said: "",
            **self.rewriting.cleared(t),
        }

    def hide(self) -> Answer:
        """Return the updates that clear the panel."""
        return {self.note_id: "", self.group: gr.update(visible=False), self.said: ""}

    # -- what a person does ------------------------------------------------------------------
    def _record(self, values: Values) -> tuple[str, NoteRecord]:
        owner = self.desk.owner(values[self.token])
        note_id = values[self.note_id]
        if not isinstance(note_id, str) or not note_id:
            raise InvalidRequest("There is no note here yet; write one first.")
        return owner, self.desk.studio.note(owner, note_id)

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; what was typed stays."""
        return {self.said: status_line(sentence, kind="error")}

    @edge
    def choose(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Put another draft in force; the choice is kept as feedback."""
        t = texts_for(request)
        owner, record = self._record(values)
        self.keep_typed(values)
        self.desk.studio.rate(owner, record.note.id, choose=event_number(event))
        return self.show(owner, self.desk.studio.note(owner, record.note.id), t)

    def keep_typed(self, values: Values) -> None:
        """Keep an edit that was typed but not saved, before the editor shows something else."""
        if not values.get(self.note_id):
            return
        owner, record = self._record(values)
        text = str(values[self.editor] or "").strip()
        if text and text != final_text(record).strip():
            self.desk.studio.rate(
                owner, record.note.id, edited_text=text, draft=chosen_draft(record)
            )
        self.desk.remember(owner, editor=None)

    @edge
    def keep_edit(self, values: Values, request: gr.Request) -> Answer:
        """Keep the edited text as feedback and show what changed."""
        t = texts_for(request)
        owner, record = self._record(values)
        text = str(values[self.editor] or "")
        if text.strip() == final_text(record).strip():
            return {self.said: status_line(t("edit.same"), kind="idle")}
        self.desk.studio.rate(owner, record.note.id, edited_text=text, draft=chosen_draft(record))
        self.desk.remember(owner, editor=None)
        shown = self.show(owner, self.desk.studio.note(owner, record.note.id), t)
        return shown | {self.said: status_line(t("edit.saved"), kind="done")}

    @edge
    def rate(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Keep stars, a thumb or a tag for the draft in force."""
        t = texts_for(request)
        owner, record = self._record(values)
        kind, _, value = event_value(event).partition(":")
        given: dict[str, object] = {kind: int(value) if value.isdigit() else value}
        if kind not in {"stars", "thumb", "tag"}:
            raise InvalidRequest(f"{kind!r} is no kind of rating; reload the page.")
        self.desk.studio.rate(owner, record.note.id, draft=chosen_draft(record), **given)  # type: ignore[arg-type]  # rate checks the value itself
        fresh = self.desk.studio.note(owner, record.note.id)
        return {
            self.rating: self._rating(owner, fresh, t),
            self.said: status_line(t("rate.thanks"), kind="done"),
        }

    def _rating(self, owner: str, record: NoteRecord, t: Texts) -> str:
        allowed = record.note.id not in self.desk.consent.refused(owner)
        return rating_bar(record, t, allowed=allowed)

    def _word(self, values: Values, request: gr.Request, *, allowed: bool) -> Answer:
        t = texts_for(request)
        owner, record = self._record(values)
        said = keep_word(self.desk, owner, record.note.id, t, allowed=allowed)
        return {self.said: said, self.rating: self._rating(owner, record, t)}

    @edge
    def allow(self, values: Values, request: gr.Request) -> Answer:
        """Let the note be learned from."""
        return self._word(values, request, allowed=True)

    @edge
    def refuse(self, values: Values, request: gr.Request) -> Answer:
        """Keep the note out of training."""
        return self._word(values, request, allowed=False)

    @edge
    def forget(self, values: Values, request: gr.Request) -> Answer:
        """Retire the adapters that learned from the note, and train again."""
        owner = self.desk.owner(values[self.token])
        return {self.said: forget(self.desk, owner, texts_for(request))}

    @edge
    def as_markdown(self, values: Values) -> Answer:
        """Hand the note to the browser, which saves it as a file."""
        _, record = self._record(values)
        name = "".join(c if c.isalnum() else "-" for c in record.note.plan.title)[:60]
        text = note_markdown(record)
        return {self.markdown: {"name": f"{name.strip('-') or 'note'}.md", "text": text}}

    @edge
    def typed(self, values: Values) -> Answer:
        """Keep the edit as it is typed, before it is saved."""
        owner = self.desk.owner(values[self.token])
        self.desk.remember(
            owner, editor={"note_id": values[self.note_id], "text": values[self.editor]}
        )
        return {self.said: gr.skip()}

    @edge
    def decide_rewriting(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Keep a rewriting, let it go, or take it back."""

        def show(owner: str, note_id: str, t: Texts) -> Answer:
            return self.show(owner, self.desk.studio.note(owner, note_id), t)

        return self.rewriting.decide(values, event, request, show)

    # -- wiring ------------------------------------------------------------------------------
    def wire(self) -> None:
        """Connect the components to the handlers."""
        known = {self.token, self.note_id}
        out = {
            self.note_id, self.group, self.cards, self.editor, self.rating, self.difference,
            self.said,
        } | self.rewriting.outputs()  # fmt: skip
        private = {"api_visibility": "private", "show_progress": "hidden"}
        self.cards.choose(self.choose, known | {self.editor}, out, **private)
        self.save.click(self.keep_edit, known | {self.editor}, out, **private)
        self.rating.rate(self.rate, known, {self.rating, self.said}, **private)
        self.rewriting.result.rewriting(
            self.decide_rewriting, known | {self.rewriting.made}, out, **private
        )
        self.rating.allow(self.allow, known, {self.rating, self.said}, **private)
        self.rating.refuse(self.refuse, known, {self.rating, self.said}, **private)
        self.said.forget(self.forget, known, {self.said}, **private)
        self.editor.input(
            self.typed, known | {self.editor}, {self.said}, queue=False, trigger_mode="always_last",
            **private,
        )  # fmt: skip
        self.copy.click(None, self.editor, None, js="(text) => notewright.copy(text)")
        self.download.click(self.as_markdown, known, {self.markdown, self.said}, **private).then(
            None, self.markdown, None, js="(file) => notewright.download(file)"
        )


def note_panel(desk: Desk, token: gr.BrowserState, cards: gr.HTML) -> NotePanel:
    """Lay the panel out."""
    note_id = gr.State("")
    with gr.Column(visible=False, elem_id="note-panel") as group:
        editor = gr.Textbox(
            label=label("note.editor"), info=label("note.editor_info"), lines=6, max_lines=24,
            elem_id="editor", elem_classes="writing",
        )  # fmt: skip
        with gr.Row(elem_classes="actions"):
            save = gr.Button(label("note.save"), variant="primary", size="sm", elem_id="save-edit")
            copy = gr.Button(label("note.copy"), size="sm", elem_id="copy-note")
            download = gr.Button(label("note.download"), size="sm", elem_id="download-note")
        difference = view("difference")
        rating = view("rating", "rate", "allow", "refuse")
        said = view("note-said", "forget")
        rewriting = rewrite_panel(desk, token, note_id)
        markdown = gr.JSON(elem_id="markdown-file", elem_classes="unseen")
    panel = NotePanel(
        desk, token, cards, note_id, group, editor, save, copy, download, rating, difference, said,
        markdown, rewriting,
    )  # fmt: skip
    panel.wire()
    return panel
