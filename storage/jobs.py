"""Training jobs: asked for by a page, taken up by one process at a time, watched by everybody.

A job is worked on by whoever claimed it last. A process that was killed leaves its job at work in
the table; once its heart has not beaten for a while and its process is gone, the job is stopped,
and can be taken up again.
"""

import os
import platform
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from engine.errors import InvalidRequest, NotFound, Stopped
from engine.job_types import AT_WORK, OPEN, JobStage, JobState, JobStep, TrainingJob, Wish
from engine.learning_types import Method, TrainingProgress
from engine.types import utc_now
from storage.adapter_rows import style_key
from storage.database import Database
from storage.tables import JobEntry, JobStepEntry, StyleEntry

PATIENCE = 60.0
"""Seconds without a heartbeat after which a job whose process is gone is taken for dead."""

INTERRUPTED = "Training was interrupted; resume it, and it goes on from its last checkpoint."


class JobBoard:
    """The training jobs of a database, as one machine sees them.

    Safe to call from several threads and processes at once.
    """

    def __init__(self, database: Database, *, host: str = "", patience: float = PATIENCE) -> None:
        """Use a database whose tables are up to date; `Store.jobs` sees to that."""
        self._database = database
        self._host = host or platform.node()
        self._patience = timedelta(seconds=patience)

    # what a person asks for
    def add(
        self,
        owner: str,
        style: str,
        method: Method | None = None,
        prepare: Callable[[str], None] | None = None,
    ) -> TrainingJob:
        """Add a job that waits; no method lets the examples decide.

        `prepare` is given its id before anybody sees it, and could take it up: what it raises
        leaves no job.

        Raises:
            NotFound: there is no such style.
            InvalidRequest: a job of the style is not over yet.
        """
        now = utc_now()
        with self._database.write() as session:
            self._settle(session)
            key = style_key(session, owner, style)
            if any(entry.state in OPEN for entry in _listed(session, owner, key)):
                raise InvalidRequest(
                    "This style is being trained already; wait for it, or cancel it first."
                )
            entry = JobEntry(
                id=f"j1-{secrets.token_hex(8)}",
                owner=owner,
                style_id=key,
                method=method or "auto",
                state="waiting",
                stage="",
                step=0,
                steps=0,
                examples=0,
                round=0,
                rounds=0,
                host="",
                claim="",
                wish="go",
                message="",
                created_at=now,
                updated_at=now,
            )
            session.add(entry)
            session.flush()
            if prepare is not None:
                prepare(entry.id)
            return _job(session, entry)

    def ask(self, owner: str, job_id: str, wish: Wish) -> TrainingJob:
        """Say what is wanted of a job; one that is over, or has no process, is changed at once.

        A wish to go puts a job that stopped or failed back to waiting, to be claimed anew.
        """
        with self._database.write() as session:
            self._settle(session)
            entry = _existing(session, job_id, owner)
            if wish == "go" and entry.state in {"stopped", "failed"}:
                self._refuse_second(session, entry)
                _change(entry, state="waiting", message="", wish="go")
            elif entry.state == "waiting" and wish == "cancel":
                _change(entry, state="stopped", message="")
            elif entry.state in OPEN:
                _change(entry, wish=wish)
            session.add(entry)
            return _job(session, entry)

    def get(self, owner: str, job_id: str) -> TrainingJob:
        """Return a job; NotFound if it is not this owner's."""
        self._settle_if_needed()
        with self._database.read() as session:
            return _job(session, _existing(session, job_id, owner))

    def list(self, owner: str, style: str | None = None) -> Sequence[TrainingJob]:
        """Return the jobs of an owner, or of a style, newest first."""
        self._settle_if_needed()
        with self._database.read() as session:
            key = None if style is None else style_key(session, owner, style)
            return [_job(session, entry) for entry in _listed(session, owner, key)]

    def ahead(self, job: TrainingJob) -> int:
        """Return how many jobs, whoever's, go before one that waits."""
        with self._database.read() as session:
            entries = session.exec(select(JobEntry).where(col(JobEntry.state).in_(OPEN))).all()
            place = next((entry.seq for entry in entries if entry.id == job.id), None)
            return sum(
                entry.state in AT_WORK or (place is not None and (entry.seq or 0) < place)
                for entry in entries
                if entry.id != job.id
            )

    def curve(self, owner: str, job_id: str) -> Sequence[JobStep]:
        """Return the points of a job's curves, in order."""
        with self._database.read() as session:
            entry = _existing(session, job_id, owner)
            points = session.exec(
                select(JobStepEntry)
                .where(JobStepEntry.job_seq == entry.seq)
                .order_by(col(JobStepEntry.seq))
            )
            return [
                JobStep(stage=each.stage, step=each.step, loss=each.loss, margin=each.margin)
                for each in points
            ]

    # what the process does
    def claim(self, job_id: str) -> "Claim | None":
        """Take up a job that waits; None where it does not, or this machine has one at work."""
        with self._database.write() as session:
            self._settle(session)
            entry = _existing(session, job_id)
            here = (JobEntry.host == self._host, col(JobEntry.state).in_(AT_WORK))
            busy = session.exec(select(JobEntry.seq).where(*here)).first() is not None
            if entry.state != "waiting" or busy:
                return None
            token = secrets.token_hex(8)
            _change(
                entry, state="running", host=self._host, pid=os.getpid(), claim=token,
                heartbeat=utc_now(), message="",
            )  # fmt: skip
            session.add(entry)
            return Claim(self._database, token, _job(session, entry))

    def next_waiting(self) -> str | None:
        """Return the id of the job that waits longest, if any does."""
        with self._database.read() as session:
            return session.exec(
                select(JobEntry.id).where(JobEntry.state == "waiting").order_by(col(JobEntry.seq))
            ).first()

    def not_begun(self, job_id: str, message: str) -> None:
        """Fail a job whose process ended before it could claim it; others stay as they are."""
        with self._database.write() as session:
            entry = _existing(session, job_id)
            if entry.state == "waiting":
                _change(entry, state="failed", message=message)
                session.add(entry)

    # the dead
    def _settle_if_needed(self) -> None:
        """Look for the dead without taking the write lock where there are none."""
        with self._database.read() as session:
            needed = any(self._is_dead(entry) for entry in _at_work(session))
        if needed:
            with self._database.write() as session:
                self._settle(session)

    def _settle(self, session: Session) -> None:
        """Stop the jobs whose process died; they can be resumed."""
        for entry in _at_work(session):
            if self._is_dead(entry):
                _change(entry, state="stopped", message=INTERRUPTED, claim="")
                session.add(entry)
        session.flush()

    def _is_dead(self, entry: JobEntry) -> bool:
        beat = entry.heartbeat or entry.updated_at
        silent = utc_now() - beat > self._patience
        return silent and not (entry.host == self._host and _runs(entry.pid, entry.id))

    def _refuse_second(self, session: Session, entry: JobEntry) -> None:
        if any(each.state in OPEN for each in _listed(session, entry.owner, entry.style_id)):
            raise InvalidRequest(
                "This style is being trained already; wait for it, or cancel it first."
            )


