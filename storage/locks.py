"""Locks between processes: files that the system lets go of by itself when their holder dies."""

import fcntl
import os
from pathlib import Path
from typing import Literal

_KINDS = {"shared": fcntl.LOCK_SH, "alone": fcntl.LOCK_EX | fcntl.LOCK_NB}


def locked(path: Path, kind: Literal["shared", "alone"]) -> int | None:
    """Return the file, opened and locked; closing it lets go of the lock.

    None where the disk refuses the file, or, for "alone", where anybody else holds a lock on it:
    in another process, or by another call in this one. A shared lock is waited for.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(file, _KINDS[kind])
    except OSError:
        os.close(file)
        return None
    return file
