#!/usr/bin/env python3
"""Kill real training jobs (kill -9) at random moments, and check what a person relies on.

    python -m scripts.kill_training [--kills 20] [--seed 1] [--method sft] [--within 45]

A data directory of its own, with a style, rated and edited notes, a tiny random Llama as the base
and an adapter that serves. Jobs run as the application runs them: `python -m finetune`, with the
real examples, trainer, export and gate. Each is killed at moments drawn between its start and
`--within` seconds, and resumed, until it was killed thrice at the gate. After every kill

- the old adapter still serves: it is the one in force, its files have their checksums, and it
  writes what it wrote before;
- the job is stopped (or was done before), the database agrees with itself;

and in the end the job is done, once, with one new adapter and a whole curve.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from app.settings import Settings
from app.studio import LOCAL, Studio
from app.training import Training
from engine.adapter_types import Adapter
from engine.job_types import OPEN, TrainingJob
from engine.learning_types import Method
from engine.models.llamacpp import LlamaCppModel
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.types import Generation, Message, Sampling
from finetune.adapters import Made, write_adapter
from finetune.gguf_lora import read_base
from finetune.orders import JOBS, JobFolder
from tests.finetune.bases import random_model, write_base
from tests.finetune.loras import random_lora
from tests.taught import teach

STYLE, NOTES, CONTEXT = "Ada", 60, 6_144
GATE_KILLS = 3  # of one job; then it is left alone, and another is begun
PATIENCE = 900.0  # seconds after which a job that was left alone should have ended
ASKED = (Message(role="user", content="The ferry leaves at six."),)
GREEDY = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=12)


class Site:
    """A data directory where jobs are killed, and what is checked after each kill."""

    def __init__(self, place: Path) -> None:
        """Make the base, the style with its notes, and the adapter that serves."""
        self.base = write_base(place / "tiny.gguf", random_model("llama"), context=CONTEXT)
        self.place = place / "data"
        self.studio = Studio.open(
            Settings(data_dir=self.place, threads=1, planner_gguf=self.base, stylist_gguf=self.base)
        )
        teach(self.studio.store, LOCAL, STYLE, NOTES)
        self.training = Training(self.studio, patience=0.0)
        self.old = self._adapter(place)
        self.said = self.says()

    def _adapter(self, place: Path) -> Adapter:
        saved = random_lora(place / "saved", read_base(self.base), seed=1)
        made = Made(STYLE, "sft", self.base, self.studio.models.stylist_model.card.name)
        write_adapter(saved, place / "built", made)
        first = self.training.shelf.add(LOCAL, STYLE, place / "built")
        return self.training.promote(LOCAL, first.id)

    def says(self) -> str:
        """Return what the adapter that serves writes, in a model that never saw it before."""
        model = LlamaCppModel(LlamaWeights(self.base, Configuration(1)), context_length=512)
        current = self.training.shelf.current(LOCAL, STYLE)
        assert current is not None
        model.register_adapter("it", self.training.shelf.servable(current.id, model.base))
        drawn = model.generate([ASKED], GREEDY, adapter="it")
        return next(one.text for one in drawn if isinstance(one, Generation))

    def check(self, *, over: bool) -> None:
        """Raise AssertionError where something that a person relies on does not hold."""
        current = self.training.shelf.current(LOCAL, STYLE)
        assert current is not None
        if not over:
            assert current.id == self.old.id, "the old adapter does not serve"
        if current.id == self.old.id:
            assert self.says() == self.said, "it writes otherwise than before"
        assert self.studio.store.verify() == (), "the database disagrees with itself"
        serving = [a for a in self.training.adapters(LOCAL, STYLE) if a.status == "promoted"]
        assert len(serving) == 1, "not just one adapter serves"

    def kill(self, job: TrainingJob) -> TrainingJob:
        """Kill a job's process and return the job as it is left."""
        seen = self.training.job(LOCAL, job.id)
        if seen.pid is not None:
            os.kill(seen.pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while (after := self.training.job(LOCAL, job.id)).state in OPEN:
            assert time.monotonic() < until, "a dead job is not seen to be dead"
            time.sleep(0.1)
        assert after.state in {"done", "stopped"}, self._log(job)
        return seen

    def _log(self, job: TrainingJob) -> str:
        return JobFolder(self.place / JOBS / job.id).log.read_text(encoding="utf-8")

    def ended(self, job: TrainingJob) -> TrainingJob:
        """Wait for a job that is left alone."""
        until = time.monotonic() + PATIENCE
        while (seen := self.training.job(LOCAL, job.id)).state in OPEN:
            assert time.monotonic() < until, seen
            time.sleep(0.5)
        assert seen.state == "done", self._log(job)
        return seen

    def finished(self, job: TrainingJob, before: int) -> None:
        """Check a job that came to its end after all."""
        made = [a for a in self.training.adapters(LOCAL, STYLE) if a.id == job.adapter]
        assert len(made) == 1
        assert len(self.training.adapters(LOCAL, STYLE)) == before + 1, "made more than once"
        assert made[0].report, "it was not judged"
        curve = self.training.curve(LOCAL, job.id)
        assert [point.step for point in curve] == list(range(1, len(curve) + 1))
        folder = JobFolder(self.place / JOBS / job.id)
        assert not folder.work.exists()
        assert not folder.built.exists()
        left = [
            path.name for path in (self.place / "adapters").iterdir() if ".partial" in path.name
        ]
        assert left == [], left


def run(site: Site, kills: int, seed: int, method: Method, within: float) -> Counter[str]:
    """Kill jobs until there were so many kills; return how many in each stage."""
    moment, stages, number = random.Random(seed), Counter[str](), 0
    while sum(stages.values()) < kills:
        number += 1
        before = len(site.training.adapters(LOCAL, STYLE))
        job = site.training.start(LOCAL, STYLE, method, seed=number)
        gate = stages["gate"]
        # A gate that is killed begins again: without an end to that no job would train any more.
        while sum(stages.values()) < kills and stages["gate"] < gate + GATE_KILLS:
            wait = moment.uniform(0.0, within)
            until = time.monotonic() + wait
            while time.monotonic() < until and site.training.job(LOCAL, job.id).state in OPEN:
                time.sleep(0.1)
            if _begun(site, job).state == "done":
                break
            seen = site.kill(job)
            stages[seen.stage or "start"] += 1
            site.check(over=False)
            where = f"{seen.stage or 'start'} {seen.step}/{seen.steps}"
            print(f"kill {sum(stages.values())} after {wait:.1f} s at {where}: holds", flush=True)
            site.training.ask(LOCAL, job.id, "go")
        site.finished(site.ended(job), before)
        site.check(over=True)
        print(f"job {number} is done", flush=True)
    return stages


def _begun(site: Site, job: TrainingJob) -> TrainingJob:
    """Wait until a process has taken the job up: before that there is nothing to kill."""
    while (seen := site.training.job(LOCAL, job.id)).state == "waiting":
        time.sleep(0.05)
    return seen


def main() -> None:
    """Kill, check, and say how often in which stage."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    given.add_argument("--kills", type=int, default=20)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--method", default="sft", choices=["sft", "dpo", "kto", "brio"])
    given.add_argument("--within", type=float, default=45.0)
    options = given.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        site = Site(Path(place))
        stages = run(site, options.kills, options.seed, options.method, options.within)
        site.studio.close()
    told = ", ".join(f"{stage} {count}" for stage, count in stages.most_common())
    minutes = (time.monotonic() - began) / 60
    sys.stdout.write(f"{sum(stages.values())} kills ({told}), all held; {minutes:.1f} minutes\n")


if __name__ == "__main__":
    main()
