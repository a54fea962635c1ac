"""How many texts a second are scored, all scores together and each apart."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from engine.models.embedder import MiniLMEmbedder
from engine.protocols import Vectors
from engine.scoring.copying import copied
from engine.scoring.meaning import meaning
from engine.scoring.scorer import NoteScorer
from engine.scoring.slop import find_slop, load_phrases
from engine.scoring.style import style
from engine.types import StyleSample
from scripts.validation.data import Sets
from scripts.validation.measures import Table, timed

WORDS, TEXTS, THREADS = 150, 30, 1


class Case(NamedTuple):
    """A text of 150 words, what it retells, and five samples."""

    text: str
    source: str
    samples: tuple[str, ...]


class Unread:
    """An embedder that reads nothing, to see what all else costs."""

    name = "none"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the same unit row for every text."""
        return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))

    def embed_tokens(self, text: str) -> tuple[tuple[str, ...], Vectors]:
        """Return the same unit row for every word."""
        told = tuple(text.split())
        return told, self.embed(told)


def cases(sets: Sets) -> list[Case]:
    """Return passages of one version, with another version as their source; no two alike."""
    rows = sets.rows("bible_wide_en", "train")
    known = tuple(_cut(row["texts"]["KJV"]) for row in rows[-5:])
    pairs = zip(rows[: 2 * TEXTS : 2], rows[1 : 2 * TEXTS : 2], strict=True)
    return [
        Case(
            _cut(f"{first['texts']['KJV']} {second['texts']['KJV']}"),
            _cut(f"{first['texts']['WEB']} {second['texts']['WEB']}"),
            known,
        )
        for first, second in pairs
    ]


def _cut(text: str) -> str:
    return " ".join(text.split()[:WORDS])


def speed(sets: Sets) -> list[Table]:
    """Return the time of each score on texts that were never seen before."""
    told, phrases = cases(sets), load_phrases("en")
    titled = [StyleSample(title="sample", text=text) for text in told[0].samples]
    fresh = [MiniLMEmbedder(threads=THREADS) for _ in range(3)]
    whole, faith, unread = (NoteScorer(e) for e in (fresh[0], fresh[1], Unread()))
    warm = Case("The ferry leaves at six.", "At six the ferry goes.", told[0].samples)
    parts: dict[str, Callable[[Case], object]] = {
        "style": lambda c: style(c.text, c.samples, "en"),
        "meaning": lambda c: meaning(c.text, c.source, "en", fresh[2]),
        "faithful, meaning and slop": lambda c: faith.score(
            c.text, language="en", source=c.source
        ),
        "copied": lambda c: copied(c.text, titled, c.source, "en"),
        "slop": lambda c: find_slop(c.text, "en", phrases, samples=c.samples, told=c.source),
        "all scores": lambda c: whole.score(
            c.text, language="en", source=c.source, samples=c.samples, words=WORDS
        ),
        "all scores, the embedder's part left out": lambda c: unread.score(
            c.text, language="en", source=c.source, samples=c.samples, words=WORDS
        ),
    }  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for name, part in parts.items():
        part(warm)
        started = time.process_time()
        wall = timed(lambda part=part: [part(c) for c in told], time.perf_counter)  # type: ignore[misc]
        cpu = time.process_time() - started
        rows.append(
            (name, f"{1e3 * wall / TEXTS:.1f}", f"{1e3 * cpu / TEXTS:.1f}", f"{TEXTS / wall:.0f}")
        )
    return [
        Table(
            "Speed",
            f"{TEXTS} texts of {WORDS} words with a source as long and five samples, none seen "
            f"before, one process; threads of the embedder: {THREADS}.",
            ("", "ms a text", "processor ms a text", "texts a second"),
            tuple(rows),
        )
    ]
