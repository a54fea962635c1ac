"""Rewrites texts for a trait: by an adapter that was trained for it, else by the prompt alone.

A large model rewrites a text whole, a small one piece by piece (given whole notes it loops and
invents, docs/LOG.md). Several rewritings are drawn of each piece; refusals and those that do not
keep the meaning are out, for meaning is what feedback on a trait costs (Small But Funny, arXiv
2402.18113: consistency fell from 38 to 34). A piece that no rewriting keeps stays as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.keeping import invents
from engine.prompts.rough import pieces
from engine.protocols import Conversation, Scorer, StopCheck, TextModel, never_stop
from engine.restyle import joined, ranked
from engine.restyling import ask, restyle_conversation
from engine.scoring.traits import measure_of
from engine.stepwise import traits
from engine.text import count_words, paragraphs, tokens
from engine.trait import bare, refuses, rewrite_conversation, trait_words
from engine.types import Generation, Language, Sampling, StyleProfile, TraitWish

MEANING_AT_LEAST = 0.7
FAITHFUL_AT_LEAST = 0.35
"""Faithful must be above: a text that tells a number or a name otherwise scores this at most."""
LENGTH_BETWEEN = (0.5, 1.6)
DRAWN = 4
_TOKENS_PER_WORD = 2.5
_SPARE_TOKENS = 16


class Fault(StrEnum):
    """Why a rewriting is not used."""

    EMPTY = "Nothing was written."
    REFUSED = "The model refused."
    SAME = "The rewriting changes nothing."
    LENGTH = "The rewriting is far longer or shorter than the text."
    UNFAITHFUL = "The rewriting does not say the same as the text."
    SAID_BACK = "The rewriting says the wish itself."
    NO_MORE = "The rewriting has no more of the trait than the text."


@dataclass(frozen=True)
class Rewriter:
    """Rewrites in one language for one trait.

    Args:
        model: the planner's model for the prompt, the stylist's where there is an adapter.
        scorer: says whether the meaning was kept.
        wish: the trait, and how much of it.
        language: of the texts.
        profile: the author, whose samples an adapter is shown; the prompt needs none.
        adapter: one that was trained for the trait, by the name that the model knows it by.
        temperature: how freely wordings are drawn.
    """

    model: TextModel
    scorer: Scorer
    wish: TraitWish
    language: Language
    profile: StyleProfile | None = None
    adapter: str | None = None
    temperature: float = 0.8

    def variants(
        self, text: str, count: int, *, seed: int = 0, should_stop: StopCheck = never_stop
    ) -> list[str]:
        """Return what the model answers, `count` draws; what was cut off is empty.

        Raises:
            ContextOverflow: the text is longer than the model can read.
            Stopped: `should_stop()` became true.
        """
        room = round(count_words(text, self.language) * _TOKENS_PER_WORD) + _SPARE_TOKENS
        drawn = Sampling(
            temperature=self.temperature, repeat_penalty=1.0, max_tokens=room, seed=seed
        )
        found = [""] * count
        for event in self.model.generate(
            [self.chat(text)] * count, drawn, adapter=self.adapter, should_stop=should_stop
        ):
            if isinstance(event, Generation) and event.finish == "stop":
                found[event.index] = bare(event.text, text)
        return found

    def chat(self, text: str) -> Conversation:
        """Return the chat that asks for one rewriting."""
        if self.adapter is None or self.profile is None:
            return rewrite_conversation(text, self.wish, self.language)
        return trait_conversation(self.profile, text, self.wish)

    def fault(self, text: str, rewritten: str) -> Fault | None:
        """Return what speaks against a rewriting, None where nothing does."""
        if not count_words(rewritten, self.language):
            return Fault.EMPTY
        if refuses(rewritten, text):
            return Fault.REFUSED
        if self._said_in(rewritten) and not self._said_in(text):
            return Fault.SAID_BACK
        if tokens(rewritten) == tokens(text) and rewritten.strip() == text.strip():
            return Fault.SAME
        ratio = count_words(rewritten, self.language) / max(1, count_words(text, self.language))
        if not LENGTH_BETWEEN[0] <= ratio <= LENGTH_BETWEEN[1] and not self._is_length:
            return Fault.LENGTH
        if self._no_more(text, rewritten):
            return Fault.NO_MORE
        return None if self.keeps(text, rewritten) else Fault.UNFAITHFUL

    def keeps(self, text: str, rewritten: str) -> bool:
        """Tell whether a rewriting says what the text says, with no name or number of its own."""
        scores = self.scorer.score(rewritten, language=self.language, source=text)
        return (
            (scores.meaning or 0.0) >= MEANING_AT_LEAST
            and (scores.faithful is None or scores.faithful > FAITHFUL_AT_LEAST)
            and not invents(rewritten, text)
        )

    def _said_in(self, text: str) -> bool:
        """Tell whether a text has the wish in it, as a small model likes to say it back."""
        return self.wish.name.casefold() in text.casefold()

    def _no_more(self, text: str, rewritten: str) -> bool:
        """Tell whether a count sees that the trait did not grow; what no count sees may have."""
        measure = measure_of(self.wish.name)
        return measure is not None and (
            measure.amount(rewritten, self.language) <= measure.amount(text, self.language)
        )

    @property
    def _is_length(self) -> bool:
        measure = measure_of(self.wish.name)
        return measure is not None and measure.is_length

    # -- a whole text ------------------------------------------------------------------------
    def rewrite(
        self, text: str, *, seed: int = 0, should_stop: StopCheck = never_stop
    ) -> "Rewritten":
        """Return a text rewritten, its paragraphs kept, and what was left as it was and why."""
        faults: list[Fault] = []
        made, changed = [], 0
        for paragraph in paragraphs(text):
            said = []
            for piece in self._pieces(paragraph):
                best = self._best(piece, faults, seed + 31 * len(faults), should_stop)
                changed += best is not None
                said.append(best or piece)
            made.append(joined(said, self.language))
        return Rewritten("\n\n".join(made) if changed else text, changed, tuple(faults))

    def _pieces(self, paragraph: str) -> Sequence[str]:
        if self.model.card.writes_plans and self.adapter is None:
            return (paragraph,)
        return pieces(paragraph, self.language) or (paragraph,)

    def _best(
        self, text: str, faults: list[Fault], seed: int, should_stop: StopCheck
    ) -> str | None:
        """Return the best rewriting of a piece; the faults of all are added where there is none."""
        found = self.variants(text, DRAWN, seed=seed, should_stop=should_stop)
        judged = [(each, self.fault(text, each)) for each in dict.fromkeys(found)]
        good = [each for each, fault in judged if fault is None]
        measure = measure_of(self.wish.name)
        if good and measure is not None:
            return max(good, key=lambda each: measure.amount(each, self.language))
        if good:
            return ranked(text, good)[0]
        faults += [fault for _, fault in judged if fault is not None] or [Fault.SAME]
        return None


@dataclass(frozen=True)
class Rewritten:
    """A text rewritten: how many pieces changed, and the faults of those that did not."""

    text: str
    changed: int
    faults: tuple[Fault, ...]

    @property
    def refused(self) -> bool:
        """Whether the model declined where nothing changed."""
        return not self.changed and Fault.REFUSED in self.faults


def trait_conversation(profile: StyleProfile, text: str, wish: TraitWish) -> Conversation:
    """Return the chat that asks an adapter: the author's samples, the wish, and the text."""
    language = profile.language
    # A wish of the style itself would contradict one of another strength.
    own = traits(profile.model_copy(update={"trait": None}))
    advice = " ".join(part for part in (own, trait_words(wish, language)) if part)
    chat = restyle_conversation([s.text for s in profile.samples], (), language, advice=advice)
    return [*chat, ask(text, language)]
