"""A visitor's benchmark runs as HTML: the list, how far one is, what is not here yet."""

from collections.abc import Sequence
from html import escape
from typing import Literal

from app.benchjobs import Progress, Seen
from app.i18n import Texts
from app.messages import told
from app.render import people, status_line
from app.shelf import empty_state
from app.systems import SYSTEMS, SystemRow

_MINUTE, _HOUR = 60, 3_600


def run_list(runs: Sequence[Seen], t: Texts, *, opened: str = "") -> str:
    """Return the runs as buttons, the newest first."""
    if not runs:
        return ""
    items = "".join(_run_item(seen, seen.run.id == opened, t) for seen in runs)
    return f'<ul class="items">{items}</ul>'


def _run_item(seen: Seen, current: bool, t: Texts) -> str:
    here = ' aria-current="true"' if current else ""
    run = seen.run
    return (
        f'<li><button type="button" class="item" data-pick="{escape(run.id)}"{here}>'
        f"<b>{escape(' · '.join(run.systems))}</b>"
        f'<span class="meta">{people(run_meta(seen, t))}</span>'
        f'<span class="meta"><span class="run-state is-{seen.state}">{escape(state(seen, t))}'
        f"</span> · {run.created_at:%Y-%m-%d %H:%M}</span></button></li>"
    )


def run_meta(seen: Seen, t: Texts) -> str:
    """Return which data a run measures on, in words."""
    run = seen.run
    data = run.data + (f" · {t(f'language.{run.language}')}" if run.language else "")
    return t("bench.run_meta", data=data, count=run.count, seed=run.seed)


def state(seen: Seen, t: Texts) -> str:
    """Return in a few words how a run stands."""
    total = seen.run.count * len(seen.run.systems)
    return t(f"bench.state.{seen.state}", ahead=seen.ahead, written=seen.written, total=total)


def run_head(seen: Seen, t: Texts) -> str:
    """Return the title of a run and, where it did not end well, why and what to do."""
    run = seen.run
    why = ""
    if seen.state == "failed":
        why = status_line(told(run.why, t.language), kind="error")
    elif seen.state == "interrupted":
        why = status_line(t("bench.interrupted_hint"), kind="idle")
    when = t("bench.made_on", time=f"{run.created_at:%Y-%m-%d %H:%M} UTC")
    return (
        f'<header class="run-head"><h3>{escape(when)}</h3>'
        f'<p class="meta">{people(run_meta(seen, t))} · '
        f'<span role="status">{escape(state(seen, t))}</span></p>{why}</header>'
    )


def progress_view(seen: Seen, t: Texts) -> str:
    """Return the bar, the system at work and the time left; nothing for a run at rest."""
    if seen.state not in ("waiting", "running"):
        return ""
    told_of = seen.progress
    share = told_of.share if told_of else 0.0
    words = " ".join(_progress_words(told_of, t)) if told_of else state(seen, t)
    return (
        f'<div class="run-progress"><progress max="1" value="{share:.3f}" '
        f'aria-label="{escape(t("bench.runs"))}">{share:.0%}</progress>'
        f"<p>{escape(words)}</p>"
        f'<p class="hint">{escape(t("bench.in_turn"))}</p></div>'
    )


def _progress_words(progress: Progress, t: Texts) -> list[str]:
    said = [
        t(
            f"bench.{progress.stage}",
            system=progress.system,
            place=progress.place,
            systems=progress.systems,
            done=progress.done,
            total=progress.total,
        )
    ]
    if progress.stage == "writing" and progress.seconds_left is not None:
        said.append(t("bench.left", time=duration(progress.seconds_left, t)))
    more = progress.systems - progress.place
    if more:
        said.append(t("bench.to_come_one" if more == 1 else "bench.to_come", count=more))
    return said


def duration(seconds: float, t: Texts) -> str:
    """Return a time in plain words: "About 6 minutes"."""
    if seconds < _MINUTE:
        return t("bench.moments")
    minutes = round(seconds / _MINUTE)
    if minutes < 100:
        return t("bench.minute" if minutes == 1 else "bench.minutes", count=minutes)
    hours = round(seconds / _HOUR)
    return t("bench.hour" if hours == 1 else "bench.hours", count=hours)


def about_systems(t: Texts) -> str:
    """Return what each system is, folded; those that cannot run here say what they need."""
    items = "".join(
        f"<li><b>{escape(row.name)}</b> {escape(_about(row, t))}</li>"
        for row in sorted(SYSTEMS, key=lambda row: bool(row.missing))
    )
    count = sum(bool(row.missing) for row in SYSTEMS)
    said = escape(t("bench.about_systems", count=count))
    return f'<details class="not-yet"><summary>{said}</summary><ul>{items}</ul></details>'


def _about(row: SystemRow, t: Texts) -> str:
    said = t.get(f"system.{row.name}", row.about)
    if not row.missing:
        return said
    return f"{said} {t('bench.not_yet', what=told(row.missing, t.language))}"


def welcome(t: Texts) -> str:
    """Return what a newcomer sees."""
    return empty_state(t("bench.empty_title"), t("bench.empty"))


def run_actions(seen: Seen) -> dict[Literal["stop", "resume"], bool]:
    """Return which of the buttons make sense for a run."""
    active = seen.state in ("waiting", "running")
    return {"stop": active, "resume": not active and seen.state != "done"}
