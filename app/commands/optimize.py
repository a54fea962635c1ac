"""`notewright optimize`: search a style's prompt; status, show, use, back, cancel, resume."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.common import OWNER, Json, WrongUsage, as_usage, new_group, note, open_studio, say
from app.commands.common import say_json as say_as_json
from engine.errors import NotewrightError
from engine.optimize.types import MOST_CALLS, SearchJob

if TYPE_CHECKING:
    from app.searches import Searches

commands = new_group("Search a style's prompt; no weight and no adapter is touched.")
_POLL_SECONDS = 0.5

StyleName = Annotated[str | None, typer.Option("--style", metavar="NAME", help="A saved style.")]
SearchId = Annotated[str | None, typer.Argument(metavar="[SEARCH]", help="The newest if absent.")]
Node = Annotated[
    int | None, typer.Option("--node", metavar="N", help="A prompt of the tree, else the best.")
]


class SearchEnded(NotewrightError):
    """A search ended before its end."""


@contextmanager
def _searches() -> Iterator["Searches"]:
    from app.searches import Searches

    with open_studio() as studio:
        yield Searches(studio)


@commands.callback(invoke_without_command=True, no_args_is_help=True)
def optimize(
    context: typer.Context,
    style: StyleName = None,
    budget: Annotated[
        int | None, typer.Option(metavar="CALLS", help="Texts that may be written; 120 if absent.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="M", help="How long writing them may take.")
    ] = None,
    adapter: Annotated[
        str | None,
        typer.Option(metavar="ID|general|none", help="What writes the style today if absent."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Decides between equals.")] = 0,
    as_json: Json = False,
) -> None:
    """Search a style's prompt and wait for the end. Ctrl-C stops; `optimize resume` goes on."""
    if context.invoked_subcommand is not None:
        return
    if style is None:
        raise WrongUsage("Say which style's prompt to search: --style NAME.")
    from app.searches import CALLS

    calls = CALLS if budget is None else budget
    if calls > MOST_CALLS:
        note(f"A search makes {MOST_CALLS:,} calls at most; {calls:,} was capped to that.")
    with _searches() as searches:
        with as_usage():
            job = searches.start(
                OWNER, style, budget=calls, minutes=minutes, adapter=adapter, seed=seed
            )
        _finished(searches, job, as_json=as_json)


@commands.command()
def status(style: StyleName = None, as_json: Json = False) -> None:
    """Show the searches, and which prompt serves."""
    with _searches() as searches:
        jobs = searches.jobs(OWNER, style)
        used = {name: searches.in_use(OWNER, name) for name in dict.fromkeys(j.style for j in jobs)}
    if as_json:
        in_use = {name: one and one.model_dump(mode="json") for name, one in used.items()}
        say_as_json({"searches": [_brief(job) for job in jobs], "in_use": in_use})
        return
    for job in jobs:
        one = used[job.style]
        serves = f"  prompt {one.node} in use" if one and one.search == job.id else ""
        state = "interrupted" if job.state == "running" and not job.alive else job.state
        say(f"{job.id}  {state:11} {job.style}  {job.calls}/{job.budget} calls{serves}")
        note(f"    {_words(job)}")
    if not jobs:
        note("No prompt was searched yet; begin with `notewright optimize --style NAME`.")


@commands.command()
def show(search: SearchId = None, node: Node = None, as_json: Json = False) -> None:
    """Print a prompt of a search as it is sent: the best one unless told which."""
    from app.promptwords import prompt_text

    with _searches() as searches:
        job = _job(searches, search)
        found = searches.node(OWNER, job, node)
        text = prompt_text(found.recipe, job, searches.order(OWNER, job.id).cases.profile)
        if as_json:
            nodes = searches.nodes(OWNER, job.id)
            say_as_json({"prompt": text, "node": found.model_dump(mode="json"),
                         "tree": [one.model_dump(mode="json") for one in nodes]})  # fmt: skip
        else:
            say(text)


@commands.command()
def use(search: SearchId = None, node: Node = None) -> None:
    """Let a prompt of a search serve its style: the best one unless told which."""
    with _searches() as searches:
        job = _job(searches, search)
        used = searches.use(OWNER, job.id, node)
    note(f"Prompt {used.node} of {used.search} writes the style {job.style!r} now.")


@commands.command()
def back(style: StyleName = None) -> None:
    """Go back to the prompt that served before."""
    if style is None:
        raise WrongUsage("Say which style's prompt to take back: --style NAME.")
    with _searches() as searches:
        before = searches.back(OWNER, style)
    note(
        f"Prompt {before.node} of {before.search} writes {style!r} again."
        if before
        else f"The prompt that ships writes {style!r} again."
    )


@commands.command()
def cancel(search: SearchId = None) -> None:
    """End a search after the present call; what it found stays."""
    with _searches() as searches:
        job = _job(searches, search)
        if job.state != "running":
            raise WrongUsage("That search has ended already; there is nothing to cancel.")
        searches.cancel(OWNER, job.id)
    note(f"{job.id} ({job.style}) ends; `notewright optimize resume` goes on with it.")


@commands.command()
def resume(search: SearchId = None, as_json: Json = False) -> None:
    """Go on with a search that was stopped or interrupted, and wait for its end."""
    with _searches() as searches:
        job = _job(searches, search)
        if not job.can_go_on:
            raise WrongUsage("That search is done or at work; there is nothing to resume.")
        _finished(searches, job, as_json=as_json)


# ------------------------------------------------------------------ watching


def _finished(searches: "Searches", job: SearchJob, *, as_json: bool) -> None:
    """Work on a search to its end and say what came of it."""
    ended = _worked(searches, job)
    if ended.report is None:
        raise SearchEnded(ended.message or "Stopped. `notewright optimize resume` goes on with it.")
    if as_json:
        say_as_json(_brief(ended))
    else:
        say(f"{ended.id}  prompt {ended.report.best}  {ended.calls} calls")
        note(_words(ended))
        if ended.report.best:
            note(f"`notewright optimize use {ended.id}` lets it write the style.")


def _worked(searches: "Searches", job: SearchJob) -> SearchJob:
    """Work in a thread of its own, so that Ctrl-C stops between two calls."""
    done: list[SearchJob | BaseException] = []

    def work() -> None:
        try:
            done.append(searches.work(OWNER, job.id))
        except NotewrightError as error:
            done.append(error)

    worker = threading.Thread(target=work, name="prompt-search")
    worker.start()
    try:
        with _bar(job) as tell:
            while worker.is_alive():
                worker.join(_POLL_SECONDS)
                tell(searches.job(OWNER, job.id))
    except KeyboardInterrupt:
        searches.cancel(OWNER, job.id)
        worker.join()
    ended = done[0]
    if isinstance(ended, BaseException):
        raise ended
    return ended


@contextmanager
def _bar(job: SearchJob) -> Iterator[Any]:
    """Show calls and time on stderr; silent off a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Searching", total=job.budget)
        yield lambda seen: progress.update(task, completed=seen.calls, description=_words(seen))


def _job(searches: "Searches", search: str | None) -> SearchJob:
    from app.promptwords import newest

    return searches.job(OWNER, search) if search else newest(searches.jobs(OWNER))


def _words(job: SearchJob) -> str:
    from app.i18n import Texts
    from app.promptwords import state_words

    return job.message or state_words(job, Texts("en"))


def _brief(job: SearchJob) -> dict[str, object]:
    told: dict[str, object] = job.model_dump(mode="json", exclude={"owner", "wish"})
    return told
