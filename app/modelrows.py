"""What a person must know of each model to choose one: does it fit, how fast, where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.modeljobs import ModelJobs, Seen
from app.options import load_options
from app.settings import Settings
from engine.errors import ModelUnavailable
from engine.models.catalogue import CatalogueEntry, Role, catalogue
from engine.models.machine import available_cores, available_memory
from engine.models.speed import expected_speed
from engine.models.weights import packaged_weights

_VERDICTS = "probe.json"


@dataclass(frozen=True)
class Machine:
    """What there is to run on, measured now; memory is None where the system does not say."""

    cores: int
    memory: int | None
    disk_free: int
    disk_used: int


@dataclass(frozen=True)
class ModelRow:
    """A model of the catalogue as this machine sees it.

    Attributes:
        entry: the catalogue's facts.
        size: of its file, in bytes; None for the embedded one where its package is missing.
        needs: bytes of memory, see `CatalogueEntry.memory`.
        fits: whether so much is free; None where the system does not say.
        speed: about how many tokens a second, see `expected_speed`.
        learns: whether a style can be taught to it here.
        seen: where its file stands.
        now: the roles it has at this moment.
        next: the roles it gets from the next note on.
    """

    entry: CatalogueEntry
    size: int | None
    needs: int
    fits: bool | None
    speed: float | None
    learns: bool
    seen: Seen
    now: tuple[Role, ...]
    next: tuple[Role, ...]


def this_machine(settings: Settings, jobs: ModelJobs) -> Machine:
    """Measure cores, memory and disk."""
    cores = min(settings.threads or available_cores(), available_cores())
    return Machine(cores, available_memory(), jobs.models.free(), jobs.models.used())


def model_rows(
    settings: Settings,
    jobs: ModelJobs,
    machine: Machine,
    *,
    now: Mapping[Role, str],
    coming: Mapping[Role, str],
) -> list[ModelRow]:
    """Return a row for each model of the catalogue, smallest first.

    Args:
        settings: where things lie.
        jobs: the downloads.
        machine: what was measured.
        now: the names of the models that are loaded, by role; empty where none are.
        coming: the names of those that the settings ask for.
    """
    from finetune.gguf_lora import REORDERED

    verdicts = load_options(settings).cache_dir / _VERDICTS
    return [
        _row(entry, jobs.seen(entry), machine, verdicts, entry.architecture in REORDERED,
             _roles(now, entry), _roles(coming, entry))
        for entry in catalogue()
    ]  # fmt: skip


def _row(
    entry: CatalogueEntry,
    seen: Seen,
    machine: Machine,
    verdicts: Path,
    learns: bool,
    now: tuple[Role, ...],
    coming: tuple[Role, ...],
) -> ModelRow:
    size = entry.file.size if entry.file else _embedded_size()
    needs = entry.memory(size or 0)
    free = machine.memory
    fits = None if free is None else bool(now) or needs <= free
    speed = expected_speed(verdicts, size, machine.cores) if size else None
    return ModelRow(entry, size, needs, fits, speed, learns, seen, now, coming)


def _roles(names: Mapping[Role, str], entry: CatalogueEntry) -> tuple[Role, ...]:
    return tuple(role for role, name in names.items() if name == entry.name)


def _embedded_size() -> int | None:
    try:
        return packaged_weights().stat().st_size
    except ModelUnavailable:
        return None
