"""`notewright train`: learn a style from feedback; status, promote, rollback, forget, pause …"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from app.commands.common import OWNER, Json, WrongUsage, as_usage, new_group, note, open_studio, say
from app.commands.common import say_json as say_as_json
from app.commands.consent import consent_of
from engine.errors import InvalidRequest, NotewrightError, NotFound
from engine.job_types import OPEN, TrainingJob, Wish
from engine.learning_types import MOST_ROUNDS, Method

if TYPE_CHECKING:
    from app.training import Action, Training
    from engine.adapter_types import Adapter
    from finetune.orders import TraitOrder

commands = new_group("Learn a style from feedback, and choose which adapter serves.")
_POLL_SECONDS = 0.5

StyleName = Annotated[str | None, typer.Option("--style", metavar="NAME", help="A saved style.")]
JobId = Annotated[str | None, typer.Argument(metavar="[JOB]", help="The newest if absent.")]
MethodName = Annotated[
    str,
    typer.Option(metavar="sft|filter|planned|dpo|kto|brio|brio-dpo|auto", help="How to learn."),
]
TraitName = Annotated[
    str | None,
    typer.Option(metavar="TRAIT", help="Learn a trait (funnier …) from teacher and critic."),
]
Texts = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help='Texts to rewrite for the trait: {"text": …} a line.'),
]
CriticName = Annotated[str, typer.Option(metavar="auto|model|count", help="Who judges the trait.")]
Data = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Rows of your own (TRL's columns), not the feedback."),
]
Output = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Copy the adapter there at the end.")
]
Rounds = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        max=MOST_ROUNDS,
        help="Rounds of the style filter, or of a trait's critic.",
    ),
]


class TrainingEnded(NotewrightError):
    """Training ended without an adapter."""


@contextmanager
def _training() -> Iterator["Training"]:
    from app.training import Training

    with open_studio() as studio:
        yield Training(studio)


@commands.callback(invoke_without_command=True, no_args_is_help=True)
def train(
    context: typer.Context,
    style: StyleName = None,
    method: MethodName = "auto",
    trait: TraitName = None,
    texts: Texts = None,
    critic: CriticName = "auto",
    data: Data = None,
    output: Output = None,
    rounds: Rounds = 1,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Repeats a run exactly.")] = 0,
    as_json: Json = False,
) -> None:
    """Train a style and wait for the end. Ctrl-C stops; `train resume` goes on."""
    if context.invoked_subcommand is not None:
        return
    if style is None:
        raise WrongUsage("Say which style to train: --style NAME.")
    chosen = _method(method)
    if rounds > 1 and trait is None and chosen not in {None, "filter"}:
        raise WrongUsage("Only the style filter goes in rounds: --method filter --rounds N.")
    if output is not None and output.exists() and not _is_empty(output):
        raise WrongUsage(f"{str(output)!r} holds other things; give a new or empty folder.")
    from app.trainrows import read_training_rows

    with as_usage():
        rows = read_training_rows(data) if data else None
        wanted = _trait_order(trait, texts, critic, rounds)
        if wanted is not None and rows is not None:
            raise WrongUsage("A trait is learned from texts (--texts), not from rows (--data).")
    with _training() as training:
        if chosen is None and wanted is None:
            note(training.choice(OWNER, style, rows).why)
        job = training.start(OWNER, style, chosen, rows, rounds=rounds, seed=seed, trait=wanted)
        ended = _watched(training, job)
        adapter = _ended_well(training, ended)
        if output is not None:
            training.export(OWNER, adapter.id, output)
        if as_json:
            say_as_json(_adapter_json(adapter))
        else:
            say(f"{adapter.id}  {adapter.status}")
            for line in report_words(adapter):
                note(line)


@commands.command()
def status(style: StyleName = None, as_json: Json = False) -> None:
    """Show what is being trained, and the adapters that there are."""
    with _training() as training:
        jobs = training.jobs(OWNER, style)
        adapters = training.shelf.list(OWNER, style)
    if as_json:
        say_as_json(
            {
                "jobs": [job.model_dump(mode="json") for job in jobs],
                "adapters": [_adapter_json(adapter) for adapter in adapters],
            }
        )
        return
    for job in jobs:
        say(f"{job.id}  {job.state:8} {job.style}  {_progress_words(job)}  {job.message}".rstrip())
    for adapter in adapters:
        when = f"{adapter.manifest.created_at:%Y-%m-%d %H:%M}"
        say(f"{adapter.id}  {adapter.status:9} {adapter.style}  {adapter.manifest.method}  {when}")
    if not jobs and not adapters:
        note("Nothing was trained yet; begin with `notewright train --style NAME`.")


@commands.command()
def promote(
    adapter: Annotated[str, typer.Argument(metavar="ID", help="See `train status`.")],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why, where the gate refused it.")
    ] = "",
) -> None:
    """Let an adapter serve from now on."""
    with _training() as training:
        made = training.promote(OWNER, adapter, reason)
    note(f"{made.id} serves the style {made.style!r} now.")


@commands.command()
def rollback(style: StyleName = None) -> None:
    """Let the adapter serve that served before."""
    with _training() as training:
        name = style or _only_style(training)
        made = training.rollback(OWNER, name)
    note(f"{made.id} serves again." if made else f"No adapter of {name!r} serves any more.")


@commands.command()
def forget(as_json: Json = False) -> None:
    """Retire the adapters that learned from what you refused or deleted since, and train again."""
    with open_studio() as studio:
        done = consent_of(studio).forget(OWNER)
    if as_json:
        say_as_json(
            {
                "retired": [adapter.id for adapter in done.retired],
                "jobs": [job.id for job in done.jobs],
                "not_begun": dict(done.not_begun),
            }
        )
        return
    for adapter in done.retired:
        say(f"{adapter.id}  retired    {adapter.style}")
    for job in done.jobs:
        note(f"{job.style!r} is trained again; `notewright train status` shows how far it is.")
    for style, why in done.not_begun.items():
        note(f"{style!r} is not trained again: {why}")


@commands.command()
def pause(job: JobId = None) -> None:
    """Let training stand still; `train resume` goes on."""
    _ask(job, "pause", "It stands still after the present step.")


@commands.command()
def resume(job: JobId = None) -> None:
    """Go on with a job that was paused, stopped, or interrupted."""
    _ask(job, "go", "It goes on; `notewright train status` shows how far it is.")


@commands.command()
def cancel(job: JobId = None) -> None:
    """End a job; its last checkpoint stays, and the adapter that serves does too."""
    _ask(job, "cancel", "It ends after the present step.")


def report_words(adapter: "Adapter") -> list[str]:
    """Return what the gate says of an adapter, a line each."""
    from app.gatewords import gate_reasons, gate_verdict, judge_lines
    from app.i18n import Texts
    from app.improveview import read_report

    report, t = read_report(adapter.report), Texts("en")
    if report is None:
        return []
    return [gate_verdict(report, t), *gate_reasons(report, t), *judge_lines(report, t)]


# ------------------------------------------------------------------ watching


def _watched(training: "Training", job: TrainingJob) -> TrainingJob:
    """Wait until a job is over; Ctrl-C stops it."""
    try:
        with _bar() as show:
            while job.state in OPEN:
                show(job)
                time.sleep(_POLL_SECONDS)
                job = training.job(OWNER, job.id)
    except KeyboardInterrupt:
        training.ask(OWNER, job.id, "cancel")
        note("Stopped. `notewright train resume` goes on from the last checkpoint.")
        raise typer.Exit(1) from None
    return job


@contextmanager
def _bar() -> Iterator[Any]:
    """Show stage and steps on stderr; silent off a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), "{task.fields[left]}")
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Starting", total=None, left="")

        def show(job: TrainingJob) -> None:
            stage = " ".join(part for part in (f"{job.state}:", job.stage, _round(job)) if part)
            progress.update(
                task, description=stage, completed=job.step, total=job.steps or None,
                left=_left(job),
            )  # fmt: skip

        yield show


