"""The Improve tab's lower part: search a style's prompt, watch the tree grow, use what was found.

The page only watches; a search belongs to the server and may be left and found again.
"""

from typing import Any

import gradio as gr

from app.i18n import Texts, label, texts_for
from app.promptview import in_use_view, prompt_view, search_view, tree_view
from app.render import status_line
from app.searches import CALLS, Searches, best_number
from app.tabs.desk import Answer, Desk, Values, edge, event_number, view
from engine.errors import InvalidRequest
from engine.optimize.types import LEAST_CALLS, MOST_CALLS, SearchJob


class PromptPane:
    """Lays the part out and connects it; the tab's dropdown says which style it is about."""

    def __init__(self, desk: Desk, token: gr.BrowserState, style: gr.Dropdown) -> None:
        """Build all components in the present Blocks context."""
        self.desk, self.token, self.style = desk, token, style
        self.searches = Searches(desk.studio)
        self.opened, self.told = gr.State(-1), gr.State("")
        with gr.Accordion(label("search.title"), open=False, elem_id="prompts") as self.fold:
            gr.HTML(label("search.about"), elem_classes="hint", apply_default_css=False)
            with gr.Row(elem_classes="actions", elem_id="search-form"):
                self.budget = gr.Number(
                    value=CALLS, precision=0, label=label("search.budget"), min_width=140,
                    info=label("search.budget_info"), elem_id="search-budget",
                )  # fmt: skip
                self.minutes = gr.Number(
                    value=0, label=label("search.minutes"), info=label("search.minutes_info"),
                    min_width=140, elem_id="search-minutes",
                )  # fmt: skip
            with gr.Row(elem_classes="actions", elem_id="search-actions"):
                self.start = gr.Button(
                    label("search.start"), variant="primary", elem_id="search-start"
                )
                self.cancel = gr.Button(label("improve.cancel"), size="sm", elem_id="search-cancel")
                self.resume = gr.Button(label("improve.resume"), size="sm", elem_id="search-resume")
            self.said = view("search-said")
            self.job = view("search-job")
            self.tree = view("search-tree", "pick")
            self.prompt = view("search-prompt")
            self.serves = view("prompt-serves")
            with gr.Row(elem_classes="actions", elem_id="prompt-actions"):
                self.use = gr.Button(label("search.use"), size="sm", elem_id="prompt-use")
                self.back = gr.Button(label("search.back"), size="sm", elem_id="prompt-back")
        self.timer = gr.Timer(1.0, active=False)
        self._wire()

    def outputs(self) -> set[Any]:
        """Return what handlers change here."""
        return {
            self.opened, self.told, self.fold, self.start, self.cancel, self.resume, self.said,
            self.job, self.tree, self.prompt, self.serves, self.use, self.back, self.timer,
        }  # fmt: skip

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error; the numbers typed stay."""
        return {self.said: status_line(sentence, kind="error")}

    # -- what is shown -----------------------------------------------------------------------
    def show(self, owner: str, style: str, t: Texts, opened: int = -1) -> Answer:
        """Return everything about a style's prompt: its newest search, its tree, what serves."""
        job = next(iter(self.searches.jobs(owner, style)), None)
        used = self.searches.in_use(owner, style)
        return {
            self.serves: in_use_view(used, t),
            self.back: gr.update(visible=used is not None),
            self.said: "",
            self.fold: gr.update(open=True) if job else gr.update(),
            **self._watched(job, t, opened),
        }

    def _watched(self, job: SearchJob | None, t: Texts, opened: int) -> Answer:
        """Return what may change from second to second, and whether to go on watching."""
        nodes = self.searches.nodes(job.owner, job.id) if job else ()
        if job is None or not nodes:
            opened, tree, prompt = -1, "", ""
        else:
            opened = opened if 0 <= opened < len(nodes) else best_number(job, nodes)
            order = self.searches.order(job.owner, job.id)
            tree = tree_view(job, nodes, order.pool, t, opened=opened)
            prompt = prompt_view(job, nodes, opened, order.cases.profile, order.pool, t)
        at_work = job is not None and job.at_work
        return {
            self.job: search_view(job, t) if job else "",
            self.tree: tree,
            self.prompt: prompt,
            self.opened: opened,
            self.told: _told(job, len(nodes)),
            self.start: gr.update(interactive=not at_work),
            self.cancel: gr.update(visible=at_work),
            self.resume: gr.update(visible=bool(job and job.can_go_on)),
            self.use: gr.update(visible=opened >= 0),
            self.timer: gr.Timer(active=at_work),
        }

    # -- handlers ----------------------------------------------------------------------------
    def _who(self, values: Values) -> tuple[str, str]:
        owner = self.desk.owner(values[self.token])
        return owner, self.desk.known_style(owner, values[self.style]).name

    def _newest(self, owner: str, style: str) -> SearchJob:
        job = next(iter(self.searches.jobs(owner, style)), None)
        if job is None:
            raise InvalidRequest("No prompt of this style was searched yet; start a search first.")
        return job

    @edge
    def shown(self, values: Values, request: gr.Request) -> Answer:
        """Bring the part up to date when the tab is opened, or another style is chosen."""
        owner, name = self.desk.owner(values[self.token]), values[self.style]
        if not isinstance(name, str) or not name:
            return {}
        return self.show(owner, self._who(values)[1], texts_for(request))

    @edge
    def begin(self, values: Values, request: gr.Request) -> Answer:
        """Start a search in the background."""
        owner, style = self._who(values)
        t, budget, minutes = texts_for(request), values[self.budget], values[self.minutes]
        if not isinstance(budget, int | float):
            raise InvalidRequest(f"Say how many calls the search may make: {LEAST_CALLS} or more.")
        job = self.searches.start(
            owner, style, budget=int(budget), minutes=float(minutes) if minutes else None
        )
        self.searches.begin(owner, job.id)
        capped = {self.said: status_line(t("search.capped", most=MOST_CALLS), kind="idle")}
        return self.show(owner, style, t) | (capped if budget > MOST_CALLS else {})

    @edge
    def watch(self, values: Values, request: gr.Request) -> Answer:
        """Show where the search stands; the tree only when it has grown."""
        owner, style = self._who(values)
        job = self._newest(owner, style)
        nodes = self.searches.nodes(owner, job.id)
        t = texts_for(request)
        if _told(job, len(nodes)) == values[self.told]:
            return {self.job: search_view(job, t)}
        return self._watched(job, t, int(values[self.opened]) if job.at_work else -1)

    @edge
    def end(self, values: Values, request: gr.Request) -> Answer:
        """Cancel the search at work."""
        owner, style = self._who(values)
        self.searches.cancel(owner, self._newest(owner, style).id)
        return self.show(owner, style, texts_for(request), int(values[self.opened]))

    @edge
    def go_on(self, values: Values, request: gr.Request) -> Answer:
        """Take the newest search up again."""
        owner, style = self._who(values)
        self.searches.resume(owner, self._newest(owner, style).id)
        return self.show(owner, style, texts_for(request), int(values[self.opened]))

    @edge
    def pick(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Open a prompt of the tree."""
        owner, style = self._who(values)
        job = self._newest(owner, style)
        number = self.searches.node(owner, job, event_number(event)).number
        return self._watched(job, texts_for(request), number)

    @edge
    def take(self, values: Values, request: gr.Request) -> Answer:
        """Let the open prompt serve the style."""
        owner, style = self._who(values)
        t, number = texts_for(request), int(values[self.opened])
        used = self.searches.use(owner, self._newest(owner, style).id, number)
        said = status_line(t("search.used", number=used.node), kind="done")
        return self.show(owner, style, t, number) | {self.said: said}

    @edge
    def give_back(self, values: Values, request: gr.Request) -> Answer:
        """Go back to the prompt that served before."""
        owner, style = self._who(values)
        t = texts_for(request)
        before = self.searches.back(owner, style)
        key = "search.went_back" if before else "search.went_back_plain"
        shown = self.show(owner, style, t, int(values[self.opened]))
        return shown | {self.said: status_line(t(key), kind="done")}

    def _wire(self) -> None:
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        asked, out = {self.token, self.style, self.opened, self.told}, self.outputs()
        self.style.change(self.shown, asked, out, **quiet)
        numbers = {self.budget, self.minutes}
        self.start.click(self.begin, asked | numbers, out, **quiet)
        self.cancel.click(self.end, asked, out, **quiet)
        self.resume.click(self.go_on, asked, out, **quiet)
        self.tree.pick(self.pick, asked, out, **quiet)
        self.use.click(self.take, asked, out, **quiet)
        self.back.click(self.give_back, asked, out, **quiet)
        self.timer.tick(self.watch, asked, out, **quiet)


def _told(job: SearchJob | None, grown: int) -> str:
    """Return what decides what there is to show, to see whether it has changed."""
    if job is None:
        return ""
    return f"{job.id}:{job.state}:{job.alive}:{job.wish}:{grown}:{job.report is not None}"
