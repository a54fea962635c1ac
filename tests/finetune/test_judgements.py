"""What people said is weighed: one vote a rater, and nobody louder than the others."""

from collections.abc import Sequence

import pytest

from engine.types import Feedback, Note
from finetune.examples import make_training_set
from finetune.judgements import ACTS_BESIDE, ACTS_PER_NOTE
from finetune.reasons import Reason
from storage.records import NoteRecord
from tests import builders
from tests.finetune.feedback import ADA, CAFE, DULL, FERRY, FLAT, LOUD, draft, made, note, said


def labels(*acts: Feedback) -> tuple[list[bool], dict[str, int]]:
    """Return the labels that acts on one draft give, and what was dropped."""
    found = made(note(), *acts)
    return [row.label for row in found.unpaired], dict(found.dropped)


def test_three_stars_say_nothing() -> None:
    assert labels(builders.stars(note(), 3)) == ([], {Reason.IN_BETWEEN: 1})


def test_the_last_stars_of_a_rater_replace_the_earlier_ones() -> None:
    assert labels(builders.stars(note(), 5), builders.stars(note(), 1)) == ([False], {})


def test_a_rater_who_contradicts_themselves_says_nothing() -> None:
    acts = builders.stars(note(), 5), builders.thumb(note(), "down")
    assert labels(*acts) == ([], {Reason.CANCELLED: 1})


def test_raters_decide_by_majority_and_a_draw_is_nothing() -> None:
    up, down = builders.thumb(note(), rater="a"), builders.thumb(note(), "down", rater="b")
    assert labels(up, down) == ([], {Reason.CANCELLED: 1})
    assert labels(up, down, builders.stars(note(), 2, rater="c")) == ([False], {})


def rated(stars: Sequence[int], rater: str = "writer") -> list[NoteRecord]:
    """Return a note for each rating; every draft begins with another word."""
    return [
        NoteRecord(note=about, feedback=(builders.stars(about, count, rater=rater),))
        for number, count in enumerate(stars)
        for about in [_numbered(number, rater)]
    ]


def _numbered(number: int, rater: str) -> Note:
    said = (f"{rater.title()} {number}: the ferry leaves at six!", LOUD[1])
    return note(draft(said), draft(FLAT), topic=f"{rater} {number}")


def test_equal_stars_tell_nothing_apart() -> None:
    found = make_training_set(rated([5, 5, 5]), ADA)
    assert (found.unpaired, found.sft) == ((), ())
    assert found.dropped == {Reason.ALL_EQUAL: 3}
    # Two are too few to say so, and one that differs is enough.
    assert len(make_training_set(rated([5, 5]), ADA).unpaired) == 2
    assert len(make_training_set(rated([5, 5, 5, 1]), ADA).unpaired) == 4


def test_a_flood_by_one_rater_counts_no_more_than_what_the_others_said() -> None:
    honest, flood = rated([5, 1] * 15), rated([1, 2] * 200, rater="mallory")
    found = make_training_set([*flood, *honest], ADA)
    assert len(found.unpaired) == 60
    assert found.dropped == {Reason.FLOOD: 370}
    # The first acts of somebody new are always heard; the writer is never cut short.
    few = make_training_set([*rated([1, 2] * 20, rater="mallory"), *rated([5])], ADA)
    assert len(few.unpaired) == ACTS_BESIDE + 1
    alone = make_training_set([*honest, *rated([2], rater="bob")], ADA)
    assert len(alone.unpaired) == 31


def test_a_flood_on_one_note_is_cut() -> None:
    drafts = [draft((f"Aye {n}! The ferry leaves at six!", LOUD[1])) for n in range(20)]
    about = note(*drafts)
    acts = [builders.thumb(about, draft=n, rater="mallory") for n in range(20)]
    found = made(about, *acts)
    assert len(found.unpaired) == ACTS_PER_NOTE
    assert found.dropped == {Reason.FLOOD: 20 - ACTS_PER_NOTE}


# ------------------------------------------------------------------ choices


def orders(*acts: Feedback) -> list[tuple[list[str], list[str]]]:
    """Return (chosen, rejected) of the first step, of a note of three drafts."""
    found = made(note(draft(LOUD), draft(FLAT), draft(DULL)), *acts)
    return [(said(p.chosen), said(p.rejected)) for p in found.pairs if len(p.prompt) == 2]


ABOUT = note(draft(LOUD), draft(FLAT), draft(DULL))


def test_a_choice_is_better_than_every_draft_that_was_passed_over() -> None:
    found = made(ABOUT, builders.choice(ABOUT, 1))
    assert [(said(p.prompt), said(p.chosen), said(p.rejected)) for p in found.pairs] == [
        ([FERRY], [FLAT[0]], [LOUD[0]]),
        ([FERRY, FLAT[0], CAFE], [FLAT[1]], [LOUD[1]]),
        ([FERRY], [FLAT[0]], [DULL[0]]),
        ([FERRY, FLAT[0], CAFE], [FLAT[1]], [DULL[1]]),
    ]
    assert {(p.kind, p.origin) for p in found.pairs} == {("style", "user")}


def test_a_blind_choice_is_about_two_drafts_and_can_be_taken_back() -> None:
    choice = builders.choice(ABOUT, 1, over=2)
    assert orders(choice) == [([FLAT[0]], [DULL[0]])]
    assert orders(choice, builders.choice(ABOUT, 1, over=2, withdrawn=True)) == []
    # Compared again, the last word counts.
    assert orders(choice, builders.choice(ABOUT, 2, over=1)) == [([DULL[0]], [FLAT[0]])]


def test_choices_of_two_raters_against_each_other_cancel() -> None:
    one = builders.choice(ABOUT, 1, over=2)
    other = builders.choice(ABOUT, 2, over=1, rater="b")
    found = made(ABOUT, one, other)
    assert found.pairs == ()
    assert found.dropped == {Reason.CANCELLED: 1}


def test_a_liked_draft_is_better_than_one_that_was_not() -> None:
    acts = builders.thumb(ABOUT), builders.stars(ABOUT, 1, draft=2)
    assert orders(*acts) == [([LOUD[0]], [DULL[0]])]
    # Unless the two were compared, with the other outcome.
    assert orders(*acts, builders.choice(ABOUT, 2, over=0)) == [([DULL[0]], [LOUD[0]])]


@pytest.mark.parametrize("longer", [True, False])
def test_a_choice_between_texts_of_very_different_length_would_teach_length(longer: bool) -> None:
    short, long = "Ferry: six!", "The old ferry, my dears, leaves the harbour at six o'clock!"
    two = (draft((long, LOUD[1])), draft((short, LOUD[1])))
    about = note(*(two if longer else two[::-1]))
    found = made(about, builders.choice(about, 0))
    assert found.pairs == ()
    assert found.dropped == {Reason.LENGTHS: 1}
