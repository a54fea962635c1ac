"""kill -9 at any moment, and several processes at once: what was reported as saved is there."""

import random
import time

import pytest

from storage.store import Store
from tests.builders import profile
from tests.storage.conftest import Program

WRITER = """
import sys
from storage.store import Store
from tests.builders import edit, note, profile, stars

url, name = sys.argv[1:3]
store = Store.open(url)
store.save_profile("me", profile())
for i in range(int(sys.argv[3])):
    kept = note(topic=f"{name} {i}", text=f"Word{i} " * 200)
    print("note", store.save_note("me", kept), flush=True)
    for act in (stars(kept, 1 + i % 5), edit(kept, f"Edited {i}")):
        store.add_feedback("me", act)
        print("feedback", kept.id, act.id, flush=True)
store.close()
"""

OPENER = """
import sys
from storage.store import Store

print("ready", flush=True)
Store.open(sys.argv[1]).close()
"""


@pytest.mark.parametrize("seed", range(4))
def test_kill_9_loses_nothing_that_was_reported_as_saved(
    program: Program, url: str, seed: int
) -> None:
    child = program(WRITER, url, "killed", "100000")
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(4)]  # from here on it is in its stride
    time.sleep(random.Random(seed).uniform(0.05, 0.5))
    child.kill()
    lines += child.communicate()[0].splitlines(keepends=True)
    reported = [line.split() for line in lines if line.endswith("\n")]

    store = Store.open(url)
    stored = {record.note.id: {act.id for act in record.feedback} for record in store.notes("me")}
    assert {line[1] for line in reported if line[0] == "note"} <= set(stored)
    assert all(line[2] in stored[line[1]] for line in reported if line[0] == "feedback")
    assert len(reported) >= 4
    assert len(stored) <= sum(line[0] == "note" for line in reported) + 1
    assert store.verify() == ()
    assert store.search("me", "killed 0 ").total == 1
    store.close()


def test_kill_9_while_the_tables_are_made_leaves_a_database_that_opens(
    program: Program, url: str
) -> None:
    for delay in (0.0, 0.01, 0.03, 0.06):
        child = program(OPENER, url)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(delay)
        child.kill()
        child.wait()

    store = Store.open(url)
    assert store.verify() == ()
    store.close()


def test_processes_that_open_a_new_database_at_once_make_it_once(
    program: Program, url: str
) -> None:
    children = [program(OPENER, url) for _ in range(4)]
    for child in children:
        _, err = child.communicate(timeout=60)
        assert child.returncode == 0, err


def test_two_processes_write_at_once_and_nothing_is_lost(program: Program, url: str) -> None:
    children = [program(WRITER, url, name, "25") for name in ("one", "two")]
    for child in children:
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
        assert len(out.splitlines()) == 75

    store = Store.open(url)
    records = list(store.notes("me"))
    assert len(records) == 50
    assert all(len(record.feedback) == 2 for record in records)
    assert store.verify() == ()
    store.close()


@pytest.mark.usefixtures("sqlite_file")
def test_a_save_is_on_the_disk_before_it_is_reported(store: Store) -> None:
    """The level is per connection, so it is asked on the store's own."""
    with store._database.read() as session:
        connection = session.connection()
        asked = {
            pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            for pragma in ("synchronous", "journal_mode", "foreign_keys")
        }

    assert asked == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}


OTHER = """
import sys
from storage.store import Store
from tests.builders import profile
store = Store.open(sys.argv[1])
store.save_profile("me", profile("Of another process"))
store.close()
"""


def test_a_second_store_does_not_let_another_process_delete_the_log(
    url: str, program: Program
) -> None:
    """Closing any handle of a file drops all of a process's locks on it (POSIX)."""
    first = Store.open(url)
    first.save_profile("me", profile("Before"))
    Store.open(url)
    child = program(OTHER, url)
    _, errors = child.communicate()
    assert child.returncode == 0, errors
    first.save_profile("me", profile("After"))
    again = Store.open(url)
    assert {row.name for row in again.styles("me")} == {"Before", "Of another process", "After"}
    assert again.verify() == ()
