"""The real parts of a training job: what there is to learn from, the trainer, the gate."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from engine.adapter_types import Adapter
from engine.errors import AdapterUnusable
from engine.job_types import TrainingJob
from engine.learning_types import SFTExample, TrainingSet
from engine.loading import LoadedModels, LoadOptions, load_checker, load_models
from engine.models import general
from engine.neutral import Neutraliser
from engine.notebench.run import Tell
from engine.notebench.samples import shipped
from engine.notebench.scoring import scored_by
from engine.protocols import AdapterHost, StopCheck
from engine.scoring.scorer import NoteScorer
from engine.stylist import make_stylist
from engine.types import Language, Scores
from finetune.adapters import as_served
from finetune.distill import planned_set
from finetune.examples import Neutralise, SaysTheSame, make_training_set
from finetune.gate import ask_gate
from finetune.gate_items import gate_items
from finetune.gate_writing import written
from finetune.holding import parted
from finetune.improve import Outcome, best_of
from finetune.job import Judged, Parts
from finetune.orders import ADAPTERS, ModelOptions, Order
from finetune.rounds import Author
from finetune.train import TrainingFailed, train
from storage.adapters import AdapterShelf
from storage.records import NoteRecord
from storage.store import Store

TRUE_TO_SAMPLE = 0.15
"""Faithfulness to a sample below which its plain version is not learned (docs/LOG.md)."""

_ROUND = "round"


def real_parts(store: Store, data_dir: Path) -> Parts:
    """Return the parts that learn and judge."""
    shelf = store.adapters(data_dir / ADAPTERS)

    def examples(job: TrainingJob, order: Order, should_stop: StopCheck) -> TrainingSet:
        language = store.style(job.owner, job.style).language
        models = loaded(order.models)
        neutralise = _neutraliser(models, language, should_stop)
        same = says_the_same(_scorer(models, order), language)
        data = collect(store, job.owner, job.style, neutralise, same)
        if order.method == "planned":
            return planned_set(data, store.style(job.owner, job.style))
        return data

    def author(
        job: TrainingJob, order: Order, saved: Path | None, should_stop: StopCheck
    ) -> Author:
        return _author(store, shelf, job, order, saved, should_stop)

    def gate(
        job: TrainingJob, adapter: Adapter, order: Order, should_stop: StopCheck, tell: Tell
    ) -> Judged:
        return _judge(store, shelf, job, adapter, order, should_stop, tell)

    def withdrawn(job: TrainingJob) -> frozenset[str]:
        return store.withdrawn(job.owner, job.style)

    return Parts(examples=examples, train=train, author=author, gate=gate, withdrawn=withdrawn)


def collect(
    store: Store,
    owner: str,
    style: str,
    neutralise: Neutralise | None = None,
    says_the_same: SaysTheSame | None = None,
) -> TrainingSet:
    """Return what a style can learn from: its notes with their feedback, less those held back.

    With `neutralise` its samples too, where `says_the_same` finds their content in what it says;
    that takes a model, and a while.
    """
    profile = store.style(owner, style)
    split = parted(store.notes(owner), style)
    refused = store.refused(owner)
    return make_training_set(
        split.training,
        profile,
        neutralise=neutralise,
        says_the_same=says_the_same,
        refused=refused,
    )


def load_options(options: ModelOptions) -> LoadOptions:
    """Return what the loader must know."""
    known = {field.name for field in fields(LoadOptions)}
    return LoadOptions(**options.model_dump(include=known))


def loaded(options: ModelOptions) -> LoadedModels:
    """Load the models that a job's order names."""
    return load_models(load_options(options))


def _neutraliser(
    models: LoadedModels, language: Language, should_stop: StopCheck
) -> Neutralise | None:
    """Return what says samples plainly; None where no general adapter fits the stylist."""
    host = models.adapters
    if host is None or not general.general_fits(host.base):
        return None
    host.register_adapter(general.NAME, general.general_adapter(host.base))
    return Neutraliser(models.stylist_model, general.NAME, language, should_stop)


def _scorer(models: LoadedModels, order: Order) -> NoteScorer:
    return NoteScorer(models.embedder, checker=load_checker(load_options(order.models)))


