"""The history of the tables (Alembic), for SQLite and PostgreSQL alike.

A new revision is a file in versions/ that continues the last one; put its id in `HEAD`.
tests/storage/test_migrations.py compares the outcome with storage/tables.py.
"""

import threading
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from engine.errors import StorageError
from storage.database import Database

HEAD = "0007"
_ALONE = threading.Lock()  # Alembic keeps what it works on in module variables


def upgrade(database: Database) -> None:
    """Bring the tables up to date, all or nothing.

    Raises:
        StorageError: a newer Notewright made the database, or it cannot be written.
    """
    with database.read() as session:
        if _revision(session.connection()) == HEAD:
            return
    with _ALONE, database.write() as session:
        _run(session.connection(), database.place)


def _run(connection: Connection, place: str) -> None:
    # Delayed imports: Alembic takes a while to load and most starts have nothing to migrate.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    revision = _revision(connection)
    if revision is not None and revision not in known:
        raise StorageError(
            f"The database {place} was made by a newer Notewright (its version is {revision!r},"
            f" this one knows {HEAD!r}); update Notewright and start again."
        )
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
