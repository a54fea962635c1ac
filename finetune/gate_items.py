"""What the gate lets both adapters write: NoteBench dev in the writer's style, held-back notes.

An adapter is for one style, so the topics and sources of NoteBench's dev items come with the
writer's own samples: closeness to them is what counts, not to the invented authors.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from engine.notebench.samples import BenchItem
from engine.types import Plan, StyleProfile
from engine.value import Value
from finetune.gate_report import Origin
from finetune.judgements import Judged, weigh
from finetune.pairs import by_people
from storage.records import NoteRecord

BUDGET = 24
"""Items to write, each of them twice."""


class GateItem(Value):
    """An item both adapters answer; `plan` is the note's own where it comes from a note.

    `preferred` are (better, worse) drafts of that note, as people said: by blind votes, choices,
    stars and thumbs, weighed as in training (`finetune.judgements`).
    """

    item: BenchItem
    origin: Origin
    plan: Plan | None = None
    preferred: tuple[tuple[str, str], ...] = ()


def gate_items(
    dev: Sequence[BenchItem],
    held_back: Iterable[NoteRecord],
    profile: StyleProfile,
    *,
    budget: int = BUDGET,
) -> tuple[GateItem, ...]:
    """Return what to write: up to half of the budget held-back notes, the rest dev items.

    Args:
        dev: NoteBench's dev items, or others that no training sees.
        held_back: notes that training left out (`finetune.examples.held_back`).
        profile: the style as it stands.
        budget: how many items in all, taken at even distances, notes that say what people prefer
            first; one that is too small for either kind goes to the other.
    """
    samples = tuple(sample.text for sample in profile.samples)
    bench = [_dev(item, samples) for item in dev if item.language == profile.language]
    kept = [r for r in held_back if r.note.request.language == profile.language]
    said = weigh(kept, Counter())
    notes = [_note(r, judged, samples) for r, judged in zip(kept, said, strict=True)]
    room = max(budget // 2, budget - len(bench))
    chosen: list[GateItem] = []
    for told in (2, 1, 0):
        some = [one for one in notes if _telling(one) == told]
        chosen += spread(some, room - len(chosen))
    return (*chosen, *spread(bench, budget - len(chosen)))


def spread(items: Sequence[GateItem], count: int) -> list[GateItem]:
    """Return up to `count` items at even distances."""
    count = max(0, min(count, len(items)))
    return [items[number * len(items) // count] for number in range(count)]


def _dev(item: BenchItem, samples: tuple[str, ...]) -> GateItem:
    theirs = {"samples": samples, "reference": (), "author": ""}
    return GateItem(item=item.model_copy(update=theirs), origin="notebench")


def _telling(one: GateItem) -> int:
    """Return how much a note tells of what people prefer: an edit most, nothing least."""
    return 2 if one.item.reference else 1 if one.preferred else 0


def _note(record: NoteRecord, judged: Judged, samples: tuple[str, ...]) -> GateItem:
    """Return a note as an item; its reference is the writer's last edit."""
    note, asked = record.note, record.note.request
    edits = [act.edited_text for act in record.feedback if act.edited_text]
    item = BenchItem(
        id=note.id,
        topic=asked.topic,
        samples=samples,
        language=asked.language,
        facts=asked.facts,
        source=note.plan.neutral_text or None,
        reference=tuple(edits[-1:]),
        words=asked.words,
    )
    drafts = [draft.text for draft in note.drafts]
    preferred = [(drafts[better], drafts[worse]) for better, worse in sorted(by_people(judged))]
    return GateItem(item=item, origin="feedback", plan=note.plan, preferred=tuple(preferred))
