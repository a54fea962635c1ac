"""Invented writers: plain sentences beside the same content in each writer's voice.

Written for this project (finetune/data/voices, CC BY 4.0), to teach the general stylist to follow
whatever samples it is shown. None of them is a writer of NoteBench.
"""

import json
from importlib.resources import files

from engine.restyle import joined
from engine.types import Language
from engine.value import Value


class VoiceNote(Value):
    """A note by an invented writer, in (plain, styled) pairs; line breaks belong to the styled."""

    id: str
    author: str
    language: Language
    topic: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def plain(self) -> str:
        """The note in plain sentences."""
        return joined([plain for plain, _ in self.pairs], self.language)

    @property
    def text(self) -> str:
        """The note as its writer wrote it."""
        return joined([styled for _, styled in self.pairs], self.language)


def read_voices() -> tuple[VoiceNote, ...]:
    """Return every note that ships, by writer."""
    folder = files("finetune").joinpath("data", "voices")
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return tuple(
        VoiceNote.model_validate(json.loads(line))
        for file in found
        if file.name.endswith(".jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    )
