"""Curves of a training run as small SVGs: the points faint, their running mean over them."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from app.i18n import Texts
from engine.job_types import JobStep

_WIDTH, _HEIGHT = 320.0, 120.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 312.0, 10.0, 96.0
_MOST_POINTS = 160
_SMOOTHING = 0.85  # the share of the past in the running mean


class Series(NamedTuple):
    """What is drawn: the name of it, and its values by step."""

    name: str
    steps: Sequence[int]
    values: Sequence[float]


def curves(points: Sequence[JobStep], steps: int, t: Texts) -> str:
    """Return the loss and, where there are preferences, the reward margin, of the last stage."""
    if not points:
        return ""
    points = [point for point in points if point.stage == points[-1].stage]
    loss = [(p.step, p.loss) for p in points if p.loss is not None]
    margin = [(p.step, p.margin) for p in points if p.margin is not None]
    drawn = [
        _figure(Series(t(f"improve.{name}"), *zip(*found, strict=True)), steps, t, name)
        for name, found in (("loss", loss), ("margin", margin))
        if len(found) > 1
    ]
    return f'<div class="curves">{"".join(drawn)}</div>' if drawn else ""


def _figure(series: Series, steps: int, t: Texts, kind: str) -> str:
    mean = _running_mean(series.values)
    said = t(
        "improve.curve",
        name=series.name,
        first=f"{mean[0]:.2f}",
        last=f"{mean[-1]:.2f}",
        steps=series.steps[-1],
    )
    low, high = min(series.values), max(series.values)
    span = (high - low) or 1.0
    last = max(steps, series.steps[-1], 1)

    def places(values: Sequence[float]) -> list[tuple[float, float]]:
        return [
            (
                _LEFT + (_RIGHT - _LEFT) * step / last,
                _BOTTOM - (_BOTTOM - _TOP) * (value - low) / span,
            )
            for step, value in zip(series.steps, values, strict=True)
        ]

    line = places(mean)
    x, y = line[-1]
    return (
        f'<figure class="curve is-{kind}"><figcaption>{escape(series.name)} '
        f"<b>{mean[-1]:.2f}</b></figcaption>"
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(said)}">'
        f"{_frame(low, high, last)}"
        f'<polyline class="raw" points="{_path(places(series.values))}"/>'
        f'<polyline class="mean" points="{_path(line)}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/></svg></figure>'
    )


def _frame(low: float, high: float, last: int) -> str:
    return (
        f'<path class="axis" d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}"/>'
        f'<text x="{_LEFT - 5}" y="{_TOP + 8}" class="at-end">{high:.2f}</text>'
        f'<text x="{_LEFT - 5}" y="{_BOTTOM}" class="at-end">{low:.2f}</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 8}">0</text>'
        f'<text x="{_RIGHT}" y="{_HEIGHT - 8}" class="at-end">{last}</text>'
    )


def _running_mean(values: Sequence[float]) -> list[float]:
    """Return the exponential running mean, freed of its start at nothing (Kingma and Ba 2015)."""
    found, total, weight = [], 0.0, 0.0
    for value in values:
        total = _SMOOTHING * total + (1 - _SMOOTHING) * value
        weight = _SMOOTHING * weight + (1 - _SMOOTHING)
        found.append(total / weight)
    return found


def _path(places: Sequence[tuple[float, float]]) -> str:
    every = max(1, len(places) // _MOST_POINTS)
    kept = [*places[::every], places[-1]]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in kept)
