"""Remembers what was read of the texts asked for last; safe to share between threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Read = TypeVar("Read")


def _one(read: object) -> int:  # noqa: ARG001  (all weigh the same)
    return 1


class RowCache(Generic[Read]):
    """Reads a text once, however often and by whomever it is asked for.

    Args:
        encode: reads the texts that are not remembered; called by one thread at a time.
        most: how much is remembered at most, all weights together.
        weight: what one reading weighs; 1 where it is not given.
    """

    def __init__(
        self,
        encode: Callable[[list[str]], Sequence[Read]],
        *,
        most: int = 2_048,
        weight: Callable[[Read], int] = _one,
    ) -> None:
        """Begin with nothing remembered."""
        self._encode, self._most, self._weight = encode, most, weight
        self._lock = threading.Lock()
        self._rows: OrderedDict[str, Read] = OrderedDict()
        self._held = 0

    def rows(self, texts: Sequence[str]) -> list[Read]:
        """Return what is read of each text, in order."""
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._rows]
            fresh = dict(zip(missing, self._encode(missing), strict=True)) if missing else {}
            rows = [fresh[text] if text in fresh else self._rows[text] for text in texts]
            self._remember(dict(zip(texts, rows, strict=True)))
        return rows

    def _remember(self, read: dict[str, Read]) -> None:
        for text, row in read.items():
            if text not in self._rows:
                self._held += self._weight(row)
            self._rows[text] = row
            self._rows.move_to_end(text)
        while self._held > self._most:
            _, oldest = self._rows.popitem(last=False)
            self._held -= self._weight(oldest)
