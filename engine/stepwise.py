"""The stylist for small models: one point at a time, every draft at once.

Given a whole note to write, a model of 135M parameters loops, swaps and invents; given one fact and
a chat in which the author's own sentences answer rough notes of themselves, it says the fact in
something like the author's manner (docs/LOG.md has the trial). Each point is drawn for all drafts
in one batch, tried once more where it lost its fact or copied a sample, and said in plain words
where that fails too: a fact is never lost to the model's whim, nor to the writer's never list (the
scorer marks a phrase of the list that the facts themselves hold).
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from engine.events import DraftWords
from engine.exemplars import FIXED_WORDS, choose_pieces
from engine.keeping import copies, invents, says
from engine.planner import as_sentence
from engine.profile.plain import say_added_tag
from engine.prompts.recipe import PLAIN, PromptRecipe, ending, instruction, marked
from engine.prompts.render import fill_part, message, version, wording
from engine.prompts.rough import rough_notes
from engine.protocols import Conversation, Embedder, StopCheck, TextModel, never_stop
from engine.text import count_words, sentence_spans
from engine.trait import trait_words
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

_KEPT = 0.8  # share of a point's words that a restyled sentence must keep
_ASIDE_BELOW = 0.6  # a point shorter than this share of its room gets a further sentence
_ASIDES = 2  # chances that a short point gets to run on
_LEAST = 0.55  # share of the length asked below which a revision drops nothing more
_FILL = 0.85  # aim a little under the length asked: what is added beyond the facts is invention
_TOKENS_PER_WORD = 2


@dataclass
class _Growing:
    """One draft while it grows: the sentences by point, and the tokens they cost."""

    said: list[str] = field(default_factory=list)
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def count(self, generation: Generation) -> None:
        self.prompt_tokens += generation.prompt_tokens
        self.cached_tokens += generation.cached_tokens
        self.completion_tokens += generation.completion_tokens


@dataclass(frozen=True)
class StepwiseStylist:
    """Drafts with a small TextModel, sentence by sentence."""

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
        task = _Task(self, request, profile, plan, adapter, should_stop)
        drafts = [_Growing() for _ in range(request.drafts)]
        for point in plan.points:
            yield from task.say(point, drafts)
        for growing in drafts:
            yield task.finish(growing)

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
        """Say again, point by point, what lost its fact; drop sentences that nothing supports."""
        task = _Task(self, request, profile, plan, adapter, should_stop, salt=97)
        growing = _Growing()
        sentences = _supported(draft, request)
        for point in plan.points:
            kept = [s for s in sentences if says(s, point.text, share=_KEPT)]
            if kept:
                sentences = [s for s in sentences if s not in kept]
                growing.said.append(_join(kept, request.language))
                yield DraftWords(index=0, text=_join(growing.said, request.language))
            else:
                yield from task.say(point, [growing], aside=False)
        yield task.finish(growing)


def make_sampling(request: WritingRequest, *, max_tokens: int, salt: int = 0) -> Sampling:
    """Return how to draw: creativity 0…1 is temperature 0.2…1.0."""
    return Sampling(
        temperature=0.2 + 0.8 * request.creativity,
        max_tokens=max_tokens,
        seed=(request.seed + salt) % 2**31,
    )


@dataclass(frozen=True)
class _Task:
    """One call of draft or revise: what all its steps share."""

    stylist: StepwiseStylist
    request: WritingRequest
    profile: StyleProfile
    plan: Plan
    adapter: str | None
    should_stop: StopCheck
    salt: int = 0
    shown: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build the part of the chat that every step begins with."""
        self.shown.extend(
            step_conversation(
                self.profile, self.request.topic, self.stylist.embedder, self.stylist.recipe
            )
        )

    @property
    def _language(self) -> Language:
        return self.request.language

    @property
    def _told(self) -> str:
        return "\n".join((self.request.topic, self.plan.neutral_text, *self.request.facts))

    @property
    def _room(self) -> int:
        """Words for each point."""
        return max(8, round(_FILL * self.request.words / max(1, len(self.plan.points))))

    def say(
        self, point: PlanPoint, drafts: Sequence[_Growing], *, aside: bool = True
    ) -> Iterator[DraftWords]:
        """Add one point to every draft."""
        number = len(drafts[0].said)
        chats = [[*self.shown, self._ask(point)] for _ in drafts]
        words = max(self._room, count_words(point.text, self._language) * 2)
        texts = yield from self._draw(chats, drafts, words, salt=number * 31)
        poor = [i for i, t in enumerate(texts) if not self._keeps(point, t)]
        if poor:
            again = yield from self._draw(
                [chats[i] for i in poor], [drafts[i] for i in poor], words, salt=number * 31 + 7
            )
            for i, text in zip(poor, again, strict=True):
                plain = as_sentence(point.text, self._language)
                texts[i] = text if self._keeps(point, text) else plain
        for attempt in range(_ASIDES if aside else 0):
            yield from self._add_asides(texts, chats, drafts, number + attempt)
        for index, (growing, text) in enumerate(zip(drafts, texts, strict=True)):
            growing.said.append(text)
            yield DraftWords(index=index, text=_join(growing.said, self._language))

    def _ask(self, point: PlanPoint) -> Message:
        asked = wording("step", self._language)["user"]
        return message("user", asked + ending(self.stylist.recipe, self.profile), notes=point.text)

    def _add_asides(
        self,
        texts: list[str],
        chats: Sequence[list[Message]],
        drafts: Sequence[_Growing],
        number: int,
    ) -> Iterator[DraftWords]:
        """Let points that fall short of their room run on for a sentence or two."""
        short = [
            i
            for i, t in enumerate(texts)
            if count_words(t, self._language) < _ASIDE_BELOW * self._room
        ]
        if not short:
            return
        on = [[*chats[i], Message(role="assistant", content=texts[i])] for i in short]
        asides = yield from self._draw(
            on, [drafts[i] for i in short], self._room, salt=number * 31 + 13, head=texts, at=short
        )
        for i, aside in zip(short, asides, strict=True):
            whole = _join([texts[i], aside], self._language)
            new = not any(aside and aside in earlier for earlier in drafts[i].said)
            if aside and new and self._clean(aside):
                texts[i] = whole

    def _draw(
        self,
        chats: Sequence[Conversation],
        drafts: Sequence[_Growing],
        words: int,
        *,
        salt: int,
        head: Sequence[str] = (),
        at: Sequence[int] = (),
    ) -> Generator[DraftWords, None, list[str]]:
        """Draw one continuation for each chat, together; return whole sentences within `words`."""
        sampling = make_sampling(
            self.request, max_tokens=words * _TOKENS_PER_WORD + 8, salt=self.salt + salt
        ).model_copy(update={"stop": ("\n",), "never": self.profile.never})
        texts = [""] * len(chats)
        for event in self.stylist.model.generate(
            chats, sampling, adapter=self.adapter, should_stop=self.should_stop
        ):
            if isinstance(event, Generation):
                drafts[event.index].count(event)
                texts[event.index] = _whole_sentences(event.text, words, self._language)
                continue
            texts[event.index] += event.text
            if event.text:
                opening = [head[at[event.index]]] if at else []
                so_far = [*drafts[event.index].said, *opening, texts[event.index]]
                index = at[event.index] if at else event.index
                yield DraftWords(index=index, text=_join(so_far, self._language))
        return texts

    def _keeps(self, point: PlanPoint, text: str) -> bool:
        """Tell whether a sentence says its point, all its facts, and nothing borrowed."""
        facts = [self.request.facts[i] for i in point.facts] or [point.text]
        return bool(text) and all(says(text, f, share=_KEPT) for f in facts) and self._clean(text)

    def _clean(self, text: str) -> bool:
        samples = [s.text for s in self.profile.samples]
        told = self._told
        return not copies(text, samples, told) and not invents(text, told)

    def finish(self, growing: _Growing) -> Draft:
        """Return the finished draft."""
        text = _join(growing.said, self._language)
        card = self.stylist.card
        return Draft(
            text=text,
            generation=Generation(
                text=text,
                model=card.name,
                revision=card.revision,
                adapter=self.adapter,
                prompt_version=marked(version("step"), self.stylist.recipe),
                sampling=make_sampling(self.request, max_tokens=self._room, salt=self.salt),
                prompt_tokens=growing.prompt_tokens,
                cached_tokens=growing.cached_tokens,
                completion_tokens=growing.completion_tokens,
                finish="stop",
            ),
        )


