"""What an open run found: table, plots, texts behind every figure, downloads."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from app.bench import bench_score
from app.benchjobs import BenchJobs, Seen
from app.benchmarkdown import markdown
from app.benchmeasures import BY_NAME, MEASURES
from app.benchplots import heat_map, key_of_systems, scatter
from app.benchresults import BenchResults, Results
from app.benchtable import Sorting, language_rows, results_table, system_rows, voice_table
from app.benchtexts import Place, item_number, side_by_side, text_list
from app.benchview import run_head, welcome
from app.i18n import Texts, label, texts_for
from app.render import status_line
from app.tabs.desk import Answer, Desk, Values, choice, edge, event_value, view
from app.tabs.downloads import fresh_folder
from engine.errors import NotFound


class Shown(NamedTuple):
    """An open run as a handler sees it: whose, its results, the baseline, the order of rows."""

    owner: str
    seen: Seen
    results: Results
    baseline: str
    sorting: Sorting


class ResultsPane:
    """Lays the pane out, connects it, and fills it with a run."""

    def __init__(self, desk: Desk, token: gr.BrowserState, jobs: BenchJobs, head: gr.HTML) -> None:
        """Build all components in the present Blocks context; the run's title goes to `head`."""
        self.desk, self.token, self.jobs, self.head = desk, token, jobs, head
        self.reader = BenchResults(jobs.files)
        self.opened, self.sorting = gr.State(""), gr.State("")
        with gr.Column(visible=False, elem_id="run-results") as self.group:
            self.baseline = choice(
                choices=[], label=label("bench.baseline"), elem_id="bench-baseline", min_width=160
            )
            self.table = view("bench-table", "sort", "cell")
            self.texts = view("bench-texts", "cell", "item")
            self._below()
        self._wire()

    def _below(self) -> None:
        self.measure = choice(
            choices=[(label(f"measure.{each.name}"), each.name) for each in MEASURES],
            value="style", label=label("bench.heat_measure"), elem_id="bench-measure",
            min_width=160,
        )  # fmt: skip
        self.plots = view("bench-plots", "cell", "item")
        self.languages = view("bench-languages", "cell", "sort")
        with gr.Row(elem_classes="actions", elem_id="bench-downloads"):
            self.json = gr.Button(label("bench.json"), size="sm", elem_id="bench-json")
            self.markdown = gr.Button(label("bench.markdown"), size="sm", elem_id="bench-md")
            self.png = gr.Button(label("bench.png"), size="sm", elem_id="bench-png")
        self.markdown_file = gr.JSON(elem_id="bench-md-file", elem_classes="unseen")
        self.file = gr.DownloadButton("json", elem_id="bench-file-out", elem_classes="unseen")
        self.said = view("results-said")

    # -- what is shown -----------------------------------------------------------------------
    def outputs(self) -> set[Any]:
        """Return what this pane's handlers change."""
        return {
            self.opened, self.sorting, self.head, self.group, self.baseline, self.table,
            self.languages, self.plots, self.texts, self.said, self.measure,
        }  # fmt: skip

    def known(self) -> set[Any]:
        """Return what says which results are looked at, and how."""
        return {self.token, self.opened, self.sorting, self.baseline, self.measure}

    def show(self, owner: str, seen: Seen | None, t: Texts) -> Answer:
        """Return a run with what it has found so far; without one, what the tab is for."""
        nothing: Answer = {
            self.opened: seen.run.id if seen else "",
            self.head: run_head(seen, t) if seen else welcome(t),
            self.group: gr.update(visible=False),
            self.texts: "",
            self.said: "",
        }
        if seen is None or not seen.finished:
            return nothing
        results = self.reader.of(owner, seen)
        baseline = results.systems[0]
        shown = Shown(owner, seen, results, baseline, Sorting())
        return nothing | {
            self.group: gr.update(visible=True),
            self.sorting: "",
            self.baseline: gr.update(
                choices=list(results.systems), value=baseline, visible=len(results.systems) > 1
            ),
            self.measure: "style",
        } | self._tables(shown, t) | self._plots(results, "style", t)  # fmt: skip

    def _tables(self, shown: Shown, t: Texts) -> Answer:
        results, baseline = shown.results, shown.baseline
        hint = f'<p class="hint">{t("bench.results_hint")}</p>'
        rows = system_rows(results, baseline)
        contrasts = self.reader.against(results, baseline)
        table = results_table(rows, contrasts, baseline, shown.sorting, t)
        return {self.table: hint + table, self.languages: self._by_language(shown, t)}

    def _by_language(self, shown: Shown, t: Texts) -> str:
        """Return the table by language; nothing where there is one language only."""
        results, baseline = shown.results, shown.baseline
        if len(results.groups("language")) < 2:
            return ""
        rows = language_rows(results, self.reader.measures(results, "language"), baseline, t)
        contrasts = self.reader.against_by(results, baseline, "language")
        table = results_table(rows, contrasts, baseline, shown.sorting, t)
        return f"<details><summary>{t('bench.by_language')}</summary>{table}</details>"

    def _plots(self, results: Results, measure: str, t: Texts) -> Answer:
        groups, chosen = self.reader.measures(results, "voice"), BY_NAME[measure]
        figures = voice_table(results, groups, chosen, t)
        return {
            self.plots: f'{key_of_systems(results)}<div class="plots">{scatter(results, t)}'
            f"{heat_map(results, groups, chosen, t)}</div>"
            f"<details><summary>{t('bench.by_voice')}</summary>{figures}</details>"
        }

    # -- handlers ----------------------------------------------------------------------------
    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error."""
        return {self.said: status_line(sentence, kind="error")}

    def _shown(self, values: Values) -> Shown:
        owner = self.desk.owner(values[self.token])
        seen = self.jobs.see(owner, str(values[self.opened] or ""))
        if not seen.finished:
            raise NotFound("This run has no results yet; wait for its first system.")
        results = self.reader.of(owner, seen)
        chosen = values[self.baseline]
        baseline = chosen if chosen in results.systems else results.systems[0]
        return Shown(owner, seen, results, str(baseline), Sorting.read(values[self.sorting]))

    @edge
    def choose_baseline(self, values: Values, request: gr.Request) -> Answer:
        """Compare with another system."""
        return self._tables(self._shown(values), texts_for(request))

    @edge
    def choose_measure(self, values: Values, request: gr.Request) -> Answer:
        """Show another measure by voice."""
        measure = str(values[self.measure])
        if measure not in BY_NAME:
            raise NotFound("There is no such measure; reload the page.")
        return self._plots(self._shown(values).results, measure, texts_for(request))

    @edge
    def sort(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Order the rows by a measure: down, up, then as they were."""
        shown = self._shown(values)
        told = shown.sorting.pressed(event_value(event))
        ordered = shown._replace(sorting=Sorting.read(told))
        return self._tables(ordered, texts_for(request)) | {self.sorting: told}

    @edge
    def open_cell(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """List the texts behind a figure."""
        results = self._shown(values).results
        place = Place.read(event_value(event), results)
        return {self.texts: text_list(results, place, texts_for(request)), self.said: ""}

    @edge
    def open_item(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Show what everybody wrote for an item, side by side."""
        results = self._shown(values).results
        system, number = item_number(event_value(event), results)
        score = bench_score(self.desk.studio)
        shown = side_by_side(results, system, number, score, texts_for(request))
        return {self.texts: shown, self.said: ""}

    @edge
    def make_json(self, values: Values, request: gr.Request) -> Answer:
        """Pack the reports with their items for download."""
        shown, t = self._shown(values), texts_for(request)
        packed = self._packed(shown)
        count = len(shown.results.systems)
        return {
            self.file: str(packed),
            self.said: status_line(t("bench.packed", count=count), kind="done"),
        }

    def _packed(self, shown: Shown) -> Path:
        run, files = shown.seen.run, self.jobs.files
        folder = fresh_folder()
        content = folder / "notebench"
        content.mkdir()
        shutil.copy(files.items_path(shown.owner, run), content)
        for name in shown.results.systems:
            shutil.copy(files.report_path(shown.owner, run, name), content)
        packed = shutil.make_archive(str(folder / f"notebench-{run.id}"), "zip", content)
        shutil.rmtree(content)
        return Path(packed)

    @edge
    def make_markdown(self, values: Values, request: gr.Request) -> Answer:
        """Write the report as Markdown for download."""
        shown, t = self._shown(values), texts_for(request)
        results, baseline = shown.results, shown.baseline
        tables = [
            (t("bench.results"), system_rows(results, baseline),
             self.reader.against(results, baseline)),
        ]  # fmt: skip
        if len(results.groups("language")) > 1:
            groups = self.reader.measures(results, "language")
            contrasts = self.reader.against_by(results, baseline, "language")
            rows = language_rows(results, groups, baseline, t)
            tables.append((t("bench.by_language"), rows, contrasts))
        text = markdown(results, tables, baseline, t)
        return {self.markdown_file: {"name": f"notebench-{shown.seen.run.id}.md", "text": text}}

    # -- wiring ------------------------------------------------------------------------------
    def _wire(self) -> None:
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        out, known = self.outputs(), self.known()
        self.baseline.input(self.choose_baseline, known, out, **quiet)
        self.measure.input(self.choose_measure, known, out, **quiet)
        show = {"js": "() => notewright.show('bench-texts')"}
        for part in (self.table, self.languages):
            part.sort(self.sort, known, out, **quiet)
        for part in (self.table, self.languages, self.plots, self.texts):
            part.cell(self.open_cell, known, out, **quiet).then(None, None, None, **show)
        for part in (self.plots, self.texts):
            part.item(self.open_item, known, out, **quiet).then(None, None, None, **show)
        self.json.click(self.make_json, known, {self.file, self.said}, **quiet).success(
            None, None, None, js="() => notewright.press('bench-file-out')"
        )
        made = self.markdown.click(
            self.make_markdown, known, {self.markdown_file, self.said}, **quiet
        )
        made.success(None, self.markdown_file, None, js="(file) => notewright.download(file)")
        name = "() => notewright.png('bench-plots', 'notebench.png')"
        self.png.click(None, None, None, js=name)
