"""Full, read-only, locked and broken: a clear sentence, nothing half-written, still usable."""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from engine.errors import StorageError
from storage.store import Store
from tests.builders import note, profile, stars
from tests.storage.conftest import Program

BULKY = "A long line of words that fills the disk. " * 500


def fill(store: Store) -> int:
    """Store bulky notes until the database refuses; return how many were taken."""
    store.save_profile("me", profile())
    for count in range(10_000):
        try:
            store.save_note("me", note(topic=str(count), text=BULKY))
        except StorageError as error:
            if "free some space" not in str(error):
                raise
            return count
    raise AssertionError("the disk never filled")


@contextlib.contextmanager
def page_limit(pages: int) -> Iterator[None]:
    """Let no database grow beyond some pages, as a full disk would."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


@pytest.mark.usefixtures("sqlite_file")
def test_a_database_that_may_not_grow_keeps_what_it_has_and_stays_usable(url: str) -> None:
    with page_limit(300):
        store = Store.open(url)
        taken = fill(store)

        assert taken > 3
        assert len(list(store.notes("me"))) == taken
        assert store.search("me", "fills").total == taken
        assert store.verify() == ()
        store.close()

    again = Store.open(url)
    again.save_note("me", note(text=BULKY))
    assert again.verify() == ()
    again.close()


def test_a_full_disk_is_a_sentence_and_loses_nothing(program: Program, tmp_path: Path) -> None:
    """The child's files may not grow beyond 2 MB: writes fail as they do on a full disk."""
    url = f"sqlite:///{tmp_path / 'notewright.db'}"
    child = program(
        """
        import resource, sys
        from storage.store import Store
        from tests.storage.test_failures import fill
        store = Store.open(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
        taken = fill(store)
        assert len(list(store.notes("me"))) == taken
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        store.save_form("me", {"topic": "room again"})
        assert store.verify() == ()
        print(taken)
        """,
        url,
    )
    out, err = child.communicate(timeout=60)

    assert child.returncode == 0, err
    again = Store.open(url)
    assert len(list(again.notes("me"))) == int(out) > 3
    assert again.load_form("me") == {"topic": "room again"}
    assert again.verify() == ()
    again.close()


def test_a_really_full_disk_is_a_sentence_and_loses_nothing(small_disk: Path) -> None:
    store = Store.open(f"sqlite:///{small_disk / 'notewright.db'}")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 1_000_000)

    taken = fill(store)

    assert len(list(store.notes("me"))) == taken > 3
    ballast.unlink()
    store.save_note("me", note(text="Room again."))
    store.add_feedback("me", stars(note(text="Room again."), 5))
    assert store.verify() == ()
    store.close()


def test_a_disk_full_from_the_start_is_a_sentence(small_disk: Path) -> None:
    with contextlib.suppress(OSError), (small_disk / "ballast").open("wb") as ballast:
        for _ in range(4_000):
            ballast.write(b"x" * 1_024)

    with pytest.raises(StorageError, match="free some space"):
        Store.open(f"sqlite:///{small_disk / 'notewright.db'}")

    (small_disk / "ballast").unlink()
    Store.open(f"sqlite:///{small_disk / 'notewright.db'}").close()


def test_another_program_that_holds_the_database_is_waited_for_then_named(
    url: str, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.BUSY_MS", 50)
    impatient = Store.open(url)
    other = sqlite3.connect(sqlite_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StorageError, match="Another program is using the database; close it"):
        impatient.save_profile("me", profile())
    assert impatient.styles("me") == []

    other.execute("ROLLBACK")
    other.close()
    impatient.save_profile("me", profile())
    impatient.close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notewright.db"
    file.write_text("My shopping list. " * 100)

    with pytest.raises(StorageError, match="not a Notewright database; choose another place"):
        Store.open(f"sqlite:///{file}")
    assert file.read_text() == "My shopping list. " * 100


def test_a_damaged_file_is_named(store: Store, url: str, sqlite_file: Path) -> None:
    store.save_profile("me", profile())
    for i in range(50):
        store.save_note("me", note(topic=str(i), text=BULKY))
    store.close()
    whole = bytearray(sqlite_file.read_bytes())
    whole[8_192:-4_096] = os.urandom(len(whole) - 12_288)
    sqlite_file.write_bytes(whole)

    with (
        pytest.raises(StorageError, match="damaged; close Notewright and put a copy"),
        contextlib.closing(Store.open(url)) as broken,
    ):
        list(broken.notes("me"))


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(StorageError, match=r"cannot be opened.*NOTEWRIGHT_DATA_DIR"):
        Store.open(f"sqlite:///{tmp_path / 'data' / 'notewright.db'}")


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """Yield a folder that an ordinary user can reach and read but not write."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o700)


def test_an_unwritable_place_is_a_sentence(program: Program, foreign_folder: Path) -> None:
    """As an ordinary user: neither a new database, nor one that may only be read."""
    kept = f"sqlite:///{foreign_folder / 'kept.db'}"
    store = Store.open(kept)
    store.save_profile("me", profile("Ada"))
    store.close()
    (foreign_folder / "kept.db").chmod(0o444)
    foreign_folder.chmod(0o555)
    child = program(
        """
        import os, sys, tempfile
        from engine.errors import StorageError
        from storage.store import Store
        from tests.builders import profile
        with tempfile.TemporaryDirectory() as own:  # libraries load while they may still be read
            Store.open(f"sqlite:///{own}/warm.db").close()
        if os.getuid() == 0:
            os.setuid(65534)
        def attempt(url):
            try:
                store = Store.open(url)
                store.save_profile("me", profile("Bea"))
            except StorageError as error:
                print(error)
        attempt(sys.argv[1])
        attempt(sys.argv[1].replace("kept", "new"))
        """,
        kept,
    )
    out, err = child.communicate(timeout=60)

    assert child.returncode == 0, err
    existing, new = out.strip().splitlines()
    assert "check" in existing
    assert "folder" in existing
    assert "new.db cannot be opened (Permission denied)" in new


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("notes.db", "not a database address"),
        ("mysql://user:secret@host/notes", "does not know 'mysql'"),
        ("sqlite+nonsense:////tmp/x.db", "No driver"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_sentence_without_secrets(
    address: str, reason: str
) -> None:
    with pytest.raises(StorageError, match=reason) as caught:
        Store.open(address)
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("sqlite_file")
def test_no_text_of_a_person_is_in_an_error(url: str) -> None:
    with page_limit(300):
        store = Store.open(url)
        store.save_profile("me", profile())
        fill(store)
        with pytest.raises(StorageError) as caught:
            store.save_note("me", note(topic="private matter", text=BULKY))
        assert "private" not in str(caught.value)
        assert "INSERT" not in str(caught.value)
        store.close()
