"""A run's results as Markdown: what was measured on what, every figure, every comparison."""

from collections.abc import Sequence

from app.benchmeasures import MEASURES
from app.benchresults import Contrasts, Results
from app.benchtable import Row
from app.i18n import Texts


def markdown(
    results: Results,
    tables: Sequence[tuple[str, Sequence[Row], Contrasts]],
    baseline: str,
    t: Texts,
) -> str:
    """Return a report to read, with what the figures depend on; `tables` have a title each."""
    run = results.run
    first = next(iter(results.reports.values()))
    data = t("bench.run_meta", data=_plain(run.data), count=run.count, seed=run.seed)
    when = f"{run.created_at:%Y-%m-%d %H:%M} UTC"
    lines = [f"# NoteBench: {', '.join(results.systems)}", "", when, ""]
    lines += [f"- {data}", f"- SHA-256: `{first.data.sha256}`", ""]
    for title, rows, contrasts in tables:
        lines += [f"## {title}", "", *_table(rows, contrasts, t), ""]
        if contrasts:
            lines += [t("bench.corrected", baseline=baseline, count=len(contrasts)), ""]
    lines += [f"## {t('bench.signature')}", ""]
    for name, report in results.reports.items():
        lines += [f"- {name}: `{report.signature}`", f"  - `{report.settings}`"]
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[Row], contrasts: Contrasts, t: Texts) -> list[str]:
    names = [_plain(row.label) for row in rows]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(rows) + 1) + "|"]
    for measure in MEASURES:
        if any(measure.name in row.measures for row in rows):
            cells = [_cell(row, measure.name, contrasts, t) for row in rows]
            lines.append(f"| {t(f'measure.{measure.name}')} | " + " | ".join(cells) + " |")
    return lines


def _cell(row: Row, name: str, contrasts: Contrasts, t: Texts) -> str:
    measure = next(each for each in MEASURES if each.name == name)
    found = row.measures.get(name)
    if found is None:
        return "–"
    said = (
        f"{measure.number(found.value)} [{measure.number(found.low)}, {measure.number(found.high)}]"
    )
    told = contrasts.get((row.key, name))
    if told is None:
        return said
    verdict = measure.verdict(told.difference) if told.shown else "no_difference"
    return f"{said} {t(f'bench.{verdict}')}"


def _plain(text: str) -> str:
    """Return a text that cannot break a Markdown table."""
    return " ".join(text.replace("|", "/").replace("`", "'").split())
