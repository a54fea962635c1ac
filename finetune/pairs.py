"""From the drafts of a note to pairs: of two ways to say a step, which is better, and in what.

*Style* pairs come from people, the critic and the style score; both sides must keep the content
alike. *Content* pairs come from the gate: a sentence that lost a fact, invented or copied, beside
the same sentence of a draft that did not. The plan is shared by making pairs step by step, and the
rules are those of papers 2 and 4: the most different drafts, a semantic floor, a length ratio
(Structured Style-Rewrite, arXiv 2603.05933; Small But Funny, arXiv 2402.18113).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

from rapidfuzz.distance import Indel

from engine.choosing import worth
from engine.keeping import says
from engine.learning_types import Origin, PairKind
from engine.text import ngrams, tokens
from engine.types import Draft, Note
from finetune.judgements import Judged
from finetune.reasons import Reason
from finetune.steps import Contrast, Steps, contrasts, draft_steps, lengths_agree

MEANING_FLOOR = 0.85  # share of the better draft's meaning that the worse must have
STYLE_MARGIN = 0.1  # difference in style from which scores tell two drafts apart
SURE = 0.6  # probability from which the critic's verdict counts
_BLAMED = {"unsupported", "copied", "never"}


class Found(NamedTuple):
    """A contrast, what it is about, and who says so."""

    contrast: Contrast
    kind: PairKind
    origin: Origin
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Drafts:
    """A note's drafts in steps (empty where they cannot be matched), and what people said."""

    note: Note
    steps: Sequence[Steps]
    judged: Judged

    @classmethod
    def of(cls, note: Note, judged: Judged) -> "Drafts":
        """Take every draft in its steps.

        Older ones are matched to the plan where people said something, for that takes a while.
        """
        steps = [d.steps or (draft_steps(note, d) if judged.acts else ()) for d in note.drafts]
        return cls(note, steps, judged)

    def sources(self, *drafts: int) -> tuple[str, ...]:
        """Return the ids of the note and of what was said about some of its drafts."""
        acts = [act for draft in drafts for act in self.judged.acts.get(draft, ())]
        return (self.note.id, *acts)

    def kind(self, worse: int) -> PairKind:
        """Return what a person who passed a draft over minded: its facts, or its style."""
        return "content" if worse in self.judged.wrong else "style"


def people_pairs(drafts: Drafts, dropped: Counter[str]) -> Iterator[Found]:
    """Yield what choices and opposite ratings of two drafts say, step by step."""
    for better, worse in sorted(by_people(drafts.judged)):
        for contrast in contrasts(drafts.steps[better], drafts.steps[worse]):
            if lengths_agree(contrast.better, contrast.worse):
                sources = drafts.sources(better, worse)
                yield Found(contrast, drafts.kind(worse), "user", sources)
            else:
                dropped[Reason.LENGTHS] += 1


def edit_pairs(drafts: Drafts, edits: Mapping[int, Steps]) -> Iterator[Found]:
    """Yield what edits changed, step by step. A writer may change the length as they like."""
    for draft, steps in edits.items():
        sources = (drafts.note.id, drafts.judged.edits[draft].id)
        for contrast in contrasts(steps, drafts.steps[draft]):
            yield Found(contrast, drafts.kind(draft), "edit", sources)


def program_pairs(drafts: Drafts, dropped: Counter[str]) -> Iterator[Found]:
    """Yield what the gate, the critic and the scores say, where no person says otherwise."""
    people = by_people(drafts.judged)
    for found in (*_gate_pairs(drafts, people, dropped), *_style_pairs(drafts, people, dropped)):
        if lengths_agree(found.contrast.better, found.contrast.worse):
            yield found
        else:
            dropped[Reason.LENGTHS] += 1


def by_people(judged: Judged) -> set[tuple[int, int]]:
    """Return (better, worse) drafts by choice, or one liked and the other not."""
    good = [draft for draft, liked in judged.liked.items() if liked]
    bad = [draft for draft, liked in judged.liked.items() if not liked]
    rated = {(g, b) for g in good for b in bad if (b, g) not in judged.order}
    return rated | set(judged.order)


# ------------------------------------------------------------------ content


