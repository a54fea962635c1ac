"""Which notes the gate judges on, and that training never sees them."""

from engine.types import Feedback
from finetune.gate import ENOUGH
from finetune.holding import FEW, LEAST, MOST, TELLING, held_back, parted, share_held_back
from storage.records import NoteRecord
from tests import builders
from tests.finetune.feedback import note


def test_notes_on_one_topic_stay_on_one_side_whatever_is_written_later() -> None:
    topics = [NoteRecord(note=note(topic=f"Walk {n}"), feedback=()) for n in range(200)]
    again = [
        NoteRecord(note=note(topic=f"walk {n} ", created_at=builders.WHEN), feedback=())
        for n in range(200)
    ]
    few, all_ = held_back(topics[:100], 0.25, seed=3), held_back([*topics, *again], 0.25, seed=3)

    assert set(map(_id, few.gate)) <= set(map(_id, all_.gate))
    assert set(map(_id, few.training)) <= set(map(_id, all_.training))
    judged = {record.note.request.topic.strip().casefold() for record in all_.gate}
    taught = {record.note.request.topic.strip().casefold() for record in all_.training}
    assert not judged & taught
    assert 30 <= len(judged) <= 70
    assert held_back(topics, 0.0).gate == ()
    assert held_back(topics, 1.0).training == ()
    assert held_back(topics, 0.25, seed=4) != held_back(topics, 0.25, seed=3)


def _id(record: NoteRecord) -> str:
    return record.note.id


def written(count: int, *, edited: int = 0, style: str = "Ada") -> list[NoteRecord]:
    """Return notes on topics of their own, the first of them edited."""
    found = []
    for number in range(count):
        about = note(topic=f"Walk {number}")
        acts: tuple[Feedback, ...] = ()
        if number < edited:
            acts = (builders.edit(about, "The ferry leaves at six! Five sharp."),)
        found.append(NoteRecord(note=about, feedback=acts, style_name=style))
    return found


def test_twenty_edited_notes_leave_the_gate_enough_to_judge_on() -> None:
    split = parted(written(20, edited=20), "Ada")
    assert ENOUGH <= len(split.gate) <= TELLING
    assert len(split.training) == 20 - len(split.gate)
    assert len(parted(written(30, edited=30), "Ada").gate) == TELLING


def test_the_more_people_say_the_smaller_the_share() -> None:
    """A note goes from the gate to training when others come, and not the other way."""
    before = parted(written(20, edited=20), "Ada")
    after = parted(written(60, edited=60), "Ada")
    assert not set(map(_id, after.gate)) & set(map(_id, before.training))
    assert share_held_back(written(200, edited=200), "Ada") == LEAST


def test_notes_that_say_nothing_do_not_count_and_few_edits_are_learned_from() -> None:
    assert share_held_back(written(60), "Ada") == LEAST
    assert share_held_back(written(60, edited=FEW - 1), "Ada") == LEAST
    assert LEAST < share_held_back(written(60, edited=FEW), "Ada") <= MOST
    assert share_held_back(written(60, edited=30, style="Bea"), "Ada") == LEAST
