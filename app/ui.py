"""The page: header, tabs, and what happens when it is opened and closed. Layout only."""

from typing import Any

import gradio as gr

from app.api import add_endpoints
from app.benchjobs import BenchJobs
from app.i18n import label, texts_for
from app.limits import Limits
from app.page import header, models_state
from app.settings import Settings
from app.studio import Studio
from app.tabs.desk import Answer, Desk, Loading, Values, error_sentence, view
from app.tabs.form import Form
from app.tabs.improve import ImproveTab
from app.tabs.library import LibraryTab
from app.tabs.models import ModelsTab
from app.tabs.notebench import NoteBenchTab
from app.tabs.rate import RateTab
from app.tabs.styles import StylesTab
from app.tabs.write import WriteTab
from engine.errors import NotewrightError

TITLE = "Notewright"
# One being written, one waiting, and one just stopped that is on its way out.
_AT_ONCE = 3


def build_page(
    studio: Studio,
    settings: Settings,
    loading: Loading | None = None,
    jobs: BenchJobs | None = None,
) -> gr.Blocks:
    """Return the page on a studio.

    Args:
        studio: what does the work.
        settings: whether the page is shared among visitors.
        loading: the models on their way; without it they load with the first note.
        jobs: benchmarks in the background, which whoever gave them also closes.
    """
    if loading is None:
        loading = Loading(studio.warm_up)
        loading.start()
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3_600, 86_400)) as page:
        Page(Desk(studio, settings, loading, jobs.limits if jobs else limits_of(settings), jobs))
    return page


def limits_of(settings: Settings) -> Limits:
    """Return what one visitor may ask of a page with these settings."""
    at_once = _AT_ONCE if settings.notes_limit else 0
    return Limits(notes=settings.notes_limit, at_once=at_once)