def says_the_same(scorer: NoteScorer, language: Language) -> SaysTheSame:
    """Return what tells whether a plain version says nothing that its text does not.

    What it leaves out shows when the two are matched sentence by sentence.
    """

    def check(plain: str, text: str) -> bool:
        scores = scorer.score(plain, language=language, source=text)
        return (scores.faithful or 0.0) >= TRUE_TO_SAMPLE

    return check


def _author(
    store: Store,
    shelf: AdapterShelf,
    job: TrainingJob,
    order: Order,
    saved: Path | None,
    should_stop: StopCheck,
) -> Author:
    """Load what writes candidates: the adapter of the round before, else what serves now."""
    models, profile = loaded(order.models), store.style(job.owner, job.style)
    host = _host(models)
    name = _in_training(host, order.base, saved) if saved else _serving(shelf, job, host)
    scorer, refused = _scorer(models, order), store.refused(job.owner)
    samples = [sample for sample in profile.samples if sample.id not in refused]

    def write(row: SFTExample, seed: int) -> Outcome:
        # A text is not measured by the very sample that it says again, unless there is no other.
        others = [s.text for s in samples if s.id not in row.sources]
        shown = others or [s.text for s in samples]

        def score(text: str, plain: str) -> Scores:
            return scorer.score(text, language=profile.language, samples=shown, source=plain)

        return best_of(
            row,
            models.stylist_model,
            name,
            score,
            profile.language,
            seed=seed,
            should_stop=should_stop,
        )

    return write


def _in_training(host: AdapterHost, base: Path, saved: Path) -> str:
    """Let the model know what was trained so far; return what it is called there."""
    host.register_adapter(_ROUND, as_served(saved, base, saved.with_name("adapter.gguf")))
    return _ROUND


def _host(models: LoadedModels) -> AdapterHost:
    if models.adapters is None:
        raise TrainingFailed("A stylist on a server takes no adapters; choose one of this machine.")
    return models.adapters


def _judge(
    store: Store,
    shelf: AdapterShelf,
    job: TrainingJob,
    adapter: Adapter,
    order: Order,
    should_stop: StopCheck,
    tell: Tell,
) -> Judged:
    """Let the candidate write against what serves now, and say whether it may take its place."""
    models, profile = loaded(order.models), store.style(job.owner, job.style)
    host = _host(models)
    current = _serving(shelf, job, host)
    candidate = _known(shelf, host, adapter)
    stylist = make_stylist(models.stylist_model, models.embedder)
    report = ask_gate(
        gate_items(shipped("dev"), _kept_from_training(store, job), profile),
        lambda one, side: written(
            stylist,
            one,
            profile,
            current if side == "before" else candidate,
            order.seed,
            should_stop,
        ),
        scored_by(_scorer(models, order)),
        candidate=adapter.id,
        current=current,
        language=profile.language,
        seed=order.seed,
        tell=tell,
    )
    return Judged(report.passed, report.model_dump(mode="json"))


def _serving(shelf: AdapterShelf, job: TrainingJob, host: AdapterHost) -> str | None:
    """Return what writes the style now: its own adapter, else the general one, else none."""
    for adapter in shelf.serving(job.owner, job.style, base=host.base.revision):
        # A damaged one does not write either: the one before it does.
        with suppress(AdapterUnusable):
            return _known(shelf, host, adapter)
    if general.general_fits(host.base):
        host.register_adapter(general.NAME, general.general_adapter(host.base))
        return general.NAME
    return None


def _known(shelf: AdapterShelf, host: AdapterHost, adapter: Adapter) -> str:
    """See that the model has an adapter; return what it is called there."""
    host.register_adapter(adapter.id, shelf.servable(adapter.id, host.base))
    return adapter.id


def _kept_from_training(store: Store, job: TrainingJob) -> Iterator[NoteRecord]:
    """Yield the notes of a style that training left out and that may be read."""
    refused = store.refused(job.owner)
    for record in parted(store.notes(job.owner), job.style).gate:
        style = record.style_name or record.note.style_name
        if style == job.style and not record.deleted and record.note.id not in refused:
            yield record
