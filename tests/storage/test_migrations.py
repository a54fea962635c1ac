"""One history of the tables: it starts from nothing, ends at the models, and never half-way."""

import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.schema import SchemaItem
from sqlmodel import SQLModel

import storage.migrations
from engine.errors import StorageError
from storage.migrations import HEAD
from storage.store import Store
from tests.builders import note, profile
from tests.storage.conftest import ROOT


def test_a_new_database_has_the_tables_of_the_models(store: Store, url: str) -> None:
    store.save_profile("me", profile())
    engine = create_engine(url)

    def ours(
        item: SchemaItem,  # noqa: ARG001  (the signature is Alembic's)
        name: str | None,
        *rest: object,  # noqa: ARG001
    ) -> bool:
        return not (name or "").startswith("note_search")

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": ours}
        )
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_the_newest_revision_is_the_one_that_the_program_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.migrations.__file__).parent))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_opening_again_changes_nothing_and_loads_no_migration_library(
    store: Store, url: str
) -> None:
    store.save_profile("me", profile("Ada"))
    store.save_note("me", note(profile("Ada")))
    code = f"""
import sys
from storage.store import Store
store = Store.open({url!r})
assert len(list(store.notes("me"))) == 1
assert "alembic" not in sys.modules
store.close()
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_two_that_open_a_new_database_at_once_make_it_once(url: str) -> None:
    outcome: list[Store | BaseException] = []

    def start() -> None:
        try:
            outcome.append(Store.open(url))
        except BaseException as error:  # handed to the test's own thread
            outcome.append(error)

    threads = [Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for opened in outcome:
        assert isinstance(opened, Store)
        assert opened.verify() == ()
        opened.close()


@pytest.mark.usefixtures("store")
def test_a_database_of_a_newer_program_is_left_alone(url: str, sqlite_file: Path) -> None:
    _run(sqlite_file, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StorageError, match=r"newer Notewright .*'9999'.*; update Notewright"):
        Store.open(url)
    assert _run(sqlite_file, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.parametrize("table", ["feedback", "note_search"])
def test_a_migration_that_fails_leaves_no_table_behind(
    url: str, sqlite_file: Path, tmp_path: Path, table: Literal["feedback", "note_search"]
) -> None:
    """Half-way through, the migration meets a table that another program left there."""
    (tmp_path / "data").mkdir()
    _run(sqlite_file, f"CREATE TABLE {table} (x)")

    with pytest.raises(StorageError):
        Store.open(url)

    assert _run(sqlite_file, "SELECT name FROM sqlite_master") == [(table,)]
    _run(sqlite_file, f"DROP TABLE {table}")
    Store.open(url).close()


def test_the_history_is_inside_the_package() -> None:
    found = {each.name for each in files("storage.migrations.versions").iterdir()}

    assert "0001_first_tables.py" in found
    assert files("storage.migrations").joinpath("env.py").is_file()


def _run(file: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(file)
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()
