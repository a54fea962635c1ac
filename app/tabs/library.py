"""The Library tab: search and filters, the list of notes, and the open one."""

import shutil
from pathlib import Path
from typing import Any

import gradio as gr

from app.i18n import Texts, label, texts_for
from app.render import status_line
from app.shelf import empty_state, note_list, open_note
from app.tabs.consenting import forget, keep_word, offered
from app.tabs.desk import (
    Answer,
    Desk,
    Values,
    choice,
    edge,
    event_number,
    event_value,
    view,
)
from app.tabs.downloads import fresh_folder
from engine.errors import InvalidRequest, NotFound
from engine.types import Language
from storage.store import NoteRecord

_PAGE = 30
_MOST_SHOWN = 300


class LibraryTab:
    """Lays the tab out, connects it, and fills it when it is shown."""

    def __init__(self, desk: Desk, token: gr.BrowserState) -> None:
        """Build all components in the present Blocks context."""
        self.desk, self.token = desk, token
        self.opened = gr.State("")
        self.deleted = gr.State("")
        with gr.Row(elem_id="library-row"):
            with gr.Column(scale=4, min_width=300, elem_classes="side"):
                self._side()
            with gr.Column(scale=7, min_width=300, elem_classes="main"):
                self._main()
        self._wire()

    # -- layout ------------------------------------------------------------------------------
    def _side(self) -> None:
        self.query = gr.Textbox(
            label=label("library.search"), placeholder=label("library.search_hint"),
            elem_id="search", max_length=300, type="text",
        )  # fmt: skip
        with gr.Row(elem_classes="pair filters"):
            self.style = choice(
                choices=[(label("library.any_style"), "")], value="", label=label("form.style"),
                elem_id="filter-style", min_width=90,
            )  # fmt: skip
            self.language = choice(
                choices=[(label("library.any"), ""), ("English", "en"), ("中文", "zh")], value="",
                label=label("form.language"), elem_id="filter-language",
                min_width=90,
            )  # fmt: skip
            self.stars = choice(
                choices=[(label("library.any"), 0), *((f"{'★' * n}+", n) for n in range(1, 6))],
                value=0, label=label("library.rated"), elem_id="filter-stars",
                min_width=90,
            )  # fmt: skip
        self.list = view("note-list", "pick", "more")
        self.export = gr.Button(label("library.export"), size="sm", elem_id="export")
        self.file = gr.DownloadButton("zip", elem_id="export-file", visible="hidden")
        self.said = view("library-said", "forget")
        self.undo = gr.Button(label("undo"), visible=False, size="sm", elem_id="undo-note")

    def _main(self) -> None:
        with gr.Row(visible=False, elem_classes="actions", elem_id="note-actions") as self.actions:
            self.open = gr.Button(
                label("library.open"), variant="primary", size="sm", elem_id="open-note"
            )
            self.delete = gr.Button(label("library.delete"), size="sm", elem_id="delete-note")
        self.note_said = view("library-note-said", "forget")
        self.view = view("note-view", "allow", "refuse")

    # -- what is shown -----------------------------------------------------------------------
    def outputs(self) -> set[Any]:
        """Return what this tab's handlers change."""
        return {
            self.opened, self.deleted, self.style, self.list, self.said, self.undo, self.actions,
            self.view, self.note_said,
        }  # fmt: skip

    def filters(self) -> set[Any]:
        """Return what a search reads."""
        return {self.token, self.query, self.style, self.language, self.stars, self.opened}

    def restore(self, owner: str, t: Texts) -> Answer:
        """Return the tab as it is when the page opens."""
        return self._styles(owner) | {
            self.list: note_list(self.desk.studio.search(owner, limit=_PAGE), t),
            self.view: self._nothing_open(owner, t),
        }

    def _nothing_open(self, owner: str, t: Texts) -> str:
        if not self.desk.studio.search(owner, limit=1).total:
            return ""
        return empty_state(t("library.pick_title"), t("library.pick"))

    def _styles(self, owner: str) -> Answer:
        names = [(row.name, row.name) for row in self.desk.studio.styles(owner)]
        return {self.style: gr.update(choices=[(label("library.any_style"), ""), *names])}

    def _found(self, values: Values, t: Texts, *, limit: int = _PAGE) -> Answer:
        owner = self.desk.owner(values[self.token])
        query, style = str(values[self.query] or ""), str(values[self.style] or "")
        language, stars = values[self.language], values[self.stars]
        if stars not in range(6) or language not in ("", None, "en", "zh"):
            raise InvalidRequest("That filter is not known; reload the page.")
        asked: Language | None = language or None
        page = self.desk.studio.search(
            owner,
            query[:300],
            style=style or None,
            language=asked,
            min_stars=stars or None,
            limit=limit,
        )
        searching = bool(query.strip() or style or asked or stars)
        opened = str(values[self.opened] or "")
        return {self.list: note_list(page, t, opened=opened, searching=searching)}

    # -- handlers ----------------------------------------------------------------------------
    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error."""
        return {self.said: status_line(sentence, kind="error")}

    @edge
    def search(self, values: Values, request: gr.Request) -> Answer:
        """Find notes as the query is typed."""
        return self._found(values, texts_for(request))

    @edge
    def shown(self, values: Values, request: gr.Request) -> Answer:
        """Bring the list up to date when the tab is opened."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        found = self._found(values, t) | self._styles(owner)
        return found if values[self.opened] else found | {self.view: self._nothing_open(owner, t)}

    @edge
    def more(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Show the next notes of the list too."""
        limit = min(event_number(event) + _PAGE, _MOST_SHOWN)
        return self._found(values, texts_for(request), limit=limit)

    @edge
    def pick(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Open a note."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        record = self.desk.studio.note(owner, event_value(event))
        note_id = record.note.id
        return self._found({**values, self.opened: note_id}, t) | {
            self.opened: note_id,
            self.view: self._note(owner, record, t),
            self.note_said: "",
            self.actions: gr.update(visible=True),
            self.said: "",
            self.undo: gr.update(visible=False),
        }

    def _note(self, owner: str, record: NoteRecord, t: Texts) -> str:
        allowed = record.note.id not in self.desk.consent.refused(owner)
        readings = self.desk.studio.readings(owner, record)
        return open_note(record, t, readings=readings, allowed=allowed)

    def _word(
        self, values: Values, event: gr.EventData, request: gr.Request, *, allowed: bool
    ) -> Answer:
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        record = self.desk.studio.note(owner, event_value(event))
        said = keep_word(self.desk, owner, record.note.id, t, allowed=allowed)
        return {self.note_said: said, self.view: self._note(owner, record, t)}

    @edge
    def allow(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Let a note be learned from."""
        return self._word(values, event, request, allowed=True)

    @edge
    def refuse(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Keep a note out of training."""
        return self._word(values, event, request, allowed=False)

    @edge
    def forget_note(self, values: Values, request: gr.Request) -> Answer:
        """Retire the adapters that learned from the open note, and train again."""
        owner = self.desk.owner(values[self.token])
        return {self.note_said: forget(self.desk, owner, texts_for(request))}

    @edge
    def forget_deleted(self, values: Values, request: gr.Request) -> Answer:
        """Retire the adapters that learned from the deleted note, and train again."""
        owner = self.desk.owner(values[self.token])
        done = forget(self.desk, owner, texts_for(request))
        return {self.said: done, self.undo: gr.update(visible=False)}

    @edge
    def delete_note(self, values: Values, request: gr.Request) -> Answer:
        """Delete the open note; it can be brought back."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        record = self.desk.studio.note(owner, str(values[self.opened] or ""))
        self.desk.studio.delete_note(owner, record.note.id)
        said = status_line(t("library.deleted", title=record.note.plan.title), kind="done")
        return self._found({**values, self.opened: ""}, t) | {
            self.opened: "",
            self.deleted: record.note.id,
            self.view: self._nothing_open(owner, t),
            self.actions: gr.update(visible=False),
            self.note_said: "",
            self.said: said + offered(self.desk, owner, [record.note.id], t),
            self.undo: gr.update(visible=True),
        }

    @edge
    def undo_delete(self, values: Values, request: gr.Request) -> Answer:
        """Bring the deleted note back."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        note_id = values[self.deleted]
        if not isinstance(note_id, str) or not note_id:
            raise NotFound("There is nothing to bring back.")
        self.desk.studio.restore_note(owner, note_id)
        return self._found(values, t) | {
            self.deleted: "",
            self.said: status_line(t("library.restored"), kind="done"),
            self.undo: gr.update(visible=False),
        }

    @edge
    def export_all(self, values: Values, request: gr.Request) -> Answer:
        """Pack everything this person made into one file for download."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        packed, counts = pack(self.desk, owner)
        total = sum(counts.values())
        said = status_line(t("library.exported", count=total), kind="done")
        return {self.file: str(packed), self.said: said}

    # -- wiring ------------------------------------------------------------------------------
    def _wire(self) -> None:
        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        out, asked = self.outputs(), self.filters()
        self.query.input(self.search, asked, out, queue=False, trigger_mode="always_last", **quiet)
        for component in (self.style, self.language, self.stars):
            component.input(self.search, asked, out, **quiet)
        self.list.more(self.more, asked, out, **quiet)
        self.list.pick(self.pick, asked, out, **quiet)
        self.delete.click(self.delete_note, asked, out, **quiet)
        self.undo.click(self.undo_delete, asked | {self.deleted}, out, **quiet)
        self.view.allow(self.allow, asked, out, **quiet)
        self.view.refuse(self.refuse, asked, out, **quiet)
        self.note_said.forget(self.forget_note, asked, out, **quiet)
        self.said.forget(self.forget_deleted, asked, out, **quiet)
        self.export.click(self.export_all, {self.token}, {self.file, self.said}, **quiet).success(
            None, None, None, js="() => notewright.press('export-file')"
        )


def pack(desk: Desk, owner: str) -> tuple[Path, dict[str, int]]:
    """Return a fresh zip of everything an owner made, and its counts by kind."""
    folder = fresh_folder()
    content = folder / "notewright"
    content.mkdir(mode=0o700)
    counts = desk.studio.export(owner, content)
    packed = shutil.make_archive(str(folder / "notewright-export"), "zip", content)
    shutil.rmtree(content)
    return Path(packed), counts
