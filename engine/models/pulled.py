"""The folder of models that were pulled: whole ones, parts of ones, and one puller at a time.

models/NAME.gguf                  checked and whole; renamed into place
models/NAME.gguf.SHA256….part     what has come of it; its name says which file it is a part of
models/NAME.gguf.lock             held by whoever downloads; the system lets go of it by itself
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from engine.errors import InvalidRequest, ModelUnavailable, Stopped, StorageError
from engine.models.catalogue import CatalogueEntry, HubFile, named
from engine.models.hub import PATIENCE, Offer, fetch, look_up, size_of
from engine.protocols import StopCheck, never_stop

Stage: TypeAlias = Literal["asking", "watching", "downloading", "checking"]
FOLDER = "models"
"""The folder's name in the data directory."""

_ROOM_LEFT = 500_000_000  # for notes and the database, whatever is downloaded
_POLL_SECONDS = 0.25
_HASHED_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Progress:
    """How far a download is, in bytes; `watching` where another program does it."""

    stage: Stage
    done: int
    total: int


Tell: TypeAlias = Callable[[Progress], None]


def pulled_model(folder: Path, name: str) -> Path | None:
    """Return the file of a catalogue's model that lies whole in `folder`, else None.

    Raises:
        NotFound: the catalogue has no such model.
    """
    return PulledModels(folder).path(named(name))


