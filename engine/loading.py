"""Load the models once: choose the weights, try them in a child, share them between contexts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.models.catalogue import find_entry, languages_of, models_writing
from engine.models.llamacpp import LlamaCppModel
from engine.models.llamacpp_library import Configuration, LlamaWeights, library
from engine.models.machine import available_cores
from engine.models.probe import Command, Rung, Speed, Trial, Verdict, child_command, find_rung
from engine.models.scripted import ScriptedModel
from engine.models.weights import WeightsChoice, check_file, packaged_weights, prepare_weights
from engine.protocols import ClaimChecker, Embedder, TextModel
from engine.types import Language

PLANNER_CONTEXT = 3_072
STYLIST_CONTEXT = 6_144

_PLANNER_STORE = 16 << 20
_STYLIST_STORE = 64 << 20
# A lead must be larger than what a busy machine does to a short measurement.
_CLEARLY_FASTER = 0.8


@dataclass(frozen=True)
class LoadOptions:
    """What the loader must know.

    `threads` 0 takes the cores we really have; a GGUF of one's own replaces the embedded model, and
    `embedder` (a folder or a name) the embedded embedder; `checker` names an NLI model.
    """

    cache_dir: Path
    threads: int = 0
    scripted: bool = False
    planner_gguf: Path | None = None
    stylist_gguf: Path | None = None
    embedder: str = ""
    checker: str = ""


@dataclass(frozen=True)
class ModelReport:
    """What was loaded for one role, and why; `speed` is from its trial."""

    file: Path
    weights: str
    verdict: str
    failures: tuple[str, ...]
    speed: Speed


@dataclass(frozen=True)
class LoadReport:
    """What the doctor shows: the library's build, threads, and each role's model."""

    library: str
    threads: int
    planner: ModelReport | None
    stylist: ModelReport | None


@dataclass(frozen=True)
class LoadedModels:
    """The models that the application works with."""

    planner_model: TextModel
    stylist_model: TextModel
    embedder: Embedder
    report: LoadReport


def load_models(
    options: LoadOptions,
    *,
    progress: Callable[[str], None] = lambda _: None,
    command: Command = child_command,
) -> LoadedModels:
    """Load planner, stylist and embedder.

    The first start ever takes a few seconds longer: the faster form of the weights is made and
    tried. `command` makes the trial's command line.

    Raises:
        ModelUnavailable: a model is missing or cannot run here; the message says what to do.
    """
    if options.scripted:
        return _scripted()
    embedder = _embedder(options.embedder)
    cores = available_cores()
    threads = min(options.threads or cores, 2 * cores)  # more threads only fight for the cores
    loader = _Loader(options.cache_dir, threads, progress, command)
    planner, planner_report = loader.weights(options.planner_gguf)
    stylist, stylist_report = loader.weights(options.stylist_gguf)
    progress("Loading the models…")
    return LoadedModels(
        planner_model=_model(planner, PLANNER_CONTEXT, _PLANNER_STORE),
        stylist_model=_model(stylist, STYLIST_CONTEXT, _STYLIST_STORE),
        embedder=embedder,
        report=LoadReport(library().version(), threads, planner_report, stylist_report),
    )


def load_embedder(options: LoadOptions) -> Embedder:
    """Load the embedder alone: what measures texts needs no language model."""
    if options.scripted:
        from engine.models.embedder import HashingEmbedder

        return HashingEmbedder()
    return _embedder(options.embedder)


def load_checker(options: LoadOptions) -> ClaimChecker | None:
    """Load the NLI model that checks claims, where one is set."""
    if options.scripted or not options.checker:
        return None
    from engine.models.nli import CrossEncoderChecker

    return CrossEncoderChecker(options.checker)


def _embedder(own: str) -> Embedder:
    # Heavy: only who loads the models pays for its import.
    if own:
        from engine.models.sentence_transformer import SentenceTransformerEmbedder

        return SentenceTransformerEmbedder(own)
    from engine.models.embedder import MiniLMEmbedder

    return MiniLMEmbedder(threads=1)  # two spin against each other: 4.1 s of CPU for 0.85


def suggestions_for(language: Language) -> tuple[str, ...]:
    """Return names of models that write a language, for a message to a person."""
    return tuple(entry.name for entry in models_writing(language))


class _Loader:
    """Loads weights by role; two roles with one file share it."""

    def __init__(
        self, cache_dir: Path, threads: int, progress: Callable[[str], None], command: Command
    ) -> None:
        self._cache_dir = cache_dir
        self._threads = threads
        self._progress = progress
        self._command = command
        self._loaded: dict[Path | None, tuple[LlamaWeights, ModelReport]] = {}

    def weights(self, own: Path | None) -> tuple[LlamaWeights, ModelReport]:
        """Return the loaded weights of a person's own file, or the embedded ones."""
        if own not in self._loaded:
            verdict, reason = self._embedded() if own is None else self._own(own)
            rung = verdict.rung
            weights = LlamaWeights(rung.path, rung.configuration, source=rung.source)
            report = ModelReport(
                rung.path, reason, verdict.reason, verdict.failures, verdict.trial.speed
            )
            self._loaded[own] = weights, report
        return self._loaded[own]

    def _own(self, path: Path) -> tuple[Verdict, str]:
        check_file(path)
        rungs = [
            Rung("normal", path, Configuration(self._threads)),
            Rung("without rearranged weights", path, Configuration(self._threads, repack=False)),
            Rung("one thread", path, Configuration(1, repack=False)),
        ]
        return self._find(rungs), f"{path.name}, as set"

    def _embedded(self) -> tuple[Verdict, str]:
        packaged = packaged_weights()
        check_file(packaged)
        self._progress("Preparing the embedded model for this processor…")
        choice = prepare_weights(packaged, self._cache_dir)
        plain, careful = Configuration(self._threads), Configuration(self._threads, repack=False)
        verdict = self._find(
            [
                Rung("normal", choice.path, plain, choice.source),
                Rung("without rearranged weights", choice.path, careful, choice.source),
                Rung("packaged weights, one thread", packaged, Configuration(1, repack=False)),
            ]
        )
        return _faster(verdict, choice)

    def _find(self, rungs: list[Rung]) -> Verdict:
        return find_rung(
            rungs,
            self._cache_dir / "probe.json",
            library_version=library().version(),
            command=self._command,
            progress=self._progress,
        )


