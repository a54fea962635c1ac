"""The Rate tab: two texts, the samples, one question, three keys; what the votes say on demand."""

import time
from typing import Any

import gradio as gr

from app.ballot import ballot_view
from app.i18n import Texts, label, texts_for
from app.preferences import results
from app.rating import WRITER, Progress, cast_vote, progress, rater_name, source_of, undo
from app.render import status_line
from app.standings import results_view
from app.tabs.desk import Answer, Desk, Values, choice, edge, event_value, view

_KEPT = "rating"


class RateTab:
    """Lays the tab out, connects it, and fills it when it is shown."""

    def __init__(self, desk: Desk, token: gr.BrowserState) -> None:
        """Build all components in the present Blocks context."""
        self.desk, self.token = desk, token
        self._several = not (desk.settings.shared or desk.settings.named_owners)
        self.since = gr.State(0.0)
        with gr.Row(elem_classes="pair filters", elem_id="rate-top"):
            self.source = choice(
                choices=[(label(f"vote.source_{name}"), name) for name in ("all", "bench", "note")],
                value="all", label=label("vote.source"), elem_id="rate-source", min_width=150,
            )  # fmt: skip
            # Several people may share a machine; elsewhere each is known by their own page.
            self.rater = gr.Textbox(
                WRITER, label=label("vote.rater"), elem_id="rater", max_lines=1, max_length=60,
                visible=self._several, min_width=150,
            )  # fmt: skip
        self.ballot = view("ballot", "vote")
        with gr.Row(elem_classes="actions"):
            self.undo = gr.Button(label("vote.undo"), size="sm", elem_id="undo-vote")
            self.show = gr.Button(label("vote.results"), size="sm", elem_id="show-results")
        self.said = view("rate-said")
        self.results = view("results")
        self._wire()

    # -- what is shown -----------------------------------------------------------------------
    def outputs(self) -> set[Any]:
        """Return what this tab's handlers change."""
        return {self.since, self.rater, self.ballot, self.said, self.results}

    def asked(self) -> set[Any]:
        """Return what its handlers read."""
        return {self.token, self.source, self.rater, self.since}

    def _who(self, values: Values) -> tuple[str, str]:
        """Return the owner and the rater; only those who share a machine go by names."""
        owner = self.desk.owner(values[self.token])
        return owner, rater_name(values[self.rater]) if self._several else WRITER

    def _progress(self, values: Values) -> Progress:
        owner, rater = self._who(values)
        return progress(self.desk.studio, owner, rater, source_of(values[self.source]))

    def _shown(self, values: Values, t: Texts, said: str = "") -> Answer:
        """Return the next two texts; results are hidden, lest they sway the next vote."""
        return {
            self.ballot: ballot_view(self._progress(values), t),
            self.since: time.time(),
            self.said: status_line(said, kind="idle"),
            self.results: "",
        }

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error."""
        return {self.said: status_line(sentence, kind="error")}

    # -- handlers ----------------------------------------------------------------------------
    @edge
    def opened(self, values: Values, request: gr.Request) -> Answer:
        """Show where this rater was when the tab is opened."""
        owner = self.desk.owner(values[self.token])
        kept = self.desk.studio.load_form(owner).get(_KEPT)
        if self._several and isinstance(kept, str) and values[self.rater] == WRITER:
            values = {**values, self.rater: rater_name(kept)}
        return self._shown(values, texts_for(request)) | {self.rater: values[self.rater]}

    @edge
    def changed(self, values: Values, request: gr.Request) -> Answer:
        """Show what comes next where something else is to be compared."""
        return self._shown(values, texts_for(request))

    @edge
    def named(self, values: Values, request: gr.Request) -> Answer:
        """Show what another rater has next, and remember who it is."""
        owner, rater = self._who(values)
        if not self._several or self.desk.studio.load_form(owner).get(_KEPT, WRITER) == rater:
            return {self.said: gr.skip()}
        self.desk.remember(owner, **{_KEPT: rater})
        return self._shown(values, texts_for(request)) | {self.rater: rater}

    @edge
    def vote(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Keep a vote and show the next two texts."""
        chosen, _, token = event_value(event).partition(":")
        owner, rater = self._who(values)
        since = values[self.since]
        cast_vote(
            self.desk.studio,
            owner,
            rater,
            source_of(values[self.source]),
            token=token,
            chosen=chosen,
            seconds=time.time() - since if isinstance(since, float) else 0.0,
        )
        return self._shown(values, texts_for(request))

    @edge
    def take_back(self, values: Values, request: gr.Request) -> Answer:
        """Undo the last vote; its two texts come again."""
        t = texts_for(request)
        owner, rater = self._who(values)
        done = undo(self.desk.studio, owner, rater, source_of(values[self.source]))
        return self._shown(values, t, t("vote.undone" if done else "vote.nothing_to_undo"))

    @edge
    def tell(self, values: Values, request: gr.Request) -> Answer:
        """Show what the votes say so far."""
        t = texts_for(request)
        return {self.results: results_view(results(self.desk.studio, *self._who(values)), t)}

    # -- wiring ------------------------------------------------------------------------------
    def _wire(self) -> None:
        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        asked, out = self.asked(), self.outputs()
        self.ballot.vote(self.vote, asked, out, **quiet).then(
            None, None, None, js="() => notewright.back('ballot')"
        )
        self.undo.click(self.take_back, asked, out, **quiet)
        self.show.click(self.tell, asked, out, **quiet).then(
            None, None, None, js="() => notewright.reveal('results')"
        )
        self.source.input(self.changed, asked, out, **quiet)
        self.rater.blur(self.named, asked, out, **quiet)
        self.rater.submit(self.named, asked, out, **quiet)
