"""A training job in its process: examples, training, the adapter's folder, the gate, promotion.

Each stage leaves what it made on the disk or in the database before the next begins, so a job that
was killed goes on where it was. Between two steps it obeys: it makes room while somebody writes,
pauses, or is cancelled.
"""

import errno
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from engine.adapter_files import read_manifest
from engine.adapter_types import Adapter
from engine.errors import NotewrightError, NotFound, Stopped, StorageError
from engine.job_types import TrainingJob
from engine.learning_types import Method, SFTExample, TrainingSet
from engine.notebench.run import Tell
from engine.protocols import StopCheck
from finetune.adapters import Made, write_adapter
from finetune.orders import JobFolder, Order, learned_from
from finetune.pace import WRITING_SPEED, count_answers, count_tokens, epochs_of
from finetune.rounds import Author, Round, plans, together
from finetune.train import TrainingFailed, TrainingSettings, Watch, choose_method, nothing_to_learn
from finetune.watcher import Watcher
from storage.adapters import AdapterShelf
from storage.jobs import Claim
from storage.writing_lock import WritingLock

_BEAT_SECONDS = 5.0
UNFORESEEN = "Training failed for a reason that nobody foresaw; try again, and look at its log."
WITHDRAWN = (
    "Something that this would learn from was refused or deleted meanwhile; train the style again."
)
NOTHING_KEPT = (
    "Of what the stylist wrote nothing was good enough to learn from; imitate your own texts (sft) "
    "first, then try again."
)
OUT_OF_MEMORY = "There is not enough memory to train; close other programs, then resume."
# A full disk as safetensors and torch tell it, neither by an OSError.
_FULL_DISK = ("No space left on device", "inline_container")
_log = logging.getLogger(__name__)


class Trainer(Protocol):
    """What trains: `finetune.train.train`, or a scripted one."""

    def __call__(
        self,
        settings: TrainingSettings,
        data: TrainingSet,
        base: Path,
        output: Path,
        watch: Watch,
        *,
        start: Path | None = None,
    ) -> Path:
        """Train, and return the folder that PEFT saved."""


class Judged(NamedTuple):
    """What the gate found: whether the candidate may serve, and the report for people."""

    passed: bool
    report: Mapping[str, JsonValue]


Examples = Callable[[TrainingJob, Order, StopCheck], TrainingSet]
MakeAuthor = Callable[[TrainingJob, Order, Path | None, StopCheck], Author]
Gate = Callable[[TrainingJob, Adapter, Order, StopCheck, Tell], Judged]
Withdrawn = Callable[[TrainingJob], Collection[str]]
Export = Callable[[Path, Path, Made], object]


@dataclass(frozen=True)
class Parts:
    """What does the work of each stage.

    Args:
        examples: collects what there is to learn from.
        train: trains an adapter.
        author: loads what writes candidates for the style filter: with the adapter that the
            trainer saved at a path, or with what serves.
        gate: judges a candidate against what serves; tells how many texts of how many are done.
        withdrawn: returns the ids of what the job's style must not learn from any more.
        export: makes the adapter's folder of what the trainer saved.
    """

    examples: Examples
    train: Trainer
    author: MakeAuthor
    gate: Gate
    withdrawn: Withdrawn
    export: Export = write_adapter


def run(
    claim: Claim, folder: JobFolder, shelf: AdapterShelf, writing: WritingLock, parts: Parts
) -> None:
    """Work on a claimed job to its end; how it ended is in its row. Never raises."""
    with suppress(Stopped):  # another process has taken it up: then nothing here is ours to end
        try:
            with _beating(claim):
                _Work(claim, folder, shelf, parts, Watcher(claim, writing)).all()
            claim.end("done")
        except Stopped:
            claim.end("stopped")
        except NotewrightError as error:
            claim.end("failed", str(error))
        except MemoryError:
            claim.end("failed", OUT_OF_MEMORY)
        except Exception as error:
            _log.exception("training failed")
            claim.end("failed", _told(error))


