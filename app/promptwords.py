"""What a prompt search says of itself in words, in the reader's language; no HTML."""

from collections.abc import Sequence

from app.i18n import Texts
from app.searches import seconds_left
from engine.errors import NotFound
from engine.optimize.strategies import Pool
from engine.optimize.types import SearchJob, SearchNode, SearchReport
from engine.prompts.recipe import PromptRecipe, ending, instruction
from engine.prompts.render import wording
from engine.types import StyleProfile

_MINUTE = 60


def strategy_name(name: str, pool: Pool, t: Texts) -> str:
    """Return what a strategy does; its own name where the pool does not know it any more."""
    if name == "reflect":
        return t("search.reflect")
    return str(pool[name].about.get(t.language, name)) if name in pool else name


def steps_words(steps: Sequence[str], pool: Pool, t: Texts) -> str:
    """Return the strategies of an edge; "today's prompt" for the start."""
    named = [strategy_name(name, pool, t) for name in steps]
    return t("search.and").join(named) or t("search.start_prompt")


def state_words(job: SearchJob, t: Texts) -> str:
    """Return in a sentence how a search stands."""
    if job.report is not None:
        return report_words(job.report, t)
    if job.state == "running" and not job.alive:
        return t("search.interrupted")
    if job.state == "running":
        left = seconds_left(job)
        if job.wish == "cancel":
            return t("search.cancelling")
        if left is None:
            return t("search.starting")
        minutes = max(1, round(left / _MINUTE))
        return t("search.left_one" if minutes == 1 else "search.left", minutes=minutes)
    return t("search.stopped")


def report_words(report: SearchReport, t: Texts) -> str:
    """Return what came of a search."""
    if report.end == "flat":
        return t("search.flat")
    if report.best == 0:
        return t("search.not_better")
    rose = report.best_told - report.start_told
    key = "search.found" if rose > 0 else "search.found_unsure"
    start, best = f"{report.start_told:.3f}", f"{report.best_told:.3f}"
    return t(key, start=start, best=best, end=t(f"search.end.{report.end}"))


def spent_words(job: SearchJob, t: Texts) -> str:
    """Return what a search has cost so far, and of how much."""
    seconds = round(job.seconds)
    time = f"{seconds // _MINUTE}:{seconds % _MINUTE:02d}"
    if job.minutes is not None:
        time = t("search.of_minutes", time=time, minutes=f"{job.minutes:g}")
    return t("search.spent", calls=job.calls, budget=job.budget, time=time)


def prompt_text(recipe: PromptRecipe, job: SearchJob, profile: StyleProfile) -> str:
    """Return a prompt as it is sent: its instruction, and what ends the last turn."""
    return "\n".join(part for part in prompt_parts(recipe, job, profile) if part)


def prompt_parts(recipe: PromptRecipe, job: SearchJob, profile: StyleProfile) -> tuple[str, str]:
    """Return the instruction, and what ends the last turn, their $names left open."""
    texts = wording(job.way, profile.language)
    head = instruction(texts["system"], recipe, profile).partition("$advice")[0]
    return head.replace("$$", "$").strip(), ending(recipe, profile).replace("$$", "$").strip()


def newest(jobs: Sequence[SearchJob]) -> SearchJob:
    """Return the search that a command without an id is about: the one at work, else the newest."""
    if not jobs:
        raise NotFound("No prompt was searched yet; begin with `notewright optimize --style NAME`.")
    return next((job for job in jobs if job.at_work), jobs[0])


def numbered(node: SearchNode, t: Texts) -> str:
    """Return what a prompt is called."""
    return t("search.start_prompt") if node.number == 0 else t("search.node", number=node.number)
