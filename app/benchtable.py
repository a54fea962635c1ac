"""Results as tables: systems by measures, the same within each language, voices by systems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from app.benchmeasures import BY_NAME, MEASURES, Shown
from app.benchresults import Contrasts, Groups, Results
from app.i18n import Texts
from app.render import people
from engine.notebench.groups import GroupCompared
from engine.notebench.report import Measure

_FEW = 10


@dataclass(frozen=True)
class Row:
    """A row of a table: what it is called, where its cells lead, and its measures."""

    key: str
    label: str
    place: str
    measures: Mapping[str, Measure]
    is_baseline: bool


@dataclass(frozen=True)
class Sorting:
    """By which measure rows are ordered; by none, they stand as they were asked for."""

    measure: str = ""
    rising: bool = False

    @classmethod
    def read(cls, told: object) -> "Sorting":
        """Return what a page's state says; anything strange is no order."""
        text = told if isinstance(told, str) else ""
        return cls(text.removeprefix("-"), text.startswith("-"))

    def pressed(self, measure: str) -> str:
        """Return the state after a heading was pressed: down, up, as asked for."""
        if measure not in BY_NAME:
            return ""
        if measure != self.measure:
            return measure
        return "" if self.rising else f"-{measure}"


def system_rows(results: Results, baseline: str) -> list[Row]:
    """Return a row for each system."""
    return [
        Row(name, name, f"{name}|", report.metrics, name == baseline)
        for name, report in results.reports.items()
    ]


def language_rows(results: Results, groups: Groups, baseline: str, t: Texts) -> list[Row]:
    """Return a row for each system in each language."""
    return [
        Row(
            f"{name}|{language}",
            f"{t(f'language.{language}')}: {name}",
            f"{name}|language|{number}",
            groups[name, language],
            name == baseline,
        )
        for number, language in enumerate(results.groups("language"))
        for name in results.systems
    ]


def results_table(
    rows: Sequence[Row], contrasts: Contrasts, baseline: str, sorting: Sorting, t: Texts
) -> str:
    """Return measures with their intervals, and what differs from the baseline."""
    shown = [m for m in MEASURES if any(m.name in row.measures for row in rows)]
    head = "".join(_heading(measure, sorting, t) for measure in shown)
    body = "".join(
        f'<tr><th scope="row">{people(row.label)}'
        + (f"<small>{escape(t('bench.is_baseline'))}</small>" if row.is_baseline else "")
        + "</th>"
        + "".join(_cell(row, measure, contrasts, baseline, t) for measure in shown)
        + "</tr>"
        for row in _ordered(rows, sorting)
    )
    return (
        '<div class="table-scroll" tabindex="0" role="region" '
        f'aria-label="{escape(t("bench.results"))}"><table class="results"><thead><tr>'
        f'<th scope="col">{escape(t("bench.system"))}</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{_footnote(rows, contrasts, baseline, t)}"
    )


def _ordered(rows: Sequence[Row], sorting: Sorting) -> list[Row]:
    if sorting.measure not in BY_NAME:
        return list(rows)
    known = [row for row in rows if sorting.measure in row.measures]
    lacking = [row for row in rows if sorting.measure not in row.measures]
    known.sort(key=lambda row: row.measures[sorting.measure].value, reverse=not sorting.rising)
    return known + lacking


def _heading(measure: Shown, sorting: Sorting, t: Texts) -> str:
    name, about = (escape(t(f"measure.{measure.name}{end}")) for end in ("", "_about"))
    order, arrow = "none", ""
    if sorting.measure == measure.name:
        order, arrow = ("ascending", " ▲") if sorting.rising else ("descending", " ▼")
    return (
        f'<th scope="col" aria-sort="{order}"><button type="button" class="head" '
        f'data-sort="{measure.name}" title="{about}">{name}{arrow}</button></th>'
    )


def _cell(row: Row, measure: Shown, contrasts: Contrasts, baseline: str, t: Texts) -> str:
    found = row.measures.get(measure.name)
    if found is None:
        return "<td>–</td>"
    told, said, title = contrasts.get((row.key, measure.name)), "", ""
    if told is not None:
        verdict = measure.verdict(told.difference) if told.shown else "no_difference"
        arrow = ("▲ " if told.difference > 0 else "▼ ") if told.shown else ""
        said = f'<em class="is-{verdict}">{arrow}{escape(t(f"bench.{verdict}"))}</em>'
        title = _difference(told, measure, baseline, t)
    value = measure.number(found.value)
    name = t("bench.cell_name", system=row.label, measure=_name(measure, t), value=value)
    return (
        f'<td><button type="button" class="figure" data-cell="{measure.name}|{escape(row.place)}" '
        f'title="{escape(title)}" aria-label="{escape(name)}"><b>{value}</b>'
        f"<span>{measure.number(found.low)}–{measure.number(found.high)}</span>{said}</button></td>"
    )


def _name(measure: Shown, t: Texts) -> str:
    return t(f"measure.{measure.name}")


def _difference(told: GroupCompared, measure: Shown, baseline: str, t: Texts) -> str:
    return t(
        "bench.cell_title",
        baseline=baseline,
        difference=f"{told.difference:+.{measure.digits}f}",
        low=f"{told.low:+.{measure.digits}f}",
        high=f"{told.high:+.{measure.digits}f}",
        p=f"{told.p:.3f}",
    )


def _footnote(rows: Sequence[Row], contrasts: Contrasts, baseline: str, t: Texts) -> str:
    said = []
    if contrasts:
        said.append(t("bench.corrected", baseline=baseline, count=len(contrasts)))
    if contrasts and max(found.n for found in rows[0].measures.values()) < _FEW:
        said.append(t("bench.few"))
    return f'<p class="hint">{escape(" ".join(said))}</p>' if said else ""


def voice_table(results: Results, groups: Groups, measure: Shown, t: Texts) -> str:
    """Return one measure by voice and system, every figure a way to its texts."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in results.systems)
    body = "".join(
        f'<tr><th scope="row">{people(voice or t("bench.no_author"))}</th>'
        + "".join(
            _voice_cell(f"{name}|voice|{number}", groups[name, voice], measure, voice, t)
            for name in results.systems
        )
        + "</tr>"
        for number, voice in enumerate(results.groups("voice"))
    )
    return (
        '<div class="table-scroll"><table class="results voices"><thead><tr>'
        f'<th scope="col">{escape(t("bench.voice"))}</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _voice_cell(
    place: str, measures: Mapping[str, Measure], measure: Shown, voice: str, t: Texts
) -> str:
    found = measures.get(measure.name)
    if found is None:
        return "<td>–</td>"
    value = measure.number(found.value)
    label = f"{voice or t('bench.no_author')}: {place.split('|')[0]}"
    name = t("bench.cell_name", system=label, measure=_name(measure, t), value=value)
    spread = (
        f"<span>{measure.number(found.low)}–{measure.number(found.high)}</span>"
        if found.n > 1
        else ""
    )
    return (
        f'<td><button type="button" class="figure" data-cell="{measure.name}|{place}" '
        f'aria-label="{escape(name)}"><b>{value}</b>{spread}</button></td>'
    )
