"""Fit the style score: reference means and the weights of its features.

    python scripts/fit_style.py LANGUAGE OUTPUT.npz SET.jsonl [SET.jsonl …]

Each set is JSON lines with `split`, `style` (who wrote it) and `reference` (the text). Reference
means come from the train rows; the weights from pairs of train rows: one to five texts by an author
with another text of theirs, and with a text by somebody else. Most of these others are of another
set: what a style is mostly held against is a model's plain prose, not the writing of a neighbour.
Prints the accuracy and the mean scores on pairs of dev rows, near and far others apart.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from engine.scoring.style import (
    FEATURES,
    Floats,
    Reference,
    features,
    fingerprint,
    gram_counts,
    mark_rates,
    word_rates,
)
from engine.text import tokens

WORDS = 150
PAIRS_PER_SET = 1500
FAR_SHARE = 0.8
GRAM_FLOOR = 4e-3  # keeps rare n-grams from drowning the common ones
Authors = dict[str, list[str]]


def read(path: Path, split: str) -> Authors:
    """Return the texts of a split by author."""
    found: Authors = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == split:
            found[row["style"]].append(row["reference"])
    return {author: texts for author, texts in found.items() if len(texts) >= 6}


def reference_of(sets: list[Authors]) -> Reference:
    """Return means and spreads; every author of every set counts as much as any other."""
    balanced = [t for authors in sets for texts in authors.values() for t in texts[:40]]
    counts = Counter(token for text in balanced for token in tokens(text))
    words = tuple(word for word, _ in counts.most_common(WORDS))
    grams = np.array([gram_counts(t) for t in balanced])
    rates = np.array([word_rates(t, words) for t in balanced])
    marks = np.array([mark_rates(t) for t in balanced])
    return Reference(
        gram_mean=grams.mean(axis=0),
        gram_spread=grams.std(axis=0) + GRAM_FLOOR,
        words=words,
        word_mean=rates.mean(axis=0),
        word_spread=rates.std(axis=0) + 1e-4,
        mark_mean=marks.mean(axis=0),
        mark_spread=marks.std(axis=0) + 1e-2,
        weights=np.zeros(len(FEATURES)),
        bias=0.0,
    )


def pairs(
    sets: list[Authors], place: int, draw: random.Random, count: int, far_share: float
) -> list[tuple[str, str, int]]:
    """Return (text, samples joined, 1 if the same author wrote both) for authors of one set.

    `far_share` of the others come from other sets.
    """
    made: list[tuple[str, str, int]] = []
    authors = sets[place]
    names = sorted(authors)
    far = [texts for other in sets if other is not authors for texts in other.values()]
    while len(made) < count and len(names) > 1:
        own, near = draw.sample(names, 2)
        text, *samples = draw.sample(authors[own], 1 + draw.choice((1, 2, 3, 5)))
        foreign = far if far and draw.random() < far_share else [authors[near]]
        other = draw.choice(draw.choice(foreign))
        joined = "\n\n".join(samples)
        made += [(_shortened(text, draw), joined, 1), (_shortened(other, draw), joined, 0)]
    return made


def _shortened(text: str, draw: random.Random) -> str:
    """Cut some texts, so that short drafts are met in fitting too."""
    words = text.split(" ")
    keep = draw.choice((60, 100, 10_000))
    return " ".join(words[:keep])


def table(made: list[tuple[str, str, int]], reference: Reference) -> tuple[Floats, Floats]:
    """Return the features and the labels of pairs."""
    rows = [
        features(fingerprint(a, reference.words), fingerprint(b, reference.words), reference)
        for a, b, _ in made
    ]
    return np.array(rows), np.array([label for *_, label in made], dtype=np.float64)


def fit(rows: Floats, labels: Floats) -> tuple[Floats, float]:
    """Return logistic-regression weights and bias (Newton's method, a little ridge)."""
    design = np.hstack([rows, np.ones((len(rows), 1))])
    beta = np.zeros(design.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-design @ beta))
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + 1e-3 * np.eye(len(beta))
        beta += np.linalg.solve(hessian, design.T @ (labels - p) - 1e-3 * beta)
    return beta[:-1], float(beta[-1])


def report(name: str, rows: Floats, labels: Floats, reference: Reference) -> None:
    """Print how well pairs are told apart."""
    p = 1 / (1 + np.exp(-(rows @ reference.weights + reference.bias)))
    own, other = p[labels == 1], p[labels == 0]
    auc = float(np.mean(own[:, None] > other[None, :]))
    print(
        f"{name}: {len(own)} pairs, AUC {auc:.3f}, paired accuracy {np.mean(own > other):.3f}, "
        f"own {own.mean():.2f}, other {other.mean():.2f}"
    )


def main() -> None:
    """Fit, report on dev, write."""
    given = argparse.ArgumentParser()
    given.add_argument("language")
    given.add_argument("output", type=Path)
    given.add_argument("sets", type=Path, nargs="+")
    options = given.parse_args()
    draw = random.Random(42)
    train = [read(path, "train") for path in options.sets]
    reference = reference_of(train)
    made = [
        pair
        for place in range(len(train))
        for pair in pairs(train, place, draw, PAIRS_PER_SET, FAR_SHARE)
    ]
    weights, bias = fit(*table(made, reference))
    reference = reference._replace(weights=weights, bias=bias)
    print(dict(zip(FEATURES, np.round(weights, 2).tolist(), strict=True)), round(bias, 2))
    held_out = [read(path, "dev") for path in options.sets]
    for place, path in enumerate(options.sets):
        for kind, far_share in (("near", 0.0), ("far", 1.0)):
            if dev := pairs(held_out, place, draw, 400, far_share):
                report(f"{path.stem} {kind}", *table(dev, reference), reference)
    arrays = {
        name: np.array(value, dtype=str if name == "words" else np.float32)
        for name, value in reference._asdict().items()
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.output, **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
