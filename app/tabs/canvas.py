"""What the Write tab shows while a note grows: events go in, HTML comes out. No Gradio here."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.i18n import Texts
from app.messages import told
from app.render import Card, draft_cards, status_line
from engine.events import (
    DraftReady,
    DraftWords,
    Event,
    FellBack,
    NoteReady,
    PlanReady,
    PlanWords,
    StageStarted,
    VerdictReady,
    Waiting,
)
from engine.types import Draft, Note, Plan, WritingRequest

FRAME_SECONDS = 0.1


@dataclass
class Canvas:
    """The state of one run. `apply` is the only way to change what is shown.

    `aside` stays beside whatever the status says.
    """

    request: WritingRequest
    t: Texts
    status: str = ""
    kind: str = "busy"
    plan_text: str = ""
    plan: Plan | None = None
    note: Note | None = None
    aside: str = ""
    texts: dict[int, str] = field(default_factory=dict)
    drafts: dict[int, Draft] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case Waiting(ahead=ahead):
                self.say(self.t("wait.one" if ahead == 1 else "wait.many", ahead=ahead))
            case StageStarted(stage=stage, seconds=seconds):
                self.say(self._stage(stage, seconds))
            case PlanWords(text=text):
                self.plan_text = text
            case FellBack(wanted=wanted, used=used, reason=reason):
                said = told(reason, self.t.language)
                self.aside = self.t("plan.fell_back", wanted=wanted, used=used, reason=said)
                self.plan_text = ""
            case PlanReady(plan=plan):
                self.plan = plan
            case DraftWords(index=index, text=text):
                self.texts[index] = text
            case DraftReady(index=index, draft=draft):
                self.texts[index], self.drafts[index] = draft.text, draft
            case NoteReady(note=note):
                self.note = note
            case VerdictReady() | _:
                pass

    def say(self, status: str, kind: str = "busy") -> None:
        """Set the status line."""
        self.status, self.kind = status, kind

    def _stage(self, stage: str, seconds: float | None) -> str:
        said = self.t(f"stage.{stage}")
        if seconds is None or seconds < 1:
            return f"{said}…"
        return self.t("stage.about", stage=said, seconds=round(seconds))

    def status_html(self) -> str:
        """Return the status line."""
        return status_line(f"{self.status} {self.aside}".strip(), kind=self.kind)

    def cards_html(self, *, stopped: bool = False) -> str:
        """Return the drafts so far."""
        cards = [
            Card(index, text, self.drafts.get(index), stopped=stopped)
            for index, text in sorted(self.texts.items())
        ]
        return draft_cards(cards, self.request, self.t)


def frames(canvas: Canvas, events: Iterator[Event]) -> Iterator[Event]:
    """Apply all events; yield one whenever the page should be drawn again (ten times a second).

    Growing words wait for the next frame; everything else is drawn at once.
    """
    drawn = 0.0
    for event in events:
        canvas.apply(event)
        growing = isinstance(event, (PlanWords, DraftWords))
        if growing and time.monotonic() - drawn < FRAME_SECONDS:
            continue
        drawn = time.monotonic()
        yield event
