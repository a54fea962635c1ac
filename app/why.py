"""Why a draft sounds as it does: the reading of its style, and the meter of stock phrases."""

from collections.abc import Iterable, Sequence
from html import escape

from app.i18n import Texts
from engine.scoring.nouns import MarkUse, Rhythm, StyleReading, WordUse

_SLOP_BANDS = ((0.15, "machine", "weak"), (0.05, "some", "fair"), (0.0, "plain", "strong"))
"""Shares of a text, and the words for them: nine in ten texts by people stay under the second."""
_SAME_RHYTHM = 1.25


def slop_word(meter: float) -> tuple[str, str]:
    """Return the key of the word for a share of stock phrases, and how good that is."""
    return next((word, level) for floor, word, level in _SLOP_BANDS if meter >= floor)


def percent(reading: StyleReading) -> str:
    """Return how much of the way from anybody to the author, as a person writes it."""
    return f"{reading.percent:.0%}"


def interval(reading: StyleReading) -> str:
    """Return between what the percent lies, four times in five."""
    return f"{100 * reading.low:.0f}–{reading.high:.0%}"


def why_style(reading: StyleReading, t: Texts) -> str:
    """Return the percent in a sentence, and behind it what the text does otherwise than the author.

    Every word of the text is escaped.
    """
    said = t("reading.percent", percent=percent(reading), interval=interval(reading))
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons(reading, t))
    return (
        f'<details class="why-style"><summary>{escape(said)}</summary>'
        f'<ul>{items}</ul><p class="hint">{escape(t("reading.scale"))}</p></details>'
    )


def reasons(reading: StyleReading, t: Texts) -> list[str]:
    """Return in plain words what sets the text apart from the samples."""
    return [
        *_words("reading.over", reading.over, t),
        *_words("reading.under", reading.under, t),
        _rhythm(reading.rhythm, t),
        *(_mark(mark, t) for mark in reading.marks),
    ]


def _words(key: str, uses: Sequence[WordUse], t: Texts) -> Iterable[str]:
    if uses:
        listed = " · ".join(
            t("reading.word", word=use.word, rate=f"{use.rate:.1f}", usual=f"{use.usual:.1f}")
            for use in uses
        )
        yield t(key, words=listed)


def _rhythm(rhythm: Rhythm, t: Texts) -> str:
    ratio = (rhythm.mean + 1) / (rhythm.usual_mean + 1)
    key = "same" if 1 / _SAME_RHYTHM <= ratio <= _SAME_RHYTHM else "long" if ratio > 1 else "short"
    return t(
        f"reading.rhythm_{key}",
        mean=round(rhythm.mean),
        spread=round(rhythm.spread),
        usual_mean=round(rhythm.usual_mean),
        usual_spread=round(rhythm.usual_spread),
    )


def _mark(use: MarkUse, t: Texts) -> str:
    name = t.get(f"habit.{use.name}", use.name.replace("_", " "))
    key = "reading.mark_over" if use.rate > use.usual else "reading.mark_under"
    return t(key, mark=name, rate=f"{use.rate:.1f}", usual=f"{use.usual:.1f}")
