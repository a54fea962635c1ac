"""The stylist for a model with an adapter: plain sentences one by one, several wordings of each.

A small model that was trained to restyle keeps content best a sentence or two at a time, with what
it said before in view (docs/LOG.md compares). Of each sentence several wordings are drawn in one
batch over one prompt and ranked: those that agree with the others (minimum Bayes risk, Kumar and
Byrne 2004), keep the words of meaning, do not loop and keep the length come first. The first draft
takes the best wording of every sentence, the next draft the second best, and so on. A sentence that
no wording keeps is said in plain words: no fact is lost to the model's whim. Where a point of the
plan has moves (engine/moves.py), its wordings continue an answer that opens with them.
"""

import math
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz

from engine.events import DraftWords
from engine.keeping import SAME, copies, invents, likeness, says
from engine.moves import answer, bare_answer, followed, sheet_of
from engine.planner import as_sentence
from engine.prompts.recipe import PLAIN, PromptRecipe, marked
from engine.prompts.render import version
from engine.protocols import Embedder, StopCheck, TextModel, never_stop
from engine.restyling import ask, restyle_conversation
from engine.stepwise import make_sampling, traits
from engine.text import count_words, ngrams, tokens
from engine.types import (
    Draft,
    Generation,
    Language,
    Message,
    ModelCard,
    Plan,
    PlanPoint,
    Sampling,
    StyleProfile,
    WritingRequest,
)

WORDINGS = 8
"""Wordings drawn of each sentence: what one batch decodes at once."""

_KEPT = 0.5  # share of a fact's words that a wording must keep: restyling changes many
_TOKENS_PER_WORD = 3
_SPARE_TOKENS = 16
_LOOP = 4  # tokens in a row that should not come twice
_LONGEST = 2.5  # times the plain sentence's words, beyond which a wording has run on
_LOOP_WEIGHT = 1.0
_LENGTH_WEIGHT = 0.2
_MOVES_WEIGHT = 0.5


@dataclass
class _Growing:
    """The drafts while they grow: (plain, styled) steps of each, and what they cost."""

    steps: list[list[tuple[str, str]]]
    language: Language
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def count(self, generation: Generation) -> None:
        self.prompt_tokens += generation.prompt_tokens
        self.cached_tokens += generation.cached_tokens
        self.completion_tokens += generation.completion_tokens

    def text(self, draft: int, more: str = "") -> str:
        """Return a draft so far, its line breaks kept."""
        parts = [*(styled for _, styled in self.steps[draft]), more]
        return joined(parts, self.language)


@dataclass(frozen=True)
class RestyleStylist:
    """Drafts with a TextModel and an adapter trained on the chat of engine/restyling.py."""

    model: TextModel
    embedder: Embedder
    recipe: PromptRecipe = PLAIN

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
        task = _Task(self.model, request, profile, plan, adapter, should_stop, self.recipe)
        growing = _Growing([[] for _ in range(request.drafts)], request.language)
        for number, point in enumerate(plan.points):
            yield from task.say(point, growing, salt=31 * number)
        for index in range(request.drafts):
            yield task.finish(growing, index)

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
        """Say again the sentences in which the scorer marked or missed something; keep the others.

        What is said again must keep more of its fact than a first wording, or is said plainly.
        """
        task = _Task(
            self.model, request, profile, plan, adapter, should_stop, self.recipe, 97, SAME
        )
        growing = _Growing([[]], request.language)
        faulty = _faulty(draft, plan, request.language)
        old = dict(draft.steps)
        for number, point in enumerate(plan.points):
            plain = task.plain(point)
            if plain in old and plain not in faulty:
                growing.steps[0].append((plain, old[plain]))
                yield DraftWords(index=0, text=growing.text(0))
            else:
                yield from task.say(point, growing, salt=31 * number)
        yield task.finish(growing, 0)


