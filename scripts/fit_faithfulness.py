"""Fit the weights of the signs of faithfulness: `python scripts/fit_faithfulness.py SET.jsonl …`

Each set has rows with `split`, `source`, `candidate` and `label` (1 = consistent); the dev rows are
read, and every set counts as much as any other. Prints the area under the curve of every set when
its sources are held out (five folds, drawn six times), then the weights for `faithfulness.py`.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.models.embedder import MiniLMEmbedder
from engine.scoring import exact
from engine.scoring.evidence import SIGNS, signs
from engine.scoring.support import Evidence
from engine.text import sentences

Floats = NDArray[np.float64]
RIDGE = 3.0
DRAWS = 6


class Rows(NamedTuple):
    """Signs (rows, SIGNS), labels, which set and which source each row belongs to."""

    signs: Floats
    labels: Floats
    sets: NDArray[np.int64]
    sources: NDArray[np.int64]


def read(paths: list[Path]) -> Rows:
    """Return the dev rows of all sets as signs."""
    embedder = MiniLMEmbedder(threads=1)
    told, labels, sets = [], [], []
    sources: dict[str, int] = {}
    places = []
    for number, path in enumerate(paths):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["split"] != "dev" or row["label"] not in (0, 1):
                continue
            ground = exact.ground(row["source"])
            wrong = sum(len(exact.violations(s, ground)) for s in sentences(row["candidate"]))
            evidence = Evidence.of([row["source"]])
            told.append(signs(row["candidate"], row["source"], evidence, wrong, embedder))
            labels.append(row["label"])
            sets.append(number)
            places.append(sources.setdefault(row["source"], len(sources)))
    return Rows(*map(np.array, (told, labels, sets, places)))


def fit(rows: Rows, kept: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Return weights, with the mean and spread of the signs that they belong to."""
    chosen = rows.signs[kept]
    mean, spread = chosen.mean(axis=0), chosen.std(axis=0) + 1e-9
    design = np.c_[(chosen - mean) / spread, np.ones(len(chosen))]
    labels, sets = rows.labels[kept], rows.sets[kept]
    counts = np.bincount(sets * 2 + labels.astype(int))
    weight = 1 / counts[sets * 2 + labels.astype(int)]
    weight *= len(weight) / weight.sum()
    beta = np.zeros(design.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        hessian = design.T @ (design * (weight * p * (1 - p))[:, None]) + RIDGE * np.eye(len(beta))
        beta += np.linalg.solve(hessian, design.T @ (weight * (labels - p)) - RIDGE * beta)
    return beta, mean, spread


def held_out(rows: Rows) -> list[list[float]]:
    """Return the area under the curve of each set, each draw, with sources held out."""
    areas: list[list[float]] = [[] for _ in range(int(rows.sets.max()) + 1)]
    for draw in range(DRAWS):
        folds = np.random.default_rng(draw).integers(5, size=int(rows.sources.max()) + 1)
        out = np.zeros(len(rows.labels))
        for fold in range(5):
            away = folds[rows.sources] == fold
            beta, mean, spread = fit(rows, ~away)
            out[away] = (rows.signs[away] - mean) / spread @ beta[:-1] + beta[-1]
        for number, area in enumerate(areas):
            own = rows.sets == number
            good, bad = out[own & (rows.labels == 1)], out[own & (rows.labels == 0)]
            area.append(float(np.mean(good[:, None] > bad[None, :])))
    return areas


def main() -> None:
    """Read, hold out, fit, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("sets", type=Path, nargs="+")
    paths = given.parse_args().sets
    rows = read(paths)
    for path, areas in zip(paths, held_out(rows), strict=True):
        print(f"{path.stem}: AUC {np.mean(areas):.3f} with its sources held out")
    beta, mean, spread = fit(rows, np.ones(len(rows.labels), dtype=bool))
    plain = beta[:-1] / spread
    print(dict(zip(SIGNS, np.round(plain, 2).tolist(), strict=True)))
    print("bias", round(float(beta[-1] - plain @ mean), 2))
    out = rows.signs @ plain + beta[-1] - plain @ mean
    for number, path in enumerate(paths):
        own = rows.sets == number
        good, bad = out[own & (rows.labels == 1)], out[own & (rows.labels == 0)]
        accuracy = (np.mean(good >= 0) + np.mean(bad < 0)) / 2
        print(f"{path.stem}: fitted AUC {np.mean(good[:, None] > bad[None, :]):.3f}, "
              f"balanced accuracy {accuracy:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
