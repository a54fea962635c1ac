"""Where training jobs are at work in tests: a store, a style, and real processes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from engine.adapter_types import Adapter
from engine.job_types import TrainingJob
from engine.learning_types import Method
from engine.models.machine import fingerprint
from engine.models.weights import packaged_weights
from finetune.__main__ import DATA_DIR, DATABASE_URL
from finetune.orders import ADAPTERS, JOBS, JobFolder, ModelOptions, Order
from storage.store import Store
from tests.builders import profile
from tests.finetune.scripted import PROGRAM, VARIABLE, Script

LONG_ENOUGH = 120.0


class Office:
    """A data directory with a style, and the processes that work in it."""

    def __init__(self, place: Path) -> None:
        """Make the style Ada."""
        self.place, self.url = place, f"sqlite:///{place / 'notewright.db'}"
        self.store = Store.open(self.url)
        self.store.save_profile("me", profile("Ada"))
        self.board = self.store.jobs(patience=0.0)
        self.shelf = self.store.adapters(place / ADAPTERS)
        self.started: list[subprocess.Popen[bytes]] = []

    def new(
        self,
        style: str = "Ada",
        script: Script | None = None,
        method: Method = "sft",
        rounds: int = 1,
        base: Path | None = None,
        epochs: float | None = None,
    ) -> TrainingJob:
        """Add a job, and start its process where there is a script for it."""
        job = self.board.add("me", style, method)
        order = Order(
            method=method,
            base=base or packaged_weights(),
            base_revision=fingerprint(base) if base else "",
            base_name="scripted",
            rounds=rounds,
            epochs=epochs,
            models=ModelOptions(cache_dir=self.place, scripted=True),
        )
        self.folder(job).write_order(order)
        if script is not None:
            self.start(job, script)
        return job

    def start(self, job: TrainingJob, script: Script) -> "subprocess.Popen[bytes]":
        """Start a process on a job."""
        told = {DATA_DIR: str(self.place), DATABASE_URL: self.url}
        child = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, job.id],
            env=os.environ | told | {VARIABLE: script.model_dump_json()},
            start_new_session=True,
        )
        self.started.append(child)
        return child

    def folder(self, job: TrainingJob) -> JobFolder:
        """Return the folder of a job."""
        return JobFolder(self.place / JOBS / job.id)

    def wait(self, job: TrainingJob, reached: Callable[[TrainingJob], bool]) -> TrainingJob:
        """Wait until a job is where it is wanted."""
        until = time.monotonic() + LONG_ENOUGH
        while not reached(seen := self.board.get("me", job.id)):
            assert time.monotonic() < until, seen
            time.sleep(0.02)
        return seen

    def end(self, job: TrainingJob) -> TrainingJob:
        """Wait until a job is over."""
        return self.wait(job, lambda seen: seen.state in {"done", "failed", "stopped"})

    def close(self) -> None:
        """End every process."""
        for child in self.started:
            child.kill()
            child.wait()
        self.store.close()

    def serving(self) -> Adapter | None:
        """Return the adapter that serves Ada."""
        return self.shelf.current("me", "Ada")