class Claim:
    """A job in the hands of the process that works on it.

    Every method raises Stopped once another process has taken the job up.
    """

    def __init__(self, database: Database, token: str, job: TrainingJob) -> None:
        """Hold the claim that `JobBoard.claim` made."""
        self._database, self._token, self._job_id = database, token, job.id
        self.job = job

    def beat(self) -> Wish:
        """Say that the process lives; return what is wanted of it."""
        with self._database.write() as session:
            entry = self._held(session)
            entry.heartbeat = utc_now()
            session.add(entry)
            return _wish(entry.wish)

    def wish(self) -> Wish:
        """Return what is wanted of the job."""
        with self._database.read() as session:
            return _wish(self._held(session).wish)

    def enter(self, stage: JobStage, *, number: int = 0, rounds: int = 0) -> None:
        """Begin a stage, or go on with it; in a round of the style filter, which of how many."""
        self._write(stage=stage, step=0, steps=0, round=number, rounds=rounds, seconds_left=None)

    def chosen(self, method: Method, examples: int) -> None:
        """Keep which method was chosen, and how many examples there are."""
        self._write(method=method, examples=examples)

    def report(self, progress: TrainingProgress, seconds_left: float | None) -> Wish:
        """Keep where training stands, and its point of the curves; return what is wanted."""
        with self._database.write() as session:
            entry = self._held(session)
            _change(
                entry, state="running", step=progress.step, steps=progress.steps,
                loss=progress.loss, margin=progress.margin, seconds_left=seconds_left,
                heartbeat=utc_now(),
            )  # fmt: skip
            session.add(entry)
            _put_point(session, entry, progress)
            return _wish(entry.wish)

    def pause(self, *, paused: bool) -> None:
        """Say whether work stands still at the moment."""
        self._write(state="paused" if paused else "running")

    def made(self, adapter: str) -> None:
        """Keep the id of the adapter before its folder is moved into place."""
        self._write(adapter=adapter)

    def end(self, state: JobState, message: str = "") -> None:
        """Let go of the job."""
        self._write(state=state, message=message, claim="", wish="go")

    def _write(self, **changes: object) -> None:
        with self._database.write() as session:
            entry = self._held(session)
            _change(entry, heartbeat=utc_now(), **changes)
            session.add(entry)
            session.flush()
            self.job = _job(session, entry)

    def _held(self, session: Session) -> JobEntry:
        entry = _existing(session, self._job_id)
        if entry.claim != self._token:
            raise Stopped("Another process has taken this training up.")
        return entry


