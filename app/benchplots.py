"""Results as small plots in SVG: style against faithfulness, and one measure by voice.

They carry no colours of their own but classes, so that they follow the page's light and dark; the
browser turns them into PNG as they look (page.js).
"""

from collections.abc import Sequence
from html import escape

from app.benchmeasures import Shown
from app.benchresults import Groups, Results
from app.i18n import Texts
from app.render import people
from engine.notebench.report import Measure

_WIDTH, _HEIGHT = 440, 372
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 428, 14, 324
_COLOURS = 9
_ROW, _COLUMN, _LONGEST, _LETTER = 24, 76, 24, 7


def scatter(results: Results, t: Texts) -> str:
    """Return style against faithfulness: a small point a text, a large one a system."""
    means = [
        (number, name, report.metrics["faithful"], report.metrics["style"])
        for number, (name, report) in enumerate(results.reports.items())
        if {"faithful", "style"} <= report.metrics.keys()
    ]
    if not means:
        return ""
    said = ", ".join(f"{name} {y.value:.2f} / {x.value:.2f}" for _, name, x, y in means)
    points = "".join(_points(results, number, name) for number, name, _, _ in means)
    large = "".join(_mean(number, name, x, y) for number, name, x, y in means)
    names = "".join(_names(means))
    svg = (
        f'<svg class="plot" data-plot viewBox="0 0 {_WIDTH} {_HEIGHT}" role="group" '
        f'aria-label="{escape(t("bench.scatter_said", said=said))}">{_axes(t)}{points}{large}'
        f"{names}</svg>"
    )
    return _figure(t("bench.scatter"), t("bench.scatter_hint"), svg)


def _figure(title: str, hint: str, svg: str) -> str:
    return (
        f'<figure class="plot-box"><h4>{escape(title)}</h4>'
        f'<div class="plot-scroll">{svg}</div><figcaption>{escape(hint)}</figcaption></figure>'
    )


def _x(value: float) -> float:
    return _LEFT + value * (_RIGHT - _LEFT)


def _y(value: float) -> float:
    return _BOTTOM - value * (_BOTTOM - _TOP)


