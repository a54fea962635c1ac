"""A page on a studio of its own, without a browser: handlers answer, and the bench shows it."""

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from app.examples import example
from app.settings import Settings
from app.studio import Studio
from app.tabs.desk import Desk, Loading
from app.tabs.form import Form
from app.ui import Page
from engine.models.scripted import ScriptedModel
from tests.browser.served import SlowStudio

EN = gr.Request(session_hash="page-1", headers={"accept-language": "en"})
ZH = gr.Request(session_hash="page-1", headers={"accept-language": "zh-CN"})


class Bench:
    """A page on a studio of its own, and what is typed on it."""

    def __init__(self, data_dir: Path, *, shared: bool = False, english: bool = False) -> None:
        """Open the studio and lay the page out."""
        settings = Settings(data_dir=data_dir, scripted=True, shared=shared)
        self.studio: Studio = SlowStudio.open(settings)
        assert isinstance(self.studio, SlowStudio)
        self.studio.english_only = english
        loading = Loading(self.studio.warm_up)
        loading.start()
        self.desk = Desk(self.studio, settings, loading)
        asyncio.run(self._build())
        self.write, self.styles = self.page.write, self.page.styles
        self.library, self.note = self.page.library, self.page.write.parts.note
        self.clear()

    def clear(self) -> None:
        """Show an empty page to a visitor who was never here."""
        self.shown: dict[Block, Any] = {}
        self.type(Form())
        token = secrets.token_hex(16) if self.desk.settings.shared else ""
        self.owner = self.desk.owner(token)
        self.shown |= {
            self.page.token: token, self.write.parts.plan: "", self.write.parts.pending: {},
            self.note.note_id: "", self.note.editor: "", self.styles.opened: "",
            self.styles.deleted: "", self.library.opened: "", self.library.deleted: "",
            self.library.query: "", self.library.style: "", self.library.language: "",
            self.library.stars: 0, self.styles.name: "", self.styles.samples: "",
            self.styles.language: "en", self.styles.never: "", self.styles.version: None,
            self.styles.trait: "", self.styles.level: 0,
        }  # fmt: skip

    def slow_down(self, seconds: float) -> None:
        """Let each word of the model take so long."""
        assert isinstance(self.studio, SlowStudio)
        model = ScriptedModel(delay=seconds)
        loaded = replace(self.studio.models, planner_model=model, stylist_model=model)
        self.studio.room.put(loaded)

    async def _build(self) -> None:
        """Lay the page out inside a running loop: Gradio leaves one open behind it otherwise."""
        with gr.Blocks() as self.blocks:
            self.page = Page(self.desk)

    def type(self, form: Form) -> None:
        """Put a form on the page."""
        for name, component in self.write.parts.fields.components().items():
            self.shown[component] = getattr(form, name)

    def see(self, answer: dict[Block, Any]) -> dict[Block, Any]:
        """Show an answer on the page, as the browser would."""
        for component, value in answer.items():
            if isinstance(value, dict) and value.get("__type__") == "update":
                if "value" in value:
                    self.shown[component] = value["value"]
            else:
                self.shown[component] = value
        return answer

    def run(self, answers: Iterator[dict[Block, Any]]) -> list[dict[Block, Any]]:
        """Show all the answers of a run."""
        return [self.see(answer) for answer in answers]

    def write_note(self, **changes: Any) -> list[dict[Block, Any]]:
        """Fill the form with an example and press Write."""
        self.type(a_form(**changes))
        return self.run(self.write.flow.write(self.shown, EN))

    @property
    def status(self) -> str:
        return str(self.shown[self.write.parts.status])

    @property
    def notes(self) -> int:
        return self.studio.search(self.owner).total


def a_form(**changes: Any) -> Form:
    chosen = example("harbour-log")
    values: dict[str, Any] = {
        "topic": chosen.topic,
        "facts": "\n".join(chosen.facts),
        "samples": chosen.samples_text,
        "words": 60,
        "drafts": 2,
        "seed": 7,
    }
    return Form(**values | changes)


def clicked(value: object) -> gr.EventData:
    return gr.EventData(None, {"value": value})
