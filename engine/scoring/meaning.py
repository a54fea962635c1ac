"""Does a text mean what its source means? Embedding cosine, put on a scale from 0 to 1.

A text's vector is the mean of its sentences' vectors: faithfulness asks for those too, so an
embedder that remembers works once, and no text is too long.
"""

import numpy as np

from engine.protocols import Embedder, Vectors
from engine.scoring.support import content
from engine.text import sentences
from engine.types import Language

GATE = 0.5  # meaning above this counts as kept (VSS)
# What unrelated texts and retellings reach, put at 0 and 1 (docs/METRICS.md).
_COSINE = (0.35, 0.85)
_PAIRS = (0.02, 0.4)


def meaning(text: str, source: str, language: Language, embedder: Embedder) -> float:
    """Return closeness of meaning in [0, 1].

    The embedded model reads English only, and no scale is measured for one that reads Chinese:
    the share of the source's character pairs that the text keeps stands in, as the signature says.
    """
    if language == "zh":
        wanted, have = content(source), set(content(text))
        share = sum(w in have for w in wanted) / len(wanted) if wanted else 1.0
        return _scaled(share, _PAIRS)
    return _scaled(float(_mean(text, embedder) @ _mean(source, embedder)), _COSINE)


def _scaled(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _mean(text: str, embedder: Embedder) -> Vectors:
    """Return the unit vector between those of the sentences."""
    summed: Vectors = embedder.embed(sentences(text) or [text]).sum(axis=0)
    return summed / max(float(np.linalg.norm(summed)), 1e-6)
