"""The texts behind a figure: a list of them, and one item's beside its reference and source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from app.benchmeasures import BY_NAME, MEASURES, Shown
from app.benchresults import Results
from app.i18n import Texts
from app.render import marked_text, people
from engine.errors import NotFound
from engine.notebench.groups import By, group_of
from engine.notebench.report import BenchOutput, Score
from engine.notebench.samples import BenchItem


@dataclass(frozen=True)
class Place:
    """What a pressed figure stands for: a measure of a system, perhaps in one group only."""

    measure: Shown
    system: str
    by: By | None = None
    group: str = ""

    @classmethod
    def read(cls, told: str, results: Results) -> "Place":
        """Return what a page sent, looked up.

        Raises:
            NotFound: there is no such figure in these results.
        """
        name, system, said, number = [*told.split("|"), "", "", ""][:4]
        by: By | None = "language" if said == "language" else "voice" if said == "voice" else None
        groups = results.groups(by) if by else []
        place = int(number) if number.isascii() and number.isdigit() else 0
        if name not in BY_NAME or system not in results.systems or (by and place >= len(groups)):
            raise NotFound("There is no such figure in this run; reload the page.")
        return cls(BY_NAME[name], system, by, groups[place] if by else "")

    def holds(self, item: BenchItem) -> bool:
        """Return whether an item belongs to it."""
        return self.by is None or group_of(item, self.by) == self.group


def text_list(results: Results, place: Place, t: Texts) -> str:
    """Return the texts behind a figure as buttons, those to look at first on top."""
    measure = place.measure
    rows = [
        (number, item, output)
        for number, (item, output) in enumerate(
            zip(results.items, results.reports[place.system].items, strict=True)
        )
        if place.holds(item)
    ]
    rows.sort(key=lambda row: _rank(row[2], measure))
    key = "bench.texts_better_low" if measure.better == "lower" else "bench.texts"
    title = t(key, system=place.system, measure=t(f"measure.{measure.name}"))
    items = "".join(_text_row(place.system, row, measure, t) for row in rows)
    return (
        f'<section class="texts"><h4 tabindex="-1">{escape(title)}</h4>'
        f'<ul class="items">{items}</ul></section>'
    )


def _rank(output: BenchOutput, measure: Shown) -> tuple[bool, float]:
    value = output.scores.get(measure.name)
    if value is None:
        return (True, 0.0)
    return (False, -value if measure.better == "lower" else value)


def _text_row(
    system: str, row: tuple[int, BenchItem, BenchOutput], measure: Shown, t: Texts
) -> str:
    number, item, output = row
    value = measure.number(output.scores.get(measure.name))
    author = item.author or t("bench.no_author")
    return (
        f'<li><button type="button" class="item text-row" data-item="{escape(system)}|{number}">'
        f'<b dir="auto">{escape(item.topic)}</b><span class="score-number">{value}</span>'
        f'<span class="snippet" dir="auto">{escape(output.text[:300])}</span>'
        f'<span class="meta">{people(author)}</span></button></li>'
    )


def item_number(told: str, results: Results) -> tuple[str, int]:
    """Return the system and the item's number that a page sent.

    Raises:
        NotFound: there is no such text in these results.
    """
    system, _, number = told.rpartition("|")
    known = system in results.systems and number.isascii() and number.isdigit()
    if not known or int(number) >= len(results.items):
        raise NotFound("There is no such text in this run; reload the page.")
    return system, int(number)


def side_by_side(results: Results, system: str, number: int, score: Score, t: Texts) -> str:
    """Return an item's texts beside its reference and source, marked, with their scores."""
    item = results.items[number]
    others = [name for name in results.systems if name != system]
    cards = [
        _reference_card(item, t),
        _source_card(item, t),
        *(
            _text_card(name, item, results.reports[name].items[number], score, t, name == system)
            for name in (system, *others)
        ),
    ]
    author = item.author or t("bench.no_author")
    back = escape(t("bench.back", system=system))
    return (
        '<section class="texts"><header class="texts-head">'
        f'<h4 tabindex="-1" dir="auto">{escape(item.topic)}</h4>'
        f'<p class="meta">{people(author)} · {escape(t(f"language.{item.language}"))} · '
        f"{people(item.id)}</p>"
        f'<button type="button" class="quiet" data-cell="style|{escape(system)}|">← {back}</button>'
        f'</header><div class="cards">{"".join(cards)}</div>{_samples(item, t)}</section>'
    )


def _card(title: str, body: str, *, chosen: bool = False, note: str = "") -> str:
    crown = f'<span class="crown">{escape(note)}</span>' if note else ""
    return (
        f'<article class="card{" is-chosen" if chosen else ""}">'
        f"<header><h3>{escape(title)}</h3>{crown}</header>{body}</article>"
    )


def _prose(text: str, language: str) -> str:
    return f'<div class="prose-text" dir="auto" lang="{language}">{text}</div>'


def _reference_card(item: BenchItem, t: Texts) -> str:
    texts = "".join(_prose(escape(text), item.language) for text in item.reference)
    none = f'<p class="hint">{escape(t("bench.no_reference"))}</p>'
    return _card(t("bench.reference"), texts or none)


def _source_card(item: BenchItem, t: Texts) -> str:
    none = f'<p class="hint">{escape(t("bench.no_source"))}</p>'
    body = _prose(escape(item.source), item.language) if item.source else none
    if item.facts:
        facts = "".join(f"<li>{people(fact)}</li>" for fact in item.facts)
        body += f'<div class="facts"><b>{escape(t("bench.facts"))}</b><ul>{facts}</ul></div>'
    return _card(t("bench.source"), body)


def _text_card(
    name: str, item: BenchItem, output: BenchOutput, score: Score, t: Texts, pressed: bool
) -> str:
    spans = score(item, output.text).spans
    body = _prose(marked_text(output.text, spans, t), item.language) + _values(output.scores, t)
    return _card(name, body, chosen=pressed, note=t("bench.pressed") if pressed else "")


def _values(scores: Mapping[str, float | None], t: Texts) -> str:
    items = "".join(
        f'<li class="score" title="{escape(t(f"measure.{measure.name}_about"))}">'
        f'<span class="score-name">{escape(t(f"measure.{measure.name}"))}</span><span></span>'
        f'<span class="score-number">{measure.number(scores[measure.name])}</span></li>'
        for measure in MEASURES
        if scores.get(measure.name) is not None
    )
    return f'<ul class="scores">{items}</ul>'


def _samples(item: BenchItem, t: Texts) -> str:
    texts: Sequence[str] = item.samples
    shown = "".join(_prose(escape(text), item.language) for text in texts)
    said = escape(t("bench.samples"))
    return f'<details class="samples-behind"><summary>{said}</summary>{shown}</details>'