@dataclass(frozen=True, eq=False)
class _Task:
    """One call of draft or revise: what all its steps share."""

    model: TextModel
    request: WritingRequest
    profile: StyleProfile
    plan: Plan
    adapter: str | None
    should_stop: StopCheck
    recipe: PromptRecipe
    salt: int = 0
    share: float = _KEPT

    @cached_property
    def samples(self) -> tuple[str, ...]:
        """The author's texts."""
        return tuple(s.text for s in self.profile.samples)

    @cached_property
    def usual(self) -> str:
        """Words of more than one sample: a name among them is the author's habit, no invention."""
        seen = Counter(word for text in self.samples for word in set(tokens(text)))
        return "\n" + " ".join(word for word, texts in seen.items() if texts > 1)

    @cached_property
    def moves(self) -> dict[str, str]:
        """The plain sentences that are to be said in a planned way, and the line that says how."""
        return {self.plain(point): point.moves for point in self.plan.points if point.moves}

    @cached_property
    def sheet(self) -> str | None:
        """What the moves choose from; None where nothing is planned."""
        return sheet_of(self.profile).line(self.request.language) if self.moves else None

    def plain(self, point: PlanPoint) -> str:
        """Return a point as the plain sentence that is asked for."""
        return as_sentence(point.text, self.request.language)

    def say(self, point: PlanPoint, growing: _Growing, *, salt: int) -> Iterator[DraftWords]:
        """Add one point to every draft."""
        plain = self.plain(point)
        found = yield from self._draw(plain, growing, salt=salt)
        good = [text for text in found if self._keeps(point, plain, text)]
        if not good:
            again = yield from self._draw(plain, growing, salt=salt + WORDINGS)
            good = [text for text in again if self._keeps(point, plain, text)]
        chosen = ranked(plain, good, self._followed(plain, good)) or [plain]
        for index, steps in enumerate(growing.steps):
            steps.append((plain, chosen[min(index, len(chosen) - 1)]))
            yield DraftWords(index=index, text=growing.text(index))

    def _draw(
        self, plain: str, growing: _Growing, *, salt: int
    ) -> Generator[DraftWords, None, list[str]]:
        """Draw several wordings of a sentence over one prompt: what the first draft says so far."""
        asked = ask(plain, self.request.language, self.recipe, self.profile)
        chat = [*self._chat(growing.steps[0]), asked]
        if self.moves.get(plain):
            chat.append(Message(role="assistant", content=answer(self.moves[plain], "")))
        count = max(WORDINGS, len(growing.steps))
        texts = [""] * count
        for event in self.model.generate(
            [chat] * count,
            self._sampling(plain, salt),
            adapter=self.adapter,
            should_stop=self.should_stop,
        ):
            if isinstance(event, Generation):
                growing.count(event)
                texts[event.index] = self._bare(event.text) if event.finish == "stop" else ""
            elif event.text:
                texts[event.index] += event.text
                if event.index < len(growing.steps):
                    so_far = growing.text(event.index, self._bare(texts[event.index]))
                    yield DraftWords(index=event.index, text=so_far)
        return list(dict.fromkeys(text.strip(" \t") for text in texts if text.strip()))

    def _bare(self, text: str) -> str:
        """Return a wording less the moves that a point without any was given by the model."""
        return bare_answer(text) if self.moves else text

    def _chat(self, said: Sequence[tuple[str, str]]) -> list[Message]:
        answered = [(plain, answer(self.moves.get(plain, ""), styled)) for plain, styled in said]
        return restyle_conversation(
            self.samples,
            answered,
            self.request.language,
            advice=traits(self.profile),
            sheet=self.sheet,
            recipe=self.recipe,
            profile=self.profile,
        )

    def _sampling(self, plain: str, salt: int) -> Sampling:
        room = count_words(plain, self.request.language) * _TOKENS_PER_WORD + _SPARE_TOKENS
        drawn = make_sampling(self.request, max_tokens=room, salt=self.salt + salt)
        # Cooler than drafting from nothing: hot wordings lose content (docs/LOG.md).
        update = {
            "temperature": 0.1 + 0.5 * self.request.creativity,
            "repeat_penalty": 1.0,
            "never": self.profile.never,
        }
        return drawn.model_copy(update=update)

    def _keeps(self, point: PlanPoint, plain: str, text: str) -> bool:
        """Tell whether a wording says its point, invents nothing, copies nothing, and ends."""
        language = self.request.language
        facts = [self.request.facts[i] for i in point.facts] or [point.text]
        told = "\n".join((self.request.topic, self.plan.neutral_text, *self.request.facts))
        return (
            count_words(text, language) <= _LONGEST * count_words(plain, language) + 4
            and all(says(text, fact, share=self.share) for fact in facts)
            and not copies(text, self.samples, told)
            and not invents(text, told + self.usual)
        )

    def _followed(self, plain: str, wordings: Sequence[str]) -> Sequence[float]:
        """Return how far each wording does what was planned for its sentence."""
        line = self.moves.get(plain, "")
        return [followed(line, plain, text, self.profile) if line else 1.0 for text in wordings]

    def finish(self, growing: _Growing, index: int) -> Draft:
        """Return a finished draft."""
        text, card = growing.text(index), self.model.card
        return Draft(
            text=text,
            steps=tuple(growing.steps[index]),
            generation=Generation(
                text=text,
                model=card.name,
                revision=card.revision,
                adapter=self.adapter,
                prompt_version=marked(
                    version("restyle_planned" if self.moves else "restyle"), self.recipe
                ),
                sampling=self._sampling(self.plan.neutral_text, 0),
                prompt_tokens=growing.prompt_tokens,
                cached_tokens=growing.cached_tokens,
                completion_tokens=growing.completion_tokens,
                finish="stop",
            ),
        )


