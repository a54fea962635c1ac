"""A scripted model that adapters change: plain sentences as they stand, or in a writer's way."""

from collections.abc import Iterator, Sequence

from engine.models.scripted import ScriptedModel
from engine.protocols import Conversation, JsonSchema, StopCheck, never_stop
from engine.types import Delta, Generation, Sampling

STYLED = "Honestly, {}! It comes, it goes, honestly."
SAMPLES = (
    "Honestly, the gulls were louder than the engines! It comes, it goes, honestly.",
    "Honestly, the tide does not care! It comes, it goes, honestly.",
)


class Adaptable(ScriptedModel):
    """Says a plain sentence as it stands; with the adapters of `styled` in the writer's way."""

    def __init__(self) -> None:
        """Begin with no adapter that changes anything."""
        super().__init__(lambda chat, _schema, _seed: self._say(chat))
        self.styled: set[str] = set()
        self.asked: list[str | None] = []
        self._adapter: str | None = None

    def _say(self, chat: Conversation) -> str:
        plain = chat[-1].content.strip().splitlines()[-1].rstrip(".")
        return STYLED.format(plain) if self._adapter in self.styled else f"{plain}."

    def generate(
        self,
        conversations: Sequence[Conversation],
        sampling: Sampling,
        *,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Delta | Generation]:
        """Remember which adapter was asked for."""
        self._adapter = adapter
        self.asked.append(adapter)
        return super().generate(conversations, sampling, schema=schema, should_stop=should_stop)
