"""Plans how each point of a plan is to be said: the visible half of planned style.

A stylist whose adapter was trained with moves (finetune/distill.py) writes them for every point at
once, before any draft, so that a person can read and change them. What a small model should not be
trusted with, code does: only what is the author's, or has a meaning, is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.events import DraftWords
from engine.moves import SIGN, Moves, read_moves, sensible, sheet_of, signed, unsigned
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
_TOKENS = 64
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
        plains = [as_sentence(point.text, language) for point in plan.points]
        chats = [
            [*opening, ask(plain, language), Message(role="assistant", content=SIGN)]
            for plain in plains
        ]
        lines = self._lines(chats, seed, should_stop)
        found = [_kept(line, sheet, language) for line in lines]
        points = tuple(
            point.model_copy(update={"moves": moves})
            for point, moves in zip(plan.points, found, strict=True)
        )
        return plan.model_copy(update={"points": points})

    def _lines(self, chats: list[list[Message]], seed: int, should_stop: StopCheck) -> list[str]:
        drawn = Sampling(
            temperature=_TEMPERATURE,
            repeat_penalty=1.0,
            max_tokens=_TOKENS,
            seed=seed,
            stop=("\n",),
        )
        lines = [""] * len(chats)
        for start in range(0, len(chats), _AT_ONCE):
            for event in self.model.generate(
                chats[start : start + _AT_ONCE],
                drawn,
                adapter=self.adapter,
                should_stop=should_stop,
            ):
                if isinstance(event, Generation):
                    lines[start + event.index] = event.text
        return lines


def _kept(line: str, sheet: Moves, language: Language) -> str:
    said = unsigned(signed(line.strip()))
    return sensible(read_moves(said, language), sheet, language).line(language) if said else ""


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
