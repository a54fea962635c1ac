"""How close is a text's style to some samples, whatever the topic?

Two views of the same measurements (`stylometry.py`), each centred on what people in general do, so
that agreeing in what everybody does counts for nothing: cosines of the blocks as they are, and the
cosine of a learned projection. The projection is trained by supervised contrast (Khosla et al.
2020) on texts of many authors, and on the same passages in several translations, where the content
is held fixed, so that it learns style and not topic. A logistic regression on pairs by authors that
the projection had never seen puts them on one scale: the probability that the samples' author wrote
the text (scripts/fit_style.py; figures in docs/METRICS.md).
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from engine.scoring.stylometry import BLOCKS, Floats, measured
from engine.text import tokens
from engine.types import Language

FEATURES = (*BLOCKS, "learned", "learned_squared")
SCALE = ("closeness", "known", "size", "known_closeness", "size_closeness", "one")
_CLIP = 50.0
_LONG = 400  # tokens: a longer text makes nothing surer
_ENOUGH = 1600  # tokens of samples, likewise


class Weights(NamedTuple):
    """What people in general do, and what was learned on top of it.

    `mean` and `spread` have a row for each block; `projection` is (dimensions, all blocks
    together); `weights` belong to FEATURES and say which of two texts is closer; `scale` belongs to
    SCALE and says how close that is, for so much text and so many samples.
    """

    common: tuple[str, ...]
    mean: Mapping[str, Floats]
    spread: Mapping[str, Floats]
    projection: Floats
    weights: Floats
    scale: Floats


class Print(NamedTuple):
    """The style of some text: unit vectors of each block and of the projection, and its tokens."""

    blocks: Mapping[str, Floats]
    learned: Floats
    size: int


def standard(blocks: Mapping[str, Floats], weights: Weights) -> Mapping[str, Floats]:
    """Return the blocks less what people in general do, as unit vectors."""
    centred = {name: (blocks[name] - weights.mean[name]) / weights.spread[name] for name in BLOCKS}
    return {name: unit(np.clip(block, -_CLIP, _CLIP)) for name, block in centred.items()}


def unit(vector: Floats) -> Floats:
    """Return a vector of length 1, or the zero vector as it is."""
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def fingerprint(text: str, weights: Weights) -> Print:
    """Return the style of a text as numbers."""
    raw = measured(text, weights.common)
    blocks = standard(raw, weights)
    joined = np.concatenate([blocks[name] for name in BLOCKS])
    return Print(blocks, unit(weights.projection @ joined), len(tokens(text)))


def features(text: Print, samples: Print) -> Floats:
    """Return the comparison of two prints, one number for each of FEATURES."""
    cosines = [float(text.blocks[name] @ samples.blocks[name]) for name in BLOCKS]
    learned = float(text.learned @ samples.learned)
    return np.array([*cosines, learned, learned * abs(learned)], dtype=np.float32)


def scaled(closeness: float, text: Print, samples: Print) -> Floats:
    """Return the terms of the scale, one number for each of SCALE."""
    size = math.log(max(10, min(text.size, _LONG)) / 100)
    known = math.log(max(10, min(samples.size, _ENOUGH)) / 100)
    told = [closeness, known, size, known * closeness, size * closeness, 1.0]
    return np.array(told, dtype=np.float32)


def style(text: str, samples: Sequence[str], language: Language) -> float:
    """Return how close a text is to its samples' style, in [0, 1].

    The scale is anchored: with five samples, half of an author's own unseen texts reach 0.85 and
    half of the texts by somebody else stay under 0.2.
    """
    weights = weights_for(language)
    own, known = fingerprint(text, weights), _known(tuple(samples), language)
    closeness = float(features(own, known) @ weights.weights)
    value = float(scaled(closeness, own, known) @ weights.scale)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


@lru_cache(maxsize=64)
def _known(samples: tuple[str, ...], language: Language) -> Print:
    weights = weights_for(language)
    return joined([fingerprint(sample, weights) for sample in samples])


def joined(prints: Sequence[Print]) -> Print:
    """Return the mean of several texts' prints: the style of their author."""
    blocks = {name: unit(np.mean([p.blocks[name] for p in prints], axis=0)) for name in BLOCKS}
    learned = unit(np.mean([p.learned for p in prints], axis=0))
    return Print(blocks, learned, sum(p.size for p in prints))


@cache
def weights_for(language: Language) -> Weights:
    """Return the weights that ship for a language."""
    from safetensors.numpy import load

    data = files("engine.scoring").joinpath(f"data/style_{language}.safetensors").read_bytes()
    arrays = load(data)
    words = bytes(arrays["common"].tobytes()).decode("utf-8").split("\n")
    return Weights(
        common=tuple(words),
        mean={name: arrays[f"mean.{name}"].astype(np.float32) for name in BLOCKS},
        spread={name: arrays[f"spread.{name}"].astype(np.float32) for name in BLOCKS},
        projection=arrays["projection"].astype(np.float32),
        weights=arrays["weights"].astype(np.float32),
        scale=arrays["scale"].astype(np.float32),
    )