def _round(job: TrainingJob) -> str:
    return f"{job.round}/{job.rounds}" if job.rounds > 1 else ""


def _left(job: TrainingJob) -> str:
    if job.seconds_left is None:
        return ""
    minutes = round(job.seconds_left / 60)
    return f"about {minutes} min left" if minutes else "less than a minute left"


def _progress_words(job: TrainingJob) -> str:
    parts: list[str] = [job.method]
    parts += [job.stage, _round(job)] if job.state in OPEN else []
    parts += [f"{job.step}/{job.steps}" if job.steps else "", _left(job)]
    return " ".join(part for part in parts if part)


def _ended_well(training: "Training", job: TrainingJob) -> "Adapter":
    if job.state != "done" or job.adapter is None:
        raise TrainingEnded(
            job.message or "Training was cancelled; the adapter that served before still does."
        )
    return training.shelf.get(OWNER, job.adapter)


def _ask(job_id: str | None, wish: Wish, said: str) -> None:
    from app.training import actions

    action: Action = "resume" if wish == "go" else wish
    with _training() as training:
        job = training.job(OWNER, job_id) if job_id else _newest(training.jobs(OWNER))
        if action not in actions(job):
            raise InvalidRequest(f"{job.id} ({job.style}) is {job.state}: nothing to {action}.")
        job = training.ask(OWNER, job.id, wish)
    note(f"{job.id} ({job.style}): {said}")


