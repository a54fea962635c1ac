"""The nouns of learning: what feedback becomes before it becomes an adapter. Columns are TRL's.

Chats are those of engine/restyling.py: turn by turn a plain sentence and the author's way of
saying it.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from engine.types import Message
from engine.value import Value

Origin = Literal["user", "edit", "sample", "gate", "critic", "teacher"]
PairKind = Literal["style", "content"]
Method = Literal["sft", "filter", "planned", "dpo", "kto", "brio", "brio-dpo"]
IMITATES: frozenset[Method] = frozenset({"sft", "filter", "planned"})
"""Methods that learn texts, and not which of two is the better."""
MOST_ROUNDS = 3
"""How often the style filter goes round at most."""


class SFTExample(Value):
    """A chat whose answers are all worth learning. `sources` are the ids that it was made from."""

    messages: tuple[Message, ...]
    origin: Origin
    sources: tuple[str, ...]


class PreferencePair(Value):
    """Two answers to one chat: `chosen` is the better one, in style or in keeping the content."""

    prompt: tuple[Message, ...]
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    kind: PairKind
    origin: Origin
    sources: tuple[str, ...]


class UnpairedPreference(Value):
    """One answer to a chat, and whether it was liked."""

    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    label: bool
    origin: Origin
    sources: tuple[str, ...]


class TrainingSet(Value):
    """Everything that there is to learn from for one style, and what was left out and why.

    `dropped` counts what was left out by reason, each a short sentence that people read; `shown`
    are the ids of the samples that open the chats, and of texts that only a student rewrites.
    """

    sft: tuple[SFTExample, ...] = ()
    pairs: tuple[PreferencePair, ...] = ()
    unpaired: tuple[UnpairedPreference, ...] = ()
    dropped: Mapping[str, int] = Field(default_factory=dict)
    shown: tuple[str, ...] = ()


class TrainingProgress(Value):
    """Where a training run stands after a step; losses and margins are absent before the first."""

    stage: str
    step: int
    steps: int
    loss: float | None = None
    margin: float | None = None
    seconds_left: float | None = None