def _gate_pairs(
    drafts: Drafts, people: set[tuple[int, int]], dropped: Counter[str]
) -> Iterator[Found]:
    """Yield each step that is at fault beside the same step of the best draft that passed."""
    note = drafts.note
    faults = [_faults(note, d, s) for d, s in zip(note.drafts, drafts.steps, strict=True)]
    passed = sorted(
        (i for i, d in enumerate(note.drafts) if not d.failed and drafts.steps[i]),
        key=lambda i: -worth(note.drafts[i]),
    )
    for worse, blamed in enumerate(faults):
        if not blamed and drafts.steps[worse] and note.drafts[worse].failed:
            dropped[Reason.NO_PLACE] += 1
        for plain, kind in blamed.items():
            rivals = [b for b in passed if plain not in faults[b] and (worse, b) not in people]
            found = _first_contrast(drafts, rivals, worse, plain)
            if found is None:
                dropped[Reason.NO_RIVAL] += 1
            else:
                yield Found(found, kind, "gate", (note.id,))


def _first_contrast(
    drafts: Drafts, rivals: Sequence[int], worse: int, plain: str
) -> Contrast | None:
    found = (c for b in rivals for c in contrasts(drafts.steps[b], drafts.steps[worse]))
    return next((contrast for contrast in found if contrast.plain == plain), None)


def _faults(note: Note, draft: Draft, steps: Steps) -> dict[str, PairKind]:
    """Return the plain sides of the steps that can be blamed, and what for.

    A draft that strayed from the plan as a whole is to blame in every step.
    """
    if draft.scores is None:
        return {}
    scores, at = draft.scores, 0
    lost = [
        f for f, found in zip(note.request.facts, scores.facts_found, strict=False) if not found
    ]
    spans = [span for span in scores.spans if span.kind in _BLAMED]
    blamed: dict[str, PairKind] = {}
    for plain, styled in steps:
        start = max(at, draft.text.find(styled.strip(), at))
        at = start + len(styled.strip())
        kinds = {span.kind for span in spans if span.start < at and start < span.end}
        if kinds - {"never"} or any(says(plain, fact) for fact in lost):
            blamed[plain] = "content"
        elif kinds:
            blamed[plain] = "style"
    if not blamed and "plan" in draft.failed:
        return {plain: "content" for plain, _ in steps}
    return blamed


# ------------------------------------------------------------------ style


def _style_pairs(
    drafts: Drafts, people: set[tuple[int, int]], dropped: Counter[str]
) -> Iterator[Found]:
    """Yield the steps of the critic's pair and of the pair that the style score tells apart."""
    told = list(_told_apart(drafts.note))
    pairs = {pair for pair, _ in told} | people
    for (better, worse), origin in told:
        if (worse, better) in pairs:
            dropped[Reason.WRITER_OTHERWISE] += 1
            continue
        for contrast in contrasts(drafts.steps[better], drafts.steps[worse]):
            yield Found(contrast, "style", origin, (drafts.note.id,))


def _told_apart(note: Note) -> Iterator[tuple[tuple[int, int], Origin]]:
    """Yield (better, worse) by the critic and by the style score."""
    verdict, drafts = note.verdict, note.drafts
    if verdict is not None and verdict.probability >= SURE:
        worse = verdict.first if verdict.chosen == verdict.second else verdict.second
        if _content_alike(drafts[verdict.chosen], drafts[worse]):
            yield (verdict.chosen, worse), "critic"
    apart = _most_different(drafts)
    if apart is not None:
        yield apart, "gate"


def _most_different(drafts: Sequence[Draft]) -> tuple[int, int] | None:
    """Return the farthest apart of the pairs that differ in style and in nothing else."""
    allowed = [
        pair
        for pair in permutations(range(len(drafts)), 2)
        if _style_gain(drafts[pair[0]], drafts[pair[1]]) >= STYLE_MARGIN
        and _content_alike(drafts[pair[0]], drafts[pair[1]])
    ]
    grams = [ngrams(tokens(draft.text), 2) for draft in drafts]
    return max(
        allowed, key=lambda p: Indel.normalized_distance(grams[p[0]], grams[p[1]]), default=None
    )


def _style_gain(better: Draft, worse: Draft) -> float:
    one, other = (d.scores.style if d.scores else None for d in (better, worse))
    return 0.0 if one is None or other is None else one - other


def _content_alike(one: Draft, other: Draft) -> bool:
    """Tell whether two drafts passed the gate and keep about as much of the plan."""
    if one.failed or other.failed or not lengths_agree(one.text, other.text):
        return False
    kept = [d.scores.meaning for d in (one, other) if d.scores and d.scores.meaning is not None]
    return len(kept) < 2 or min(kept) >= MEANING_FLOOR * max(kept)
