"""The nouns of an adapter: the base it is for, what its folder says of it, and its standing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from engine.value import Value

AdapterStatus = Literal["candidate", "promoted", "retired", "refused"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BaseRef(Value):
    """A base model: its name, for people, and `engine.models.machine.fingerprint` of its file."""

    name: str
    revision: str


class AdapterManifest(Value):
    """What an adapter's folder says of it, in manifest.json.

    `sources` are the ids of what it learned from, by origin (user, edit, gate, critic, teacher …);
    `files` are the checksums of all other files of the folder.
    """

    format: Literal[1] = 1
    style: str
    base: BaseRef
    base_sha256: Sha256
    method: str
    sources: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    settings: Mapping[str, JsonValue] = Field(default_factory=dict)
    figures: Mapping[str, float] = Field(default_factory=dict)
    licence: str = ""
    files: Mapping[str, Sha256]
    created_at: datetime

    @property
    def writes_moves(self) -> bool:
        """Whether it was trained to say how, before it says (engine/moves.py)."""
        return self.method == "planned" or self.settings.get("moves") is True

    @property
    def id(self) -> str:
        """The content address: scheme tag and the first 32 hex digits of the digest."""
        return f"a1-{self.digest()[:32]}"

    @property
    def learned(self) -> frozenset[str]:
        """The ids of all that it learned from."""
        return frozenset(source for sources in self.sources.values() for source in sources)


class Adapter(Value):
    """An adapter of a writer's style, as it stands: at most one is promoted per base and style.

    `style` is what the style is called today; `report` is the gate's; `reason` is why it was
    promoted against the gate, or taken out of service; `promoted_at` is when it last began to
    serve.
    """

    id: str
    style: str
    status: AdapterStatus
    manifest: AdapterManifest
    report: Mapping[str, JsonValue] = Field(default_factory=dict)
    reason: str = ""
    promoted_at: datetime | None = None


class Overdue(Value):
    """An adapter that can write, though it learned from what was refused or deleted since.

    `about` are the ids of those notes and samples.
    """

    adapter: Adapter
    about: frozenset[str]


class Promotion(Value):
    """One line of the history of a style: which adapter served from then on, and why.

    `serves` is None where none of the style's own adapters did. `about` is the adapter that was
    promoted, rolled back from or retired.
    """

    kind: Literal["promote", "rollback", "retire"]
    about: str
    serves: str | None
    reason: str = ""
    at: datetime
