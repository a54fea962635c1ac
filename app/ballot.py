"""Two texts to choose between, as HTML: nothing in it says who wrote either."""

from html import escape

from app.contests import Text
from app.i18n import Texts
from app.rating import Ballot, Progress
from app.render import people
from app.shelf import empty_state


def ballot_view(progress: Progress, t: Texts) -> str:
    """Return the next two texts with the samples, or what to do where there are none."""
    if progress.ballot is None:
        key = "vote.all_done" if progress.total else "vote.nothing"
        bar = _bar(progress, t) if progress.total else ""
        return bar + empty_state(t(f"{key}_title"), t(key))
    ballot = progress.ballot
    sides = "".join(
        _side(ballot, text, side, number, t)
        for side, text, number in (("left", ballot.left, 1), ("right", ballot.right, 2))
    )
    return (
        f'<section class="ballot" aria-label="{escape(t("vote.question"))}">{_bar(progress, t)}'
        f'<h3 class="question">{escape(t("vote.question"))}</h3>{_samples(ballot, t)}'
        f'<p class="about"><span>{escape(t("vote.topic"))}</span> '
        f"{people(ballot.contest.topic)}</p>"
        f'<div class="sides">{sides}</div>{_choices(ballot, t)}</section>'
    )


def _bar(progress: Progress, t: Texts) -> str:
    said = t("vote.progress", voted=progress.voted, total=progress.total)
    return (
        f'<div class="voted"><progress max="{progress.total}" value="{progress.voted}" '
        f'aria-label="{escape(t("vote.progress_name"))}"></progress>'
        f'<span role="status">{escape(said)}</span></div>'
    )


def _samples(ballot: Ballot, t: Texts) -> str:
    texts = "".join(
        f'<div class="prose-text" dir="auto" lang="{ballot.contest.language}">{escape(text)}</div>'
        for text in ballot.samples
    )
    name = escape(t("vote.samples", count=len(ballot.samples)))
    return (
        f'<details class="voice" open><summary>{name}</summary>'
        f'<div class="voice-texts" tabindex="0" role="group" aria-label="{name}">{texts}</div>'
        f"</details>"
    )


def _side(ballot: Ballot, text: Text, side: str, number: int, t: Texts) -> str:
    name = escape(t("vote.text", number=number))
    return (
        f'<article class="card side-{side}" aria-label="{name}"><header><h3>{name}</h3></header>'
        f'<div class="prose-text" dir="auto" lang="{ballot.contest.language}">'
        f"{escape(text.text)}</div></article>"
    )


def _choices(ballot: Ballot, t: Texts) -> str:
    buttons = "".join(
        f'<button type="button" class="choose is-{chosen}" data-vote="{chosen}:{ballot.token}" '
        f'data-key="{key}" aria-keyshortcuts="{key}"><kbd aria-hidden="true">{key}</kbd>'
        f"<span>{escape(t(f'vote.{chosen}'))}</span></button>"
        for chosen, key in (("left", "1"), ("tie", "0"), ("right", "2"))
    )
    name = escape(t("vote.question"))
    return f'<div class="choices" role="group" aria-label="{name}">{buttons}</div>'
