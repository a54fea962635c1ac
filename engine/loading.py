"""Load the models once: choose the weights, try them in a child, share them between contexts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from engine.errors import ModelUnavailable
from engine.models.catalogue import find_entry, languages_of, models_writing
from engine.models.huggingface import HuggingFaceModel
from engine.models.huggingface_weights import folder_memory
from engine.models.llamacpp import PLAN_WRITER_PARAMETERS, LlamaCppModel
from engine.models.llamacpp_library import Configuration, LlamaWeights, library
from engine.models.machine import available_cores
from engine.models.prefixes import PrefixFiles
from engine.models.probe import Command, Rung, Speed, Trial, Verdict, child_command, find_rung
from engine.models.remote import RemoteModel
from engine.models.remote_server import Server
from engine.models.scripted import ScriptedModel
from engine.models.weights import (
    WeightsChoice,
    check_file,
    needed_memory,
    packaged_weights,
    prepare_weights,
)
from engine.protocols import AdapterHost, ClaimChecker, Embedder, TextModel
from engine.types import Language, ModelRole
from engine.warm import Warm

PLANNER_CONTEXT = 3_072
STYLIST_CONTEXT = 6_144
TORCH_CONTEXT = 8_192

_CONTEXTS: dict[ModelRole, tuple[int, int]] = {
    "planner": (PLANNER_CONTEXT, 16 << 20),
    "stylist": (STYLIST_CONTEXT, 64 << 20),
}
_GROWTH = 2  # the embedded weights grow when they are given their faster form
_PREFIX_FILES = 256 << 20
# A lead must be larger than what a busy machine does to a short measurement.
_CLEARLY_FASTER = 0.8


@dataclass(frozen=True)
class LoadOptions:
    """What the loader must know.

    `threads` 0 takes the cores we really have; a GGUF of one's own replaces the embedded model, and
    `embedder` (a folder or a name) the embedded embedder; `checker` names an NLI model. For a role,
    a server comes before a folder (a model for transformers), that before a GGUF; what comes after
    a planner's server plans while the server is down.
    """

    cache_dir: Path
    threads: int = 0
    scripted: bool = False
    planner_gguf: Path | None = None
    stylist_gguf: Path | None = None
    planner_server: Server | None = None
    stylist_server: Server | None = None
    planner_folder: Path | None = None
    stylist_folder: Path | None = None
    four_bit: bool = False
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
class ElsewhereReport:
    """A role's model that llama.cpp does not run; `trouble` is empty where it can be used."""

    name: str
    where: str
    trouble: str = ""


@dataclass(frozen=True)
class LoadReport:
    """What the doctor shows: the library's build, threads, and each role's model."""

    library: str
    threads: int
    planner: ModelReport | ElsewhereReport | None
    stylist: ModelReport | ElsewhereReport | None


@dataclass(frozen=True)
class LoadedModels:
    """The models that the application works with.

    `adapters` is where the shelf's go: a stylist on this machine, none on a server; `spare_planner`
    loads the one that plans while the planner's server is down.
    """

    planner_model: TextModel
    stylist_model: TextModel
    embedder: Embedder
    report: LoadReport
    adapters: AdapterHost | None = None
    spare_planner: Callable[[], TextModel] | None = None


def load_models(
    options: LoadOptions,
    *,
    progress: Callable[[str], None] = lambda _: None,
    command: Command = child_command,
    warm: Warm["InMemory"] | None = None,
    embedder: Embedder | None = None,
) -> LoadedModels:
    """Load planner, stylist and embedder.

    The first start ever takes a few seconds longer: the faster form of the weights is made and
    tried. `command` makes the trial's command line; `warm` has what is in memory already, and so
    does `embedder`.

    Raises:
        ModelUnavailable: a model is missing or cannot run here; the message says what to do.
    """
    if options.scripted:
        return _scripted()
    threads = _threads(options)
    embedder = embedder or _embedder(options.embedder, threads)
    loader = _Loader(options, threads, progress, command, warm or Warm())
    planner, planner_report = loader.planner()
    stylist, stylist_report = loader.stylist()
    here = options.planner_server is not None
    return LoadedModels(
        planner_model=planner,
        stylist_model=stylist,
        embedder=embedder,
        report=LoadReport(library().version(), threads, planner_report, stylist_report),
        adapters=stylist if isinstance(stylist, LlamaCppModel | HuggingFaceModel) else None,
        spare_planner=(lambda: loader.spare_planner()) if here else None,
    )


def load_embedder(options: LoadOptions) -> Embedder:
    """Load the embedder alone: what measures texts needs no language model."""
    if options.scripted:
        from engine.models.embedder import HashingEmbedder

        return HashingEmbedder()
    return _embedder(options.embedder, _threads(options))


def load_checker(options: LoadOptions) -> ClaimChecker | None:
    """Load the NLI model that checks claims, where one is set."""
    if options.scripted or not options.checker:
        return None
    from engine.models.nli import CrossEncoderChecker

    return CrossEncoderChecker(options.checker)


def _threads(options: LoadOptions) -> int:
    cores = available_cores()
    return min(options.threads or cores, 2 * cores)  # more threads only fight for the cores


def _embedder(own: str, threads: int) -> Embedder:
    # Heavy: only who loads the models pays for its import.
    if own:
        from engine.models.sentence_transformer import SentenceTransformerEmbedder

        return SentenceTransformerEmbedder(own)
    from engine.models.embedder import MiniLMEmbedder

    return MiniLMEmbedder(threads=threads)


