"""A training job whose trainer counts instead of learning: a real process, without torch.

NOTEWRIGHT_TEST_SCRIPT holds a Script as JSON; the trainer keeps a checkpoint every few steps and
goes on from it, as the real one does.
"""

import json
import os
import time
from functools import partial
from pathlib import Path

from pydantic import JsonValue

from engine.adapter_types import Adapter
from engine.errors import Stopped
from engine.job_types import TrainingJob
from engine.learning_types import SFTExample, TrainingProgress, TrainingSet
from engine.notebench.run import Tell
from engine.protocols import StopCheck
from engine.types import Message
from engine.value import Value
from finetune.__main__ import main
from finetune.adapters import Made
from finetune.gate_report import BothTexts, Change, GateReport, Reason
from finetune.improve import Outcome
from finetune.job import Judged, Parts
from finetune.orders import Order
from finetune.reasons import Reason as Fault
from finetune.rounds import Author
from finetune.train import TrainingFailed, TrainingSettings, Watch, train
from storage.store import Store
from tests.adapters import a_folder

VARIABLE = "NOTEWRIGHT_TEST_SCRIPT"
PROGRAM = "tests.finetune.scripted"
SAVE_EVERY = 5


class Script(Value):
    """What is to happen: steps of so many seconds, candidates of as many, and what goes wrong."""

    steps: int = 20
    delay: float = 0.01
    writing: float = 0.05
    keeps: bool = True
    real: bool = False
    gate_seconds: float = 0.0
    passes: bool = True
    fails_at: int | None = None
    disk_full_at: int | None = None
    breaks_at: int | None = None


def rows(count: int = 6) -> TrainingSet:
    """Return a few texts to imitate."""
    return TrainingSet(
        sft=tuple(
            SFTExample(
                messages=(
                    Message(role="user", content=f"It rained on day {number}."),
                    Message(role="assistant", content=f"Rain again, day {number}!"),
                ),
                origin="user",
                sources=(f"f1-{number}",),
            )
            for number in range(count)
        ),
        dropped={"It is there already.": 3},
    )


def parts(store: Store, _data_dir: Path) -> Parts:
    """Return the scripted parts."""
    script = Script.model_validate_json(os.environ.get(VARIABLE, "{}"))
    return Parts(
        examples=lambda _job, _order, _stop: rows(),
        train=train if script.real else _Trainer(script),
        author=partial(_author, script),
        gate=_Gate(script),
        withdrawn=lambda job: store.withdrawn(job.owner, job.style),
        export=_export,
    )


def _author(
    script: Script, _job: TrainingJob, order: Order, saved: Path | None, should_stop: StopCheck
) -> Author:
    """Write in capitals on every second plan; say in a file who is asked, and with what."""
    told = order.models.cache_dir / "authors"
    told.parent.mkdir(parents=True, exist_ok=True)

    def write(row: SFTExample, seed: int) -> Outcome:
        if should_stop():
            raise Stopped("Cancelled while it writes.")
        time.sleep(script.writing)
        with told.open("a") as file:
            file.write(f"{seed} {saved.name if saved else 'serving'}\n")
        loud = row.messages[1].model_copy(update={"content": f"RAIN {seed}"})
        kept = SFTExample(messages=(row.messages[0], loud), origin="gate", sources=row.sources)
        if seed % 2 or not script.keeps:
            return Outcome(written=4, failed={str(Fault.OFF_STYLE): 4})
        return Outcome(written=4, kept=kept, failed={str(Fault.COPIES): 1})

    return write


class _Trainer:
    def __init__(self, script: Script) -> None:
        self._script = script

    def __call__(
        self,
        settings: TrainingSettings,
        data: TrainingSet,
        base: Path,  # noqa: ARG002
        output: Path,
        watch: Watch,
        *,
        start: Path | None = None,  # noqa: ARG002
    ) -> Path:
        """Count to the end, from the last checkpoint."""
        assert data.sft
        output.mkdir(parents=True, exist_ok=True)
        checkpoint = output / "checkpoint"
        first = int(checkpoint.read_text()) if checkpoint.exists() else 0
        with (output / "starts").open("a") as file:
            file.write(f"{first}\n")
        for step in range(first + 1, self._script.steps + 1):
            self._step(settings, step, watch)
            if step % SAVE_EVERY == 0:
                part = output / "part"
                part.write_text(str(step))
                part.replace(checkpoint)
        return output

    def _step(self, settings: TrainingSettings, step: int, watch: Watch) -> None:
        time.sleep(self._script.delay)
        if step == self._script.fails_at:
            raise TrainingFailed("The loss became no number; try again with fewer examples.")
        if step == self._script.disk_full_at:
            raise OSError(28, "No space left on device")
        if step == self._script.breaks_at:
            raise ZeroDivisionError("nobody foresaw this")
        progress = TrainingProgress(
            stage=settings.method, step=step, steps=self._script.steps,
            loss=2.0 / (1 + step / 10), margin=step / 50,
        )  # fmt: skip
        while (wish := watch(progress)) == "pause":
            time.sleep(0.02)
        if wish == "cancel":
            raise Stopped("Training was cancelled.")


class _Gate:
    def __init__(self, script: Script) -> None:
        self._script = script

    def __call__(
        self,
        _job: TrainingJob,
        _adapter: Adapter,
        _order: Order,
        should_stop: StopCheck,
        tell: Tell,
    ) -> Judged:
        """Take a while, then say what the script says."""
        until = time.monotonic() + self._script.gate_seconds
        while time.monotonic() < until:
            if should_stop():
                raise Stopped("Cancelled at the gate.")
            time.sleep(0.01)
        tell(12, 12)
        return Judged(self._script.passes, a_report(passed=self._script.passes))


def a_report(*, passed: bool = True) -> dict[str, JsonValue]:
    """Return a gate's report, as the gate keeps it."""
    style = Change(
        metric="style", role="aim", better="higher", verdict="better", n=12, before=0.52,
        after=0.71, difference=0.19, low=0.1, high=0.28, p=0.001,
    )  # fmt: skip
    meaning = Change(
        metric="meaning", role="guard", better="higher", verdict="same" if passed else "worse",
        n=12, before=0.8, after=0.81 if passed else 0.6, difference=0.01 if passed else -0.2,
        low=-0.02 if passed else -0.3, high=0.04 if passed else -0.1, p=0.4 if passed else 0.001,
    )  # fmt: skip
    gain = Reason(kind="better", metric="style")
    texts = (
        ("The ferry", "The ferry leaves at six.", "Six sharp, the <b>ferry</b> goes. Honestly!"),
        ("The cafe", "The cafe opens at five.", "Five, and the cafe is open."),
    )
    report = GateReport(
        candidate="new",
        current=None,
        language="en",
        decision="promote" if passed else "refuse",
        reasons=(gain,) if passed else (gain, Reason(kind="worse", metric="meaning")),
        changes=(style, meaning),
        items=tuple(
            BothTexts(id=topic, origin="feedback", topic=topic, before=before, after=after)
            for topic, before, after in texts
        ),
    )
    return report.model_dump(mode="json")


def _export(_saved: Path, built: Path, made: Made) -> None:
    part = a_folder(
        built.with_name("part"),
        f"{made.style} {time.time()}",
        style=made.style,
        method=made.method,
        sources=made.sources,
        settings=json.loads(json.dumps(made.settings)),
    )
    part.replace(built)


if __name__ == "__main__":
    main(parts, PROGRAM)
