"""Remembers the rows of the texts embedded last; safe to share between threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from engine.protocols import Vectors

_SIZE = 2_048


class RowCache:
    """Embeds a text once, however often and by whomever it is asked for.

    Args:
        encode: makes the rows of texts that are not remembered; called by one thread at a time.
    """

    def __init__(self, encode: Callable[[list[str]], Sequence[Vectors]]) -> None:
        """Begin with nothing remembered."""
        self._encode = encode
        self._lock = threading.Lock()
        self._rows: OrderedDict[str, Vectors] = OrderedDict()

    def rows(self, texts: Sequence[str]) -> list[Vectors]:
        """Return a row for each text, in order."""
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._rows]
            fresh = dict(zip(missing, self._encode(missing), strict=True)) if missing else {}
            rows = [fresh[text] if text in fresh else self._rows[text] for text in texts]
            self._remember(texts, rows)
        return rows

    def _remember(self, texts: Sequence[str], rows: Sequence[Vectors]) -> None:
        for text, row in zip(texts, rows, strict=True):
            self._rows[text] = row
            self._rows.move_to_end(text)
        while len(self._rows) > _SIZE:
            self._rows.popitem(last=False)
