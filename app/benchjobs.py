"""Benchmarks in the background: one run at a time, an item at a time, stopped and taken up again.

A run belongs to the server, not to the page that started it. What it has written is on the disk
item by item (app/benchfiles.py), so that it goes on where it was after Stop, a kill or a restart.
Work takes its turn behind everybody who writes (app/turnstile.py). Of several servers on one data
directory the one that claimed a run works on it; the others see that it is at work.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from app.bench import BenchSet, bench_score
from app.benchfiles import BenchFiles, BenchRun, End
from app.limits import LimitReached, Limits
from app.studio import Studio
from app.systems import SYSTEMS, make_system
from engine.errors import InvalidRequest, NotewrightError, Stopped
from engine.notebench.report import Score
from engine.notebench.run import System
from engine.notebench.run import run as run_system
from engine.notebench.samples import BenchItem
from engine.types import MAX_SEED, Language, Scores

State = Literal["waiting", "running", "done", "stopped", "failed", "interrupted"]
Stage = Literal["loading", "writing", "scoring"]
MOST_ITEMS = 1_000
_BASELINES = frozenset({"copy-source", "best-sample-copy"})
_CLOSING_SECONDS = 10.0
_KEPT = 20  # older runs than so many make room, where visitors have shares
UNFORESEEN = "Something went wrong on our side. What is written stays; resume the run to try again."
log = logging.getLogger(__name__)


class Progress(NamedTuple):
    """How far a run is: the system at work, its place among them, and what is left of it.

    `seconds_left` is for this system alone, None before its first item is done.
    """

    system: str
    place: int
    systems: int
    stage: Stage
    done: int
    total: int
    seconds_left: float | None

    @property
    def share(self) -> float:
        """How much of the whole run is done; scoring counts as a tenth of a system."""
        part = self.done / self.total if self.total else 0.0
        within = {"loading": 0.0, "writing": 0.9 * part, "scoring": 0.9 + 0.1 * part}[self.stage]
        return (self.place - 1 + within) / self.systems


class Seen(NamedTuple):
    """A run as its owner sees it at this moment."""

    run: BenchRun
    state: State
    progress: Progress | None
    ahead: int
    written: int
    finished: tuple[str, ...]


@dataclass(eq=False)
class _Job:
    """A run that is at work or waits for it."""

    owner: str
    run: BenchRun
    claim: int
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Progress | None = None


class BenchJobs:
    """Starts, watches, stops and takes up runs; one worker thread for all owners."""

    def __init__(self, studio: Studio, limits: Limits | None = None) -> None:
        """Keep the parts; nothing runs yet."""
        self._studio, self.limits = studio, limits or Limits()
        self.files = BenchFiles(studio.settings.data_dir / "notebench")
        self._change = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._worker: threading.Thread | None = None
        self._closing = False

    # -- what a person does ------------------------------------------------------------------
    def start(
        self,
        owner: str,
        chosen: BenchSet,
        systems: Sequence[str],
        *,
        language: Language | None = None,
        seed: int = 0,
    ) -> BenchRun:
        """Check what was asked, put it on the disk, and begin when its turn comes.

        Raises:
            InvalidRequest: nothing can run as asked; nothing has begun.
            LimitReached: the owner has had their share, or has a run at work.
        """
        names = tuple(dict.fromkeys(systems))
        self._check(chosen, names, seed)
        self._check_share(owner, len(chosen.items), names)
        if self.limits.counts:
            self.files.keep_newest(owner, _KEPT)
        run = self.files.create(owner, chosen, names, language, seed)
        self._begin(owner, run)
        return run

    def _check(self, chosen: BenchSet, names: Sequence[str], seed: int) -> None:
        if not names:
            raise InvalidRequest("Choose at least one system to measure.")
        if not 0 <= seed <= MAX_SEED:
            raise InvalidRequest(f"The seed must lie between 0 and {MAX_SEED}; choose another.")
        if len(chosen.items) > MOST_ITEMS:
            raise InvalidRequest(
                f"That is {len(chosen.items):,} items; the page measures {MOST_ITEMS:,} at most. "
                "Choose fewer, or use `notewright bench run`."
            )
        missing = {row.name: row.missing for row in SYSTEMS}
        for name in names:
            if self._studio.ready or name not in missing or missing[name]:
                make_system(name, self._studio, chosen.items, seed=seed)

    def _check_share(self, owner: str, items: int, names: Sequence[str]) -> None:
        """Count each text that a model will write as a note of the owner's."""
        self._check_idle(owner)
        self.limits.take(owner, max(1, items * sum(name not in _BASELINES for name in names)))

    def _check_idle(self, owner: str) -> None:
        """Refuse a second run at a time where visitors have shares."""
        if self.limits.counts and any(job.owner == owner for job in list(self._jobs)):
            raise LimitReached(
                "A run of yours is at work already; start another when it is done, or stop it."
            )

    def resume(self, owner: str, run_id: str) -> None:
        """Let a run go on where it was; nothing happens to one that is done or at work."""
        run = self.files.run(owner, run_id)
        if run.end == "done" or self._job(owner, run_id):
            return
        self._check_idle(owner)
        self._begin(owner, run)

    def stop(self, owner: str, run_id: str) -> None:
        """Stop a run; what it has written stays."""
        with self._change:
            job = self._job(owner, run_id)
            if job is None:
                self._refuse_others(owner, run_id)
                return
            job.stop.set()
            if job is not self._jobs[0]:
                self._jobs.remove(job)
                self._over(job, "stopped")
            self._change.notify_all()

    def _refuse_others(self, owner: str, run_id: str) -> None:
        if self._is_elsewhere(owner, self.files.run(owner, run_id)):
            raise InvalidRequest(
                "Another Notewright on this data directory works on this run; stop it there."
            )

    def delete(self, owner: str, run_id: str) -> None:
        """Stop a run and take it off the list; `restore` brings it back until the next begins."""
        self.stop(owner, run_id)
        self._wait_for(owner, run_id)
        run = self.files.run(owner, run_id)
        self.files.save(owner, run.model_copy(update={"deleted": True}))

    def restore(self, owner: str, run_id: str) -> None:
        """Undo `delete`."""
        run = self.files.run(owner, run_id)
        self.files.save(owner, run.model_copy(update={"deleted": False}))

    def _wait_for(self, owner: str, run_id: str) -> None:
        with self._change:
            self._change.wait_for(lambda: self._job(owner, run_id) is None, _CLOSING_SECONDS)

    def close(self) -> None:
        """Stop what is at work; it will say that it was interrupted, and can be taken up again."""
        with self._change:
            self._closing = True
            for job in self._jobs:
                job.stop.set()
            self._change.notify_all()
            worker = self._worker
        if worker is not None:
            worker.join(_CLOSING_SECONDS)

    # -- what a person sees ------------------------------------------------------------------
    def seen(self, owner: str) -> list[Seen]:
        """Return an owner's runs as they are now, the newest first."""
        return [self._seen(owner, run) for run in self.files.runs(owner)]

    def see(self, owner: str, run_id: str) -> Seen:
        """Return one run as it is now."""
        return self._seen(owner, self.files.run(owner, run_id))

    def _seen(self, owner: str, run: BenchRun) -> Seen:
        with self._change:
            job = self._job(owner, run.id)
            ahead = self._jobs.index(job) if job else 0
            progress = job.progress if job else None
        state: State = "waiting" if ahead else "running"
        if job is None:
            if run.end == "running":  # read before its job ended?
                run = self.files.run(owner, run.id)
            state = run.end
            if run.end == "running" and not self._is_elsewhere(owner, run):
                state = "interrupted"
        written = sum(self.files.written(owner, run, name) for name in run.systems)
        return Seen(run, state, progress, ahead, written, self.files.finished(owner, run))

    def _is_elsewhere(self, owner: str, run: BenchRun) -> bool:
        """Return whether another server works on a run."""
        claim = self.files.claim(owner, run)
        if claim is None:
            return True
        os.close(claim)
        return False

    def _job(self, owner: str, run_id: str) -> _Job | None:
        found = (job for job in list(self._jobs) if (job.owner, job.run.id) == (owner, run_id))
        return next(found, None)

    # -- the work ----------------------------------------------------------------------------
    def _begin(self, owner: str, run: BenchRun) -> None:
        """Put a run behind those at work, unless another server was quicker to take it."""
        with self._change:
            claim = self.files.claim(owner, run)
            if claim is None:
                return
            try:
                run = self._ended(owner, self.files.run(owner, run.id), "running")
            except BaseException:
                os.close(claim)
                raise
            self._jobs.append(_Job(owner, run, claim))
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="notebench", daemon=True)
                self._worker.start()
            self._change.notify_all()

    def _work(self) -> None:
        """Run one job after the other, until none is left."""
        while True:
            with self._change:
                if not self._jobs or self._closing:
                    while self._jobs:  # they never began, and anybody may take them up
                        os.close(self._jobs.pop().claim)
                    self._worker = None
                    return
                job = self._jobs[0]
            end, why = self._end_of(job)
            with self._change:
                closed = self._closing and end == "stopped"
                self._over(job, "running" if closed else end, why)
                self._jobs.popleft()
                self._change.notify_all()

    def _end_of(self, job: _Job) -> tuple[End, str]:
        try:
            for place, name in enumerate(job.run.systems, 1):
                self._measure(job, place, name)
        except Stopped:
            return "stopped", ""
        except NotewrightError as error:
            return "failed", str(error)
        except Exception:
            log.exception("a benchmark failed")
            return "failed", UNFORESEEN
        return "done", ""

    def _over(self, job: _Job, end: End, why: str = "") -> None:
        """Keep how a run ended, then let go of it."""
        try:
            self._ended(job.owner, job.run, end, why)
        finally:
            os.close(job.claim)

    def _ended(self, owner: str, run: BenchRun, end: End, why: str = "") -> BenchRun:
        told = run.model_copy(update={"end": end, "why": why})
        self.files.save(owner, told)
        return told

    def _measure(self, job: _Job, place: int, name: str) -> None:
        """Let one system answer what it has not answered yet, and write its report."""
        owner, run = job.owner, job.run
        target = self.files.report_path(owner, run, name)
        if target.exists():
            return
        pace, stop = _Pace(), job.stop.is_set

        def tell(stage: Stage) -> Callable[[int, int], None]:
            def told(done: int, total: int) -> None:
                left = pace.left(total - done) if stage == "writing" else None
                job.progress = Progress(name, place, len(run.systems), stage, done, total, left)

            return told

        tell("loading")(0, run.count)
        items = self.files.items(owner, run)
        system = make_system(name, self._studio, items, seed=run.seed, should_stop=stop)
        tell("writing")(0, run.count)
        run_system(
            _Timed(system, pace),
            items,
            target,
            self._scored(stop),
            path=run.data,
            wrote=tell("writing"),
            scored=tell("scoring"),
            should_stop=stop,
        )

    def _scored(self, stop: Callable[[], bool]) -> Score:
        """Return what scores an output in its turn, and stops when it is told to."""
        score, turnstile = bench_score(self._studio), self._studio.turnstile

        def scored(item: BenchItem, text: str) -> Scores:
            if stop():
                raise Stopped("Stopped.")
            return turnstile.in_background(lambda _: score(item, text), stop)

        return scored


class _Pace:
    """How long an item takes, from those written since the run went on."""

    def __init__(self) -> None:
        self._items, self._began = 0, time.monotonic()

    def count(self) -> None:
        self._items += 1

    def left(self, items: int) -> float | None:
        if not self._items:
            return None
        return items * (time.monotonic() - self._began) / self._items


@dataclass(frozen=True)
class _Timed:
    """A system whose items are counted as they are written."""

    system: System
    pace: _Pace

    @property
    def name(self) -> str:
        return self.system.name

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.system.settings

    def write(self, item: BenchItem) -> str:
        text = self.system.write(item)
        self.pace.count()
        return text
