"""What works on this machine, and what to do about what does not. Never raises."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from app.check import Check
from app.choices import ROLES, origin
from app.settings import Settings
from app.studio import Studio
from engine.errors import NotewrightError
from engine.loading import ElsewhereReport, ModelReport
from engine.models.machine import available_cores, available_memory
from engine.profile.parsing import MISSING, can_parse, read_sentences
from engine.types import Delta, Message, Sampling

_DISK_NEEDED = 0.5e9
_MEMORY_NEEDED = 1.2e9
_OWNER = "doctor"
_LANGUAGES = {"en": "English", "zh": "Chinese"}
# What a broken installation raises besides our own errors; each becomes a line of the report.
_BROKEN = (NotewrightError, OSError, ImportError, RuntimeError, ValueError)


def diagnose(settings: Settings) -> Sequence[Check]:
    """Return the report even where the database cannot be opened."""
    try:
        studio = Studio.open(settings)
    except _BROKEN as error:
        return [*_machine(settings), _failed("Database", error)]
    with closing(studio):
        return checks(studio)


def checks(studio: Studio) -> Sequence[Check]:
    """Return the report: the machine, the database, then the models (loaded here if need be)."""
    found = [
        *_machine(studio.settings),
        _tried("Database", lambda: _database(studio)),
        replace(_tried("Parser", _parser), required=False),
    ]
    models = _tried("Models", lambda: _models(studio))
    if not models.ok:
        return [*found, models]
    return [
        *found,
        models,
        *_weights(studio),
        _tried("Writing", lambda: _writing(studio)),
        _tried("Embeddings", lambda: _embeddings(studio)),
    ]


# ------------------------------------------------------------------ the machine


def _machine(settings: Settings) -> list[Check]:
    return [
        _python(),
        _data_directory(settings),
        _tried("Disk", lambda: _disk(settings)),
        _memory(),
        _cores(settings),
        _gpu(),
    ]


def _python() -> Check:
    return Check(
        "Python",
        ok=sys.version_info >= (3, 11),
        required=True,
        detail=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        remedy="" if sys.version_info >= (3, 11) else "Install Python 3.11 or newer.",
    )


def _data_directory(settings: Settings) -> Check:
    place = settings.data_dir
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
    ok = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    remedy = "" if ok else "Set NOTEWRIGHT_DATA_DIR to a folder that you may write to."
    return Check("Data directory", ok=ok, required=True, detail=str(place), remedy=remedy)


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(_existing(settings.data_dir)).free
    ok = free >= _DISK_NEEDED
    remedy = "" if ok else "Make room: notes and the faster form of the model need half a GB."
    return Check("Disk", ok=ok, required=False, detail=f"{free / 1e9:.1f} GB free", remedy=remedy)


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.absolute().parents) if place.exists())


def _memory() -> Check:
    free = available_memory()
    if free is None:
        return Check("Memory", ok=True, required=False, detail="this system does not say")
    ok = free >= _MEMORY_NEEDED
    remedy = "" if ok else "Close other programs: the embedded models need about 1.2 GB."
    return Check("Memory", ok=ok, required=False, detail=f"{free / 1e9:.1f} GB free", remedy=remedy)


def _cores(settings: Settings) -> Check:
    cores = available_cores()
    threads = settings.threads or cores
    ok = threads <= cores
    return Check(
        "Processor",
        ok=ok,
        required=False,
        detail=f"{cores} cores for this program, {threads} threads for the models",
        remedy="" if ok else "Set NOTEWRIGHT_THREADS to 0: more threads than cores are slower.",
    )


def _gpu() -> Check:
    nvidia = Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None
    detail = (
        "an NVIDIA GPU, not used by the embedded models" if nvidia else "none found, none needed"
    )
    return Check("GPU", ok=True, required=False, detail=detail)


# ------------------------------------------------------------------ the application's parts


def _database(studio: Studio) -> Check:
    """Open, migrated and written to: `Store.open` did the first two."""
    url = studio.settings.url
    # A server's address may hold a password: only SQLite's is shown.
    place = url.removeprefix("sqlite:///") if url.startswith("sqlite") else url.split(":", 1)[0]
    writes = studio.store.load_form(_OWNER).get("writes", 0) + 1
    studio.store.save_form(_OWNER, {"writes": writes})
    return Check("Database", ok=True, required=True, detail=f"{place}: up to date and writable")


def _parser() -> Check:
    """Let the English parser read a sentence; without it profiles lack how sentences are built."""
    if not can_parse("en"):
        detail = "no English parser"
        return Check("Parser", ok=False, required=False, detail=detail, remedy=MISSING)
    words = read_sentences(["Gulls sang at dawn."], "en")[0].spoken
    detail = f"reads how English sentences are built ({len(words)} words of a trial sentence)"
    return Check("Parser", ok=True, required=False, detail=detail)


def _models(studio: Studio) -> Check:
    report = studio.models.report
    languages = " and ".join(_LANGUAGES[language] for language in studio.languages())
    detail = f"llama.cpp {report.library}, {report.threads} threads; writes {languages}"
    return Check("Models", ok=True, required=True, detail=detail)


def _weights(studio: Studio) -> list[Check]:
    report = studio.models.report
    said = [origin(studio.settings, role) for role in ROLES]
    roles = [("Planner", report.planner, said[0]), ("Stylist", report.stylist, said[1])]
    if report.planner == report.stylist and said[0] == said[1]:
        roles = [("Planner and stylist", report.planner, said[0])]
    return [_role(name, model, said) for name, model, said in roles if model is not None]


def _role(name: str, model: ModelReport | ElsewhereReport, said: str) -> Check:
    """A fallback works, so it is no failure; it is named, and so is the way out of it."""
    if isinstance(model, ElsewhereReport):
        detail = f"{model.name} at {model.where}, {said}"
        ok = not model.trouble
        return Check(name, ok=ok, required=False, detail=detail, remedy=model.trouble)
    detail = (
        f"{model.file.name} ({model.weights}), {said}; {model.verdict}; reads "
        f"{model.speed.prompt:.0f} and writes {model.speed.together:.0f} tokens a second in four "
        "drafts, on one core"
    )
    busy = any("did not answer" in failure for failure in model.failures)
    remedy = (
        "This machine was too busy to try the model: start again when it is quiet."
        if busy
        else "Slower than it could be: set up again so that llama.cpp fits this processor."
    )
    ok = not model.failures
    return Check(name, ok=ok, required=False, detail=detail, remedy="" if ok else remedy)


def _writing(studio: Studio) -> Check:
    """Let the stylist's model write a few words, as the main job does."""
    messages = [Message(role="user", content="Say good morning.")]
    answer = studio.models.stylist_model.generate([messages], Sampling(max_tokens=8))
    words = sum(1 for piece in answer if isinstance(piece, Delta) and piece.text)
    ok = words > 0
    detail = "the stylist writes" if ok else "the stylist wrote nothing"
    remedy = "" if ok else "Choose another model, or set up again."
    return Check("Writing", ok=ok, required=True, detail=detail, remedy=remedy)


def _embeddings(studio: Studio) -> Check:
    embedder = studio.models.embedder
    vectors = embedder.embed(["A quiet harbour at dawn."])
    checker = studio.scorer.checker
    detail = f"{embedder.name}, {vectors.shape[1]} dimensions"
    detail += f"; claims are checked by {checker.name}" if checker else ""
    return Check("Embeddings", ok=True, required=True, detail=detail)


def _tried(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except _BROKEN as error:
        return _failed(name, error)


def _failed(name: str, error: Exception) -> Check:
    ours = isinstance(error, NotewrightError)
    remedy = str(error) if ours else f"Set Notewright up again ({type(error).__name__}: {error})."
    return Check(name, ok=False, required=True, detail="does not work", remedy=remedy)
