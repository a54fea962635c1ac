"""Whoever works on a training job tells it here, and asks what is wanted."""

import time
from contextlib import suppress
from pathlib import Path

from engine.job_types import Wish
from engine.learning_types import TrainingProgress
from finetune.pace import Pace, Stint, remember, speeds
from storage.jobs import Claim
from storage.writing_lock import WritingLock

_POLL_SECONDS = 0.5
_QUIET_SECONDS = 1.5  # between the plan and the drafts of a note no step may slip in


class Watcher:
    """Tells the job's row where training stands, and the trainer what is wanted of it.

    Training makes room while anybody holds the writing lock (`storage.writing_lock`), and for a
    moment longer.
    """

    def __init__(self, claim: Claim, writing: WritingLock) -> None:
        """Begin before the first step."""
        self._claim, self._writing = claim, writing
        self._pace, self._told = Pace(), TrainingProgress(stage="", step=-1, steps=0)
        self._paused, self._wrote_at, self._asked_at = False, -_QUIET_SECONDS, 0.0
        self._stints = [Stint()]
        self._round = 0
        self._stood_since, self._stood = 0.0, 0.0

    def begin(self, what: str = "", tokens: float = 0.0, number: int = 0) -> None:
        """Begin a stint of steps.

        Args:
            what: the name that its speed is kept by; none where it is not.
            tokens: how many are learned, or written, in it.
            number: the round of the style filter that trains; its curve is that round's.
        """
        self._stints.append(Stint(what, tokens))
        self._pace, self._round = Pace(), number

    def __call__(self, progress: TrainingProgress) -> Wish:
        """Answer a trainer between two steps."""
        if progress == self._told:
            wish = self._claim.wish()
        else:
            self._told, self._paused = progress, False
            named = {"stage": f"round {self._round}"} if self._round else {}
            wish = self._report(progress.model_copy(update=named))
        return self._obeyed("pause" if wish == "go" and self._somebody_writes() else wish)

    def should_stop(self) -> bool:
        """Answer whoever writes between two tokens, after waiting while work stands still."""
        if time.monotonic() - self._asked_at < _POLL_SECONDS:
            return False
        while True:
            wish = self._claim.wish()
            wish = self._obeyed("pause" if wish == "go" and self._somebody_writes() else wish)
            self._asked_at = time.monotonic()
            if wish != "pause":
                return wish == "cancel"
            time.sleep(_POLL_SECONDS)

    def tell(self, done: int, total: int) -> None:
        """Keep how many texts are written."""
        self._report(TrainingProgress(stage="", step=done, steps=total))

    def keep(self, folder: Path, seconds: float) -> None:
        """Keep how fast this machine was, where it did the whole job at one go."""
        with suppress(OSError):
            remember(folder, speeds(self._stints, seconds - self._stood))

    def _report(self, progress: TrainingProgress) -> Wish:
        self._pace.reach(progress.step)
        self._stints[-1].seconds = self._pace.seconds(progress.steps) or 0.0
        return self._claim.report(progress, self._pace.seconds(progress.steps - progress.step))

    def _somebody_writes(self) -> bool:
        if self._writing.somebody_writes():
            self._wrote_at = time.monotonic()
        return time.monotonic() - self._wrote_at < _QUIET_SECONDS

    def _obeyed(self, wish: Wish) -> Wish:
        if (wish == "pause") != self._paused:
            self._paused = wish == "pause"
            self._claim.pause(paused=self._paused)
            if self._paused:
                self._stood_since = time.monotonic()
            else:
                self._stood += time.monotonic() - self._stood_since
            (self._pace.rest if self._paused else self._pace.go)()
        return wish
