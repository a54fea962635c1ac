"""Judges which of two rewritings has more of a trait: a model's forced choice, or a count.

After Small But Funny (arXiv 2402.18113): multiple-choice prompting, one question for the trait and
the meaning together, both orders averaged. A model that goes by the position of a text and not by
the text says nothing; `Bias` finds it out, so that nobody trains on it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.prompts.render import message, version, wording
from engine.protocols import Conversation, StopCheck, TextModel, never_stop
from engine.scoring.traits import TraitMeasure
from engine.trait import bare
from engine.types import Generation, Language, Message, Sampling, Share, Value

_OPTIONS = ("1", "2")
_DIGIT = re.compile(r"\b([12])\b|[12](?=[\u4e00-\u9fff。，])")
VOTES = 3
"""Answers drawn in place of probabilities, where the backend shows none."""
TELLING = 4
"""Pairs from which on a bias can be told."""
USELESS = 0.75
"""Share of verdicts that turn with the order from which on a critic judges positions."""
_REASON = Sampling(temperature=0.2, max_tokens=48)


class TraitCritic(Protocol):
    """Whoever says which of two rewritings of a text has more of the trait."""

    calls: int

    @property
    def name(self) -> str:
        """What judges, for signatures: the model and its prompt, or what is counted."""

    def prefers_first(
        self, source: str, first: str, second: str, *, should_stop: StopCheck = never_stop
    ) -> float:
        """Return how likely the text shown first is the better one, in [0, 1]."""

    def reason(
        self, source: str, better: str, worse: str, *, should_stop: StopCheck = never_stop
    ) -> str:
        """Return in a few words why one is better; empty where it cannot say."""


class TraitVerdict(Value):
    """A judgement on two rewritings, each order by itself: the chance of the first of the two.

    `reason` is the critic's own word on the pair; nothing is decided by it.
    """

    shown_first: Share
    shown_second: Share
    reason: str = ""

    @property
    def mean(self) -> float:
        """The chance of the first, over both orders."""
        return (self.shown_first + self.shown_second) / 2

    @property
    def chosen(self) -> int | None:
        """The better one, 0 or 1, where both orders say so; None where they do not."""
        if min(self.shown_first, self.shown_second) > 0.5:
            return 0
        return 1 if max(self.shown_first, self.shown_second) < 0.5 else None


class Bias(Value):
    """What the order does to a critic: of `pairs` judged, how many turned with it.

    `firsts` counts the verdicts, of two a pair, that went to the text shown first.
    """

    pairs: int
    turned: int
    firsts: int

    @property
    def useless(self) -> bool:
        """Whether the critic goes by the position of a text, and its verdicts say nothing."""
        return self.pairs >= TELLING and self.turned >= USELESS * self.pairs

    @property
    def favourite(self) -> int:
        """The position that it prefers, 1 or 2."""
        return 1 if self.firsts >= self.pairs else 2


def judge(
    critic: TraitCritic,
    source: str,
    texts: tuple[str, str],
    *,
    should_stop: StopCheck = never_stop,
) -> TraitVerdict:
    """Ask about two rewritings in both orders, and why where both orders agree."""
    one, two = texts
    forward = critic.prefers_first(source, one, two, should_stop=should_stop)
    backward = 1 - critic.prefers_first(source, two, one, should_stop=should_stop)
    verdict = TraitVerdict(shown_first=forward, shown_second=backward)
    if verdict.chosen is None:
        return verdict
    better, worse = texts if verdict.chosen == 0 else texts[::-1]
    why = critic.reason(source, better, worse, should_stop=should_stop)
    return verdict.model_copy(update={"reason": why})


def bias(verdicts: Sequence[TraitVerdict]) -> Bias:
    """Return what the order did, over the verdicts that were none of even chances."""
    both = [(v.shown_first, v.shown_second) for v in verdicts]
    both = [orders for orders in both if 0.5 not in orders]
    firsts = [(a > 0.5) + (b < 0.5) for a, b in both]
    return Bias(pairs=len(both), turned=sum(f != 1 for f in firsts), firsts=sum(firsts))


@dataclass
class ModelTraitCritic:
    """Asks a TextModel: its probabilities where it shows them, else a vote of its answers."""

    model: TextModel
    trait: str
    language: Language
    calls: int = field(default=0)

    @property
    def name(self) -> str:
        """The prompt and the model."""
        return f"{version('trait_judge')} {self.model.card.name}"

    def prefers_first(
        self, source: str, first: str, second: str, *, should_stop: StopCheck = never_stop
    ) -> float:
        """Return how likely the text shown first is the better one."""
        self.calls += 1
        chat = self._asked(source, first, second)
        found = self.model.choose(chat, _OPTIONS, should_stop=should_stop)
        return self._voted(chat, should_stop) if found is None else found[0]

    def reason(
        self, source: str, better: str, worse: str, *, should_stop: StopCheck = never_stop
    ) -> str:
        """Return the model's reason, its first sentence."""
        self.calls += 1
        why = Message(role="user", content=wording("trait_judge", self.language)["why"])
        chat = [*self._asked(source, better, worse), Message(role="assistant", content="1"), why]
        said = ""
        for event in self.model.generate([chat], _REASON, should_stop=should_stop):
            said = event.text if isinstance(event, Generation) else said
        return " ".join(bare(said).split())[:160]

    def _asked(self, source: str, first: str, second: str) -> Conversation:
        words = wording("trait_judge", self.language)
        user = message(
            "user", words["user"], source=source, first=first, second=second, trait=self.trait
        )
        return [message("system", words["system"]), user]

    def _voted(self, chat: Conversation, should_stop: StopCheck) -> float:
        """Return the share of answers for the first; even where none names a number."""
        drawn = Sampling(temperature=0.7, max_tokens=8)
        votes = []
        for event in self.model.generate([chat] * VOTES, drawn, should_stop=should_stop):
            named = _DIGIT.search(event.text) if isinstance(event, Generation) else None
            votes += [float("1" in named[0])] if named else []
        self.calls += VOTES - 1
        return sum(votes) / len(votes) if votes else 0.5


@dataclass
class CountingCritic:
    """Goes by a count: certain where the two differ, even where they do not."""

    measure: TraitMeasure
    language: Language
    calls: int = field(default=0)

    @property
    def name(self) -> str:
        """What is counted."""
        sign = "+" if self.measure.wants_more else "-"
        return f"count {sign}{self.measure.key}"

    def prefers_first(
        self,
        source: str,  # noqa: ARG002 - a count needs no source
        first: str,
        second: str,
        *,
        should_stop: StopCheck = never_stop,  # noqa: ARG002 - it takes no time
    ) -> float:
        """Return 1, 0, or one half where both have as much."""
        one, two = (self.measure.amount(text, self.language) for text in (first, second))
        return 0.5 if abs(one - two) < 1e-9 else float(one > two)

    def reason(
        self,
        source: str,  # noqa: ARG002 - as above
        better: str,
        worse: str,
        *,
        should_stop: StopCheck = never_stop,  # noqa: ARG002 - as above
    ) -> str:
        """Return the two figures."""
        counts = (self.measure.count(text, self.language) for text in (worse, better))
        return f"{self.measure.key}: " + " → ".join(f"{count:.1f}" for count in counts)