def _faster(verdict: Verdict, choice: WeightsChoice) -> tuple[Verdict, str]:
    """Return the packaged form after all where it proved clearly faster, and the reason."""
    rung, made, packaged = verdict.rung, verdict.trial.speed, verdict.trial.source_speed
    if choice.source is None:
        return verdict, choice.reason
    if rung.source is None or packaged is None:
        return verdict, "as packaged: the Q8_0 form cannot be used here"
    ratio = packaged.note_seconds() / made.note_seconds()
    if ratio >= _CLEARLY_FASTER:
        return verdict, f"{choice.reason}: {ratio:.1f} times the packaged form's speed here"
    plain = Rung(f"packaged weights, {rung.name}", choice.source, rung.configuration)
    chosen = Verdict(plain, Trial(packaged), verdict.failures)
    return chosen, f"as packaged: {1 / ratio:.1f} times the speed of Q8_0 here"


def _model(weights: LlamaWeights, context_length: int, stored_bytes: int) -> LlamaCppModel:
    names = (weights.path.stem, weights.metadata("general.name"))
    entry = next((found for name in names if (found := find_entry(name)) is not None), None)
    return LlamaCppModel(
        weights,
        context_length=context_length,
        languages=languages_of(
            names, weights.metadata("general.languages"), weights.metadata("tokenizer.ggml.pre")
        ),
        name=entry.name if entry else "",
        stored_bytes=stored_bytes,
    )


def _scripted() -> LoadedModels:
    from engine.models.embedder import HashingEmbedder

    model = ScriptedModel()
    report = LoadReport("none (scripted)", 1, None, None)
    return LoadedModels(model, model, HashingEmbedder(), report)
