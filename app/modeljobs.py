"""Downloads in the background of the page: begun, watched, paused. Each belongs to the server, not
to the tab that began it; what is on the disk says where it stands after a restart.
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.errors import NotewrightError, Stopped
from engine.models.catalogue import CatalogueEntry
from engine.models.pulled import Progress, PulledModels

State: TypeAlias = Literal["absent", "paused", "asking", "downloading", "checking", "ready"]
AT_WORK: frozenset[State] = frozenset({"asking", "downloading", "checking"})
ENDED = "The download ended ({0}); go on with it."
UNFORESEEN = "The download failed for a reason that nobody foresaw; go on with it, or see the log."
log = logging.getLogger(__name__)
_WINDOW_SECONDS = 10.0


@dataclass(frozen=True)
class Seen:
    """Where a model stands: bytes here and in all, bytes a second, why the last try ended.

    `elsewhere` is true where another program downloads it.
    """

    state: State
    done: int = 0
    total: int = 0
    rate: float | None = None
    elsewhere: bool = False
    error: str = ""

    @property
    def seconds_left(self) -> float | None:
        """How long it still takes at the present rate."""
        return (self.total - self.done) / self.rate if self.rate else None


class Pace:
    """Bytes a second over the last ten seconds."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, done: int, now: float) -> None:
        """Take down how many bytes were here at a moment; a step back begins anew."""
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def rate(self) -> float | None:
        """Bytes a second, None before there are two moments to compare."""
        if len(self._seen) < 2:
            return None
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        return (last - first) / (now - began) if now > began and last > first else None


@dataclass(eq=False)
class _Job:
    """One download of this server's."""

    stop: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    pace: Pace = field(default_factory=Pace)
    progress: Progress | None = None
    error: str = ""

    def tell(self, progress: Progress) -> None:
        self.progress = progress
        if progress.stage in {"downloading", "watching"}:
            self.pace.note(progress.done, time.monotonic())


class ModelJobs:
    """Starts, watches and pauses downloads; several models may come at once."""

    def __init__(self, models: PulledModels) -> None:
        """Keep where models lie; nothing runs yet."""
        self.models = models
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()

    def start(self, entry: CatalogueEntry) -> None:
        """Begin to download a model, or go on with it; nothing happens where that runs already."""
        with self._lock:
            old = self._jobs.get(entry.name)
            if old is not None and not old.over.is_set() and not old.stop.is_set():
                return
            job = self._jobs[entry.name] = _Job()
        threading.Thread(
            target=self._run, args=(entry, job, old), name=f"pull-{entry.name}", daemon=True
        ).start()

    def pause(self, entry: CatalogueEntry) -> None:
        """Stop a download of this server's; what is here stays."""
        job = self._jobs.get(entry.name)
        if job is not None:
            job.stop.set()
            job.over.wait(_WINDOW_SECONDS)

    def delete(self, entry: CatalogueEntry) -> int:
        """Remove a model and what there is of it; return how many bytes that frees."""
        self.pause(entry)
        freed = self.models.delete(entry)
        self._jobs.pop(entry.name, None)
        return freed

    def seen(self, entry: CatalogueEntry) -> Seen:
        """Return where a model stands at this moment."""
        if entry.file is None or self.models.path(entry) is not None:
            return Seen("ready")
        job, part, total = self._jobs.get(entry.name), self.models.part(entry), entry.file.size
        if job is not None and not job.over.is_set():
            return _at_work(job, part, total)
        if self.models.busy(entry):
            return Seen("downloading", part, total, elsewhere=True)
        error = job.error if job else ""
        return Seen("paused" if part else "absent", part, total, error=error)

    def _run(self, entry: CatalogueEntry, job: _Job, old: _Job | None) -> None:
        try:
            if old is not None:
                old.over.wait()
            self.models.pull(entry, job.tell, job.stop.is_set)
        except Stopped:
            pass
        except NotewrightError as error:
            job.error = str(error)
        except OSError as error:
            job.error = ENDED.format(error.strerror or error)
        except Exception:
            log.exception("a download failed")
            job.error = UNFORESEEN
        finally:
            job.over.set()


def _at_work(job: _Job, part: int, total: int) -> Seen:
    progress = job.progress
    if progress is None or progress.stage == "asking":
        return Seen("asking", part, total)
    state: State = "checking" if progress.stage == "checking" else "downloading"
    rate = job.pace.rate if state == "downloading" else None
    return Seen(state, progress.done, progress.total, rate, elsewhere=progress.stage == "watching")
