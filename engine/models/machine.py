"""What this machine really gives the process: cores and memory; and how a large file is named."""

import hashlib
import math
import os
from pathlib import Path

_EDGE = 1 << 20
_CGROUP = Path("/sys/fs/cgroup")


def available_cores() -> int:
    """Return the cores this process may use: its affinity, less what a container's quota takes."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = _cgroup_quota(_CGROUP)
    return max(1, min(cores, math.ceil(quota)) if quota else cores)


def available_memory() -> int | None:
    """Return the bytes that can still be had without swapping, or None where nobody says."""
    found = [
        n for n in (_free_memory(Path("/proc/meminfo")), _cgroup_memory(_CGROUP)) if n is not None
    ]
    return min(found) if found else None


def weights_file(path: Path) -> Path:
    """Return the file that names a model: itself, or the first file of a folder's safetensors."""
    if not path.is_dir():
        return path
    return min(path.glob("*.safetensors"), default=path / "model.safetensors")


def fingerprint(path: Path) -> str:
    """Return 16 hex digits that name a file's content by its size, first and last mebibyte.

    A whole hash of a model of many gigabytes would take longer than loading it.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_EDGE))
        file.seek(max(0, size - _EDGE))
        digest.update(file.read(_EDGE))
    return digest.hexdigest()[:16]


def _cgroup_quota(root: Path) -> float | None:
    try:
        limit, period = (root / "cpu.max").read_text().split()
    except (OSError, ValueError):
        limit = _read(root / "cpu" / "cpu.cfs_quota_us")
        period = _read(root / "cpu" / "cpu.cfs_period_us")
    if not (limit.isdigit() and period.isdigit() and int(period)):
        return None
    return int(limit) / int(period)


def _free_memory(meminfo: Path) -> int | None:
    for line in _read(meminfo).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _cgroup_memory(root: Path) -> int | None:
    """Return what a container may still take; files that were read or written give way."""
    limit, used = _read(root / "memory.max"), _read(root / "memory.current")
    if not (limit.isdigit() and used.isdigit()):
        return None
    stat = dict(line.split() for line in _read(root / "memory.stat").splitlines())
    files = sum(int(stat.get(name, 0)) for name in ("active_file", "inactive_file"))
    return max(0, int(limit) - int(used) + files)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
