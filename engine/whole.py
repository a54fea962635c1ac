"""The stylist for models that can hold a whole note in mind: each draft in one go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.errors import ContextOverflow
from engine.events import DraftWords
from engine.exemplars import all_pieces
from engine.never import untold
from engine.profile.build import advice
from engine.prompts.recipe import (
    PLAIN,
    PromptRecipe,
    after_plan,
    ending,
    instruction,
    marked,
)
from engine.prompts.render import fill_part, message, version, wording
from engine.protocols import Conversation, Embedder, StopCheck, TextModel, never_stop
from engine.stepwise import make_sampling
from engine.text import count_words
from engine.types import (
    Draft,
    Generation,
    Message,
    ModelCard,
    Plan,
    Sampling,
    StyleProfile,
    WritingRequest,
)

SAMPLE_WORDS = 900
_TOKENS_PER_WORD = 2


@dataclass(frozen=True)
class WholeStylist:
    """Drafts with a TextModel that is large enough to write a note at once."""

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
        chat = whole_conversation(request, profile, plan, self.recipe)
        sampling = _sampling(request, profile)
        yield from self._draw([chat] * request.drafts, sampling, "whole", adapter, should_stop)

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
        """Yield one new draft, asked to mend what the scorer found."""
        words = wording("mend", request.language)
        ask = message(
            "user", words["user"], draft=draft.text, complaints=complaints(request, draft)
        )
        answered = Message(role="assistant", content=draft.text)
        chat = [*whole_conversation(request, profile, plan, self.recipe), answered, ask]
        sampling = _sampling(request, profile)
        yield from self._draw([chat], sampling, "mend", adapter, should_stop)

    def _draw(
        self,
        chats: Sequence[Conversation],
        sampling: Sampling,
        prompt: str,
        adapter: str | None,
        should_stop: StopCheck,
    ) -> Iterator[DraftWords | Draft]:
        texts = [""] * len(chats)
        done: list[Generation] = []
        try:
            for event in self.model.generate(
                chats, sampling, adapter=adapter, should_stop=should_stop
            ):
                if isinstance(event, Generation):
                    done.append(self._finished(event, prompt))
                elif event.text:
                    texts[event.index] += event.text
                    yield DraftWords(index=event.index, text=texts[event.index])
        except ContextOverflow as error:
            raise ContextOverflow(
                "The plan and the samples are longer than the stylist can read at once. Shorten "
                "the plan or the length, or choose a stylist with a longer context."
            ) from error
        for generation in sorted(done, key=lambda g: g.index):
            yield Draft(text=generation.text.strip(), generation=generation)

    def _finished(self, generation: Generation, prompt: str) -> Generation:
        """Return a generation with the prompt it came of, and without its plan."""
        told = marked(version(prompt), self.recipe)
        text = after_plan(generation.text, self.recipe)
        return generation.model_copy(update={"prompt_version": told, "text": text})


def _sampling(request: WritingRequest, profile: StyleProfile) -> Sampling:
    """Return how to draw: nothing of the never list but what the facts themselves say."""
    room = request.words * _TOKENS_PER_WORD + 64
    never = untold(profile.never, "\n".join(request.facts))
    return make_sampling(request, max_tokens=room).model_copy(update={"never": never})


def whole_conversation(
    request: WritingRequest, profile: StyleProfile, plan: Plan, recipe: PromptRecipe = PLAIN
) -> list[Message]:
    """Return the chat that asks for a whole note; all but its last turn is the same per style."""
    words = wording("whole", request.language)
    neutral = "\n".join(dict.fromkeys((plan.neutral_text, *_unsaid(request, plan))))
    return [
        message("system", instruction(words["system"], recipe, profile)),
        message(
            "user",
            words["samples"],
            samples="\n\n---\n\n".join(shown_samples(profile, round(SAMPLE_WORDS * recipe.shown))),
            advice=" ".join(advice(profile)),
        ),
        message("assistant", words["ready"]),
        message(
            "user",
            words["user"].rstrip() + ending(recipe, profile),
            words=str(request.words),
            audience=fill_part(words, "audience", audience=request.audience),
            title=plan.title,
            neutral=neutral,
        ),
    ]


def _unsaid(request: WritingRequest, plan: Plan) -> list[str]:
    """Return the facts that points carry but the neutral text does not hold word for word."""
    placed = sorted({i for p in plan.points for i in p.facts})
    return [request.facts[i] for i in placed if request.facts[i] not in plan.neutral_text]


def shown_samples(profile: StyleProfile, room: int = SAMPLE_WORDS) -> list[str]:
    """Return whole samples while there is room, then the pieces of the rest that still fit."""
    shown: list[str] = []
    for sample in profile.samples:
        size = count_words(sample.text, profile.language)
        if size <= room:
            shown.append(sample.text.strip())
            room -= size
    return shown or all_pieces(profile)[:8]


def complaints(request: WritingRequest, draft: Draft) -> str:
    """Return in words what the scores complain of."""
    words, scores = wording("mend", request.language), draft.scores
    if scores is None:
        return fill_part(words, "length", words=str(request.words))
    missing = [f for f, ok in zip(request.facts, scores.facts_found, strict=False) if not ok]
    marked = {
        kind: "; ".join(draft.text[s.start : s.end] for s in scores.spans if s.kind == kind)
        for kind in ("unsupported", "copied", "never")
    }
    ratio = scores.length_ratio or 1.0
    parts = (
        fill_part(words, "missing", facts="; ".join(missing)),
        fill_part(words, "unsupported", claims=marked["unsupported"]),
        fill_part(words, "copied", phrases=marked["copied"]),
        fill_part(words, "never", phrases=marked["never"]),
        fill_part(words, "length", words=str(request.words)) if abs(ratio - 1) > 0.3 else "",
    )
    return "; ".join(p for p in parts if p)
