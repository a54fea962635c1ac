"""From stored notes, feedback and samples to what a stylist learns from, in TRL's three formats.

Pure: no database, no model. Every row is a chat of engine/restyling.py, as inference asks it; every
row names the ids that it was made from; what is left out is counted with a reason.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from engine.learning_types import PreferencePair, SFTExample, TrainingSet, UnpairedPreference
from engine.notebench.overlap import without_overlaps
from engine.restyling import ask, restyle_conversation
from engine.stepwise import traits
from engine.text import guess_language, sentence_spans
from engine.types import Message, StyleProfile, StyleSample
from finetune.judgements import weigh
from finetune.pairs import Drafts, Found, edit_pairs, people_pairs, program_pairs
from finetune.reasons import Reason
from finetune.steps import Steps, edited_steps, matched, passages, plan_steps, same_words
from storage.records import NoteRecord

Row = TypeVar("Row", SFTExample, PreferencePair, UnpairedPreference)
_BAD_TO_IMITATE = {"facts", "copied", "empty"}


class Neutralise(Protocol):
    """Says an author's text in plain sentences, nothing added and nothing lost."""

    def __call__(self, text: str) -> str:
        """Return the plain version; empty where there is none."""


class SaysTheSame(Protocol):
    """Tells whether a plain version keeps the content of a text."""

    def __call__(self, plain: str, text: str) -> bool:
        """Return whether it does."""


def make_training_set(
    records: Iterable[NoteRecord],
    profile: StyleProfile,
    *,
    neutralise: Neutralise | None = None,
    says_the_same: SaysTheSame | None = None,
    refused: Collection[str] = frozenset(),
) -> TrainingSet:
    """Return everything that there is to learn a style from, and what was left out and why.

    Args:
        records: the notes with their feedback, oldest first; those of other styles are left out.
        profile: the style as it stands: its samples open every chat.
        neutralise: makes the plain side of the samples; without it they are not learned.
        says_the_same: checks that plain side, beside the check that the two can be matched.
        refused: ids of notes and samples (`Note.id`, `StyleSample.id`) not to train on.
    """
    dropped: Counter[str] = Counter()
    samples = usable_samples(profile, refused, dropped)
    maker = _Maker(profile, samples, dropped)
    notes = [r for r in records if _may_be_used(r, profile, refused, dropped)]
    sft: list[SFTExample] = []
    pairs: list[PreferencePair] = []
    unpaired: list[UnpairedPreference] = []
    for record, judged in zip(notes, weigh(notes, dropped), strict=True):
        drafts = Drafts.of(record.note, judged)
        dropped[Reason.UNMATCHED] += sum(not drafts.steps[draft] for draft in judged.about)
        edits = maker.edits(drafts)
        sft += maker.imitable(drafts, edits)
        found = (
            *edit_pairs(drafts, edits),
            *people_pairs(drafts, dropped),
            *program_pairs(drafts, dropped),
        )
        pairs += [maker.pair(one) for one in found]
        unpaired += maker.labelled(drafts)
    if neutralise is not None:
        sft += maker.samples(neutralise, says_the_same)
    return TrainingSet(
        sft=_kept(sft, lambda row: row.messages, dropped),
        pairs=_kept(pairs, lambda row: (*row.prompt, *row.chosen, *row.rejected), dropped),
        unpaired=_kept(unpaired, lambda row: (*row.prompt, *row.completion), dropped),
        dropped={str(reason): count for reason, count in sorted(dropped.items()) if count},
        shown=tuple(sample.id for sample in samples),
    )


def _may_be_used(
    record: NoteRecord, profile: StyleProfile, refused: Collection[str], dropped: Counter[str]
) -> bool:
    name = record.style_name or record.note.style_name
    if record.note.id in refused:
        dropped[Reason.REFUSED] += 1
    elif record.deleted:
        dropped[Reason.DELETED] += 1
    elif name != profile.name or record.note.request.language != profile.language:
        dropped[Reason.OTHER_STYLE] += 1
    else:
        return True
    return False


def usable_samples(
    profile: StyleProfile, refused: Collection[str], dropped: Counter[str]
) -> list[StyleSample]:
    """Return the samples that may be shown and learned."""
    allowed = [s for s in profile.samples if s.id not in refused]
    dropped[Reason.REFUSED] += len(profile.samples) - len(allowed)
    guarded = without_overlaps(allowed, lambda sample: [sample.text])
    dropped[Reason.NOTEBENCH] += len(guarded.dropped)
    return list(guarded.kept)


def _in_steps(drafts: Drafts, draft: int, text: str) -> Steps:
    """Return an edited text in its draft's steps, or the plan's where the draft has none."""
    old = drafts.steps[draft]
    return edited_steps(old, text) if old else matched(plan_steps(drafts.note), text)


