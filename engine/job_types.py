"""The nouns of a training job: where it stands, and the points of its curves."""

from datetime import datetime
from typing import Literal

from engine.learning_types import Method
from engine.value import Value

JobState = Literal["waiting", "running", "paused", "stopped", "failed", "done"]
JobStage = Literal["", "examples", "writing", "training", "export", "gate"]
Wish = Literal["go", "pause", "cancel"]

AT_WORK: tuple[JobState, ...] = ("running", "paused")
"""The states in which a process has the job: one of a machine's jobs at most."""

OPEN: tuple[JobState, ...] = ("waiting", *AT_WORK)
"""The states of a job that is not over."""


class TrainingJob(Value):
    """A training job as it stands.

    `wish` is what the person wants of it; a job that is paused though its wish is "go" makes room
    for somebody who writes. `method` is "auto" until there are examples. `message` says why it
    stopped or failed. `adapter` is the id of what it made. `seconds_left` is of the present stage;
    `round` of `rounds` where the style filter is at work.
    """

    id: str
    owner: str
    style: str
    method: Method | Literal["auto"]
    state: JobState
    stage: JobStage = ""
    step: int = 0
    steps: int = 0
    examples: int = 0
    round: int = 0
    rounds: int = 0
    loss: float | None = None
    margin: float | None = None
    seconds_left: float | None = None
    heartbeat: datetime | None = None
    host: str = ""
    pid: int | None = None
    wish: Wish = "go"
    message: str = ""
    adapter: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def makes_room(self) -> bool:
        """Whether it waits for somebody who writes, not for the person who paused it."""
        return self.state == "paused" and self.wish == "go"


class JobStep(Value):
    """A point of a job's curves; `stage` is what the method calls it ("sft", "dpo" …)."""

    stage: str
    step: int
    loss: float | None = None
    margin: float | None = None
