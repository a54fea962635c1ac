"""Where the page's benchmark runs lie: a folder each, under the owner's, in the data directory.

    notebench/OWNER/RUN/run.json           what was asked, and how it ended
                        items.jsonl        the items as they were when it began
                        .claim             locked by the server that works on the run
                        SYSTEM.json        a report, as `bench run` writes it
                        SYSTEM.json.partial  outputs so far, as `bench run` leaves them

Files, not a table: the outputs and reports are files already, and a row about them could say
something else than they do. Each file is whole or not there, so a kill at any moment leaves a run
that can go on; and `bench verify`, `compare` and `run` read the same files.
"""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from app.bench import BenchSet, read_items, read_report, save_items
from engine.errors import NotFound, StorageError
from engine.notebench.report import BenchReport
from engine.notebench.run import partial_path
from engine.notebench.samples import BenchItem
from engine.types import Language, Value, utc_now
from storage.locks import locked

End = Literal["running", "done", "stopped", "failed"]
_CLAIM = ".claim"
_TRIES, _TRY_SECONDS = 3, 0.02
_NAME = re.compile(r"[a-z0-9-]{1,80}")


class BenchRun(Value):
    """What a person asked to be measured, and how it ended.

    `end` is "running" from the first moment: where nothing runs it, the server was stopped.
    """

    id: str
    created_at: datetime
    systems: tuple[str, ...]
    data: str
    language: Language | None
    count: int
    seed: int
    end: End = "running"
    why: str = ""
    deleted: bool = False


class BenchFiles:
    """Reads and writes the runs of all owners below one folder."""

    def __init__(self, root: Path) -> None:
        """Keep the place; it is made with the first run."""
        self._root = root

    def create(
        self, owner: str, chosen: BenchSet, systems: Sequence[str], language: Language | None,
        seed: int,
    ) -> BenchRun:  # fmt: skip
        """Put a new run on the disk with its items; runs that were deleted are gone for good."""
        for old in self._all(owner):
            if old.deleted:
                shutil.rmtree(self._folder(owner, old.id), ignore_errors=True)
        now = utc_now()
        run = BenchRun(
            id=f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}",
            created_at=now,
            systems=tuple(systems),
            data=chosen.path,
            language=language,
            count=len(chosen.items),
            seed=seed,
        )
        folder = self._folder(owner, run.id)
        try:
            folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise StorageError(
                f"{folder} cannot be written ({error.strerror}); choose another place or make room."
            ) from error
        save_items(chosen.items, folder / "items.jsonl")
        self.save(owner, run)
        return run

    def keep_newest(self, owner: str, count: int) -> None:
        """Remove an owner's older runs."""
        for old in self._all(owner)[count:]:
            shutil.rmtree(self._folder(owner, old.id), ignore_errors=True)

    def save(self, owner: str, run: BenchRun) -> None:
        """Write a run's own file, whole or not at all."""
        target = self._folder(owner, run.id) / "run.json"
        fresh = target.with_name(".run.json.new")
        try:
            with fresh.open("wb") as file:
                file.write(run.model_dump_json(indent=1).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        except OSError as error:
            raise StorageError(
                f"{target} cannot be written ({error.strerror}); choose another place or make room."
            ) from error

    def runs(self, owner: str) -> list[BenchRun]:
        """Return an owner's runs, the newest first."""
        return [run for run in self._all(owner) if not run.deleted]

    def _all(self, owner: str) -> list[BenchRun]:
        folder = self._root / _checked(owner)
        paths = sorted(folder.glob("*/run.json"), reverse=True)
        return [run for path in paths if (run := _read(path)) is not None]

    def run(self, owner: str, run_id: str) -> BenchRun:
        """Return one run, a deleted one too.

        Raises:
            NotFound: this owner has no such run.
        """
        known = _NAME.fullmatch(run_id)
        run = _read(self._folder(owner, run_id) / "run.json") if known else None
        if run is None:
            raise NotFound("There is no such run; reload the page.")
        return run

    def claim(self, owner: str, run: BenchRun) -> int | None:
        """Take a run for this server alone; None where another has it. `os.close` lets go of it.

        Whoever is killed holds nothing any more, so that the next server can take the run up.
        """
        path = self._folder(owner, run.id) / _CLAIM
        for _ in range(_TRIES):
            claim = locked(path, "alone")
            if claim is not None:
                return claim
            time.sleep(_TRY_SECONDS)  # who only looks has it for an instant
        return None

    def items(self, owner: str, run: BenchRun) -> tuple[BenchItem, ...]:
        """Return the items as they were when the run began."""
        return read_items(self.items_path(owner, run))

    def items_path(self, owner: str, run: BenchRun) -> Path:
        """Return the file of the items."""
        return self._folder(owner, run.id) / "items.jsonl"

    def report_path(self, owner: str, run: BenchRun, system: str) -> Path:
        """Return where a system's report is, or will be."""
        return self._folder(owner, run.id) / f"{system}.json"

    def finished(self, owner: str, run: BenchRun) -> tuple[str, ...]:
        """Return the systems whose report is there."""
        return tuple(name for name in run.systems if self.report_path(owner, run, name).exists())

    def written(self, owner: str, run: BenchRun, system: str) -> int:
        """Return how many items a system has answered."""
        target = self.report_path(owner, run, system)
        if target.exists():
            return run.count
        try:
            return max(0, partial_path(target).read_bytes().count(b"\n") - 1)
        except OSError:
            return 0

    def report(self, owner: str, run: BenchRun, system: str) -> BenchReport:
        """Return a system's report."""
        return read_report(self.report_path(owner, run, system))

    def _folder(self, owner: str, run_id: str) -> Path:
        return self._root / _checked(owner) / _checked(run_id)


def _checked(name: str) -> str:
    """Return a name that may be a folder's; ours all are."""
    if not _NAME.fullmatch(name):
        raise NotFound("There is no such run; reload the page.")
    return name


def _read(path: Path) -> BenchRun | None:
    """Return a run, None where the file is not there or is none of ours."""
    try:
        return BenchRun.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError):
        return None
