"""A connection to SQLite or PostgreSQL: many readers, one writer, errors in plain words.

SQLite runs in WAL mode with `synchronous=FULL`: each commit is on the disk before it is reported,
so it survives kill -9 and also a power cut. Readers never wait for the writer.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from engine.errors import StorageError
from storage.failures import translated

BUSY_MS = 10_000
_WRITER_KEY = 0x6E6F7465  # any fixed number: PostgreSQL's advisory lock for writers


class Database:
    """An engine and the lock that lets one writer in at a time."""

    def __init__(self, url: str) -> None:
        """Prepare connections to `url`; nothing is opened before the first session."""
        address = _address(url)
        self.place = address.database or ""
        self._lock = threading.Lock()
        try:
            self._engine = create_engine(address, pool_pre_ping=not _is_sqlite(address))
        except (ImportError, ArgumentError) as error:
            raise StorageError(
                f"No driver for {address.drivername!r} databases: run"
                " `pip install 'notewright[postgres]'`, or leave NOTEWRIGHT_DATABASE_URL empty."
            ) from error
        if _is_sqlite(address):
            _use_sqlite(self._engine, Path(self.place))
        self._writing = self._engine.execution_options(writes=True)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one moment of the database."""
        with translated(self.place), Session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open the only writing session; commits at the end, rolls back on any exception."""
        with (
            self._lock,
            translated(self.place),
            Session(self._writing) as session,
            session.begin(),
        ):
            if self.dialect == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(:key)")
                session.connection().execute(lock, {"key": _WRITER_KEY})
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StorageError(
            "NOTEWRIGHT_DATABASE_URL is not a database address; write"
            " sqlite:////path/notewright.db or postgresql://user:password@host/name."
        ) from error
    if address.drivername in {"postgres", "postgresql"}:
        return address.set(drivername="postgresql+psycopg")
    if _is_sqlite(address) and address.database in {None, "", ":memory:"}:
        raise StorageError("The database must be a file; write sqlite:////path/notewright.db.")
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StorageError(
            f"Notewright does not know {address.drivername!r} databases; use SQLite or PostgreSQL."
        )
    return address


def _is_sqlite(address: URL) -> bool:
    return address.drivername.partition("+")[0] == "sqlite"


def _use_sqlite(engine: Engine, file: Path) -> None:
    _make_private(file)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, so DDL is in transactions too
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16384",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _switch_to_wal(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock at once: a read that later wants to write could only fail.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # The mode stays in the file. The switch is the one thing that does not wait by itself while
    # another program opens the same new database.
    patience = time.monotonic() + BUSY_MS / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > patience:
                raise
            time.sleep(0.01)
        else:
            return


def _make_private(file: Path) -> None:
    """Create the folder and an empty file that only its owner may read (SQLite keeps the mode)."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # One that is there is never opened here: closing it would drop every lock that this
        # process holds on it (POSIX), and another that closes last would then delete the log under
        # our feet.
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o600))
    except OSError as error:
        raise StorageError(
            f"{file} cannot be opened ({error.strerror}); check that you may write in its folder,"
            " or set NOTEWRIGHT_DATA_DIR to another one."
        ) from error
