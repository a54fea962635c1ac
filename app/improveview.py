"""The Improve tab's HTML: what there is to learn, how far a job is, adapters and their reports.

Pure functions; every text of people or of a model is escaped.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.consent import Learned
from app.consentview import learned_view
from app.curves import curves
from app.gatewords import gate_reasons, gate_verdict, judge_lines, metric_name
from app.i18n import Texts
from app.messages import told
from app.render import people, status_line
from app.shelf import empty_state
from app.training import Prospect
from engine.adapter_types import Adapter, Promotion
from engine.job_types import OPEN, JobStep, TrainingJob
from finetune.gate_report import BothTexts, Change, GateReport
from finetune.rounds import Tally

_MINUTE, _HOUR = 60, 3_600
_SHOWN_OPEN = 4
_TALLIES = TypeAdapter(tuple[Tally, ...])
_ACTS = ("edit", "stars", "thumb", "choice")


# ------------------------------------------------------------------ what there is


def prospect_view(found: Prospect, t: Texts) -> str:
    """Return what a style can learn from, and what that allows, in words."""
    there = [_count(f"improve.{kind}", found.acts.get(kind, 0), t) for kind in _ACTS]
    there.append(_count("improve.sample", found.samples, t))
    counted = t("improve.comma").join(part for part in there if part)
    parts = [f"<p><b>{escape(counted or t('improve.nothing'))}</b></p>"]
    if found.method is None:
        parts.append(status_line(told(found.lacking, t.language), kind="idle"))
    else:
        said = t("improve.enough", rows=found.rows, method=t(f"method.{found.method}"))
        parts.append(f"<p>{escape(said)} {escape(told(found.why, t.language))}</p>")
        parts.append(f'<p class="hint">{escape(_expected(found, t))}</p>')
    return f'<div class="prospect">{"".join(parts)}{dropped_view(found.dropped, t)}</div>'


def _count(key: str, number: int, t: Texts) -> str:
    return t(key if number == 1 else f"{key}s", count=number) if number else ""


def _expected(found: Prospect, t: Texts) -> str:
    if found.estimate is None:
        return ""
    key = "improve.measured" if found.estimate.measured else "improve.guessed"
    return t(key, time=duration(found.estimate.seconds, t))


def dropped_view(dropped: Mapping[str, int], t: Texts, key: str = "improve.dropped") -> str:
    """Return what is left out and why, folded; `key` is what the page says of it."""
    if not dropped:
        return ""
    items = "".join(
        f"<li>{escape(told(why, t.language))} <span>{count}</span></li>"
        for why, count in dropped.items()
    )
    total = sum(dropped.values())
    said = t(f"{key}_one" if total == 1 else key, count=total)
    return f'<details class="dropped"><summary>{escape(said)}</summary><ul>{items}</ul></details>'


def duration(seconds: float, t: Texts) -> str:
    """Return a time in plain words: "about 9 minutes"."""
    if seconds < _MINUTE:
        return t("improve.moments")
    if seconds < 90 * _MINUTE:
        minutes = round(seconds / _MINUTE)
        return t("improve.minute" if minutes == 1 else "improve.minutes", count=minutes)
    hours = round(seconds / _HOUR)
    return t("improve.hour" if hours == 1 else "improve.hours", count=hours)


# ------------------------------------------------------------------ a job


def job_view(job: TrainingJob, points: Sequence[JobStep], ahead: int, t: Texts) -> str:
    """Return how far a job is, its curves, and what a person may expect."""
    share = job.step / job.steps if job.steps else 0.0
    busy = job.state in {"running", "waiting"}
    steps = job.steps if job.stage == "training" else 0
    head = status_line(job_state(job, ahead, t), kind=_kind(job, busy=busy))
    bar = (
        f'<progress max="1" value="{share:.3f}" aria-label="{escape(t("improve.progress"))}">'
        f"{share:.0%}</progress>"
        if job.steps and job.state not in {"done", "failed"}
        else ""
    )
    return (
        f'<section class="job" data-state="{job.state}">{head}{bar}'
        f'<p class="meta">{escape(_details(job, t))}</p>{curves(points, steps, t)}</section>'
    )


def _kind(job: TrainingJob, *, busy: bool) -> str:
    if job.state == "failed":
        return "error"
    return "busy" if busy else "done" if job.state == "done" else "idle"


def job_state(job: TrainingJob, ahead: int, t: Texts) -> str:
    """Return in a sentence how a job stands."""
    if job.state == "running":
        return _running(job, t)
    if job.state == "waiting":
        return t("improve.state.waiting" if ahead else "improve.state.starting", ahead=ahead)
    if job.state == "paused":
        return t("improve.state.makes_room" if job.makes_room else "improve.state.paused")
    if job.message:
        return told(job.message, t.language)
    return t(f"improve.state.{job.state}")


def _running(job: TrainingJob, t: Texts) -> str:
    if job.stage == "training" and job.seconds_left is not None:
        time = duration(job.seconds_left, t)
        said = t("improve.left", time=time, count=job.examples)
        return said[:1].upper() + said[1:]
    if job.stage == "writing" and job.seconds_left is not None:
        return t("improve.writing_left", time=duration(job.seconds_left, t))
    if job.stage == "gate" and job.seconds_left is not None:
        return t("improve.gate_left", time=duration(job.seconds_left, t))
    return t(f"improve.stage.{job.stage or 'examples'}")


def _details(job: TrainingJob, t: Texts) -> str:
    parts = [t(f"method.{job.method}")]
    parts += [t(f"improve.stage.{job.stage}")] if job.state == "running" and job.stage else []
    if job.rounds > 1 and job.state in OPEN:
        parts.append(t("improve.round", round=job.round, rounds=job.rounds))
    key = "improve.text" if job.stage in {"gate", "writing"} else "improve.step"
    parts += [t(key, step=job.step, steps=job.steps)] if job.steps and job.state in OPEN else []
    return " · ".join([*parts, f"{job.created_at:%Y-%m-%d %H:%M} UTC"])


# ------------------------------------------------------------------ adapters


def adapter_list(adapters: Sequence[Adapter], t: Texts, *, opened: str = "") -> str:
    """Return a style's adapters as buttons, the newest first."""
    if not adapters:
        return f'<p class="hint">{escape(t("improve.no_adapters"))}</p>'
    items = "".join(_adapter_item(each, each.id == opened, t) for each in adapters)
    return f'<ul class="items">{items}</ul>'


