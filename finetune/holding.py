"""Which notes training never sees, so that the gate has something to judge on."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from finetune.judgements import weigh
from finetune.pairs import by_people
from storage.records import NoteRecord

LEAST = 0.2
"""The share of the notes that is always held back."""
MOST = 0.5
TELLING = 8
"""Held-back notes of which people say what they want: the gate decides from six on; some tie."""
FEW = 12
"""Telling notes below which half of them would not be enough for the gate: learning comes first."""


class Split(NamedTuple):
    """Notes to train on, and notes for the gate to judge on."""

    training: tuple[NoteRecord, ...]
    gate: tuple[NoteRecord, ...]


def share_held_back(records: Iterable[NoteRecord], style: str) -> float:
    """Return what share of a style's notes the gate gets.

    As much as brings it `TELLING` notes that were edited, or of which one draft was preferred to
    another; between `LEAST` and `MOST`. The share falls as such notes are added, so a note goes
    from the gate to training, not back; but for once, when there are `FEW` of them.
    """
    own = [r for r in records if (r.style_name or r.note.style_name) == style and not r.deleted]
    judged = weigh(own, Counter())
    places = sorted(_place(r) for r, j in zip(own, judged, strict=True) if j.edits or by_people(j))
    if len(places) < FEW:
        return LEAST
    # The next number up, as what lies below the share is held back.
    return max(LEAST, min(MOST, math.nextafter(places[TELLING - 1], 1)))


def held_back(records: Iterable[NoteRecord], share: float, seed: int = 0) -> Split:
    """Part notes so that the gate judges on notes, and on topics, that training never saw.

    Notes on the same topic and facts go to one side, and with one share a note stays on its side
    whatever is written later.
    """
    sides: dict[bool, list[NoteRecord]] = {True: [], False: []}
    for record in records:
        sides[_place(record, seed) < share].append(record)
    return Split(training=tuple(sides[False]), gate=tuple(sides[True]))


def parted(records: Iterable[NoteRecord], style: str) -> Split:
    """Part a person's notes by the share that a style's gate gets."""
    every = tuple(records)
    return held_back(every, share_held_back(every, style))


def _place(record: NoteRecord, seed: int = 0) -> float:
    """Return where in [0, 1) the topic of a note lies."""
    asked = record.note.request
    key = repr((seed, asked.topic.strip().casefold(), asked.facts, asked.source))
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