def _axes(t: Texts) -> str:
    lines = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _x(tick), _y(tick)
        lines.append(
            f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_BOTTOM}"/>'
            f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_RIGHT}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{x:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">'
            f"{tick:g}</text>"
            f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    middle = (_LEFT + _RIGHT) / 2
    across, up = escape(t("measure.faithful")), escape(t("measure.style"))
    return (
        f"{''.join(lines)}"
        f'<text class="axis" x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{across} →</text>'
        f'<text class="axis" transform="translate(14 {(_TOP + _BOTTOM) / 2}) rotate(-90)" '
        f'text-anchor="middle">{up} →</text>'
    )


def _points(results: Results, number: int, name: str) -> str:
    """Return a system's texts as points that a click opens; the keyboard has the table."""
    shown = []
    for place, output in enumerate(results.reports[name].items):
        across, up = output.scores.get("faithful"), output.scores.get("style")
        if across is None or up is None:
            continue
        title = escape(f"{name}: {results.items[place].topic}")
        shown.append(
            f'<circle class="dot c{number % _COLOURS}" cx="{_x(across):.1f}" cy="{_y(up):.1f}" '
            f'r="4" data-item="{escape(name)}|{place}"><title>{title}</title></circle>'
        )
    return "".join(shown)


def _mean(number: int, name: str, across: Measure, up: Measure) -> str:
    x, y, colour = _x(across.value), _y(up.value), number % _COLOURS
    said = f"{name}: {up.value:.2f} / {across.value:.2f}"
    return (
        f'<g class="mean c{colour}" role="button" tabindex="0" data-cell="style|{escape(name)}|" '
        f'aria-label="{escape(said)}"><title>{escape(said)}</title>'
        f'<line x1="{_x(across.low):.1f}" y1="{y:.1f}" x2="{_x(across.high):.1f}" y2="{y:.1f}"/>'
        f'<line x1="{x:.1f}" y1="{_y(up.low):.1f}" x2="{x:.1f}" y2="{_y(up.high):.1f}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8"/></g>'
    )


def _names(means: Sequence[tuple[int, str, Measure, Measure]]) -> list[str]:
    """Return the systems' names beside their points, none on top of another."""
    shown, taken = [], list[tuple[float, float]]()
    for number, name, across, up in sorted(means, key=lambda each: -each[3].value):
        x, y = _x(across.value), _y(up.value)
        y += 22 if y < _TOP + 24 else -13
        left = x > (_LEFT + _RIGHT) / 2
        while any(abs(y - other) < 15 and abs(x - near) < 150 for near, other in taken):
            y += 15
        taken.append((x, y))
        shown.append(
            f'<text class="name c{number % _COLOURS}" x="{x + (-11 if left else 11):.1f}" '
            f'y="{y:.1f}" text-anchor="{"end" if left else "start"}">{escape(name)}</text>'
        )
    return shown


# ------------------------------------------------------------------ by voice


def heat_map(results: Results, groups: Groups, measure: Shown, t: Texts) -> str:
    """Return a measure by voice and system; a click opens the texts."""
    voices, systems = results.groups("voice"), results.systems
    values = [
        found.value
        for name in systems
        for voice in voices
        if (found := groups[name, voice].get(measure.name))
    ]
    if not values:
        return ""
    low, high = _scale(values, measure)
    left = _LETTER * max(8, *(len(_cut(voice or t("bench.no_author"))) for voice in voices)) + 12
    heads = "".join(
        f'<text class="column" x="{left + place * _COLUMN + _COLUMN / 2:.0f}" y="16" '
        f'text-anchor="middle"><title>{escape(name)}</title>{escape(_cut(name, 12))}</text>'
        for place, name in enumerate(systems)
    )
    body = "".join(
        _voice_row(number, voice, left, systems, groups, measure, (low, high), t)
        for number, voice in enumerate(voices)
    )
    name = t(f"measure.{measure.name}")
    width, height = left + len(systems) * _COLUMN + 4, 26 + len(voices) * _ROW
    svg = (
        f'<svg class="plot heat" data-plot viewBox="0 0 {width} {height}" '
        f'style="width:{width}px" role="img" '
        f'aria-label="{escape(t("bench.heat_said", measure=name))}">{heads}{body}</svg>'
    )
    return _figure(t("bench.heat", measure=name), t("bench.heat_hint"), svg)


def _scale(values: Sequence[float], measure: Shown) -> tuple[float, float]:
    """Return the ends of the colours: the measure's own scale where the values lie within it."""
    if measure.better == "neither":
        return min(values), max(values)
    return 0.0, measure.top


def _voice_row(
    number: int,
    voice: str,
    left: int,
    systems: Sequence[str],
    groups: Groups,
    measure: Shown,
    scale: tuple[float, float],
    t: Texts,
) -> str:
    y = 26 + number * _ROW
    label = voice or t("bench.no_author")
    cells = "".join(
        _heat_cell(left + place * _COLUMN, y, f"{name}|voice|{number}", found.value, measure, scale)
        for place, name in enumerate(systems)
        if (found := groups[name, voice].get(measure.name))
    )
    return (
        f'<text class="tick" x="{left - 8}" y="{y + 16}" text-anchor="end">'
        f"<title>{escape(label)}</title>{escape(_cut(label))}</text>{cells}"
    )


def _heat_cell(
    x: float, y: float, place: str, value: float, measure: Shown, scale: tuple[float, float]
) -> str:
    low, high = scale
    share = min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.5
    dark = " is-dark" if share > 0.55 else ""
    return (
        f'<g class="heat-cell{dark}" data-cell="{measure.name}|{escape(place)}">'
        f'<rect x="{x + 1}" y="{y + 1}" width="{_COLUMN - 2}" height="{_ROW - 2}" rx="4" '
        f'fill-opacity="{0.07 + 0.9 * share:.2f}"/>'
        f'<text x="{x + _COLUMN / 2:.0f}" y="{y + 16}" text-anchor="middle">'
        f"{measure.number(value)}</text></g>"
    )


def _cut(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def key_of_systems(results: Results) -> str:
    """Return which colour is which system, for readers of the plots."""
    items = "".join(
        f'<li><i class="c{number % _COLOURS}"></i>{people(name)}</li>'
        for number, name in enumerate(results.systems)
    )
    return f'<ul class="plot-key" aria-hidden="true">{items}</ul>'
