"""What a prompt search writes: NoteBench's dev items in the writer's style, and notes they edited.

Topics and facts of the dev items come with the writer's own samples; the test items are never
touched. Where there are enough samples some are held back from the prompts, and the held-out cases
are measured against those. A note that the writer edited is a case with what they made of it.
"""

from collections.abc import Iterable, Sequence

from engine.notebench.asking import request_for
from engine.notebench.samples import BenchItem
from engine.optimize.types import CaseSets, SearchCase
from engine.planner import build_plan
from engine.text import count_words
from engine.types import StyleProfile, StyleSample
from storage.records import NoteRecord

SEARCHED, HELD, TOLD = 4, 6, 6
"""Cases of each kind: every prompt writes the first, few the others."""

_HOLD_FROM = 4  # samples from which on a quarter is held back
_FACTS = 2  # facts of an item that are asked for: short cases buy more prompts
_WORDS_PER_FACT = 1.4
_MOST_EDITS = 8


def parted(samples: Sequence[StyleSample]) -> tuple[tuple[StyleSample, ...], tuple[str, ...]]:
    """Return the samples that prompts may show, and the texts that are held back."""
    held = len(samples) // 4 if len(samples) >= _HOLD_FROM else 0
    shown = tuple(samples[: len(samples) - held])
    return shown, tuple(sample.text for sample in samples[len(samples) - held :])


def case_sets(
    dev: Sequence[BenchItem],
    edited: Iterable[NoteRecord],
    profile: StyleProfile,
    held_back: tuple[str, ...],
    *,
    seed: int = 0,
) -> CaseSets:
    """Return the cases of a style; edited notes are dealt to the three sets in turn.

    Args:
        dev: NoteBench's dev items.
        edited: the writer's notes with their feedback.
        profile: what prompts may show.
        held_back: texts of the writer's that prompts do not show; all are shown where it is empty.
        seed: of what is drawn.
    """
    shown = tuple(sample.text for sample in profile.samples)
    sets: tuple[list[SearchCase], ...] = ([], [], [])
    against = (shown, held_back or shown, held_back or shown)
    notes = [r for r in edited if _edit(r) and r.note.request.language == profile.language]
    for number, record in enumerate(notes[-_MOST_EDITS:]):
        sets[number % 3].append(_of_note(record, against[number % 3]))
    items = [item for item in dev if item.language == profile.language]
    wanted = SEARCHED + HELD + TOLD
    chosen = [items[n * len(items) // wanted] for n in range(min(wanted, len(items)))]
    for part, most, texts in zip(sets, (SEARCHED, HELD, TOLD), against, strict=True):
        while len(part) < most and chosen:
            part.append(_of_item(chosen.pop(0), texts, seed))
    return CaseSets(profile=profile, search=sets[0], held=sets[1], told=sets[2])


def _of_item(item: BenchItem, against: tuple[str, ...], seed: int) -> SearchCase:
    facts = item.facts[:_FACTS]
    size = sum(count_words(fact, item.language) for fact in facts)
    asked = item.model_copy(
        update={"facts": facts, "source": None, "words": round(size * _WORDS_PER_FACT)}
    )
    request = request_for(asked, drafts=1, seed=seed)
    return SearchCase(
        id=item.id, request=request, plan=build_plan(request, {}), against=against
    )  # fmt: skip


def _of_note(record: NoteRecord, against: tuple[str, ...]) -> SearchCase:
    note = record.note
    request = note.request.model_copy(update={"drafts": 1})
    return SearchCase(
        id=note.id, request=request, plan=note.plan, against=against, reference=_edit(record)
    )  # fmt: skip


def _edit(record: NoteRecord) -> str:
    """Return the writer's last edit of a note; empty where there is none."""
    edits = [act.edited_text for act in record.feedback if act.edited_text]
    return edits[-1] if edits and not record.deleted else ""
