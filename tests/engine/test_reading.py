"""The style as a percent: the author's own text above another's, with reasons that are true."""

import time

import pytest

from engine.scoring.reading import OTHERS, OWN, ceiling_of, read_style
from engine.types import Language

OURS = (
    "Right then! Six o'clock, spades out, no excuses! Kettle's on at the shed, biscuits are Mo's "
    "doing, and if it rains we dig anyway! You lot know the drill!",
    "Big day on Saturday! Bins first, then the fence, then cake! Bring gloves, bring a mate, bring "
    "whatever you call that hat! See you lot at nine, sharp-ish!",
    "Well! We did it! Forty bags, one sofa, and don't ask about the goose! Cheers, you lot, proper "
    "shift that! Same again next week, and somebody hide the goose!",
    "Listen up, you lot! Paint's here, brushes too, and the weather's on our side for once! Doors "
    "at ten, tea at half past, and nobody touches the red tin! That's mine!",
)
OWN_TEXT = (
    "Morning, you lot! The shed's open, the kettle's hot, and Mo brought cake again! Grab a brush, "
    "grab a mate, and mind the goose! Fence first, then bins! Done by noon, proper job!"
)
OTHER_TEXT = (
    "The committee has reviewed the proposal; it finds that the drainage works, which were begun "
    "in the spring of last year, have been completed within the budget that was set. A further "
    "report, in which the costs of maintenance will be considered, is to be presented in June. "
    "Members who wish to comment are asked to do so in writing before the end of the month."
)
ZH = (
    "今晚八点，老地方见！带上铲子，带上嘴！",
    "哎呀，下雨也要挖！茶我烧好了，点心归小莫！",
    "干得漂亮！明早再来！",
)


def test_the_authors_own_text_reads_higher_than_anothers() -> None:
    own, other = (read_style(text, OURS, "en") for text in (OWN_TEXT, OTHER_TEXT))
    assert own.percent > other.percent + 0.3
    assert other.percent < 0.3


@pytest.mark.parametrize(("text", "samples", "language"), [
    (OWN_TEXT, OURS, "en"), (OTHER_TEXT, OURS, "en"), ("Two words.", OURS[:1], "en"),
    ("", OURS, "en"), (ZH[0], ZH, "zh"),
])  # fmt: skip
def test_the_percent_lies_in_its_interval_and_the_floor_below_the_ceiling(
    text: str, samples: tuple[str, ...], language: Language
) -> None:
    reading = read_style(text, samples, language)
    assert 0 <= reading.low <= reading.percent <= reading.high <= 1
    assert OTHERS[language] <= reading.floor < reading.ceiling


@pytest.mark.parametrize("samples", [OURS, OURS[:1]])
@pytest.mark.parametrize("plain", [
    "The post office is closed on Friday. Letters can be left at the shop. It opens at eight.",
    "The train leaves at noon. It takes two hours to get to the coast. Tickets cost nine pounds, "
    "and children pay half. There is a cafe at the station, but it shuts early in the winter.",
])  # fmt: skip
def test_short_plain_prose_does_not_read_as_the_authors(
    plain: str, samples: tuple[str, ...]
) -> None:
    assert read_style(plain, samples, "en").percent < 0.6


def test_the_same_text_reads_the_same_and_a_score_that_is_known_is_used() -> None:
    first = read_style(OWN_TEXT, OURS, "en")
    assert read_style(OWN_TEXT, list(OURS), "en") == first
    halfway = (first.floor + first.ceiling) / 2
    assert read_style(OWN_TEXT, OURS, "en", score=halfway).percent == pytest.approx(0.5)
    assert read_style(OWN_TEXT, OURS, "en", score=1.0).percent == 1.0
    assert read_style(OWN_TEXT, OURS, "en", score=0.0).percent == 0.0


def test_a_text_too_short_to_tell_has_a_wide_interval() -> None:
    reading = read_style("Right then! Spades out!", OURS, "en", score=0.4)
    assert reading.high - reading.low > 0.4


def test_one_short_sample_gets_the_usual_ceiling_and_more_samples_their_own() -> None:
    assert ceiling_of(("Only this.",), "en") == OWN["en"]
    assert ceiling_of((" ".join((*OURS, OWN_TEXT)),), "en") != OWN["en"]
    assert ceiling_of(OURS, "en") != OWN["en"]


def test_the_reasons_name_what_sets_the_text_apart() -> None:
    reading = read_style(OTHER_TEXT, OURS, "en", watched=["lot", "goose"])
    marks = {use.name: use for use in reading.marks}
    assert "exclamation" in marks
    assert marks["exclamation"].rate < marks["exclamation"].usual
    assert reading.rhythm.mean > 2 * reading.rhythm.usual_mean
    assert "of" in {use.word for use in reading.over}
    assert "you" in {use.word for use in reading.under}
    words = {use.word for use in reading.over + reading.under}
    assert not words & {"committee", "drainage", "budget"}
    assert all(use.rate > use.usual for use in reading.over)


def test_a_signature_word_that_is_missing_is_told() -> None:
    without = OWN_TEXT.replace("you lot", "all of you")
    missing = {use.word for use in read_style(without, OURS, "en", watched=["lot"]).under}
    assert "lot" in missing
    told = read_style(OWN_TEXT, OURS, "en", watched=["lot"])
    assert "lot" not in {use.word for use in told.under}


def test_reading_again_costs_nothing() -> None:
    read_style(OWN_TEXT, OURS, "en")
    started = time.process_time()
    read_style(OWN_TEXT, OURS, "en")
    assert time.process_time() - started < 0.005
