"""Models kept in memory: the least recently used goes first when its memory is wanted.

What is dropped here lives on for whoever is using it: a running request keeps its model to the end.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Warm(Generic[T]):
    """Loaded things by key, within a budget of memory.

    Args:
        budget: bytes that all may take together; 0 keeps what fits into the memory that is free.
        free: says how many bytes are free, None where nobody knows.
    """

    def __init__(self, budget: int = 0, free: Callable[[], int | None] = lambda: None) -> None:
        """Keep nothing yet."""
        self._budget = budget
        self._free = free
        self._lock = threading.RLock()
        self._kept: OrderedDict[Hashable, tuple[int, T]] = OrderedDict()
        self._pinned: frozenset[Hashable] = frozenset()

    def get(self, key: Hashable, size: int, load: Callable[[], T]) -> T:
        """Return what is kept under `key`, loaded now if it is not, others making room for it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][1]
            self._make_room(size)
            value = load()
            self._kept[key] = size, value
            return value

    def room_for(self, sizes: Mapping[Hashable, int]) -> bool:
        """Make room for what is about to be loaded; tell whether so much memory is free then."""
        with self._lock:
            wanted = sum(size for key, size in sizes.items() if key not in self._kept)
            if not wanted:
                return True
            self._make_room(wanted, spared=sizes)
            free = self._free()
            return free is None or wanted <= free

    def pin(self, keys: Collection[Hashable]) -> None:
        """Never drop these from now on: they are what is used where nobody says."""
        with self._lock:
            self._pinned = frozenset(keys)

    @property
    def keys(self) -> tuple[Hashable, ...]:
        """What is kept, the least recently used first."""
        with self._lock:
            return tuple(self._kept)

    def _make_room(self, size: int, spared: Collection[Hashable] = ()) -> None:
        for key in [key for key in self._kept if key not in self._pinned and key not in spared]:
            if self._fits(size):
                return
            del self._kept[key]

    def _fits(self, size: int) -> bool:
        if self._budget:
            return size + sum(taken for taken, _ in self._kept.values()) <= self._budget
        free = self._free()
        return free is None or size <= free