def suggestions_for(language: Language) -> tuple[str, ...]:
    """Return names of models that write a language, for a message to a person."""
    return tuple(entry.name for entry in models_writing(language))


@dataclass
class LocalModel:
    """A model file in memory, and the contexts that work with it: roles with one file share it."""

    weights: LlamaWeights
    report: ModelReport
    prefixes: PrefixFiles
    contexts: dict[ModelRole, LlamaCppModel] = field(default_factory=dict)

    def context(self, role: ModelRole) -> LlamaCppModel:
        """Return the role's own context, made when it is first asked for."""
        if role not in self.contexts:
            self.contexts[role] = _model(self.weights, *_CONTEXTS[role], self.prefixes)
        return self.contexts[role]


@dataclass(frozen=True)
class FolderModel:
    """A model for transformers in memory: roles with one folder share it whole."""

    model: HuggingFaceModel
    report: ElsewhereReport

    def context(self, role: ModelRole) -> HuggingFaceModel:
        """Return the model, whose calls take turns."""
        del role
        return self.model


InMemory: TypeAlias = LocalModel | FolderModel


def size_of(path: Path | None) -> int:
    """Return about how many bytes of memory a file or folder takes; None is the embedded file."""
    try:
        if path is not None and path.is_dir():
            return folder_memory(path)
        return needed_memory(path or packaged_weights()) * (1 if path else _GROWTH)
    except OSError:
        return 0


class _Loader:
    """Loads models by role."""

    def __init__(
        self,
        options: LoadOptions,
        threads: int,
        progress: Callable[[str], None],
        command: Command,
        warm: Warm[InMemory],
    ) -> None:
        self._options = options
        self._cache_dir = options.cache_dir
        self._threads = threads
        self._progress = progress
        self._command = command
        self._warm = warm

    def planner(self) -> tuple[TextModel, ModelReport | ElsewhereReport]:
        """Return the model that plans: from a server, else on this machine."""
        if self._options.planner_server is not None:
            return served(self._options.planner_server)
        return self._here("planner", self._options.planner_folder, self._options.planner_gguf)

    def stylist(self) -> tuple[TextModel, ModelReport | ElsewhereReport]:
        """Return the model that writes."""
        if self._options.stylist_server is not None:
            return served(self._options.stylist_server)
        return self._here("stylist", self._options.stylist_folder, self._options.stylist_gguf)

    def spare_planner(self) -> TextModel:
        """Return the model on this machine that plans while the planner's server is down."""
        return self._here("planner", self._options.planner_folder, self._options.planner_gguf)[0]

    def _here(
        self, role: ModelRole, folder: Path | None, gguf: Path | None
    ) -> tuple[TextModel, ModelReport | ElsewhereReport]:
        place = folder or gguf
        found = self._warm.get(
            place, size_of(place), lambda: self._folder(folder) if folder else self._load(gguf)
        )
        self._progress("Loading the models…")
        return found.context(role), found.report

    def _folder(self, folder: Path) -> FolderModel:
        return FolderModel(*in_torch(folder, four_bit=self._options.four_bit))

    def _load(self, own: Path | None) -> LocalModel:
        verdict, reason = self._embedded() if own is None else self._own(own)
        rung = verdict.rung
        weights = LlamaWeights(rung.path, rung.configuration, source=rung.source)
        if not weights.chat_words().template:
            reason += "; it has no chat template, so ChatML stands in"
        report = ModelReport(
            rung.path, reason, verdict.reason, verdict.failures, verdict.trial.speed
        )
        prefixes = PrefixFiles(self._cache_dir / "prefixes", _PREFIX_FILES)
        return LocalModel(weights, report, prefixes)

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


def _model(
    weights: LlamaWeights, context_length: int, stored_bytes: int, prefixes: PrefixFiles
) -> LlamaCppModel:
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
        prefixes=prefixes,
    )


def served(server: Server) -> tuple[RemoteModel, ElsewhereReport]:
    """Return the model on a server, and whether that answers; it may do so later."""
    names = (server.model,)
    entry = find_entry(server.model) if server.model else None
    large = entry is None or entry.parameters >= PLAN_WRITER_PARAMETERS
    model = RemoteModel(
        server, languages=languages_of(names, "", "") if entry else ("en", "zh"), writes_plans=large
    )
    try:
        model.look()
    except ModelUnavailable as error:
        return model, ElsewhereReport(model.card.name, server.host, str(error))
    return model, ElsewhereReport(model.card.name, server.host)


def in_torch(folder: Path, *, four_bit: bool) -> tuple[HuggingFaceModel, ElsewhereReport]:
    """Return a model that transformers runs, on a GPU where there is one."""
    from engine.models.huggingface_weights import TorchWeights

    weights = TorchWeights(folder, four_bit=four_bit)
    entry = find_entry(folder.name)
    name = entry.name if entry else folder.name
    model = HuggingFaceModel(
        weights,
        context_length=TORCH_CONTEXT,
        languages=languages_of((name,), "", ""),
        name=name,
        writes_plans=weights.parameters >= PLAN_WRITER_PARAMETERS,
    )
    return model, ElsewhereReport(name, f"transformers on {weights.model.device.type}")


def _scripted() -> LoadedModels:
    from engine.models.embedder import HashingEmbedder

    model = ScriptedModel()
    report = LoadReport("none (scripted)", 1, None, None)
    return LoadedModels(model, model, HashingEmbedder(), report, model)
