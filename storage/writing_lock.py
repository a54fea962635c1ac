"""Tells other processes that somebody is writing: a lock that the system lets go of by itself.

Everybody who writes holds the file's shared lock; training asks whether it could have it alone.
Whoever is killed holds nothing any more, and there is no clock to disagree about.
"""

import os
from pathlib import Path

from storage.locks import locked

WRITING = "writing.lock"
"""The file's name in the data directory."""


class WritingLock:
    """A lock file in the data directory; one object for each server."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self._path = path
        self._held: int | None = None

    def mark(self, writing: bool) -> None:
        """Say whether somebody writes in this process; saying so again changes nothing.

        A disk that refuses must not keep anybody from writing: training then does not make room.
        """
        if writing and self._held is None:
            self._held = locked(self._path, "shared")
        elif not writing and self._held is not None:
            os.close(self._held)
            self._held = None

    def somebody_writes(self) -> bool:
        """Return whether any process is writing."""
        free = locked(self._path, "alone")
        if free is None:
            return self._path.exists()
        os.close(free)
        return False
