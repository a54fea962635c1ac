"""The seams: narrow protocols between what is hard and what is replaceable."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from engine.events import DraftWords, FellBack, PlanWords
from engine.types import (
    BaseRef,
    Delta,
    Draft,
    Generation,
    Language,
    Message,
    ModelCard,
    Plan,
    Sampling,
    Scores,
    StyleProfile,
    Verdict,
    WritingRequest,
)

if TYPE_CHECKING:  # numpy takes a fifth of a second, and most commands need none of it
    import numpy as np
    from numpy.typing import NDArray

Conversation: TypeAlias = Sequence[Message]
JsonSchema: TypeAlias = Mapping[str, Any]
Vectors: TypeAlias = "NDArray[np.float32]"
StopCheck: TypeAlias = Callable[[], bool]
"""Asked between tokens; True unwinds the generation with `engine.errors.Stopped`."""


def never_stop() -> bool:
    """Answer a StopCheck for calls that nobody will interrupt."""
    return False


class TextModel(Protocol):
    """A language model that continues chats. One method is narrow enough to script in a test."""

    @property
    def card(self) -> ModelCard:
        """What the model is."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` takes, special tokens read as plain text."""

    def generate(
        self,
        conversations: Sequence[Conversation],
        sampling: Sampling,
        *,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Delta | Generation]:
        """Continue every conversation, all at once where the backend can.

        k drafts of one prompt are k equal conversations: a backend shares their prompt. Draw i uses
        seed `sampling.seed + i`. Yields a Delta for each piece of text and one Generation for each
        conversation when it ends; heartbeats (empty Deltas) at least five times a second.

        Raises:
            ContextOverflow: the prompts with `max_tokens` do not fit.
            Stopped: `should_stop()` became true.
        """

    def choose(
        self,
        conversation: Conversation,
        options: Sequence[str],
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> tuple[float, ...] | None:
        """Return the probability of each option (one token each) as the next word, normalised.

        None where the backend shows no probabilities.
        """


class AdapterHost(Protocol):
    """A text model that can be given adapters while it runs."""

    @property
    def base(self) -> BaseRef:
        """The base model, as the manifests of adapters name it."""

    def register_adapter(self, name: str, path: Path) -> None:
        """Make a checked adapter file known under `name`, for the `adapter` of later calls."""


class Embedder(Protocol):
    """Maps texts to unit vectors in which nearness is nearness of meaning."""

    @property
    def name(self) -> str:
        """The model's name, for signatures."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text: shape (len(texts), dimensions)."""

    def embed_tokens(self, text: str) -> tuple[tuple[str, ...], Vectors]:
        """Return the tokens of a text, read in their context, and a unit row for each."""


class ClaimChecker(Protocol):
    """Reads a claim together with its source, where a model that can is at hand."""

    @property
    def name(self) -> str:
        """The model's name, for signatures."""

    def supported(self, claims: Sequence[str], source: str) -> Sequence[float]:
        """Return for each claim how likely it is that the source says so, in [0, 1]."""


class Planner(Protocol):
    """Decides what to say. Never trained."""

    @property
    def card(self) -> ModelCard:
        """The model behind it."""

    def plan(
        self, request: WritingRequest, *, should_stop: StopCheck = never_stop
    ) -> Iterator[PlanWords | FellBack | Plan]:
        """Yield the plan so far as it grows, then the Plan that holds every fact."""


class Drafter(Protocol):
    """Decides how to say it."""

    @property
    def card(self) -> ModelCard:
        """The model behind it."""

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


class Stylist(Drafter, Protocol):
    """Decides how to say it, and how to say it again."""

    def revise(
        self,
        request: WritingRequest,
        profile: StyleProfile,
        plan: Plan,
        draft: Draft,
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[DraftWords | Draft]:
        """Yield the text (index 0) of one new draft that mends what `draft.scores` complains of."""


class Critic(Protocol):
    """Judges which of two drafts is the better note in this style."""

    def compare(
        self,
        profile: StyleProfile,
        plan: Plan,
        drafts: Sequence[Draft],
        pair: tuple[int, int],
        *,
        should_stop: StopCheck = never_stop,
    ) -> Verdict:
        """Return a forced choice between the two drafts, asked in both orders."""


class Scorer(Protocol):
    """Measures texts. Shares no code with what it measures."""

    def score(
        self,
        text: str,
        *,
        language: Language,
        samples: Sequence[str] = (),
        source: str | None = None,
        facts: Sequence[str] = (),
        words: int | None = None,
        knowledge: str | None = None,
        profile: StyleProfile | None = None,
    ) -> Scores:
        """Return every score whose inputs are given; None for the others."""
