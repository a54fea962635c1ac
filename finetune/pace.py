"""How fast this machine learns: measured by every job, and kept for the next one's estimate."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.learning_types import Method, SFTExample, TrainingSet
from engine.types import Message
from finetune.improve import CANDIDATES
from finetune.rounds import plans
from finetune.whole_files import put_whole

# The defaults of finetune.sft and finetune.preferences.
_EPOCHS: dict[Method, float] = {"sft": 3.0, "filter": 3.0, "planned": 3.0, "dpo": 2.0, "kto": 2.0,
                                "brio": 2.0, "brio-dpo": 4.0}  # fmt: skip
# Tokens a second of a 135M model on one core without instructions for bfloat16 (docs/LOG.md; 169
# with them); preferences read two answers, and both again without the adapter.
_FIRST_GUESS: dict[Method, float] = {"sft": 85.0, "filter": 85.0, "planned": 85.0, "dpo": 30.0,
                                     "kto": 35.0, "brio": 30.0, "brio-dpo": 30.0}  # fmt: skip
_ANOTHER_CORE = 0.4  # of the first one's work
_FIRST_GUESS_OF_WRITING = 20.0  # tokens of candidates a second on one core, scoring included
_REST_SECONDS = 360.0  # loading, writing the adapter, and the gate, before they were ever measured
_LETTERS = 4.0  # to a token of a Latin script
WRITING_SPEED = "candidates"
"""What the speed of writing candidates is kept by, beside those of the methods."""


class Speed(NamedTuple):
    """What a machine was measured at: tokens a second in training, seconds for all the rest."""

    tokens: float
    rest: float


class Estimate(NamedTuple):
    """How long a job will take, and whether that was measured here or is a first guess."""

    seconds: float
    measured: bool


class Pace:
    """How long a step takes, time at rest left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing measured."""
        self._clock = clock
        self._since: float | None = None
        self._seconds, self._steps, self._at = 0.0, 0, 0

    def reach(self, step: int) -> None:
        """Note that a step is done."""
        if self._since is not None and step > self._at:
            self._seconds += self._clock() - self._since
            self._steps += step - self._at
        self._at, self._since = step, self._clock()

    def rest(self) -> None:
        """Note that work stands still."""
        self._since = None

    def go(self) -> None:
        """Note that work goes on."""
        self._since = self._clock()

    def seconds(self, steps: int) -> float | None:
        """Return how long so many steps take; None before the first was measured."""
        return steps * self._seconds / self._steps if self._steps else None


@dataclass
class Stint:
    """A run of steps of one kind: how many tokens it is about, and how long it takes in all."""

    what: str = ""
    tokens: float = 0.0
    seconds: float = 0.0


def speeds(stints: Sequence[Stint], seconds: float) -> dict[str, Speed]:
    """Return how fast each kind of stint went in a job that took so many seconds."""
    rest = max(0.0, seconds - sum(each.seconds for each in stints if each.what))
    return {
        each.what: Speed(each.tokens / each.seconds, rest)
        for each in stints
        if each.what and each.tokens and each.seconds
    }


def count_tokens(data: TrainingSet) -> int:
    """Return about how many tokens a set holds, without a tokenizer."""
    rows = [row.messages for row in data.sft]
    rows += [side for row in data.pairs for side in (row.prompt, row.chosen, row.rejected)]
    rows += [side for row in data.unpaired for side in (row.prompt, row.completion)]
    return sum(_tokens(message) for row in rows for message in row)


def count_answers(rows: Sequence[SFTExample]) -> int:
    """Return about how many tokens the candidates on some rows' plans will have."""
    said = (turn for row in rows for turn in row.messages if turn.role == "assistant")
    return CANDIDATES * sum(map(_tokens, said))


def epochs_of(method: Method, epochs: float | None) -> float:
    """Return how often everything is read."""
    return _EPOCHS[method] if epochs is None else epochs


def first_guess(method: Method, data: TrainingSet, epochs: float | None, threads: int) -> float:
    """Return the seconds that training takes where nothing was measured, nothing else counted."""
    speed = _FIRST_GUESS[method] * (1 + _ANOTHER_CORE * (threads - 1))
    return count_tokens(data) * epochs_of(method, epochs) / speed


def estimate(folder: Path, method: Method, data: TrainingSet, rounds: int = 1) -> Estimate:
    """Return how long a job on some data will take on this machine, candidates included."""
    known = _read(folder)
    speed = known.get(method, Speed(_FIRST_GUESS[method], _REST_SECONDS))
    tokens = count_tokens(data)
    if method != "filter":
        seconds = tokens * epochs_of(method, None) / speed.tokens
        return Estimate(seconds + speed.rest, method in known)
    chosen = plans(data.sft)
    writing = known.get(WRITING_SPEED, Speed(_FIRST_GUESS_OF_WRITING, 0.0))
    tokens += count_tokens(TrainingSet(sft=tuple(chosen)))  # at most that much is kept
    learning = tokens * epochs_of(method, None) / speed.tokens
    seconds = rounds * (count_answers(chosen) / writing.tokens + learning)
    return Estimate(seconds + speed.rest, method in known and WRITING_SPEED in known)


def remember(folder: Path, measured: Mapping[str, Speed]) -> None:
    """Keep what was measured, for the next estimate."""
    kept = {**_read(folder), **measured}
    told = json.dumps({name: list(each) for name, each in kept.items()})
    put_whole(folder / "speed.json", told)


def _read(folder: Path) -> dict[str, Speed]:
    try:
        found = json.loads((folder / "speed.json").read_text())
        return {
            name: Speed(float(tokens), float(rest))
            for name, (tokens, rest) in found.items()
            if tokens > 0
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _tokens(message: Message) -> int:
    han = sum("\u3400" <= char <= "\u9fff" for char in message.content)
    return han + round((len(message.content) - han) / _LETTERS)
