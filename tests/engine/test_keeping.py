"""What a wording may not bring in: numbers, names, and other things to count."""

import pytest

from engine.keeping import invents

TOLD = "The fleas cost 200 dollars a week. Twelve kinds of potato grow on plot 27. See 3 houses."


@pytest.mark.parametrize(
    "text",
    [
        "They cost 200 pounds a week.",
        "They cost 300 dollars a week.",
        "On plot 27 twelve sorts of onion grow.",
        "Ask the people at Harwich about plot 27.",
    ],
)
def test_what_was_not_told_is_invented(text: str) -> None:
    assert invents(text, TOLD)


@pytest.mark.parametrize(
    "text",
    [
        "A week of fleas is 200 dollars, my dear.",
        "Plot 27 has twelve kinds of potato!",
        "He saw 3 house-fronts.",
        "Of plot 27 and its twelve kinds, more below.",
        "它一共有 3 间。",
        "He saw 3, sailors all.",
    ],
)
def test_what_was_told_may_be_said_in_other_words(text: str) -> None:
    assert not invents(text, TOLD)