class _Maker:
    """Makes rows in one style."""

    def __init__(
        self, profile: StyleProfile, samples: Sequence[StyleSample], dropped: Counter[str]
    ) -> None:
        self._language, self._advice = profile.language, traits(profile)
        self._samples, self._dropped = samples, dropped
        self._opening = self._opened([s.text for s in samples])

    def _opened(self, shown: Sequence[str]) -> Message:
        """Return the turn that shows samples."""
        return restyle_conversation(shown, (), self._language, advice=self._advice)[0]

    def _chat(self, steps: Steps, shown: Sequence[str] | None = None) -> tuple[Message, ...]:
        # The opening is the same for most rows, and cutting samples to size is most of the work.
        opening = self._opening if shown is None else self._opened(shown)
        return (opening, *restyle_conversation((), steps, self._language)[1:])

    def pair(self, found: Found) -> PreferencePair:
        """Return the two answers to one chat."""
        said, plain, better, worse = found.contrast
        return PreferencePair(
            prompt=(*self._chat(said), ask(plain, self._language)),
            chosen=(Message(role="assistant", content=better),),
            rejected=(Message(role="assistant", content=worse),),
            kind=found.kind,
            origin=found.origin,
            sources=found.sources,
        )

    def edits(self, drafts: Drafts) -> dict[int, Steps]:
        """Return the edited texts in steps, by draft, less those that teach nothing."""
        found: dict[int, Steps] = {}
        for draft, act in drafts.judged.edits.items():
            text = act.edited_text or ""
            steps = _in_steps(drafts, draft, text)
            if same_words(text, drafts.note.drafts[draft].text):
                self._dropped[Reason.NEAR_EMPTY] += 1
            elif guess_language(text) != self._language:
                self._dropped[Reason.OTHER_LANGUAGE] += 1
            elif steps:
                found[draft] = steps
            else:
                self._dropped[Reason.UNMATCHED] += 1
        return found

    def imitable(self, drafts: Drafts, edits: dict[int, Steps]) -> Iterator[SFTExample]:
        """Yield the notes worth imitating: as they were edited, or as they were liked."""
        note, judged = drafts.note, drafts.judged
        for draft, steps in edits.items():
            act = judged.edits[draft].id
            yield SFTExample(messages=self._chat(steps), origin="edit", sources=(note.id, act))
        for draft, liked in judged.liked.items():
            if not liked or draft in edits or not drafts.steps[draft]:
                continue
            if _BAD_TO_IMITATE & set(note.drafts[draft].failed):
                self._dropped[Reason.GATE] += 1
            else:
                chat, sources = self._chat(drafts.steps[draft]), drafts.sources(draft)
                yield SFTExample(messages=chat, origin="user", sources=sources)

    def labelled(self, drafts: Drafts) -> Iterator[UnpairedPreference]:
        """Yield each draft that was liked or not: the first question, then all that follows."""
        for draft, liked in drafts.judged.liked.items():
            chat = self._chat(drafts.steps[draft])
            if len(chat) > 1:
                yield UnpairedPreference(
                    prompt=chat[:2],
                    completion=chat[2:],
                    label=liked,
                    origin="user",
                    sources=drafts.sources(draft),
                )

    def samples(
        self, neutralise: Neutralise, says_the_same: SaysTheSame | None
    ) -> Iterator[SFTExample]:
        """Yield the writer's own texts beside their plain versions."""
        for number, sample in enumerate(self._samples):
            for passage, shown in self._lessons(sample, number):
                steps = self._from_plain(passage, neutralise(passage), says_the_same)
                if steps:
                    chat = self._chat(steps, shown)
                    yield SFTExample(messages=chat, origin="sample", sources=(sample.id,))

    def _lessons(self, sample: StyleSample, number: int) -> Iterator[tuple[str, list[str]]]:
        """Yield passages to learn, each with texts to show: never the one that it is from.

        Shown the text itself, a model would learn to copy. Halves of a lone sample show each other.
        """
        others = [s.text for place, s in enumerate(self._samples) if place != number]
        if others:
            yield from ((passage, others) for passage in passages(sample.text, self._language))
            return
        spans = sentence_spans(sample.text)
        if len(spans) > 1:
            middle = spans[len(spans) // 2][0]
            first, second = sample.text[:middle].strip(), sample.text[middle:].strip()
            yield from ((passage, [second]) for passage in passages(first, self._language))
            yield from ((passage, [first]) for passage in passages(second, self._language))

    def _from_plain(self, text: str, plain: str, says_the_same: SaysTheSame | None) -> Steps:
        steps = matched(plain, text) if plain.strip() else ()
        if not plain.strip() or same_words(plain, text):
            self._dropped[Reason.NO_NEUTRAL] += 1
        elif not steps:
            self._dropped[Reason.UNMATCHED] += 1
        elif says_the_same is not None and not says_the_same(plain, text):
            self._dropped[Reason.LOST_CONTENT] += 1
        else:
            return steps
        return ()


def _kept(
    rows: Sequence[Row], messages: Callable[[Row], tuple[Message, ...]], dropped: Counter[str]
) -> tuple[Row, ...]:
    """Return rows once each, less those that would teach what NoteBench asks."""
    once: dict[Hashable, Row] = {}
    for row in rows:
        once.setdefault(messages(row), row)
    dropped[Reason.DUPLICATE] += len(rows) - len(once)
    guarded = without_overlaps(once.values(), lambda row: (m.content for m in messages(row)))
    dropped[Reason.NOTEBENCH] += len(guarded.dropped)
    return guarded.kept