# ------------------------------------------------------------------ rows


def _existing(session: Session, job_id: str, owner: str | None = None) -> JobEntry:
    entry = session.exec(select(JobEntry).where(JobEntry.id == job_id)).one_or_none()
    if entry is None or owner not in {None, entry.owner}:
        raise NotFound(f"There is no training {job_id!r}; choose one that the style lists.")
    return entry


def _listed(session: Session, owner: str, style: int | None) -> Sequence[JobEntry]:
    wanted = select(JobEntry).where(JobEntry.owner == owner)
    if style is not None:
        wanted = wanted.where(JobEntry.style_id == style)
    return session.exec(wanted.order_by(col(JobEntry.seq).desc())).all()


def _at_work(session: Session) -> Sequence[JobEntry]:
    return session.exec(select(JobEntry).where(col(JobEntry.state).in_(AT_WORK))).all()


def _change(entry: JobEntry, **changes: object) -> None:
    """Set values; a job that is over, or waits, has no process and no time left."""
    for name, value in changes.items():
        setattr(entry, name, value)
    if entry.state not in AT_WORK:
        entry.pid = entry.seconds_left = None
    entry.updated_at = utc_now()


def _put_point(session: Session, entry: JobEntry, progress: TrainingProgress) -> None:
    if progress.loss is None:
        return
    here = (
        JobStepEntry.job_seq == entry.seq,
        JobStepEntry.stage == progress.stage,
        JobStepEntry.step == progress.step,
    )
    point = session.exec(select(JobStepEntry).where(*here)).one_or_none()
    point = point or JobStepEntry(job_seq=entry.seq or 0, stage=progress.stage, step=progress.step)
    point.loss, point.margin = progress.loss, progress.margin
    session.add(point)


def _job(session: Session, entry: JobEntry) -> TrainingJob:
    style = session.get_one(StyleEntry, entry.style_id)
    kept = entry.model_dump(exclude={"seq", "style_id", "claim"})
    return TrainingJob.model_validate(kept | {"style": style.name})


def _wish(value: str) -> Wish:
    return "cancel" if value == "cancel" else "pause" if value == "pause" else "go"


def _runs(pid: int | None, job_id: str) -> bool:
    """Return whether a process of this machine still works on a job."""
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    command = Path(f"/proc/{pid}/cmdline")
    # The number may be another program's by now; a dead process that nobody has waited for has no
    # command line. Where there is no /proc the number has to do.
    try:
        return job_id.encode() in command.read_bytes()
    except OSError:
        return not Path("/proc/self").exists()