class Page:
    """Builds everything in the present Blocks context."""

    def __init__(self, desk: Desk) -> None:
        """Lay the page out and connect it."""
        self.desk = desk
        add_endpoints(desk)  # first, so that nothing else takes their names
        self.token = gr.BrowserState("", storage_key="notewright-visitor", secret="notewright")
        self.header = view("header")
        self.models = view("models-state")
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap") as self.tabs:
            with gr.Tab(label("tab.write"), id="write", elem_id="tab-write") as write:
                self.write = WriteTab(desk, self.token)
            with gr.Tab(label("tab.styles"), id="styles", elem_id="tab-styles") as styles:
                self.styles = StylesTab(desk, self.token)
            with gr.Tab(label("tab.library"), id="library", elem_id="tab-library") as library:
                self.library = LibraryTab(desk, self.token)
            with gr.Tab(label("tab.notebench"), id="notebench", elem_id="tab-notebench") as bench:
                self.bench = NoteBenchTab(desk, self.token)
            with gr.Tab(label("tab.rate"), id="rate", elem_id="tab-rate") as rate:
                self.rate = RateTab(desk, self.token)
            with gr.Tab(label("tab.improve"), id="improve", elem_id="tab-improve") as improve:
                self.improve = ImproveTab(desk, self.token)
            with gr.Tab(label("tab.models"), id="models", elem_id="tab-models") as models:
                self.catalogue = ModelsTab(desk)
            models.visible = self.catalogue.open_here
        self.timer = gr.Timer(1.0, active=False)
        self._wire(write, styles, library, rate)
        shown = {"api_visibility": "private", "show_progress": "hidden"}
        bench.select(self.bench.shown, self.bench.results.known(), self.bench.outputs(), **shown)
        improve.select(self.improve.shown, self.improve.asked(), self.improve.outputs(), **shown)
        models.select(
            self.catalogue.shown, self.catalogue.known(), self.catalogue.outputs(), **shown
        )

    def _wire(self, write: gr.Tab, styles: gr.Tab, library: gr.Tab, rate: gr.Tab) -> None:
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        blocks = gr.context.Context.root_block
        everything = (
            {self.token, self.header, self.models, self.timer}
            | self.write.outputs()
            | self.styles.outputs()
            | self.library.outputs()
            | self.bench.outputs()
            | self.improve.outputs()
        )
        blocks.load(self.opened, {self.token}, everything, **quiet)
        blocks.unload(self.closed)
        self.timer.tick(self.watch_models, None, {self.models, self.timer}, **quiet)
        fields = self.write.parts.fields
        chosen = {fields.planner, fields.stylist}
        # Models come and go on the Models tab, and by the command line.
        write.select(self.model_choices, chosen, chosen | {self.write.models}, **quiet)
        styles.select(
            self.styles.shown, {self.token, self.styles.opened}, self.styles.outputs(), **quiet
        )
        library.select(self.library.shown, self.library.filters(), self.library.outputs(), **quiet)
        changes = self.write.parts.outputs() | {self.tabs, self.library.said}
        self.library.open.click(
            self.open_in_write, {self.token, self.library.opened}, changes, **quiet
        )
        self.improve.pane.view.note(
            self.open_in_library,
            self.library.filters(),
            self.library.outputs() | {self.tabs},
            **quiet,
        )
        rate.select(self.rate.opened, self.rate.asked(), self.rate.outputs(), **quiet)
        self._keep_style_choices(quiet)

    def _keep_style_choices(self, quiet: dict[str, Any]) -> None:
        """Let the Write tab's list of styles follow the Styles tab."""
        fields = self.write.parts.fields
        self.styles.list.change(
            self.style_choices,
            {self.token, fields.style},
            {fields.style, self.write.files},
            **quiet,
        )

    # -- handlers ----------------------------------------------------------------------------
    def opened(self, values: Values, request: gr.Request) -> Answer:
        """Fill the page as this person left it."""
        t, token = texts_for(request), self.desk.token_for(values[self.token])
        answer: Answer = {
            self.token: token,
            self.header: header(t),
            self.models: models_state(self.desk.loading, t),
            self.timer: gr.Timer(active=self.desk.loading.state == "loading"),
        }
        owner = self.desk.owner(token)
        answer |= self.write.restore(owner, t)
        answer |= self.styles.restore(owner, t)
        answer |= self.library.restore(owner, t)
        answer |= self.improve.restore(owner, t)
        return answer | self.bench.restore(owner, t)

    def closed(self, request: gr.Request) -> None:
        """Stop the work of a page that was closed."""
        self.desk.stops.stop(request.session_hash or "")

    def watch_models(self, request: gr.Request) -> Answer:
        """Say how long the models still take, until they are there."""
        loading = self.desk.loading
        return {
            self.models: models_state(loading, texts_for(request)),
            self.timer: gr.Timer(active=loading.state == "loading"),
        }

    def open_in_write(self, values: Values, request: gr.Request) -> Answer:
        """Show the Library's open note on the Write tab, to be chosen, edited and rated there."""
        t = texts_for(request)
        try:
            owner = self.desk.owner(values[self.token])
            note_id = str(values[self.library.opened] or "")
            self.desk.remember(owner, note_id=note_id, pending=None, plan=None)
            shown = self.write.open(owner, note_id, t)
        except NotewrightError as error:
            return self.library.fail(error_sentence(error, t))
        return shown | {self.tabs: gr.Tabs(selected="write")}

    def open_in_library(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Show in the Library a note that an adapter learned from."""
        return self.library.pick(values, event, request) | {self.tabs: gr.Tabs(selected="library")}

    def style_choices(self, values: Values) -> Answer:
        """Return the saved styles for the Write tab's list, keeping the one chosen."""
        owner = self.desk.owner(values[self.token])
        return self.write.style_choices(owner, values[self.write.parts.fields.style])

    def model_choices(self, values: Values, request: gr.Request) -> Answer:
        """Return the models for the Write tab's lists, keeping those chosen."""
        fields = self.write.parts.fields
        form = Form(planner=values[fields.planner] or "", stylist=values[fields.stylist] or "")
        return self.write.model_choices(form, texts_for(request))