def _adapter_item(adapter: Adapter, current: bool, t: Texts) -> str:
    here = ' aria-current="true"' if current else ""
    state = escape(t(f"adapter.{adapter.status}"))
    return (
        f'<li><button type="button" class="item" data-pick="{escape(adapter.id)}"{here}>'
        f"<b>{escape(adapter_name(adapter, t))}</b>"
        f'<span class="meta"><span class="adapter-state is-{adapter.status}">{state}</span>'
        f"</span></button></li>"
    )


def adapter_name(adapter: Adapter, t: Texts) -> str:
    """Return what an adapter is called on the page: when it was made, and how."""
    made = adapter.manifest
    method = t.get(f"method.{made.method}", made.method)
    return f"{made.created_at:%Y-%m-%d %H:%M} · {method}"


def adapter_view(adapter: Adapter, history: Sequence[Promotion], learned: Learned, t: Texts) -> str:
    """Return one adapter: its standing, the gate's report in words, texts, what it learned from."""
    facts = [t("improve.base", base=adapter.manifest.base.name), adapter.id]
    said = people(told(adapter.reason, t.language))
    reason = f'<p class="hint">{said}</p>' if adapter.reason else ""
    return (
        f'<section class="adapter"><h3 tabindex="-1">{escape(adapter_name(adapter, t))}</h3>'
        f'<p class="meta"><span class="adapter-state is-{adapter.status}">'
        f"{escape(t(f'adapter.{adapter.status}'))}</span> · {people(' · '.join(facts))}</p>{reason}"
        f"{_rounds(adapter, t)}{report_view(adapter.report, t)}{learned_view(learned, t)}"
        f"{_history(adapter, history, t)}</section>"
    )


def _rounds(adapter: Adapter, t: Texts) -> str:
    """Return what each round of the style filter wrote and kept, and why not the rest."""
    try:
        found = _TALLIES.validate_python(adapter.manifest.settings.get("rounds", []))
    except ValidationError:  # what is imported may say anything
        return ""
    lines = ""
    for number, tally in enumerate(found, 1):
        told = t("improve.kept", round=number, **tally.model_dump(exclude={"failed"}))
        lines += (
            f'<p class="hint">{escape(told)}</p>{dropped_view(tally.failed, t, "improve.failed")}'
        )
    return lines and f'<div class="rounds">{lines}</div>'