def step_conversation(
    profile: StyleProfile, topic: str, embedder: Embedder, recipe: PromptRecipe = PLAIN
) -> list[Message]:
    """Return the chat before the first point: the author answering rough notes of themselves."""
    words = wording("step", profile.language)
    room = round(FIXED_WORDS * recipe.shown)
    fixed, for_topic = choose_pieces(profile, topic, embedder, fixed_words=room)
    chat = [
        message(
            "system",
            instruction(words["system"], recipe, profile),
            advice=fill_part(words, "advice", advice=traits(profile)),
        )
    ]
    for piece in (*fixed, *for_topic):
        chat.append(message("user", words["user"], notes=rough_notes(piece, profile.language)))
        chat.append(Message(role="assistant", content=piece))
    return chat


def traits(profile: StyleProfile) -> str:
    """Return what the writer themselves said of the style, short enough for a small model."""
    added = ", ".join(profile.added_words)
    tags = (say_added_tag(name, profile.language) for name in profile.added_tags)
    wish = trait_words(profile.trait, profile.language) if profile.trait else ""
    return " ".join(part for part in (profile.guidance, added, *tags, wish) if part)


def _supported(draft: Draft, request: WritingRequest) -> list[str]:
    """Return the draft's sentences less those that the scorer found nothing to support.

    Wrong numbers and names always go, and so does what holds a phrase of the never list; what is
    merely added goes only while the rest is long enough to pass the gate.
    """
    found = draft.scores.spans if draft.scores else ()
    spans = [s for s in found if s.kind == "unsupported"]
    banned = [s for s in found if s.kind == "never"]
    places = sentence_spans(draft.text)
    places = [(a, b) for a, b in places if not any(a <= s.start < b for s in banned)]
    kept = [draft.text[a:b] for a, b in places]
    for soft in (False, True):
        for span in spans:
            if span.note.startswith(("number", "name")) == soft:
                continue
            fewer = [s for s in kept if s not in draft.text[span.start : span.end]]
            if soft and count_words(" ".join(fewer), request.language) < _LEAST * request.words:
                continue
            kept = fewer
    return kept


def _whole_sentences(text: str, words: int, language: Language) -> str:
    """Cut a continuation after its last whole sentence within `words` (the first one stays)."""
    kept: list[str] = []
    for start, end in sentence_spans(text.strip()):
        sentence = text.strip()[start:end]
        ended = sentence.rstrip("\"'”’」』)").endswith((".", "!", "?", "。", "！", "？", "…"))
        if (
            kept and count_words(_join([*kept, sentence], language), language) > words
        ) or not ended:
            break
        kept.append(sentence)
    return _join(kept, language)


def _join(parts: Sequence[str], language: Language) -> str:
    return ("" if language == "zh" else " ").join(p.strip() for p in parts if p.strip())
