"""Adapters at rest: folders written elsewhere and renamed into place, and rows that are the truth.

A folder without a row is nothing; a row without a whole folder cannot be promoted. So a crash at
any instruction leaves the adapter serving that served before.
"""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import JsonValue

from engine.adapter_files import MANIFEST, check_base, check_files, read_manifest, servable
from engine.adapter_types import (
    Adapter,
    AdapterManifest,
    AdapterStatus,
    BaseRef,
    Overdue,
    Promotion,
)
from engine.errors import AdapterUnusable, InvalidRequest, StorageError
from storage import adapter_rows as rows
from storage.database import Database

_PARTIAL = ".partial-"
_STALE_SECONDS = 3_600


class AdapterShelf:
    """An owner's adapters by style: made, promoted, rolled back, taken out, carried elsewhere.

    Safe to call from several threads and processes at once. Every method raises StorageError where
    the database or the disk refuses; what served before still does.

    Args:
        database: where the rows are.
        folder: where the adapters' folders are.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        """Use a database whose tables are up to date; `Store.adapters` sees to that."""
        self._database = database
        self._folder = folder

    # in and out
    def add(
        self,
        owner: str,
        style: str,
        built: Path,
        *,
        status: AdapterStatus = "candidate",
        report: Mapping[str, JsonValue] | None = None,
    ) -> Adapter:
        """Take a finished folder in (it is moved); the same adapter again changes nothing.

        Args:
            owner: whose it is.
            style: the name of a saved style.
            built: the folder that `finetune.adapters.write_adapter` made.
            status: candidate, or refused where the gate was asked already.
            report: the gate's, where it was asked already.

        Raises:
            AdapterUnusable: a file is damaged or missing.
            NotFound: there is no such style.
            InvalidRequest: the adapter is there already, for another style.
        """
        if status not in {"candidate", "refused"}:
            raise ValueError("an adapter comes in as a candidate or as refused")
        manifest = read_manifest(built)
        check_files(built, manifest)
        with _disk(), self._database.write() as session:
            key = rows.style_key(session, owner, style)
            self._move_in(built, manifest)
            entry = rows.add(session, owner, key, manifest, status, report or {})
            made = rows.adapter(session, entry)
            if entry.style_id != key:
                raise InvalidRequest(
                    f"This adapter is there already, for the style {made.style!r}; use it there."
                )
        return made

    def import_(self, owner: str, style: str, directory: Path, served: BaseRef) -> Adapter:
        """Copy an exported adapter in, as a candidate.

        Raises:
            AdapterUnusable: it was made for another base than the one served, or is damaged.
        """
        check_base(read_manifest(directory), served)
        with _disk():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_leftovers()
            with _partial(self._folder) as part:
                _copy(directory, part)
                return self.add(owner, style, part)

    def export(self, owner: str, address: str, directory: Path) -> Path:
        """Copy an adapter's folder to a new place, all or nothing.

        Raises:
            InvalidRequest: there is something at that place.
            AdapterUnusable: the adapter's own files are damaged.
        """
        source = self._place(self.get(owner, address).id)
        directory = directory.resolve()
        if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
            raise InvalidRequest(
                f"{str(directory)!r} holds other things; give a new or empty folder.",
                field="directory",
            )
        with _disk():
            directory.parent.mkdir(parents=True, exist_ok=True)
            with _partial(directory.parent) as part:
                _copy(source, part)
                part.chmod(0o755)
                part.replace(directory)
        return directory

    # what there is
    def get(self, owner: str, address: str) -> Adapter:
        """Return an adapter; NotFound if it is not this owner's."""
        with self._database.read() as session:
            return rows.adapter(session, rows.existing(session, owner, address))

    def list(self, owner: str, style: str | None = None) -> Sequence[Adapter]:
        """Return the adapters of an owner, or of a style, newest first."""
        with self._database.read() as session:
            key = None if style is None else rows.style_key(session, owner, style)
            return [rows.adapter(session, entry) for entry in rows.listed(session, owner, key)]

    def overdue(self, owner: str) -> Sequence[Overdue]:
        """Return the adapters that can write and learned from what was refused or deleted since."""
        with self._database.read() as session:
            return rows.overdue(session, owner)

    def history(self, owner: str, style: str) -> Sequence[Promotion]:
        """Return which adapters of a style served, oldest first."""
        with self._database.read() as session:
            return rows.history(session, owner, rows.style_key(session, owner, style))

    def current(self, owner: str, style: str, *, base: str | None = None) -> Adapter | None:
        """Return the adapter of a style that serves on a base (its revision), if any does.

        Without `base`, the one on which the style's adapters last changed.
        """
        return next(iter(self.serving(owner, style, base=base)), None)

    def serving(self, owner: str, style: str, *, base: str | None = None) -> Sequence[Adapter]:
        """Return the adapter that serves, then those that rolling back would go to, in order."""
        with self._database.read() as session:
            key = rows.style_key(session, owner, style)
            revision = rows.latest_base(session, owner, key) if base is None else base
            found = rows.serving(session, owner, key, revision)
            return [rows.adapter(session, entry) for entry in found]

    def servable(self, address: str, served: BaseRef) -> Path:
        """Return the file of an adapter that is served, checked.

        Raises:
            AdapterUnusable: it is damaged, gone, or made for another base than the one served.
        """
        return servable(self._place(address), served)

    # how they stand
    def judge(
        self, owner: str, address: str, report: Mapping[str, JsonValue], *, passed: bool
    ) -> Adapter:
        """Keep the gate's report on a candidate; one that did not pass is refused, and kept."""
        with self._database.write() as session:
            entry = rows.existing(session, owner, address)
            rows.judge(entry, report, passed=passed)
            return rows.adapter(session, entry)

    def promote(self, owner: str, address: str, reason: str = "") -> Adapter:
        """Let an adapter serve from now on, in one transaction.

        Raises:
            AdapterUnusable: its files are damaged; the old one goes on serving.
            InvalidRequest: the gate refused it, or it was taken out of service, and no reason is
                given.
        """
        folder = self._place(self.get(owner, address).id)
        check_files(folder, read_manifest(folder))
        with self._database.write() as session:
            entry = rows.existing(session, owner, address)
            rows.promote(session, entry, reason.strip())
            return rows.adapter(session, entry)

    def rollback(self, owner: str, style: str, *, base: str | None = None) -> Adapter | None:
        """Let the adapter serve that served before; return it, None where there was none.

        Raises:
            InvalidRequest: no adapter of the style serves.
        """
        with self._database.write() as session:
            key = rows.style_key(session, owner, style)
            revision = rows.latest_base(session, owner, key) if base is None else base
            entry = rows.rollback(session, owner, key, revision)
            return None if entry is None else rows.adapter(session, entry)

    def retire(self, owner: str, addresses: Sequence[str], reason: str = "") -> Sequence[Adapter]:
        """Take adapters out of service for good, all or none: no roll back goes to them."""
        with self._database.write() as session:
            entries = [rows.existing(session, owner, address) for address in addresses]
            # What serves goes last, so that it is not followed by one that goes too.
            entries.sort(key=lambda entry: entry.status == "promoted")
            for entry in entries:
                rows.retire(session, entry, reason.strip())
            return [rows.adapter(session, entry) for entry in entries]

    def _place(self, address: str) -> Path:
        return self._folder / address

    def _move_in(self, built: Path, manifest: AdapterManifest) -> None:
        """Put a folder in its place; what is there already has the same content by its name.

        Unless it is damaged: then the new one takes its place.
        """
        place = self._place(manifest.id)
        self._folder.mkdir(parents=True, exist_ok=True)
        if place.exists():
            if _is_whole(place, manifest):
                shutil.rmtree(built)
                return
            shutil.rmtree(place)
        try:
            built.replace(place)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with _partial(self._folder) as part:
                _copy(built, part)
                part.replace(place)
            shutil.rmtree(built)
        place.chmod(0o755)
        _sync(self._folder)

    def _remove_leftovers(self) -> None:
        """Remove the unfinished folders of processes that were killed."""
        for part in self._folder.glob(f"{_PARTIAL}*"):
            if time.time() - part.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _disk() -> Iterator[None]:
    """Re-label what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The adapter cannot be written ({error.strerror}); free some space and try again."
        ) from error


@contextmanager
def _partial(parent: Path) -> Iterator[Path]:
    """Yield a new folder that is gone at the end unless it was renamed."""
    part = Path(tempfile.mkdtemp(dir=parent, prefix=_PARTIAL))
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy the files that the manifest names, and check the copies: nothing else comes along."""
    manifest = read_manifest(source)
    check_files(source, manifest)
    for name in (*manifest.files, MANIFEST):
        shutil.copyfile(source / name, target / name, follow_symlinks=False)
        with (target / name).open("rb+") as file:
            os.fsync(file.fileno())
    check_files(target, manifest)
    _sync(target)


def _is_whole(folder: Path, manifest: AdapterManifest) -> bool:
    try:
        check_files(folder, manifest)
    except AdapterUnusable:
        return False
    return read_manifest(folder) == manifest


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