def _history(adapter: Adapter, history: Sequence[Promotion], t: Texts) -> str:
    acts = [act for act in history if adapter.id in {act.about, act.serves}]
    if not acts:
        return ""
    lines = "".join(
        f"<li><time>{act.at:%Y-%m-%d %H:%M}</time> {escape(t(f'improve.act.{act.kind}'))}"
        f"{' – ' + people(told(act.reason, t.language)) if act.reason else ''}</li>"
        for act in acts
    )
    title = escape(t("improve.history"))
    return f'<details><summary>{title}</summary><ul class="history">{lines}</ul></details>'


def report_view(kept: Mapping[str, Any], t: Texts) -> str:
    """Return what the gate found: words first, then figures, then texts side by side."""
    report = read_report(kept)
    if report is None:
        return f'<p class="hint">{escape(t("improve.not_judged"))}</p>'
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in gate_reasons(report, t))
    sides = "".join(
        side_by_side(one, (t("improve.before"), one.before), (t("improve.after"), one.after), t)
        for one in report.items
    )
    return (
        f'<p class="decision is-{report.decision}">{escape(gate_verdict(report, t))}</p>'
        f'<ul class="verdict">{reasons}</ul>{_measures(report, t)}{_judges(report, t)}'
        f"{_folded(sides, report, t)}"
    )


def _judges(report: GateReport, t: Texts) -> str:
    """Return what every judge of a trait says, and how far it can be believed."""
    if not report.judges:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in judge_lines(report, t))
    title = escape(t("judge.title", trait=report.trait))
    return f'<h4>{title}</h4><ul class="verdict judges">{lines}</ul>'


def read_report(kept: Mapping[str, Any]) -> GateReport | None:
    """Return the gate's report that lies with an adapter; None for none that we can read."""
    try:
        return GateReport.model_validate(kept)
    except ValidationError:
        return None


def _folded(sides: str, report: GateReport, t: Texts) -> str:
    said = escape(t("improve.texts", count=len(report.items)))
    shown = "open" if len(report.items) <= _SHOWN_OPEN else ""
    return f'<details class="gate-texts" {shown}><summary>{said}</summary>{sides}</details>'


def _measures(report: GateReport, t: Texts) -> str:
    rows = "".join(_measure(change, t) for change in report.changes if change.n)
    heads = "".join(
        f'<th scope="col">{escape(t(f"improve.{name}"))}</th>'
        for name in ("measure", "before", "after", "interval", "finding")
    )
    return (
        f'<div class="scrolls" tabindex="0"><table class="measures"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _measure(change: Change, t: Texts) -> str:
    low, high = _figure(change.low, signed=True), _figure(change.high, signed=True)
    interval = f"{low} … {high}" if low and high else ""
    cells = "".join(
        f"<td>{escape(cell)}</td>"
        for cell in (_figure(change.before), _figure(change.after), interval)
    )
    return (
        f'<tr><th scope="row">{escape(metric_name(change.metric, t))}</th>{cells}'
        f'<td><span class="finding is-{change.verdict}">'
        f"{escape(t(f'finding.{change.verdict}'))}</span></td></tr>"
    )


def _figure(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return ""
    return (f"{value:+.2f}" if signed else f"{value:.2f}").replace("-", "−")


Side = tuple[str, str]


def side_by_side(one: BothTexts, left: Side, right: Side, t: Texts) -> str:
    """Return two texts on one plan beside each other; a side is its title and its text."""
    wanted = (
        f"<details><summary>{escape(t('improve.wanted'))}</summary>"
        f'<div class="prose-text" dir="auto">{escape(one.wanted)}</div></details>'
        if one.wanted
        else ""
    )
    columns = "".join(
        f"<div><h5>{escape(title)}</h5>"
        f'<div class="prose-text" dir="auto">{escape(text)}</div></div>'
        for title, text in (left, right)
    )
    return (
        f'<section class="before-after"><h4>{people(one.topic)}</h4>'
        f'<div class="two">{columns}</div>{wanted}</section>'
    )


def compared_view(one: Adapter, other: Adapter, t: Texts) -> str:
    """Return what two adapters wrote on the same plans; a sentence where they share none."""
    mine, theirs = read_report(one.report), read_report(other.report)
    known = {item.id: item for item in theirs.items} if theirs else {}
    shared = [(item, known[item.id]) for item in (mine.items if mine else ()) if item.id in known]
    if not shared:
        return status_line(t("improve.nothing_shared"), kind="idle")
    return "".join(
        side_by_side(
            item, (adapter_name(one, t), item.after), (adapter_name(other, t), its.after), t
        )
        for item, its in shared
    )


def welcome(t: Texts) -> str:
    """Return what somebody sees who has no style yet."""
    return empty_state(t("improve.empty_title"), t("improve.empty"))
