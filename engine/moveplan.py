"""Plans how each point of a plan is to be said: the visible half of planned style.

A stylist whose adapter was trained with moves (finetune/distill.py) writes them for every point at
once, before any draft, so that a person can read and change them. What a small model should not be
trusted with, code does: it asks for one dimension after the other, by its label, and only what is
the author's, or has a meaning, is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.events import DraftWords
from engine.moves import PARTS, Moves, Part, opened, read_moves, sensible, sheet_of, signed
from engine.planner import as_sentence
from engine.protocols import Embedder, StopCheck, TextModel, never_stop
from engine.restyle import RestyleStylist
from engine.restyling import ask, restyle_conversation
from engine.stepwise import traits
from engine.types import (
    Draft,
    Generation,
    Language,
    Message,
    ModelCard,
    Plan,
    Sampling,
    StyleProfile,
    WritingRequest,
)

_AT_ONCE = 8  # prompts that one batch decodes
_TOKENS = 24  # of one dimension
_TEMPERATURE = 0.3


@dataclass(frozen=True)
class MovePlanner:
    """Writes moves with a model and an adapter that was trained to."""

    model: TextModel
    adapter: str | None

    def plan(
        self,
        plan: Plan,
        profile: StyleProfile,
        *,
        seed: int = 0,
        should_stop: StopCheck = never_stop,
    ) -> Plan:
        """Return the plan with moves for each point; a point without any is said as it comes.

        Raises:
            Stopped: `should_stop()` became true.
        """
        sheet, language = sheet_of(profile), profile.language
        opening = restyle_conversation(
            [sample.text for sample in profile.samples],
            (),
            language,
            advice=traits(profile),
            sheet=sheet.line(language),
        )
        asked = [[*opening, ask(as_sentence(p.text, language), language)] for p in plan.points]
        found = [""] * len(plan.points)
        for part in PARTS:
            said = self._said(asked, found, part, language, seed, should_stop)
            found = [
                _grown(line, part, text, sheet, language)
                for line, text in zip(found, said, strict=True)
            ]
        points = tuple(
            point.model_copy(update={"moves": moves})
            for point, moves in zip(plan.points, found, strict=True)
        )
        return plan.model_copy(update={"points": points})

    def _said(
        self,
        asked: list[list[Message]],
        found: list[str],
        part: Part,
        language: Language,
        seed: int,
        should_stop: StopCheck,
    ) -> list[str]:
        """Return what the model says of one dimension of every point, in a few batches."""
        drawn = Sampling(
            temperature=_TEMPERATURE,
            repeat_penalty=1.0,
            max_tokens=_TOKENS,
            seed=seed,
            stop=("\n", "|"),
        )
        chats = [
            [*chat, Message(role="assistant", content=signed(opened(line, part, language)))]
            for chat, line in zip(asked, found, strict=True)
        ]
        said = [""] * len(chats)
        for start in range(0, len(chats), _AT_ONCE):
            for event in self.model.generate(
                chats[start : start + _AT_ONCE],
                drawn,
                adapter=self.adapter,
                should_stop=should_stop,
            ):
                if isinstance(event, Generation):
                    said[start + event.index] = event.text
        return said


def _grown(line: str, part: Part, said: str, sheet: Moves, language: Language) -> str:
    """Return a line with what was said of a dimension, less what means nothing there."""
    told = f"{opened(line, part, language)} {said.strip()}"
    return sensible(read_moves(told, language), sheet, language).line(language)


@dataclass(frozen=True)
class PlanningStylist:
    """Plans how each point is to be said, then says it so."""

    model: TextModel
    embedder: Embedder

    @property
    def card(self) -> ModelCard:
        """The model behind it."""
        return self.model.card

    def draft(
        self,
        request: WritingRequest,
        profile: StyleProfile,
        plan: Plan,
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[DraftWords | Draft]:
        """Yield each draft's text so far as it grows, then the Drafts, in order."""
        planner = MovePlanner(self.model, adapter)
        planned = planner.plan(plan, profile, seed=request.seed, should_stop=should_stop)
        stylist = RestyleStylist(self.model, self.embedder)
        yield from stylist.draft(
            request, profile, planned, adapter=adapter, should_stop=should_stop
        )
