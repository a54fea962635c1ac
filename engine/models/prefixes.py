"""Evaluated beginnings of prompts that outlive their call: in memory, and as private files.

A style stands first in every prompt about it, so whoever comes back to it, after another style or
after a restart, has read it already.
"""

import contextlib
import hashlib
import os
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.models.llamacpp_library import Tokens

WORTH_KEEPING = 96
"""Tokens from which on keeping what was read of a prompt is worth its bytes."""

_SUFFIX = ".prefix"


@dataclass
class PrefixStore:
    """Evaluated prompts as bytes, least recently used first, at most `limit` bytes of them."""

    limit: int
    _states: OrderedDict[tuple[int, Tokens], bytes] = field(default_factory=OrderedDict)

    def keep(self, adapter: int, tokens: Tokens, state: bytes) -> None:
        """Add a state that fits at all; drop the oldest ones until all fit."""
        if len(state) > self.limit:
            return
        self._states[adapter, tokens] = state
        self._states.move_to_end((adapter, tokens))
        while sum(map(len, self._states.values())) > self.limit:
            self._states.popitem(last=False)

    def best(self, adapter: int, prompt: Tokens) -> tuple[int, Tokens]:
        """Return the longest shared prefix with a kept prompt, and that prompt."""
        found = [(shared(t, prompt), t) for a, t in self._states if a == adapter]
        return max(found, key=lambda item: item[0], default=(0, ()))

    def take(self, adapter: int, tokens: Tokens) -> bytes:
        """Return the state of a kept prompt and mark it as used."""
        self._states.move_to_end((adapter, tokens))
        return self._states[adapter, tokens]

    def holds(self, adapter: int, tokens: Tokens) -> bool:
        """Return whether this very prompt is kept."""
        return (adapter, tokens) in self._states


class PrefixFiles:
    """Evaluated beginnings of prompts on disk, found by what they say and by nothing else.

    A file's name is the hash of its tokens within a scope, and it begins with the hash of its name
    and content: one that is cut short, altered or renamed is removed and made again. It holds no
    text, but who reads a file and has the model may guess the text: files are their owner's only
    (mode 600). A disk that refuses costs time, nothing else.

    Args:
        folder: where the files lie; made when first needed.
        limit: bytes that all files take together; the least recently used go first.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        """Touch nothing yet."""
        self._folder, self._limit = folder, limit

    def find(self, scope: str, prompt: Tokens, *, least: int) -> tuple[Tokens, bytes] | None:
        """Return the longest kept beginning of `prompt`, of `least` tokens or more, and its state.

        Args:
            scope: what the state depends on beside the tokens: weights, adapter, library.
            prompt: the tokens that will be read.
            least: a shorter beginning is of no use.
        """
        for length in sorted(self._lengths(scope), reverse=True):
            if least <= length <= len(prompt):
                state = self._read(self._path(scope, prompt[:length]))
                if state is not None:
                    return prompt[:length], state
        return None

    def keep(self, scope: str, tokens: Tokens, state: bytes) -> None:
        """Write a state beside its final name and rename it, then remove the oldest files."""
        path = self._path(scope, tokens)
        part = path.with_suffix(f".part-{os.getpid()}")
        if len(state) > self._limit:
            return
        with contextlib.suppress(OSError):
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                part.touch(mode=0o600)
                part.write_bytes(_checksum(path.name, state) + state)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            self._prune()

    def _path(self, scope: str, tokens: Tokens) -> Path:
        digest = hashlib.sha256(array("i", tokens).tobytes()).hexdigest()
        return self._folder / f"{scope}-{len(tokens)}-{digest}{_SUFFIX}"

    def _lengths(self, scope: str) -> set[int]:
        names = (path.name.split("-") for path in self._folder.glob(f"{scope}-*-*{_SUFFIX}"))
        return {int(length) for _, length, *_ in names if length.isdigit()}

    def _read(self, path: Path) -> bytes | None:
        try:
            content = path.read_bytes()
        except OSError:
            return None
        state = content[hashlib.sha256().digest_size :]
        whole = content.startswith(_checksum(path.name, state))
        with contextlib.suppress(OSError):
            if whole:
                os.utime(path)
            else:
                path.unlink()
        return state if whole else None

    def _prune(self) -> None:
        """Remove the files used longest ago until the others fit; unfinished ones count too."""
        files = [(path.stat(), path) for path in self._folder.iterdir() if path.is_file()]
        held = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda item: item[0].st_mtime_ns):
            if held <= self._limit:
                return
            path.unlink(missing_ok=True)
            held -= stat.st_size


def scope_of(*parts: str) -> str:
    """Return a short name for what a state depends on beside its tokens."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def shared(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens two sequences have in common at their beginning."""
    most = min(len(first), len(second))
    return next((i for i in range(most) if first[i] != second[i]), most)


def _checksum(name: str, state: bytes) -> bytes:
    return hashlib.sha256(name.encode() + state).digest()
