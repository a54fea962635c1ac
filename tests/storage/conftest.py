"""A real database for each test, and programs that run beside it.

Every test runs on a new SQLite file. Where NOTEWRIGHT_TEST_POSTGRES_URL names a server on which
databases may be made, all but those about the file itself (they ask for `sqlite_file`) run there
as well.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from storage.store import Store

ROOT = Path(__file__).parents[2]
Program = Callable[..., "subprocess.Popen[str]"]


SERVER = os.environ.get("NOTEWRIGHT_TEST_POSTGRES_URL", "")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on every kind of database that is there."""
    if "url" in metafunc.fixturenames:
        both = bool(SERVER) and "sqlite_file" not in metafunc.fixturenames
        metafunc.parametrize("url", ["sqlite", "postgresql"] if both else ["sqlite"], indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a database that is not there yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'data' / 'notewright.db'}"
        return
    server, name = make_url(SERVER), f"notewright_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def sqlite_file(url: str) -> Path:
    """Return the database's file; a test that asks for it runs on SQLite only."""
    return Path(url.removeprefix("sqlite:///"))


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

    def run(code: str, *arguments: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-u", "-c", dedent(code), *arguments],
            cwd=ROOT,
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
