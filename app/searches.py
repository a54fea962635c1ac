"""Prompt searches' use cases: start, watch, cancel, resume, use what was found, go back.

A search runs in a thread of the server, or of the command line, a call at a time behind those who
write. All that it has done is in the database, so that it goes on where it was after Cancel, a
kill or a restart. No weight and no adapter is touched.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace

from app.adapters import NONE
from app.edits import WRITERS_OWN
from app.searchcases import case_sets, parted
from app.studio import Studio
from app.turnstile import Turnstile
from engine.errors import InvalidRequest, NotewrightError, Stopped
from engine.loading import suggestions_for
from engine.notebench.samples import shipped
from engine.optimize.reflect import Reflection, Rewrite
from engine.optimize.reward import Reward, WritingReward
from engine.optimize.run import PromptSearch, gains
from engine.optimize.strategies import Pool, load_pool, profile_kind
from engine.optimize.types import (
    LEAST_CALLS,
    MOST_CALLS,
    Outcome,
    PromptInUse,
    SearchCase,
    SearchJob,
    SearchNode,
    SearchOrder,
)
from engine.prompts.recipe import PLAIN, PromptRecipe
from engine.protocols import StopCheck
from engine.requests import check_languages
from engine.types import Language, utc_now
from storage.records import NoteRecord
from storage.searches import SearchWork

CALLS = 120
"""The budget where none is given."""

UNFORESEEN = (
    "Something went wrong on our side. What was found stays; resume the search to try again."
)
_CLOSING_SECONDS = 10.0
log = logging.getLogger(__name__)


class Searches:
    """Everything a person can do about prompt searches. Every method takes the owner it is for."""

    def __init__(self, studio: Studio) -> None:
        """Keep the parts; nothing runs yet."""
        self._studio = studio
        self._board = studio.prompts.board
        self._threads: dict[str, threading.Thread] = {}
        self._closing = threading.Event()

    # -- what a person does ------------------------------------------------------------------
    def start(
        self,
        owner: str,
        style: str,
        *,
        budget: int = CALLS,
        minutes: float | None = None,
        adapter: str | None = None,
        seed: int = 0,
    ) -> SearchJob:
        """Put a search on a style's prompt down; `work` or `begin` takes it in hand.

        Args:
            owner: whose style it is.
            style: its name.
            budget: calls; more than `MOST_CALLS` are capped.
            minutes: how long the calls may take together.
            adapter: an id, "general" or "none"; what writes the style today if absent.
            seed: decides between equals.

        Raises:
            InvalidRequest: it cannot run as asked, or a search is at work on the style.
        """
        settings = self._studio.settings
        if settings.shared and not settings.named_owners:
            raise InvalidRequest(
                "Searching prompts is off on a page that everybody may use; install Notewright on "
                "your own machine for it."
            )
        if budget < LEAST_CALLS:
            raise InvalidRequest(
                f"A search takes {LEAST_CALLS} calls at least, to compare a few prompts and hold "
                f"the best against today's; give it {LEAST_CALLS} or more."
            )
        if minutes is not None and minutes <= 0:
            raise InvalidRequest("The minutes must be above 0; leave them out for no limit.")
        limits = (min(budget, MOST_CALLS), minutes)
        order = self._order(owner, style, limits, adapter, seed)
        return self._board.add(owner, style, order)

    def begin(self, owner: str, search_id: str) -> None:
        """Work on a search in the background."""
        self._board.get(owner, search_id)
        thread = threading.Thread(
            target=self._quietly, args=(owner, search_id), name="prompt-search", daemon=True
        )
        self._threads[search_id] = thread
        thread.start()

    def resume(self, owner: str, search_id: str) -> None:
        """Take up a search that was stopped, failed or was interrupted."""
        job = self.job(owner, search_id)
        if not job.can_go_on:
            raise InvalidRequest("This search is done or at work; start another one.")
        self.begin(owner, search_id)

    def cancel(self, owner: str, search_id: str) -> SearchJob:
        """End a search after the present call; what it found stays and it can be resumed."""
        return self._board.cancel(owner, search_id)

    def use(self, owner: str, search_id: str, number: int | None = None) -> PromptInUse:
        """Let a prompt of a search serve its style: the best one unless told which."""
        job = self.job(owner, search_id)
        node = self.node(owner, job, number)
        order = self._board.order(owner, search_id)
        if node.recipe == PLAIN and order.adapter == order.served:
            raise InvalidRequest(
                "That is the prompt that the style is written with anyway; use another one, or go "
                "back to it."
            )
        prompt = PromptInUse(
            recipe=node.recipe, adapter=order.adapter,
            over=self._studio.adapters.choose(owner, job.style).name,
            search=search_id, node=node.number, at=utc_now(),
        )  # fmt: skip
        self._board.use(owner, job.style, prompt)
        return prompt

    def back(self, owner: str, style: str) -> PromptInUse | None:
        """Take a style's prompt back; return the one that serves again, None for the plain one."""
        return self._board.back(owner, style)

    def close(self) -> None:
        """Stop what is at work in this process; it can be taken up again."""
        self._closing.set()
        for thread in self._threads.values():
            thread.join(_CLOSING_SECONDS)

    # -- what a person sees ------------------------------------------------------------------
    def jobs(self, owner: str, style: str | None = None) -> Sequence[SearchJob]:
        """Return searches as they stand, the newest first."""
        return [self._seen(job) for job in self._board.list(owner, style)]

    def job(self, owner: str, search_id: str) -> SearchJob:
        """Return a search as it stands."""
        return self._seen(self._board.get(owner, search_id))

    def nodes(self, owner: str, search_id: str) -> Sequence[SearchNode]:
        """Return the tree as it stands."""
        return self._board.nodes(owner, search_id)

    def node(self, owner: str, job: SearchJob, number: int | None = None) -> SearchNode:
        """Return a prompt of a search, the best one so far unless told which."""
        nodes = self.nodes(owner, job.id)
        wanted = best_number(job, nodes) if number is None else number
        found = next((node for node in nodes if node.number == wanted), None)
        if found is None:
            raise InvalidRequest(
                f"This search has no prompt {wanted}; choose one of its tree (0 to "
                f"{len(nodes) - 1})." if nodes else "This search has not tried a prompt yet; wait."
            )  # fmt: skip
        return found

    def order(self, owner: str, search_id: str) -> SearchOrder:
        """Return what a search was asked to do, with what its prompts may show."""
        return self._board.order(owner, search_id)

    def in_use(self, owner: str, style: str) -> PromptInUse | None:
        """Return the prompt that a style was given and that was not taken back."""
        return self._board.in_use(owner, style)

    def pool(self) -> Pool:
        """Return the strategies: a person's own, else those that ship."""
        return load_pool(self._studio.settings.data_dir)

    def _seen(self, job: SearchJob) -> SearchJob:
        """A search that this process is about to take in hand is at work already."""
        thread = self._threads.get(job.id)
        begun = job.state != "done" and thread is not None and thread.is_alive()
        return job.model_copy(update={"state": "running", "alive": True}) if begun else job

    # -- the work ----------------------------------------------------------------------------
    def work(self, owner: str, search_id: str) -> SearchJob:
        """Work on a search to its end, in the present thread.

        Raises:
            InvalidRequest: somebody else is at work on the style.
        """
        job, order = self._board.get(owner, search_id), self._board.order(owner, search_id)
        with self._board.in_hand(owner, search_id) as work:
            try:
                self._run(job, order, work)
            except Stopped:
                if not self._closing.is_set():
                    work.change(state="stopped")
            except NotewrightError as error:
                work.change(state="failed", message=str(error))
            except Exception:
                log.exception("a prompt search failed")
                work.change(state="failed", message=UNFORESEEN)
        return self._board.get(owner, search_id)

    def _quietly(self, owner: str, search_id: str) -> None:
        try:
            self.work(owner, search_id)
        except NotewrightError as error:
            log.warning("a prompt search could not begin: %s", error)

    def _run(self, job: SearchJob, order: SearchOrder, work: SearchWork) -> None:
        studio, models = self._studio, self._studio.models
        studio.adapters.choose(job.owner, job.style, order.adapter or NONE)

        def stop() -> bool:
            return self._closing.is_set() or work.wants_to_end()

        reward = WritingReward(
            models.stylist_model, models.embedder, studio.scorer, order.cases.profile, order.adapter
        )
        limit = float("inf") if order.minutes is None else order.minutes * 60
        search = PromptSearch(
            order.cases, order.pool, order.way, _written_in_turn(studio.turnstile, reward, stop),
            _rewritten_in_turn(studio.turnstile, Reflection(models.planner_model), stop), work,
            order.prior, order.budget, limit, order.seed, stop,
        )  # fmt: skip
        nodes: dict[int, SearchNode] = {}
        for found in search.run():
            if isinstance(found, SearchNode):
                nodes[found.number] = found
                work.put_node(found)
            else:
                tree = [nodes[number] for number in sorted(nodes)]
                work.finish(found, gains(tree, order.kind, order.way), order.model)

    def _order(
        self,
        owner: str,
        style: str,
        limits: tuple[int, float | None],
        adapter: str | None,
        seed: int,
    ) -> SearchOrder:
        studio, models = self._studio, self._studio.models
        kept = studio.style(owner, style)
        if not kept.samples:
            raise InvalidRequest("This style has no samples to go by; add some first.")
        shown, held_back = parted(kept.samples)
        read = studio.profile(shown, kept.language, name=style) if held_back else kept
        own = {field: getattr(kept, field) for field in (*WRITERS_OWN, "version")}
        profile = read.model_copy(update=own)
        notes = (r for r in studio.store.notes(owner) if _style_of(r) == style)
        cases = case_sets(shipped("dev"), notes, profile, held_back, seed=seed)
        card = models.stylist_model.card
        check_languages(cases.search[0].request, card, suggestions_for(profile.language))
        served = studio.adapters.choose(owner, style).name
        chosen = served if adapter is None else studio.adapters.choose(owner, style, adapter).name
        kind = profile_kind(profile)
        model = f"{card.name} {card.revision}{' + adapter' if chosen else ''}"
        return SearchOrder(
            budget=limits[0], minutes=limits[1], seed=seed, kind=kind, model=model,
            way="restyle" if chosen else "whole" if card.writes_plans else "step",
            adapter=chosen, served=served, pool=self.pool(), cases=cases,
            prior=tuple(self._board.gains(owner, model)),
        )  # fmt: skip


