"""The form of the Write tab as one typed value: read from the page, kept while typing, restored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr
from gradio.blocks import Block

from app.examples import Example
from app.i18n import label
from app.tabs.desk import Answer, Values
from engine.requests import make_request
from engine.types import Value, WritingRequest


class Form(Value):
    """What a person typed on the Write tab, as it stands: not yet checked."""

    topic: str = ""
    facts: str = ""
    style: str = ""
    samples: str = ""
    language: str = "en"
    words: float = 120
    audience: str = ""
    drafts: float = 4
    creativity: float = 0.5
    seed: float | None = None
    edit_plan: bool = False
    plan_style: bool = False
    planner: str = ""
    stylist: str = ""

    def request(self) -> WritingRequest:
        """Return the checked request; InvalidRequest names the field at fault."""
        return make_request(
            topic=self.topic,
            facts=self.facts,
            audience=self.audience,
            words=self.words,
            language=self.language,
            drafts=self.drafts,
            creativity=self.creativity,
            seed=self.seed,
        )

    @classmethod
    def lenient(cls, values: Mapping[str, Any]) -> "Form":
        """Read what an older version or a stranger wrote: bad fields fall to their defaults."""
        good: dict[str, Any] = {}
        for name, value in values.items():
            if name not in cls.model_fields or value is None:
                continue
            kind = (str,) if name in _TEXTS else (bool,) if name in _SWITCHES else (int, float)
            if isinstance(value, kind):
                good[name] = value
        return cls(**good)


_SWITCHES = frozenset({"edit_plan", "plan_style"})
_TEXTS = frozenset(
    {"topic", "facts", "style", "samples", "language", "audience", "planner", "stylist"}
)


@dataclass(frozen=True)
class FormFields:
    """The components that hold the form; named as the fields of `Form`."""

    topic: gr.Textbox
    facts: gr.Textbox
    style: gr.Dropdown
    samples: gr.Textbox
    language: gr.Radio
    words: gr.Slider
    audience: gr.Textbox
    drafts: gr.Slider
    creativity: gr.Slider
    seed: gr.Number
    edit_plan: gr.Checkbox
    plan_style: gr.Checkbox
    planner: gr.Dropdown
    stylist: gr.Dropdown

    def components(self) -> dict[str, Block]:
        """Return the components by field name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def read(self, values: Values) -> Form:
        """Return the form out of what a handler was given."""
        return Form.lenient({name: values[part] for name, part in self.components().items()})

    def fill(self, form: Form) -> Answer:
        """Return the updates that show `form`."""
        shown: Answer = {part: getattr(form, name) for name, part in self.components().items()}
        shown[self.style] = gr.update(value=form.style)
        shown[self.samples] = gr.update(value=form.samples, visible=not form.style)
        return shown


def language_choice(name: str, **settings: Any) -> gr.Radio:
    """Return the choice of a note's or a style's language."""
    return gr.Radio(
        choices=[("English", "en"), ("中文", "zh")],
        value="en",
        label=label("form.language"),
        elem_id=name,
        **settings,
    )


def sample_files(name: str) -> gr.File:
    """Return a place to drop files whose texts are samples."""
    return gr.File(
        label=label("form.files"),
        file_count="multiple",
        file_types=[".txt", ".md", ".docx"],
        elem_id=name,
        height=52,
    )


def example_form(example: Example, form: Form) -> Form:
    """Return the form with an example in it; what says how to write stays as it is."""
    return form.model_copy(
        update={
            "topic": example.topic,
            "facts": "\n".join(example.facts),
            "style": "",
            "samples": example.samples_text,
            "language": example.language,
            "words": example.words,
        }
    )


def model_choices(names: Sequence[str], usual: Any) -> list[tuple[Any, str]]:
    """Return the choices of a list of models: what is set, then every model by name."""
    return [(usual, ""), *((name, name) for name in names)]


def style_choices(names: list[str], paste: Any) -> list[tuple[Any, str]]:
    """Return the choices of a style list: the saved ones, then "my own samples"."""
    return [*((name, name) for name in names), (paste, "")]