def _newest(jobs: Sequence[TrainingJob]) -> TrainingJob:
    """Return the job that a command without an id is about: the one at work, else the newest."""
    if not jobs:
        raise NotFound("Nothing was trained yet; begin with `notewright train --style NAME`.")
    return next((job for job in jobs if job.state in OPEN), jobs[0])


def _only_style(training: "Training") -> str:
    """Return the one style that has an adapter in service."""
    names = {each.style for each in training.shelf.list(OWNER) if each.status == "promoted"}
    if len(names) != 1:
        raise WrongUsage("Say which style to roll back: --style NAME.")
    return names.pop()


def _is_empty(place: Path) -> bool:
    return place.is_dir() and not any(place.iterdir())


def _method(name: str) -> Method | None:
    known: dict[str, Method] = {each: each for each in get_args(Method)}
    if name != "auto" and name not in known:
        raise WrongUsage(f"There is no method {name!r}; the methods are {', '.join(known)}, auto.")
    return known.get(name)


def _trait_order(
    trait: str | None, texts: Path | None, critic: str, rounds: int
) -> "TraitOrder | None":
    """Return what of the command line is about a trait; None where there is none."""
    from app.trainrows import read_texts
    from engine.trait import trait_name
    from engine.types import TraitWish
    from finetune.orders import CriticKind, TraitOrder

    if trait is None:
        if texts is not None or critic != "auto":
            raise WrongUsage("--texts and --critic go with --trait.")
        return None
    known: dict[str, CriticKind] = {each: each for each in get_args(CriticKind)}
    if critic not in known:
        raise WrongUsage(f"There is no critic {critic!r}; choose one of {', '.join(known)}.")
    return TraitOrder(
        wish=TraitWish(name=trait_name(trait)),
        texts=read_texts(texts) if texts else (),
        rounds=rounds,
        critic=known[critic],
    )


def _adapter_json(adapter: "Adapter") -> dict[str, object]:
    kept: dict[str, object] = adapter.model_dump(mode="json", exclude={"manifest"})
    about = adapter.manifest.model_dump(
        mode="json", include={"base", "method", "settings", "created_at"}
    )
    return {"id": adapter.id, **kept, **about}