class PulledModels:
    """What was pulled into a folder, and how it gets there."""

    def __init__(self, folder: Path, patience: Sequence[float] = PATIENCE) -> None:
        """Name the folder; it is made when the first model comes."""
        self.folder = folder
        self._patience = patience

    # -- what there is -----------------------------------------------------------------------
    def path(self, entry: CatalogueEntry) -> Path | None:
        """Return a model's file if it is here whole."""
        path = self._target(entry) if entry.file else None
        return path if path is not None and path.is_file() else None

    def part(self, entry: CatalogueEntry) -> int:
        """Return how many bytes of a model are here that is not whole yet."""
        return sum(size_of(path) for path in self._parts(entry))

    def busy(self, entry: CatalogueEntry) -> bool:
        """Return whether any program is downloading a model at this moment."""
        lock = self._lock_file(entry)
        if not lock.exists():
            return False
        with suppress(OSError), lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def used(self) -> int:
        """Return how many bytes models and parts of them take."""
        return sum(size_of(path) for path in self.folder.glob("*") if path.is_file())

    def free(self) -> int:
        """Return how many bytes the folder's disk still has."""
        place = next(p for p in (self.folder, *self.folder.absolute().parents) if p.exists())
        return shutil.disk_usage(place).free

    # -- what is done ------------------------------------------------------------------------
    def pull(
        self,
        entry: CatalogueEntry,
        tell: Tell = lambda _: None,
        should_stop: StopCheck = never_stop,
    ) -> Path:
        """Download a model, or what is missing of it, check it, and return its file.

        Where another program is at it, it is watched; whoever comes first does the work.

        Raises:
            InvalidRequest: it is the embedded model, which needs no download.
            DownloadFailed: the Hub cannot be reached, or no longer has this file.
            ModelUnavailable: what came is not what the catalogue knows; it was removed.
            StorageError: the disk is too full, or refused in the middle.
            Stopped: as asked. What is here stays in all cases but a wrong checksum.
        """
        file = _file(entry)
        with self._alone(entry, file, tell, should_stop):
            if (there := self.path(entry)) is not None:
                return there
            tell(Progress("asking", self.part(entry), file.size))
            offer = look_up(file)
            part = self._part_of(entry, offer)
            self._check_room(file, offer.size - size_of(part))
            fetch(
                file,
                offer,
                part,
                fetched=lambda done: tell(Progress("downloading", done, offer.size)),
                should_stop=should_stop,
                patience=self._patience,
            )
            _check(part, file, offer, tell, should_stop)
            part.replace(self._target(entry))
            return self._target(entry)

    def delete(self, entry: CatalogueEntry) -> int:
        """Remove a model and what there is of it; return how many bytes that frees.

        Raises:
            InvalidRequest: it is embedded, or being downloaded at this moment.
            StorageError: the folder cannot be written to.
        """
        _file(entry)
        with self._lock(entry) as lock:
            if not _locked(lock):
                raise InvalidRequest(f"{entry.name} is being downloaded; pause that first.")
            freed = 0
            for path in (self._target(entry), *self._parts(entry)):
                freed += size_of(path)
                path.unlink(missing_ok=True)
            return freed

    # -- how ---------------------------------------------------------------------------------
    def _target(self, entry: CatalogueEntry) -> Path:
        return self.folder / _file(entry).name

    def _lock_file(self, entry: CatalogueEntry) -> Path:
        return self._with(entry, ".lock")

    def _with(self, entry: CatalogueEntry, ending: str) -> Path:
        return self.folder / f"{_file(entry).name}{ending}"

    def _parts(self, entry: CatalogueEntry) -> list[Path]:
        return list(self.folder.glob(f"{_file(entry).name}.*.part")) if entry.file else []

    def _part_of(self, entry: CatalogueEntry, offer: Offer) -> Path:
        """Return the part to go on with; parts of other versions of the file are removed."""
        part = self._with(entry, f".{offer.sha256[:16]}.part")
        for other in self._parts(entry):
            if other != part:
                other.unlink(missing_ok=True)
        return part

    def _check_room(self, file: HubFile, missing: int) -> None:
        free = self.free()
        if free < missing + _ROOM_LEFT:
            raise StorageError(
                f"{file.name} needs {missing / 1e9:.1f} GB more and {_ROOM_LEFT / 1e9:.1f} GB to "
                f"spare, but only {free / 1e9:.1f} GB of this disk are free; make room first."
            )

    @contextmanager
    def _alone(
        self, entry: CatalogueEntry, file: HubFile, tell: Tell, should_stop: StopCheck
    ) -> Iterator[None]:
        """Wait for the file's lock, telling how far whoever holds it is."""
        with self._lock(entry) as lock:
            while not _locked(lock):
                if should_stop():
                    raise Stopped("Another program goes on downloading this model.")
                tell(Progress("watching", self.part(entry), file.size))
                time.sleep(_POLL_SECONDS)
            yield

    @contextmanager
    def _lock(self, entry: CatalogueEntry) -> Iterator[int]:
        """Open the lock file, which is never removed: somebody may be about to lock it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._lock_file(entry), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise StorageError(
                f"The folder for models, {str(self.folder)!r}, cannot be written to "
                f"({error.strerror}); set NOTEWRIGHT_DATA_DIR to one that can."
            ) from error
        try:
            yield lock
        finally:
            os.close(lock)


def _file(entry: CatalogueEntry) -> HubFile:
    if entry.file is None:
        raise InvalidRequest(f"{entry.name} comes with Notewright; there is nothing to download.")
    return entry.file


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check(part: Path, file: HubFile, offer: Offer, tell: Tell, should_stop: StopCheck) -> None:
    """Compare the whole file's SHA-256; remove what is not what was asked for."""
    digest, done = hashlib.sha256(), 0
    with part.open("rb") as opened:
        while piece := opened.read(_HASHED_AT_ONCE):
            digest.update(piece)
            done += len(piece)
            tell(Progress("checking", done, offer.size))
            if should_stop():
                raise Stopped("The download is paused; what is here stays.")
        # What is renamed into place is taken for checked, even after the power failed.
        os.fsync(opened.fileno())
    if digest.hexdigest() != offer.sha256:
        part.unlink(missing_ok=True)
        raise ModelUnavailable(
            f"What came as {file.name} is damaged (its SHA-256 is not the one that the Hub names) "
            "and was removed; download it again."
        )
