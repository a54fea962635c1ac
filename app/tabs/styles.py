"""The Styles tab: saved styles on the left; what was found in the open one on the right."""

from typing import Any

import gradio as gr

from app.edits import ProfileEdits, toggled, wished
from app.examples import example, examples
from app.i18n import Texts, label, texts_for
from app.plots import profile_view, samples_view
from app.render import status_line
from app.rewriteview import trait_served
from app.shelf import example_cards, style_list
from app.tabs.consenting import offered
from app.tabs.desk import Answer, Desk, Values, choice, edge, event_value, view
from app.tabs.form import language_choice, sample_files
from app.tabs.style_samples import SampleHandlers
from engine.errors import InvalidRequest, NotFound
from engine.profile.build import advice
from engine.types import StyleProfile


class StylesTab(SampleHandlers):
    """Lays the tab out, connects it, and fills it when it is shown."""

    def __init__(self, desk: Desk, token: gr.BrowserState) -> None:
        """Build all components in the present Blocks context."""
        self.desk, self.token = desk, token
        self.opened = gr.State("")
        self.deleted = gr.State("")
        with gr.Row(elem_id="styles-row"):
            with gr.Column(scale=4, min_width=300, elem_classes="side"):
                self._side()
            with gr.Column(scale=7, min_width=300, elem_classes="main"):
                self._main()
        self._wire()

    # -- layout ------------------------------------------------------------------------------
    def _side(self) -> None:
        self.list = view("style-list", "pick")
        with gr.Accordion(label("style.new"), open=True, elem_id="new-style") as self.adding:
            self.name = gr.Textbox(
                label=label("style.name"), placeholder=label("style.name_hint"),
                elem_id="style-name", max_length=300,
            )  # fmt: skip
            self.language = language_choice("style-language")
            self.samples = gr.Textbox(
                label=label("form.samples"), info=label("form.samples_info"), lines=6,
                max_lines=14, elem_id="style-samples",
            )  # fmt: skip
            self.files = sample_files("style-files")
            with gr.Row(elem_classes="actions"):
                self.add = gr.Button(label("style.add"), variant="primary", elem_id="add-style")
                self.extend = gr.Button(
                    label("style.extend"), visible=False, elem_id="extend-style"
                )
        self.said = view("styles-said", "forget")
        self.undo = gr.Button(label("undo"), visible=False, size="sm", elem_id="undo-style")

    def _main(self) -> None:
        self.welcome = view("style-examples", "example")
        with gr.Column(visible=False, elem_id="style-open") as self.group:
            with gr.Row(elem_classes="title-row"):
                self.rename_to = gr.Textbox(
                    label=label("style.name"), elem_id="style-title", scale=3, max_length=300
                )
                self.version = choice(
                    choices=[], label=label("style.versions"), elem_id="style-version", scale=1,
                    min_width=110,
                )  # fmt: skip
            with gr.Row(elem_classes="actions"):
                self.rename = gr.Button(label("style.rename"), size="sm", elem_id="rename-style")
                self.delete = gr.Button(label("style.delete"), size="sm", elem_id="delete-style")
            self.view = view("profile", "strike")
            self.words = gr.Textbox(
                label=label("style.add_words"), info=label("style.add_words_info"),
                elem_id="add-words", max_length=2_000,
            )  # fmt: skip
            self.guidance = gr.Textbox(
                label=label("style.guidance"), info=label("style.guidance_info"), lines=2,
                elem_id="guidance", max_length=2_000,
            )  # fmt: skip
            self.never = gr.Textbox(
                label=label("style.never"), info=label("style.never_info"), lines=2, max_lines=8,
                elem_id="never", max_length=400_000,
            )  # fmt: skip
            with gr.Row(elem_classes="pair trait-row"):
                self.trait = gr.Textbox(
                    label=label("style.trait"), info=label("style.trait_info"),
                    placeholder=label("trait.hint"), elem_id="style-trait", max_length=4_000,
                    min_width=180,
                )  # fmt: skip
                self.level = gr.Slider(
                    0, 3, value=0, step=1, label=label("style.trait_level"),
                    info=label("style.trait_level_info"), elem_id="trait-level", min_width=180,
                    buttons=[],
                )  # fmt: skip
            self.served = view("trait-served")
            with gr.Row(elem_classes="actions"):
                self.keep = gr.Button(label("style.keep"), size="sm", elem_id="keep-style")
            with gr.Accordion(label("style.samples"), open=False):
                self.sample_said = view("samples-said", "forget", "restore")
                self.sample_view = view("style-sample-view", "allow", "refuse", "remove")

    # -- what is shown -----------------------------------------------------------------------
    def outputs(self) -> set[Any]:
        """Return what this tab's handlers change."""
        return {
            self.opened, self.deleted, self.list, self.name, self.samples, self.files, self.said,
            self.undo, self.welcome, self.group, self.rename_to, self.version, self.view,
            self.words, self.guidance, self.never, self.sample_view, self.extend, self.language,
            self.trait, self.level, self.served, self.sample_said,
        }  # fmt: skip

    def refresh(self, owner: str, t: Texts, opened: object = "") -> Answer:
        """Return the list, and the open style where there still is one."""
        rows = self.desk.studio.styles(owner)
        names = [row.name for row in rows]
        name = opened if isinstance(opened, str) and opened in names else ""
        name = name or (names[0] if names else "")
        answer: Answer = {
            self.list: style_list(rows, t, opened=name),
            self.opened: name,
            self.group: gr.update(visible=bool(name)),
            self.extend: gr.update(visible=bool(name)),
            self.welcome: gr.update(value=self._welcome(t), visible=not name),
        }
        if not name:
            return answer
        return answer | self.show_profile(owner, self.desk.studio.style(owner, name), t)

    def _welcome(self, t: Texts) -> str:
        return example_cards(
            examples(),
            t,
            title=t("style.empty_title"),
            text=t("style.empty"),
            writes=("en", "zh"),
        )

    def show_profile(
        self, owner: str, profile: StyleProfile, t: Texts, *, newest: int | None = None
    ) -> Answer:
        """Return a version of a style; `newest` is the number of the newest one, if another."""
        latest = newest or profile.version
        choices = [(t("style.version", version=n), n) for n in range(latest, 0, -1)]
        return {
            self.rename_to: profile.name,
            self.version: gr.update(choices=choices, value=profile.version),
            self.view: profile_view(profile, advice(profile), t),
            self.words: ", ".join(profile.added_words),
            self.guidance: profile.guidance,
            self.never: "\n".join(profile.never),
            self.trait: profile.trait.name if profile.trait else "",
            self.level: profile.trait.level if profile.trait else 0,
            self.served: trait_served(self.desk.studio, owner, profile, t),
            self.sample_view: self._samples(owner, profile, t, removable=latest == profile.version),
            self.sample_said: "",
        }

    def _samples(self, owner: str, profile: StyleProfile, t: Texts, *, removable: bool) -> str:
        refused = self.desk.consent.refused(owner)
        return samples_view(profile, refused, t, removable=removable)

    def restore(self, owner: str, t: Texts) -> Answer:
        """Return the tab as this person left it, a style half entered included."""
        kept = self.desk.studio.load_form(owner).get("new_style") or {}
        language = kept.get("language")
        return self.refresh(owner, t) | {
            self.name: str(kept.get("name") or ""),
            self.samples: str(kept.get("samples") or ""),
            self.language: language if language in ("en", "zh") else t.language,
        }

    # -- handlers ----------------------------------------------------------------------------
    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; what was typed stays."""
        return {self.said: status_line(sentence, kind="error"), self.undo: gr.update(visible=False)}

    def _say(self, text: str, *, undo: bool = False) -> Answer:
        return {
            self.said: status_line(text, kind="done"),
            self.undo: gr.update(visible=undo),
        }

    def open_style(self, values: Values) -> tuple[str, StyleProfile]:
        """Return whose page it is and the style that is open."""
        owner = self.desk.owner(values[self.token])
        return owner, self.desk.known_style(owner, values[self.opened])

    @edge
    def shown(self, values: Values, request: gr.Request) -> Answer:
        """Bring the list up to date when the tab is opened."""
        owner = self.desk.owner(values[self.token])
        return self.refresh(owner, texts_for(request), values[self.opened])

    @edge
    def pick(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Open a style."""
        owner = self.desk.owner(values[self.token])
        profile = self.desk.known_style(owner, event_value(event))
        return self.refresh(owner, texts_for(request), profile.name) | self._quiet()

    def _quiet(self) -> Answer:
        return {self.said: "", self.undo: gr.update(visible=False)}

    @edge
    def add_style(self, values: Values, request: gr.Request) -> Answer:
        """Save a new style from the samples."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        name, language = str(values[self.name] or ""), values[self.language]
        samples = self.desk.studio.samples_from_text(str(values[self.samples] or ""))
        if language not in ("en", "zh"):
            raise InvalidRequest("Choose English or Chinese.", field="language")
        profile = self.desk.studio.add_style(owner, name, samples, language)
        return self._added(owner, profile, t)

    def _added(self, owner: str, profile: StyleProfile, t: Texts) -> Answer:
        self.desk.remember(owner, new_style=None)
        return (
            self.refresh(owner, t, profile.name)
            | {self.name: "", self.samples: ""}
            | self._say(t("style.saved", name=profile.name, version=profile.version))
        )

    @edge
    def extend_style(self, values: Values, request: gr.Request) -> Answer:
        """Add the samples to the open style: a new version."""
        t = texts_for(request)
        owner, profile = self.open_style(values)
        samples = self.desk.studio.samples_from_text(str(values[self.samples] or ""))
        return self._added(owner, self.desk.studio.add_samples(owner, profile.name, samples), t)

    @edge
    def take_example(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Save an example as a style."""
        owner, chosen = self.desk.owner(values[self.token]), example(event_value(event))
        samples = self.desk.studio.samples_from_text(chosen.samples_text)
        profile = self.desk.studio.add_style(owner, chosen.name, samples, chosen.language)
        return self._added(owner, profile, texts_for(request))

    @edge
    def take_files(self, values: Values, request: gr.Request) -> Answer:
        """Put dropped files into the samples box, then forget the files."""
        samples, count = self.desk.with_files(values[self.samples], values[self.files])
        said = texts_for(request)("form.files_read", count=count)
        return {self.samples: samples, self.files: None} | self._say(said)

    @edge
    def strike_out(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Strike anything found out or bring it back; what was added goes, and tags can come."""
        owner, profile = self.open_style(values)
        edits = toggled(profile, event_value(event))
        return self._edited(owner, profile.name, edits, texts_for(request))

    @edge
    def keep_edits(self, values: Values, request: gr.Request) -> Answer:
        """Save added words, guidance and the never list as a new version."""
        owner, profile = self.open_style(values)
        words = str(values[self.words] or "").replace("，", ",").replace("、", ",").split(",")
        edits = ProfileEdits(
            struck=profile.struck,
            added_words=tuple(word.strip() for word in words if word.strip()),
            guidance=str(values[self.guidance] or ""),
            added_tags=profile.added_tags,
            never=tuple(str(values[self.never] or "").splitlines()),
            trait=wished(str(values[self.trait] or ""), values[self.level]),
        )
        return self._edited(owner, profile.name, edits, texts_for(request))

    def _edited(self, owner: str, name: str, edits: ProfileEdits, t: Texts) -> Answer:
        fresh = self.desk.studio.edit_style(owner, name, edits)
        said = self._say(t("style.saved", name=fresh.name, version=fresh.version))
        return self.refresh(owner, t, fresh.name) | said

    @edge
    def rename_style(self, values: Values, request: gr.Request) -> Answer:
        """Give the open style the name in the box."""
        t = texts_for(request)
        owner, profile = self.open_style(values)
        new_name = " ".join(str(values[self.rename_to] or "").split())
        if new_name == profile.name:
            return self._quiet()
        self.desk.studio.rename_style(owner, profile.name, new_name)
        said = self._say(t("style.renamed", name=new_name))
        return self.refresh(owner, t, new_name) | said

    @edge
    def delete_style(self, values: Values, request: gr.Request) -> Answer:
        """Delete the open style; it can be brought back."""
        t = texts_for(request)
        owner, profile = self.open_style(values)
        self.desk.studio.delete_style(owner, profile.name)
        said = self._say(t("style.deleted", name=profile.name), undo=True)
        said[self.said] += offered(self.desk, owner, [s.id for s in profile.samples], t)
        return self.refresh(owner, t) | {self.deleted: profile.name} | said

    @edge
    def undo_delete(self, values: Values, request: gr.Request) -> Answer:
        """Bring the deleted style back."""
        t, owner = texts_for(request), self.desk.owner(values[self.token])
        name = values[self.deleted]
        if not isinstance(name, str) or not name:
            raise NotFound("There is nothing to bring back.")
        self.desk.studio.restore_style(owner, name)
        said = self._say(t("style.restored", name=name))
        return self.refresh(owner, t, name) | {self.deleted: ""} | said

    @edge
    def show_version(self, values: Values, request: gr.Request) -> Answer:
        """Show an older version of the open style; nothing is changed by looking."""
        owner, newest = self.open_style(values)
        number = values[self.version]
        if not isinstance(number, int) or not 1 <= number <= newest.version:
            raise InvalidRequest("There is no such version; reload the page.")
        old = self.desk.studio.style(owner, newest.name, number)
        return self.show_profile(owner, old, texts_for(request), newest=newest.version)

    @edge
    def typed(self, values: Values) -> Answer:
        """Keep a style half entered."""
        kept = {
            "name": values[self.name],
            "samples": values[self.samples],
            "language": values[self.language],
        }
        self.desk.remember(self.desk.owner(values[self.token]), new_style=kept)
        return {self.said: gr.skip()}

    # -- wiring ------------------------------------------------------------------------------
    def _wire(self) -> None:
        known = {self.token, self.opened}
        entered = {self.token, self.name, self.samples, self.language}
        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        out = self.outputs()
        self.list.pick(self.pick, known, out, **quiet)
        self.welcome.example(self.take_example, known, out, **quiet)
        self.add.click(self.add_style, entered, out, **quiet)
        self.extend.click(self.extend_style, known | entered, out, **quiet)
        self.files.upload(self.take_files, entered | {self.files}, out, **quiet)
        self.view.strike(self.strike_out, known, out, **quiet)
        self.keep.click(
            self.keep_edits,
            known | {self.words, self.guidance, self.never, self.trait, self.level},
            out,
            **quiet,
        )
        self.rename.click(self.rename_style, known | {self.rename_to}, out, **quiet)
        self.delete.click(self.delete_style, known, out, **quiet)
        self.undo.click(self.undo_delete, {self.token, self.deleted}, out, **quiet)
        self.version.input(self.show_version, known | {self.version}, out, **quiet)
        of_sample = known | {self.version}
        self.sample_view.allow(self.allow, of_sample, out, **quiet)
        self.sample_view.refuse(self.refuse, of_sample, out, **quiet)
        self.sample_view.remove(self.remove_sample, known, out, **quiet)
        self.sample_said.restore(self.restore_sample, known, out, **quiet)
        self.sample_said.forget(self.forget_sample, known, out, **quiet)
        self.said.forget(self.forget_style, known, out, **quiet)
        for component in (self.name, self.samples, self.language):
            component.input(
                self.typed,
                entered,
                {self.said, self.undo},
                queue=False,
                trigger_mode="always_last",
                **quiet,
            )
