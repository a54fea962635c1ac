"""Training's use cases: what there is to learn from, jobs, and the adapters that came of them.

A job is a row and a process of its own (`python -m finetune`); whoever watches reads the row.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal

from app.options import load_options
from app.studio import Studio
from engine.adapter_files import check_files, read_manifest
from engine.adapter_types import Adapter, BaseRef, Promotion
from engine.errors import (
    AdapterUnusable,
    InvalidRequest,
    ModelUnavailable,
    NotewrightError,
    StorageError,
)
from engine.job_types import OPEN, JobStep, TrainingJob, Wish
from engine.learning_types import Method, TrainingSet
from engine.models.general import general_fits, general_folder
from engine.models.machine import available_cores, fingerprint, weights_file
from engine.models.weights import packaged_weights
from engine.protocols import AdapterHost
from finetune.__main__ import DATA_DIR, DATABASE_URL
from finetune.orders import (
    ADAPTERS,
    JOBS,
    JobFolder,
    ModelOptions,
    Order,
    TraitOrder,
    learned_from,
)
from finetune.pace import Estimate, estimate
from finetune.parts import collect
from finetune.train import ENOUGH_SAMPLES, Choice, TrainingFailed, choose_method
from storage.jobs import PATIENCE

TRAIT_METHODS: tuple[Method, ...] = ("sft", "brio", "dpo", "brio-dpo")
NOT_BEGUN = (
    "The training process ended before it began; run `notewright doctor`, then resume. What it "
    "said is in its log, in the data directory under training."
)
CANNOT_BEGIN = "The training process cannot be started"
BEGIN_ANEW = "free some space and memory and resume, or train the style anew."


@dataclass(frozen=True)
class Prospect:
    """What there is to learn a style from, and what that allows.

    `why` says why the method was chosen, `lacking` what is missing where nothing can be trained:
    then there is no method.
    """

    samples: int
    acts: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    method: Method | None = None
    why: str = ""
    estimate: Estimate | None = None
    lacking: str = ""


class Training:
    """Everything a person can do about training. Every method takes the owner it is for."""

    program: ClassVar[tuple[str, ...]] = ("-m", "finetune")

    def __init__(self, studio: Studio, *, patience: float = PATIENCE) -> None:
        """Keep the parts; nothing is loaded yet."""
        self._studio = studio
        self._folder = studio.settings.data_dir / JOBS
        self._board = studio.store.jobs(patience=patience)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.shelf = studio.store.adapters(studio.settings.data_dir / ADAPTERS)

    # -- what there is -----------------------------------------------------------------------
    def prospect(
        self, owner: str, style: str, method: Method | None = None, rounds: int = 1
    ) -> Prospect:
        """Return what a style can learn from, which method that allows, and how long it takes.

        Args:
            owner: whose style it is.
            style: its name.
            method: the one that a person chose in place of what the data allow.
            rounds: those of the style filter.
        """
        profile = self._studio.style(owner, style)
        data = collect(self._studio.store, owner, style)
        found = Prospect(
            samples=len(profile.samples),
            acts=self._acts(owner, style),
            rows=len(data.sft) + len(data.pairs) + len(data.unpaired),
            dropped=data.dropped,
        )
        try:
            choice = self._choice(owner, style, data)
        except TrainingFailed as error:
            return replace(found, lacking=str(error))
        if method is not None:
            choice = Choice(method, "")
        guess = estimate(self._folder, choice.method, data, rounds)
        return replace(found, method=choice.method, why=choice.why, estimate=guess)

    def choice(self, owner: str, style: str, data: TrainingSet | None = None) -> Choice:
        """Return the method that data allow, or else the style's notes and samples, and why.

        Raises:
            TrainingFailed: there is too little of everything.
        """
        if data is not None:
            return choose_method(data, self._learned(owner, style))
        return self._choice(owner, style, collect(self._studio.store, owner, style))

    def _choice(self, owner: str, style: str, data: TrainingSet) -> Choice:
        """Choose for a style's notes; its samples count where they can be said plainly."""
        try:
            return choose_method(data, self._learned(owner, style))
        except TrainingFailed:
            host = self._studio.models.adapters if self._studio.ready else None
            profile = self._studio.style(owner, style)
            plain = host is not None and general_fits(host.base) and profile.language == "en"
            if plain and len(profile.samples) >= ENOUGH_SAMPLES:
                return Choice("sft", f"There are {len(profile.samples)} samples to imitate.")
            raise

    def _learned(self, owner: str, style: str) -> frozenset[str]:
        current = self.shelf.current(owner, style)
        return current.manifest.learned if current else frozenset()

    def _acts(self, owner: str, style: str) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for record in self._studio.store.notes(owner):
            if (record.style_name or record.note.style_name) == style and not record.deleted:
                for act in record.feedback:
                    counts[act.kind] = counts.get(act.kind, 0) + 1
        return counts

    # -- jobs --------------------------------------------------------------------------------
    def start(
        self,
        owner: str,
        style: str,
        method: Method | None = None,
        data: TrainingSet | None = None,
        *,
        rounds: int = 1,
        seed: int = 0,
        trait: TraitOrder | None = None,
    ) -> TrainingJob:
        """Begin to train a style, or put it behind the job that is at work.

        Args:
            owner: whose style it is.
            style: its name.
            method: how; None lets the examples decide.
            data: what to learn from in place of the style's notes and feedback.
            rounds: how often the style filter goes round, one to three times.
            seed: repeats a run exactly.
            trait: what is to be learned from teacher and critic, in place of the feedback.

        Raises:
            TrainingFailed: there is too little to learn from.
            InvalidRequest: the style is being trained already, or nobody may train here.
            ModelUnavailable: the stylist is none that can be trained.
        """
        self._check_allowed()
        if trait is not None:
            method = trait_method(method)
        order = self._order(owner, style, method, rounds, seed)
        order = order.model_copy(update={"trait": trait})
        if method is None:
            self.choice(owner, style, data)  # says what is missing before anything is begun
        job = self._board.add(owner, style, method, lambda new: self._prepare(new, order, data))
        self._clear(owner, style)
        self._spawn(job)
        return job

    def _check_allowed(self) -> None:
        settings = self._studio.settings
        if settings.shared and not settings.named_owners:
            raise InvalidRequest(
                "Training is off on a page that everybody may use; install Notewright on your own "
                "machine to train a style."
            )

    def _prepare(self, job_id: str, order: Order, data: TrainingSet | None) -> None:
        """Write a job's folder."""
        folder = JobFolder(self._folder / job_id)
        try:
            folder.write_order(order)
            if data is not None:
                folder.write_data(data)
        except OSError as error:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise StorageError(
                f"The training data cannot be written ({error.strerror}); free some space and try "
                "again."
            ) from error

    def ask(self, owner: str, job_id: str, wish: Wish) -> TrainingJob:
        """Pause a job, cancel it, or let it go on (from its last checkpoint where it stopped)."""
        job = self._board.ask(owner, job_id, wish)
        if job.state == "waiting":
            self._spawn(job)
        return job

    def job(self, owner: str, job_id: str) -> TrainingJob:
        """Return a job as it stands."""
        return self._nudged(self._board.get(owner, job_id))

    def jobs(self, owner: str, style: str | None = None) -> Sequence[TrainingJob]:
        """Return jobs as they stand, the newest first."""
        return [self._nudged(job) for job in self._board.list(owner, style)]

    def ahead(self, job: TrainingJob) -> int:
        """Return how many jobs go before one that waits."""
        return self._board.ahead(job)

    def curve(self, owner: str, job_id: str) -> Sequence[JobStep]:
        """Return the points of a job's curves."""
        return self._board.curve(owner, job_id)

    def dropped(self, job: TrainingJob) -> Mapping[str, int]:
        """Return what a job left out, by reason."""
        data = JobFolder(self._folder / job.id).data()
        return data.dropped if data else {}

    def may_learn_from(self, job: TrainingJob, ids: Collection[str]) -> bool:
        """Return whether a job under way learns from one of these ids, as far as can be told."""
        data = JobFolder(self._folder / job.id).data()
        if data is None:  # one that waits will ask again what it may learn from
            return job.state != "waiting"
        return any(not set(ids).isdisjoint(its) for its in learned_from(data).values())

    def order_of(self, owner: str, adapter: Adapter) -> Order | None:
        """Return what the job was told that made an adapter; None where none did here."""
        jobs = self._board.list(owner, adapter.style)
        made = next((job for job in jobs if job.adapter == adapter.id), None)
        return JobFolder(self._folder / made.id).order() if made else None

    # -- adapters ----------------------------------------------------------------------------
    def adapters(self, owner: str, style: str) -> Sequence[Adapter]:
        """Return a style's adapters, the newest first."""
        return self.shelf.list(owner, style)

    def history(self, owner: str, style: str) -> Sequence[Promotion]:
        """Return which adapters of a style served, the oldest first."""
        return self.shelf.history(owner, style)

    def promote(self, owner: str, address: str, reason: str = "") -> Adapter:
        """Let an adapter serve from now on; one that the gate refused needs a reason."""
        return self.shelf.promote(owner, address, reason)

    def rollback(self, owner: str, style: str, *, base: str | None = None) -> Adapter | None:
        """Let the adapter serve that served before; None where there was none.

        Without `base` (its revision), on the base on which the style's adapters last changed.
        """
        return self.shelf.rollback(owner, style, base=base)

    def export(self, owner: str, address: str, directory: Path) -> Path:
        """Copy an adapter (safetensors, GGUF, card, manifest) to a new folder."""
        return self.shelf.export(owner, address, directory)

    def import_(self, owner: str, style: str, directory: Path) -> Adapter:
        """Take an exported adapter in as a candidate; refused on another base, with the reason."""
        return self.shelf.import_(owner, style, directory, self._host().base)

    # -- processes ---------------------------------------------------------------------------
    def _order(
        self, owner: str, style: str, method: Method | None, rounds: int, seed: int
    ) -> Order:
        options, base = load_options(self._studio.settings), self._host().base
        self._studio.style(owner, style)
        weights = options.stylist_folder or options.stylist_gguf or packaged_weights()
        threads = max(1, available_cores() // 2)
        # Servers are left out: their keys are written nowhere.
        models = {name: getattr(options, name) for name in ModelOptions.model_fields}
        return Order(
            method=method or "auto",
            base=weights,
            base_name=base.name,
            base_revision=fingerprint(weights_file(weights)),
            general=general_folder() if general_fits(base) else None,
            serving=self._whole(owner, style, base),
            rounds=rounds,
            seed=seed,
            threads=threads,
            models=ModelOptions(**models | {"threads": threads}),
        )

    def _whole(self, owner: str, style: str, base: BaseRef) -> Path | None:
        """Return the folder of the adapter that serves; where it is damaged, of the one before."""
        for adapter in self.shelf.serving(owner, style, base=base.revision):
            folder = self._studio.settings.data_dir / ADAPTERS / adapter.id
            with suppress(AdapterUnusable):
                check_files(folder, read_manifest(folder))
                return folder
        return None

    def _host(self) -> AdapterHost:
        host = self._studio.models.adapters
        if host is None:
            raise ModelUnavailable(
                "A stylist on a server cannot be trained here; choose a GGUF file, or a folder for "
                "transformers."
            )
        return host

    def _nudged(self, job: TrainingJob) -> TrainingJob:
        """Start a job that waits though nothing is before it: whoever had its turn was killed."""
        if job.state == "waiting" and not self._lives(job) and not self._board.ahead(job):
            self._spawn(job)
        return job

    def _lives(self, job: TrainingJob) -> bool:
        child = self._children.get(job.id)
        return child is not None and child.returncode is None

    def _spawn(self, job: TrainingJob) -> None:
        """Start a job's process, in a session of its own: it outlives the server."""
        settings = self._studio.settings
        told = {DATA_DIR: str(settings.data_dir), DATABASE_URL: settings.url}
        try:
            with JobFolder(self._folder / job.id).log.open("ab") as log:
                child = subprocess.Popen(
                    [sys.executable, *self.program, job.id],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=os.environ | told,
                    start_new_session=True,
                )
        except OSError as error:  # the folder was deleted, the disk is full, memory is lacking
            self._board.not_begun(job.id, f"{CANNOT_BEGIN} ({error.strerror}); {BEGIN_ANEW}")
            return
        self._children[job.id] = child
        threading.Thread(target=self._tend, args=(job.id, child), daemon=True).start()

    def _tend(self, job_id: str, child: "subprocess.Popen[bytes]") -> None:
        """Wait for a process, so that it does not stay in the table of processes."""
        if child.wait():
            with suppress(NotewrightError):  # a page that looks again finds it waiting
                self._board.not_begun(job_id, NOT_BEGUN)

    def _clear(self, owner: str, style: str) -> None:
        """Remove the checkpoints of jobs that are over; a new one begins in their place."""
        for old in self._board.list(owner, style):
            if old.state not in OPEN:
                shutil.rmtree(JobFolder(self._folder / old.id).work, ignore_errors=True)


def trait_method(method: Method | None) -> Method:
    """Return how a trait is learned; DPO unless told.

    Raises:
        InvalidRequest: it cannot be learned in that way.
    """
    if method is not None and method not in TRAIT_METHODS:
        raise InvalidRequest(
            f"A trait cannot be learned by {method}; the ways are {', '.join(TRAIT_METHODS)}."
        )
    return method or "dpo"


Action = Literal["pause", "resume", "cancel"]


def actions(job: TrainingJob | None) -> frozenset[Action]:
    """Return what can be asked of a job at the moment."""
    if job is None or job.state == "done":
        return frozenset()
    if job.state in {"stopped", "failed"}:
        return frozenset({"resume"})
    if job.state == "waiting":
        return frozenset({"cancel"})
    return frozenset({"resume" if job.wish == "pause" else "pause", "cancel"})
