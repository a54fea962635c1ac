"""The gate's report in words, in the reader's language."""

from collections.abc import Sequence

from app.i18n import Texts
from finetune.gate import ENOUGH
from finetune.gate_report import Change, GateReport, JudgeReport, Reason

_OWN = {"preference", "length_off", "trait", "trait_over_text"}  # no measures of NoteBench


def gate_verdict(report: GateReport, t: Texts) -> str:
    """Return the decision in one sentence."""
    return t(f"gate.{report.decision}")


def gate_reasons(report: GateReport, t: Texts) -> Sequence[str]:
    """Return why, a sentence for each reason."""
    changes = {change.metric: change for change in report.changes}
    return [_reason(reason, changes.get(reason.metric or ""), t) for reason in report.reasons]


def judge_lines(report: GateReport, t: Texts) -> Sequence[str]:
    """Return what each judge of a trait says, with its biases, a line each."""
    return [_judge(found, t) for found in report.judges]


def _judge(found: JudgeReport, t: Texts) -> str:
    parts = [
        t(
            "judge.line",
            judge=found.judge,
            against=t(f"judge.{found.against}"),
            wins=found.wins,
            ties=found.ties,
            losses=found.losses,
            rate=f"{found.win_tie:.0%}",
        ),
        t("judge.turned", turned=found.turned, pairs=found.pairs),
        t("judge.longer", longer=found.longer, decided=found.decided),
    ]
    return " · ".join([*parts, *([t("judge.useless")] if found.useless else [])])


def metric_name(name: str, t: Texts) -> str:
    """Return what a metric of the gate is called on the page."""
    return t(f"gate.{name}" if name in _OWN else f"measure.{name}")


def change_words(change: Change, t: Texts) -> str:
    """Return a metric before and after with the interval of the difference, as people write it."""
    if change.before is None or change.after is None or change.low is None or change.high is None:
        return t("gate.not_measured", metric=metric_name(change.metric, t))
    return t(
        "gate.change",
        metric=metric_name(change.metric, t),
        before=f"{change.before:.2f}",
        after=f"{change.after:.2f}",
        low=f"{change.low:+.2f}",
        high=f"{change.high:+.2f}",
        count=change.n,
    )


def _reason(reason: Reason, change: Change | None, t: Texts) -> str:
    if change is not None and reason.kind in {"better", "worse"}:
        return t(f"gate.{reason.kind}", change=change_words(change, t))
    return t(
        f"gate.{reason.kind}",
        count=reason.count,
        enough=ENOUGH,
        metric=metric_name(reason.metric, t) if reason.metric else "",
    )
