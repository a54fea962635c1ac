"""The last word of each rater on two drafts stands, unless it was taken back."""

from engine.preferred import preferred
from tests.builders import choice, note, stars

NOTE = note()


def test_the_last_word_of_each_rater_stands() -> None:
    found = preferred(
        [
            choice(NOTE, 0, over=1),
            choice(NOTE, 0, over=1, rater="Bo"),
            choice(NOTE, 1, over=0),
            choice(NOTE, 1),
            stars(NOTE, 4),
        ]
    )

    assert [(each.rater, each.draft, each.over) for each in found] == [
        ("Bo", 0, 1),
        ("writer", 1, 0),
    ]
    assert {each.note_id for each in found} == {NOTE.id}


def test_what_was_withdrawn_is_gone_for_that_rater_alone() -> None:
    said = [choice(NOTE, 0, over=1), choice(NOTE, 0, over=1, rater="Bo")]

    assert [p.rater for p in preferred([*said, choice(NOTE, 0, over=1, withdrawn=True)])] == ["Bo"]
    assert preferred([]) == ()