def ranked(plain: str, wordings: Sequence[str], follow: Sequence[float] = ()) -> list[str]:
    """Return wordings of one sentence, the best first; the weights are those of docs/LOG.md.

    `follow` says how far each of them does what was planned, in [0, 1].
    """
    read = [tokens(text) for text in wordings]

    def worth(index: int) -> float:
        own = read[index]
        others = [fuzz.ratio(own, other) / 100 for i, other in enumerate(read) if i != index]
        agreed = sum(others) / len(others) if others else 0.0
        runs = ngrams(own, _LOOP)
        looped = 1 - len(set(runs)) / len(runs) if runs else 0.0
        stretch = abs(math.log((len(wordings[index]) + 5) / (len(plain) + 5)))
        kept = likeness(plain, wordings[index])
        planned = follow[index] if follow else 0.0
        return (
            agreed
            + kept
            + _MOVES_WEIGHT * planned
            - _LOOP_WEIGHT * looped
            - _LENGTH_WEIGHT * stretch
        )

    return [wordings[i] for i in sorted(range(len(wordings)), key=lambda i: (-worth(i), i))]


def joined(parts: Sequence[str], language: Language) -> str:
    """Join pieces of a text: by the line break between two, else as its language does."""
    space = "" if language == "zh" else " "
    text = ""
    for part in parts:
        broken = not text or text.endswith("\n") or part.startswith("\n")
        text += part if broken else space + part
    return text.strip()


def _faulty(draft: Draft, plan: Plan, language: Language) -> set[str]:
    """Return the plain sentences whose wording the scorer objects to, or finds no fact in."""
    if draft.scores is None:
        return set()
    lost = {i for i, found in enumerate(draft.scores.facts_found) if not found}
    faulty = {as_sentence(p.text, language) for p in plan.points if lost.intersection(p.facts)}
    marked = [s for s in draft.scores.spans if s.kind in {"unsupported", "never"}]
    end = 0
    for number, (plain, _) in enumerate(draft.steps, 1):
        start, end = end, len(joined([styled for _, styled in draft.steps[:number]], language))
        if any(span.start < end and span.end > start for span in marked):
            faulty.add(plain)
    return faulty
