"""What the Styles tab does about the samples of the open style: consent, taking out, forgetting."""

from abc import ABC, abstractmethod

import gradio as gr

from app.i18n import Texts, texts_for
from app.plots import removed_line
from app.render import status_line
from app.tabs.consenting import forget, keep_word, offered
from app.tabs.desk import Answer, Desk, Values, edge, event_value
from engine.types import StyleProfile


class SampleHandlers(ABC):
    """The handlers of samples, apart from the tab that lays them out."""

    desk: Desk
    token: gr.BrowserState
    version: gr.Dropdown
    sample_said: gr.HTML
    said: gr.HTML

    @abstractmethod
    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error."""

    @abstractmethod
    def open_style(self, values: Values) -> tuple[str, StyleProfile]:
        """Return whose page it is and the style that is open."""

    @abstractmethod
    def show_profile(
        self, owner: str, profile: StyleProfile, t: Texts, *, newest: int | None = None
    ) -> Answer:
        """Return a version of a style; `newest` is the number of the newest one, if another."""

    @abstractmethod
    def refresh(self, owner: str, t: Texts, opened: object = "") -> Answer:
        """Return the list, and the open style where there still is one."""

    def _word(
        self, values: Values, event: gr.EventData, request: gr.Request, *, allowed: bool
    ) -> Answer:
        t = texts_for(request)
        owner, newest = self.open_style(values)
        said = keep_word(self.desk, owner, event_value(event), t, allowed=allowed)
        number = values[self.version]
        shown = number if isinstance(number, int) and 0 < number < newest.version else None
        profile = self.desk.studio.style(owner, newest.name, shown)
        return self.show_profile(owner, profile, t, newest=newest.version) | {
            self.sample_said: said
        }

    @edge
    def allow(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Let a sample be learned from."""
        return self._word(values, event, request, allowed=True)

    @edge
    def refuse(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Keep a sample out of training."""
        return self._word(values, event, request, allowed=False)

    @edge
    def remove_sample(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Take a sample out of the open style; it can be brought back."""
        t, about = texts_for(request), event_value(event)
        owner, profile = self.open_style(values)
        fresh = self.desk.studio.remove_sample(owner, profile.name, about)
        title = next(sample.title for sample in profile.samples if sample.id == about)
        said = removed_line(about, t("style.taken_out", title=title, version=fresh.version), t)
        said += offered(self.desk, owner, [about], t)
        return self.refresh(owner, t, fresh.name) | {self.sample_said: said}

    @edge
    def restore_sample(self, values: Values, event: gr.EventData, request: gr.Request) -> Answer:
        """Bring back a sample that was taken out."""
        t = texts_for(request)
        owner, profile = self.open_style(values)
        fresh = self.desk.studio.restore_sample(owner, profile.name, event_value(event))
        said = t("style.saved", name=fresh.name, version=fresh.version)
        shown = self.refresh(owner, t, fresh.name)
        return shown | {self.sample_said: status_line(said, kind="done")}

    @edge
    def forget_sample(self, values: Values, request: gr.Request) -> Answer:
        """Retire the adapters that learned from a sample, and train again."""
        owner = self.desk.owner(values[self.token])
        return {self.sample_said: forget(self.desk, owner, texts_for(request))}

    @edge
    def forget_style(self, values: Values, request: gr.Request) -> Answer:
        """Retire the adapters of a style that was deleted."""
        owner = self.desk.owner(values[self.token])
        return {self.said: forget(self.desk, owner, texts_for(request))}
