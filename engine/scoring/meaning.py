"""Does a text mean what its source means? Embedding cosine, put on a scale from 0 to 1."""

import numpy as np

from engine.protocols import Embedder
from engine.scoring.support import content
from engine.types import Language

GATE = 0.5  # meaning above this counts as kept (VSS)
_SCALE = (0.15, 0.85)  # cosine of unrelated texts … of paraphrases, MiniLM on English


def meaning(text: str, source: str, language: Language, embedder: Embedder) -> float:
    """Return closeness of meaning in [0, 1].

    The embedded model reads English only; for Chinese the share of the source's character pairs
    that the text keeps stands in, and the signature says so.
    """
    if language == "zh":
        wanted, have = content(source), set(content(text))
        return sum(w in have for w in wanted) / len(wanted) if wanted else 1.0
    first, second = embedder.embed([text, source])
    low, high = _SCALE
    return float(np.clip((float(first @ second) - low) / (high - low), 0, 1))