def _told(error: Exception) -> str:
    """Return what to say of an error that is none of ours."""
    if "out of memory" in str(error).lower() or "can't allocate memory" in str(error).lower():
        return OUT_OF_MEMORY
    why = error.strerror if isinstance(error, OSError) else None
    if any(sign in str(error) for sign in _FULL_DISK):
        why = os.strerror(errno.ENOSPC)
    if why:
        refused = StorageError(
            f"The disk refused while training ({why}); free some space, then resume."
        )
        return str(refused)
    return UNFORESEEN


class _Work:
    """The stages of a job, each passed over where it is done already."""

    def __init__(
        self,
        claim: Claim,
        folder: JobFolder,
        shelf: AdapterShelf,
        parts: Parts,
        watcher: "Watcher",
    ) -> None:
        self._claim, self._folder, self._shelf = claim, folder, shelf
        self._parts, self._watcher = parts, watcher
        self._order = folder.order()

    def all(self) -> None:
        """Do what is left to do."""
        began = time.monotonic()
        self._order.check_base()
        adapter = self._adapter() or self._shelved(self._trained())
        if not adapter.report:
            adapter = self._judged(adapter)
        if adapter.status == "candidate":
            self._refuse_withdrawn(adapter.manifest.sources)
            self._shelf.promote(self._owner, adapter.id)
        self._watcher.keep(self._folder.path.parent, time.monotonic() - began)
        for left in (self._folder.work, self._folder.built):
            shutil.rmtree(left, ignore_errors=True)

    @property
    def _owner(self) -> str:
        return self._claim.job.owner

    def _adapter(self) -> Adapter | None:
        """Return the adapter that an earlier process of this job has shelved."""
        made = self._claim.job.adapter
        if made is None or self._folder.built.exists():
            return None
        with suppress(NotFound):  # killed between the move and the row: a folder alone is nothing
            return self._shelf.get(self._owner, made)
        return None

    def _trained(self) -> Path:
        """Return the adapter's folder, made of what was trained."""
        self._claim.enter("examples")
        data = self._folder.data()
        if data is None:
            data = self._parts.examples(self._claim.job, self._order, self._watcher.should_stop)
            self._folder.write_data(data)
        self._refuse_withdrawn(learned_from(data))
        method = self._order.method
        if method == "auto":
            method = choose_method(data, self._order.learned()).method
        self._claim.chosen(method, len(data.sft) + len(data.pairs) + len(data.unpaired))
        if not self._folder.built.exists():
            self._train(method, data)
        return self._folder.built

    def _refuse_withdrawn(self, sources: Mapping[str, tuple[str, ...]]) -> None:
        """End a job whose texts their writer has taken back since it collected them."""
        withdrawn = self._parts.withdrawn(self._claim.job)
        if any(not set(withdrawn).isdisjoint(ids) for ids in sources.values()):
            raise TrainingFailed(WITHDRAWN)

    def _train(self, method: Method, data: TrainingSet) -> None:
        settings = self._order.settings(method)
        if method == "filter":
            saved, data = self._filtered(settings, data)
        else:
            saved = self._learned(settings, data, self._folder.work)
        self._claim.enter("export")
        self._parts.export(saved, self._folder.built, self._made(settings, data))

    def _filtered(self, settings: TrainingSettings, own: TrainingSet) -> tuple[Path, TrainingSet]:
        """Train in rounds: the present stylist writes, and learns the best of it beside its own.

        Every round learns anew from where the first began; the last that kept anything counts.
        """
        if not own.sft:
            raise nothing_to_learn("filter")
        chosen, saved, data = plans(own.sft), None, own
        rounds = self._order.rounds
        for number in range(1, rounds + 1):
            kept = self._written(chosen, saved, number)
            if not kept:
                break
            data = together(own, kept)
            self._claim.chosen("filter", len(data.sft))
            output = self._folder.work / f"round-{number}"
            saved = self._learned(settings, data, output, number, rounds)
        if saved is None:
            raise TrainingFailed(NOTHING_KEPT)
        return saved, data

    def _written(
        self, chosen: Sequence[SFTExample], saved: Path | None, number: int
    ) -> Sequence[SFTExample]:
        """Return what a round keeps of what the present stylist writes."""
        self._claim.enter("writing", number=number, rounds=self._order.rounds)
        self._watcher.begin(WRITING_SPEED, count_answers(chosen))
        return Round(self._folder.rounds, number, self._order.seed).write(
            chosen,
            lambda: self._parts.author(
                self._claim.job, self._order, saved, self._watcher.should_stop
            ),
            self._watcher.tell,
        )

    def _learned(
        self,
        settings: TrainingSettings,
        data: TrainingSet,
        output: Path,
        number: int = 0,
        rounds: int = 0,
    ) -> Path:
        """Train once; in a round of the style filter its curve is that round's."""
        self._claim.enter("training", number=number, rounds=rounds)
        tokens = count_tokens(data) * epochs_of(settings.method, settings.epochs)
        # Of a trait most rows are yet to be made: no speed can be told from these.
        what = settings.method if self._order.trait is None else ""
        self._watcher.begin(what, tokens, number)
        start = self._order.start(settings.method)
        return self._parts.train(
            settings, data, self._order.base, output, self._watcher, start=start
        )

    def _made(self, settings: TrainingSettings, data: TrainingSet) -> Made:
        start = self._order.start(settings.method)
        started_from = read_manifest(start) if start else None
        # Of what the serving adapter learned from there is something in its weights and its texts.
        goes_on = settings.method == "filter" or start == self._order.serving
        earlier = tuple(sorted(self._order.learned())) if goes_on else ()
        return Made(
            style=self._claim.job.style,
            method=settings.method,
            base_path=self._order.base,
            base_name=self._order.base_name,
            sources=learned_from(data) | ({"earlier": earlier} if earlier else {}),
            settings={
                "training": settings.model_dump(mode="json"),
                "started_from": started_from.id if started_from else None,
                "moves": bool(started_from and started_from.writes_moves),
                "rows": {
                    "sft": len(data.sft), "pairs": len(data.pairs), "unpaired": len(data.unpaired)
                },
                **self._rounds(settings.method),
            },
        )  # fmt: skip

    def _rounds(self, method: Method) -> dict[str, JsonValue]:
        """Return what each round of the style filter came to."""
        if method != "filter":
            return {}
        numbers = range(1, self._order.rounds + 1)
        tallies = [Round(self._folder.rounds, number).tally() for number in numbers]
        return {"rounds": [each.model_dump(mode="json") for each in tallies if each.plans]}

    def _shelved(self, built: Path) -> Adapter:
        """Move the folder into place; its id is kept first, so that it is never made twice."""
        self._refuse_withdrawn(read_manifest(built).sources)
        self._claim.made(read_manifest(built).id)
        return self._shelf.add(self._owner, self._claim.job.style, built)

    def _judged(self, adapter: Adapter) -> Adapter:
        self._claim.enter("gate")
        job, watcher = self._claim.job, self._watcher
        watcher.begin()
        passed, report = self._parts.gate(
            job, adapter, self._order, watcher.should_stop, watcher.tell
        )
        return self._shelf.judge(self._owner, adapter.id, report, passed=passed)


@contextmanager
def _beating(claim: Claim) -> Iterator[None]:
    """Let the job's heart beat through stages that report nothing for minutes."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT_SECONDS):
            # A database that is busy for once is asked again; a lost claim shows at the next step.
            with suppress(NotewrightError):
                claim.beat()

    heart = threading.Thread(target=beat, name="heartbeat", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()
