"""A real SQLite file for each test, and programs that run beside it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from storage.store import Store

ROOT = Path(__file__).parents[2]
Program = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the address of a database that is not there yet."""
    return f"sqlite:///{tmp_path / 'data' / 'notewright.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Yield an empty store in a new file."""
    opened = Store.open(url)
    yield opened
    opened.close()


@pytest.fixture
def program() -> Iterator[Program]:
    """Yield a function that runs Python text in a process of its own; all end with the test."""
    started: list[subprocess.Popen[str]] = []

    def run(text: str, *arguments: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-u", "-c", dedent(text), *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(child)
        return child

    yield run
    for child in started:
        child.kill()
        child.communicate()