def _style_of(record: NoteRecord) -> str:
    return record.style_name or record.note.style_name


def _written_in_turn(turnstile: Turnstile, reward: WritingReward, stop: StopCheck) -> Reward:
    """Return the same reward, each call between those who write."""

    def written(recipe: PromptRecipe, case: SearchCase) -> Outcome:
        return turnstile.in_background(
            lambda check: replace(reward, should_stop=check)(recipe, case), stop
        )

    return written


def _rewritten_in_turn(turnstile: Turnstile, reflection: Reflection, stop: StopCheck) -> Rewrite:
    """Return the same reflection, each call between those who write."""

    def rewritten(
        task: str, worst: Sequence[tuple[SearchCase, Outcome]], language: Language, seed: int
    ) -> Outcome:
        return turnstile.in_background(
            lambda check: replace(reflection, should_stop=check)(task, worst, language, seed), stop
        )

    return rewritten


def best_number(job: SearchJob, nodes: Sequence[SearchNode]) -> int:
    """Return the best prompt so far: the one found, else the highest score."""
    if job.report is not None:
        return job.report.best
    kept = [node.number for node in nodes if node.kept]
    if kept:
        return kept[-1]
    return max(nodes, key=lambda n: (n.score, -n.number)).number if nodes else 0


def seconds_left(job: SearchJob) -> float | None:
    """Return how long a search may still take; None before its first call."""
    if not job.calls:
        return None
    left = (job.budget - job.calls) * job.seconds / job.calls
    return left if job.minutes is None else max(0.0, min(left, job.minutes * 60 - job.seconds))
