"""A handful of rows to train tiny models on, in the chat that the stylist is asked with."""

from engine.learning_types import (
    PreferencePair,
    SFTExample,
    TrainingSet,
    UnpairedPreference,
)
from engine.restyling import restyle_conversation
from engine.types import Message

WET = restyle_conversation(["Fog."], [("It is wet.", "Wet, aye.\n"), ("It rains.", "Rain!")], "en")
DRY = restyle_conversation(["Fog."], [("It is dry.", "Dry as a bone.")], "en")


def examples() -> tuple[SFTExample, ...]:
    """Return two chats to imitate."""
    return tuple(
        SFTExample(messages=tuple(chat), origin="sample", sources=("s1",)) for chat in (WET, DRY)
    )


def pair(chosen: str = "Rain!", rejected: str = "It does rain now.") -> PreferencePair:
    """Return two answers to the last question of the wet chat."""
    return PreferencePair(
        prompt=tuple(WET[:-1]),
        chosen=(_answer(chosen),),
        rejected=(_answer(rejected),),
        kind="style",
        origin="edit",
        sources=("n1", "f1"),
    )


def thumb(text: str, *, up: bool) -> UnpairedPreference:
    """Return an answer to the same question, liked or not."""
    return UnpairedPreference(
        prompt=tuple(WET[:-1]),
        completion=(_answer(text),),
        label=up,
        origin="user",
        sources=("n1", "f2"),
    )


def everything() -> TrainingSet:
    """Return something for every method."""
    return TrainingSet(
        sft=examples(),
        pairs=(pair(),),
        unpaired=(thumb("Rain!", up=True), thumb("It pours.", up=False)),
    )


def _answer(text: str) -> Message:
    return Message(role="assistant", content=text)
