"""The parts of a training job that learns a trait; every other job gets the parts it had.

Which a job is, its order says: `examples` asks the teacher, `train` runs teacher and critic to the
end, `export` writes down what was learned from, and the gate asks about the trait.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.adapter_files import GGUF
from engine.adapter_types import Adapter
from engine.job_types import TrainingJob
from engine.learning_types import TrainingSet
from engine.loading import LoadedModels, load_checker
from engine.models import general
from engine.notebench.overlap import without_overlaps
from engine.notebench.run import Tell
from engine.notebench.samples import shipped
from engine.prompts.rough import pieces
from engine.protocols import AdapterHost, StopCheck, TextModel
from engine.rewrite import Rewriter
from engine.scoring.scorer import NoteScorer
from engine.scoring.traits import measure_of
from engine.trait_critic import CountingCritic, ModelTraitCritic, TraitCritic
from engine.types import StyleProfile
from engine.value import Value
from finetune.adapters import Made, as_served
from finetune.examples import usable_samples
from finetune.holding import parted
from finetune.job import Judged, Parts
from finetune.orders import ADAPTERS, JOBS, CriticKind, JobFolder, Order, TraitOrder
from finetune.parts import load_options, loaded, real_parts
from finetune.teacher import TraitText, imitation, taught
from finetune.train import TrainingFailed, TrainingSettings, Watch
from finetune.trait import School, TraitTrainer
from finetune.trait_gate import TraitJudges, ask_trait_gate, gate_texts
from finetune.trait_record import read_record
from finetune.whole_files import put_whole
from storage.adapters import AdapterShelf
from storage.store import Store

ENOUGH_TEXTS = 8
_ROLL = "roll.json"
Load = Callable[[Order], LoadedModels]


def all_parts(store: Store, data_dir: Path) -> Parts:
    """Return the parts of every job."""
    return trait_parts(real_parts(store, data_dir), store, data_dir)


def trait_parts(
    plain: Parts,
    store: Store,
    data_dir: Path,
    *,
    load: Load = lambda order: loaded(order.models),
) -> Parts:
    """Return parts that learn a trait where the order names one, and the plain ones elsewhere."""
    work = _TraitWork(plain, store, data_dir, load)
    return Parts(
        examples=work.examples,
        train=work.train,
        author=plain.author,
        gate=work.gate,
        export=work.export,
        withdrawn=plain.withdrawn,
    )


def trait_texts(store: Store, owner: str, style: str) -> tuple[TraitText, ...]:
    """Return the texts of a style that may be rewritten in training: samples and notes, in pieces.

    What the writer refused, what is held back for the gate and what NoteBench asks is left out.
    """
    profile, refused = store.style(owner, style), store.refused(owner)
    found = [(s.id, s.text) for s in profile.samples if s.id not in refused]
    for record in parted(store.notes(owner), style).training:
        name = record.style_name or record.note.style_name
        if name == style and not record.deleted and record.note.id not in refused:
            found.append((record.note.id, record.note.text))
    return as_texts(found, profile)


def as_texts(found: Sequence[tuple[str, str]], profile: StyleProfile) -> tuple[TraitText, ...]:
    """Return texts cut into pieces of a sentence or two, each once."""
    cut = {
        piece: f"{name}#{number}"
        for name, text in found
        for number, piece in enumerate(pieces(text, profile.language) or [text])
        if piece.strip()
    }
    guarded = without_overlaps(cut.items(), lambda one: [one[0]])
    return tuple(TraitText(id=name, text=piece) for piece, name in guarded.kept)


class Roll(Value):
    """The style and the texts of a job as they stood when it began; a killed job keeps to them."""

    profile: StyleProfile
    texts: tuple[TraitText, ...]

    def keep(self, folder: Path) -> None:
        """Write it into the job's folder."""
        put_whole(folder / _ROLL, self.model_dump_json())

    @classmethod
    def kept(cls, folder: Path) -> "Roll":
        """Return what `keep` wrote."""
        return cls.model_validate_json((folder / _ROLL).read_bytes())


