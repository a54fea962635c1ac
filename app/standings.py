"""What the votes say, as HTML: tables with intervals, and sentences about what is not shown."""

import math
from collections.abc import Iterable, Sequence
from html import escape

from app.i18n import Texts
from app.preferences import Agreement, MetricShare, RaterLine, Results, Table
from app.render import people
from engine.notebench.ranking import Ranking, Standing
from engine.notebench.significance import Interval

_FEW = 10  # with fewer, agreement between raters says next to nothing


def results_view(found: Results, t: Texts) -> str:
    """Return everything that the votes say, or that there are none."""
    if not found.votes:
        return f'<p class="hint">{escape(t("votes.none"))}</p>'
    parts = [_systems(table, t) for table in found.tables]
    parts += [_metrics(found.metrics, t), _raters(found, t)]
    return f'<div class="standings">{"".join(parts)}</div>'


# ------------------------------------------------------------------ systems


def _systems(table: Table, t: Texts) -> str:
    rows = "".join(_system(row, t) for row in table.ranking.standings)
    heads = _heads([t(f"votes.{key}") for key in ("system", "record", "chance", "place")])
    title = t("votes.systems", data=table.name, items=table.items)
    said = "".join(f"<p>{line}</p>" for line in _not_told_apart(table.ranking, t))
    return _section(title, f"{_table(heads, rows)}{said}{_hint(t('votes.systems_hint'))}")


def _system(row: Standing, t: Texts) -> str:
    """Return a system's row: its chance against an average one, never a place without doubt."""
    chance = Interval(*(1 / (1 + math.exp(-s)) for s in (row.strength, row.low, row.high)))
    place = str(row.best) if row.best == row.worst else f"{row.best}–{row.worst}"
    record = t("votes.won_tied_lost", won=row.won, tied=row.tied, lost=row.lost)
    return _row(people(row.name), [escape(record), whisker(chance), escape(place)])


def _not_told_apart(ranking: Ranking, t: Texts) -> Iterable[str]:
    for group in ranking.together:
        yield t("votes.together", names=_listed(group, t))
    if len(ranking.parts) > 1:
        apart = " | ".join(_listed(part, t) for part in ranking.parts)
        yield t("votes.never_met", parts=apart)


def _listed(names: Sequence[str], t: Texts) -> str:
    """Return names as HTML."""
    return ("、" if t.language == "zh" else ", ").join(people(name) for name in names)


# ------------------------------------------------------------------ metrics, raters


def _metrics(rows: Sequence[MetricShare], t: Texts) -> str:
    if not rows:
        return ""
    told = "".join(
        _row(
            escape(t(f"votes.metric_{row.metric}")),
            [whisker(row.share), str(row.n), _against(row, t)],
        )
        for row in rows
    )
    heads = _heads([t(f"votes.{key}") for key in ("metric", "agrees", "votes", "shown")])
    hint = _hint(t("votes.metrics_hint"))
    return _section(t("votes.metrics"), _table(heads, told) + hint)


def _against(row: MetricShare, t: Texts) -> str:
    if row.share.low <= 0.5 <= row.share.high:
        return escape(t("votes.like_chance"))
    return escape(t("votes.with_people" if row.share.value > 0.5 else "votes.against_people"))


def _raters(found: Results, t: Texts) -> str:
    heads = _heads([t(f"votes.{key}") for key in ("rater", "votes", "shared", "weight")])
    rows = "".join(_rater(row, number, t) for number, row in enumerate(found.raters, 1))
    said = [_agreement(found.agreement, t)]
    if found.left is not None:
        said.append(t("votes.left", share=_percents(found.left[0]), count=found.left[1]))
    lines = "".join(f"<p>{escape(line)}</p>" for line in said)
    return _section(
        t("votes.raters"), f"{_table(heads, rows)}{lines}{_hint(t('votes.trust_hint'))}"
    )


def _rater(row: RaterLine, number: int, t: Texts) -> str:
    name = people(row.name) if row.name else escape(t("votes.somebody", number=number))
    if row.you:
        name += f" ({escape(t('votes.you'))})"
    shared = row.trust.shared
    weight = f"{row.trust.weight:.2f}" if shared else f"{row.trust.weight:.2f}*"
    return _row(name, [str(row.votes), str(shared), weight])


def _agreement(found: Agreement | None, t: Texts) -> str:
    if found is None:
        return t("votes.no_agreement")
    told = [t("votes.agreement", share=_percents(found.share), count=found.pairs)]
    if found.kappa is not None:
        told.append(t("votes.kappa", value=f"{found.kappa:.2f}"))
    if found.alpha is not None:
        told.append(t("votes.alpha", value=f"{found.alpha:.2f}"))
    if found.pairs < _FEW:
        told.append(t("votes.few"))
    return " ".join(told)


# ------------------------------------------------------------------ pieces


def whisker(found: Interval) -> str:
    """Return a share with its interval, drawn from 0 to 100 % and in figures."""
    value, low, high = (100 * number for number in found)
    return (
        '<span class="whisker"><svg viewBox="0 0 100 12" preserveAspectRatio="none" '
        'aria-hidden="true"><line class="half" x1="50" x2="50" y1="0" y2="12"/>'
        f'<line class="reach" x1="{low:.1f}" x2="{high:.1f}" y1="6" y2="6"/>'
        f'<line class="point" x1="{value:.1f}" x2="{value:.1f}" y1="1.5" y2="10.5"/></svg>'
        f"<span>{_percents(found)}</span></span>"
    )


def _percents(found: Interval) -> str:
    return f"{100 * found.value:.0f} % [{100 * found.low:.0f}–{100 * found.high:.0f}]"


def _section(title: str, body: str) -> str:
    return f"<section><h4>{escape(title)}</h4>{body}</section>"


def _hint(text: str) -> str:
    return f'<p class="hint">{escape(text)}</p>'


def _heads(names: Sequence[str]) -> str:
    return "".join(f'<th scope="col">{escape(name)}</th>' for name in names)


def _row(name: str, cells: Sequence[str]) -> str:
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _table(heads: str, rows: str) -> str:
    return (
        '<div class="table-scroll"><table class="figures">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
