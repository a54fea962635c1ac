"""Running `notewright bench …` in a test, and the files that it reads and writes."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.cli import main
from engine.notebench.samples import BenchItem


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Bench = Callable[..., Said]


def bench_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Return what runs `notewright bench …` in this process, on the scripted model."""
    monkeypatch.setenv("NOTEWRIGHT_SCRIPTED", "1")

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["notewright", "bench", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        return Said(code, *capsys.readouterr())

    return call


def save(path: Path, rows: Sequence[BenchItem | dict[str, Any]]) -> Path:
    """Write rows as JSON Lines."""
    told = [
        row if isinstance(row, dict) else row.model_dump(mode="json", exclude_none=True)
        for row in rows
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in told), encoding="utf-8")
    return path


def load(path: Path) -> dict[str, Any]:
    """Read a report as JSON."""
    return dict(json.loads(path.read_text(encoding="utf-8")))