@dataclass(frozen=True)
class _TraitWork:
    """The stages of a job that learns a trait."""

    plain: Parts
    store: Store
    data_dir: Path
    load: Load

    # -- stages ------------------------------------------------------------------------------
    def examples(self, job: TrainingJob, order: Order, should_stop: StopCheck) -> TrainingSet:
        """Ask the teacher."""
        if order.trait is None:
            return self.plain.examples(job, order, should_stop)
        folder = JobFolder(self.data_dir / JOBS / job.id).path
        roll = self._roll(job, order.trait)
        roll.keep(folder)
        models = self.load(order)
        teacher = _rewriter(models.planner_model, models, order, roll.profile)
        lessons = taught(
            roll.texts,
            teacher,
            folder / "teacher.jsonl",
            variants=order.trait.variants,
            seed=order.seed,
            should_stop=should_stop,
        )
        return imitation(lessons, roll.profile, order.trait.wish)

    def train(
        self,
        settings: TrainingSettings,
        data: TrainingSet,
        base: Path,
        output: Path,
        watch: Watch,
        *,
        start: Path | None = None,
    ) -> Path:
        """Let the student learn from teacher and critic."""
        folder = JobFolder(output.parent)
        order = folder.order()
        if order.trait is None:
            return self.plain.train(settings, data, base, output, watch, start=start)
        roll, models = Roll.kept(folder.path), self.load(order)
        school = School(
            profile=roll.profile,
            texts=roll.texts,
            teacher=models.planner_model.card.name,
            critics=critics(models.planner_model, order.trait, roll.profile),
            student=lambda made: _student(made, models, order, roll.profile, output),
        )
        trainer = TraitTrainer(self.plain.train, school, order.trait, base, output, watch)
        return trainer.all(settings, data, start)

    def export(self, saved: Path, target: Path, made: Made) -> object:
        """Make the adapter's folder; its manifest says what the trait was learned from."""
        record = read_record(JobFolder(target.parent).work)
        if record is not None:
            told = {"trait": record.model_dump(mode="json")}
            made = replace(made, settings={**made.settings, **told})
        return self.plain.export(saved, target, made)

    def gate(
        self, job: TrainingJob, adapter: Adapter, order: Order, should_stop: StopCheck, tell: Tell
    ) -> Judged:
        """Let the critics compare the candidate with what serves and with the teacher."""
        if order.trait is None:
            return self.plain.gate(job, adapter, order, should_stop, tell)
        models, profile = self.load(order), self.store.style(job.owner, job.style)
        host = _host(models)
        shelf = self.store.adapters(self.data_dir / ADAPTERS)
        candidate = _known(shelf, host, adapter.id)
        current = _current(order, shelf, host)
        report = ask_trait_gate(
            gate_texts(self._held_back(job, profile), shipped("dev"), profile.language),
            teacher=_rewriter(models.planner_model, models, order, profile),
            before=_rewriter(models.stylist_model, models, order, profile, current),
            after=_rewriter(models.stylist_model, models, order, profile, candidate),
            judges=TraitJudges.of(
                critics(models.planner_model, order.trait, profile),
                _second_judge(models, order.trait, profile),
            ),
            candidate=adapter.id,
            current=current,
            seed=order.seed,
            should_stop=should_stop,
            tell=tell,
        )
        return Judged(report.passed, report.model_dump(mode="json"))

    # -- what they work on -------------------------------------------------------------------
    def _roll(self, job: TrainingJob, order: TraitOrder) -> "Roll":
        profile = self.store.style(job.owner, job.style)
        allowed = usable_samples(profile, self.store.refused(job.owner), Counter())
        profile = profile.model_copy(update={"samples": tuple(allowed)})
        own = [(f"text-{number}", text) for number, text in enumerate(order.texts, 1)]
        texts = as_texts(own, profile) if own else trait_texts(self.store, job.owner, job.style)
        if len(texts) < ENOUGH_TEXTS:
            raise TrainingFailed(
                f"There are {len(texts)} pieces of text to rewrite, and {ENOUGH_TEXTS} are needed; "
                "add samples, write notes, or give texts of your own (--texts FILE)."
            )
        return Roll(profile=profile, texts=texts)

    def _held_back(self, job: TrainingJob, profile: StyleProfile) -> Iterator[TraitText]:
        """Yield the notes that training left out, in pieces."""
        refused = self.store.refused(job.owner)
        for record in parted(self.store.notes(job.owner), job.style).gate:
            style = record.style_name or record.note.style_name
            if style == job.style and not record.deleted and record.note.id not in refused:
                yield from as_texts([(record.note.id, record.note.text)], profile)[:2]


def critics(
    model: TextModel, order: TraitOrder, profile: StyleProfile
) -> Mapping[CriticKind, TraitCritic]:
    """Return who may judge a trait: a model always, a count where one sees the trait."""
    found: dict[CriticKind, TraitCritic] = {
        "model": ModelTraitCritic(model, order.wish.name, profile.language)
    }
    measure = measure_of(order.wish.name)
    if measure is not None:
        found["count"] = CountingCritic(measure, profile.language)
    return found


def _student(
    made: Path | None,
    models: LoadedModels,
    order: Order,
    profile: StyleProfile,
    output: Path,
) -> Rewriter:
    """Return the student as the folder of an adapter makes it."""
    if made is None:
        return _rewriter(models.stylist_model, models, order, profile)
    host, name = _host(models), f"student-{made.parent.name}-{made.name}"
    host.register_adapter(name, _served(made, order, output))
    return _rewriter(models.stylist_model, models, order, profile, name)


def _second_judge(
    models: LoadedModels, order: TraitOrder, profile: StyleProfile
) -> TraitCritic | None:
    """Return another judge than the critic: the stylist's bare model, where it is another model."""
    planner, stylist = models.planner_model.card, models.stylist_model.card
    if (planner.name, planner.revision) == (stylist.name, stylist.revision):
        return None
    return ModelTraitCritic(models.stylist_model, order.wish.name, profile.language)


def _rewriter(
    model: TextModel,
    models: LoadedModels,
    order: Order,
    profile: StyleProfile,
    adapter: str | None = None,
) -> Rewriter:
    assert order.trait is not None
    scorer = NoteScorer(models.embedder, checker=load_checker(load_options(order.models)))
    return Rewriter(model, scorer, order.trait.wish, profile.language, profile, adapter)


def _served(made: Path, order: Order, output: Path) -> Path:
    """Return an adapter's file for the stylist, made of PEFT's where it does not lie there."""
    if (made / GGUF).is_file():
        return made / GGUF
    return as_served(made, order.base, output / f"{made.parent.name}-{made.name}.gguf")


def _host(models: LoadedModels) -> AdapterHost:
    if models.adapters is None:
        raise TrainingFailed("A stylist on a server takes no adapters; choose one of this machine.")
    return models.adapters


def _known(shelf: AdapterShelf, host: AdapterHost, name: str) -> str:
    host.register_adapter(name, shelf.servable(name, host.base))
    return name


def _current(order: Order, shelf: AdapterShelf, host: AdapterHost) -> str | None:
    """Return what served when the job began: the style's own adapter, the general one, or none."""
    if order.serving is not None:
        return _known(shelf, host, order.serving.name)
    if general.general_fits(host.base):
        host.register_adapter(general.NAME, general.general_adapter(host.base))
        return general.NAME
    return None
