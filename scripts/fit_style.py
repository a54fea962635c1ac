"""Train the style score of a language, and say how good it is.

    python scripts/fit_style.py LANGUAGE OUTPUT.safetensors SET.jsonl [SET.jsonl …]

Each set is JSON lines with `split` and `reference` (a text), `style` (who wrote it) and perhaps
`section` (a text is never compared with another of its own section) and `licence` (only texts whose
licence lets weights be made of them are read). Sets of parallel texts have `texts` (version → text)
or `source` beside `reference`: there the content is held fixed.

Three things are made from the train rows: means and spreads of what people in general do; the
projection, by supervised contrast over batches of authors and over batches of passages in all their
versions; and the weights of the features, by logistic regression on pairs whose authors (or
passages) the projection of that fold had not seen. It prints how well unseen authors are told
apart (three folds), then the figures on the dev rows.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from engine.scoring.style import (
    FEATURES,
    SCALE,
    Print,
    Weights,
    features,
    fingerprint,
    joined,
    scaled,
    standard,
)
from engine.scoring.stylometry import BLOCKS, Floats, measured
from engine.text import tokens

Reals = NDArray[np.floating[Any]]
FLOORS = {"grams": 4e-3, "words": 1e-2, "common": 1e-4, "marks": 1e-2, "shape": 1e-2}
COMMON = 400
FOLDS = 3
ANCHORS = (0.85, 0.2)  # where the medians of own and of other texts lie, with five samples


class Text(NamedTuple):
    """A text, who wrote it, the passage or chapter it belongs to, and its set."""

    text: str
    author: str
    section: str
    origin: str
    split: str
    parallel: bool


def read(path: Path) -> list[Text]:
    """Return the texts of a set, every version of a parallel text one of its own."""
    found: list[Text] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        if "CC BY" in row.get("licence", ""):
            continue
        versions = row.get("texts") or {row["style"]: row["reference"]}
        if "source_style" in row:
            versions = {**versions, row["source_style"]: row["source"]}
        found += [
            Text(
                text,
                f"{path.stem}/{name}",
                str(row["id"] if len(versions) > 1 else row.get("section", number)),
                path.stem,
                row["split"],
                len(versions) > 1,
            )
            for name, text in versions.items()
            if name != "several"
        ]
    return found


def shortened(text: str, draw: random.Random) -> str:
    """Return some texts whole and some cut, so that short drafts are met in training too."""
    keep = draw.choice((50, 100, 10_000))
    if " " not in text[:100]:
        return text[: 2 * keep]
    return " ".join(text.split(" ")[:keep])


def people(texts: Sequence[Text], draw: random.Random) -> Weights:
    """Return means and spreads; an author counts for at most 60 texts."""
    by_author: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        by_author[text.author].append(text.text)
    balanced = [t for own in by_author.values() for t in draw.sample(own, min(60, len(own)))]
    counts = Counter(token for text in balanced for token in tokens(text))
    common = tuple(word for word, _ in counts.most_common(COMMON))
    raw = [measured(text, common) for text in balanced]
    stacked = {name: np.stack([blocks[name] for blocks in raw]) for name in BLOCKS}
    return Weights(
        common=common,
        mean={name: block.mean(axis=0) for name, block in stacked.items()},
        spread={name: block.std(axis=0) + FLOORS[name] for name, block in stacked.items()},
        projection=np.zeros((1, sum(b.shape[1] for b in stacked.values())), dtype=np.float32),
        weights=np.zeros(len(FEATURES), dtype=np.float32),
        scale=np.zeros(len(SCALE), dtype=np.float32),
    )


def rows_of(texts: Sequence[Text], weights: Weights, draw: random.Random) -> torch.Tensor:
    """Return the standard blocks of each text side by side: shape (texts, all blocks)."""
    made = np.empty((len(texts), weights.projection.shape[1]), dtype=np.float16)
    for place, text in enumerate(texts):
        blocks = standard(measured(shortened(text.text, draw), weights.common), weights)
        made[place] = np.concatenate([blocks[name] for name in BLOCKS])
    return torch.from_numpy(made)


def contrasted(
    rows: torch.Tensor, texts: Sequence[Text], allowed: Collection[int], dimensions: int, steps: int
) -> Floats:
    """Return a projection under which texts of an author lie together: (dimensions, all blocks)."""
    torch.manual_seed(42)
    net = torch.nn.Linear(rows.shape[1], dimensions, bias=False)
    torch.nn.init.normal_(net.weight, std=0.02)
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    batches = batches_of(texts, allowed, random.Random(42))
    for _ in range(steps):
        chosen = next(batches)
        names = {name: n for n, name in enumerate(dict.fromkeys(texts[i].author for i in chosen))}
        labels = torch.tensor([names[texts[i].author] for i in chosen])
        dropped = torch.nn.functional.dropout(rows[chosen].float(), 0.3)
        loss = contrast(torch.nn.functional.normalize(net(dropped), dim=1), labels)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return net.weight.detach().numpy().astype(np.float32)


def contrast(vectors: torch.Tensor, labels: torch.Tensor, heat: float = 0.1) -> torch.Tensor:
    """Return the supervised contrastive loss of unit vectors (Khosla et al. 2020)."""
    self_pair = torch.eye(len(labels), dtype=torch.bool)
    near = (vectors @ vectors.T / heat).masked_fill(self_pair, -1e9)
    same = (labels[:, None] == labels[None, :]) & ~self_pair
    log_share = near - near.logsumexp(1, keepdim=True)
    counted = same.sum(1) > 0
    return -((log_share * same).sum(1)[counted] / same.sum(1)[counted]).mean()


def batches_of(
    texts: Sequence[Text], allowed: Collection[int], draw: random.Random
) -> Iterator[list[int]]:
    """Yield batches without end, by turns: passages in all versions, authors with four texts."""
    authors: dict[str, list[int]] = defaultdict(list)
    passages: dict[str, list[int]] = defaultdict(list)
    for i in sorted(allowed):
        (passages[texts[i].section] if texts[i].parallel else authors[texts[i].author]).append(i)
    many = [own for own in authors.values() if len(own) >= 4]
    told = list(passages.values())
    while True:
        if told:
            size = 96 // max(map(len, told))
            yield [i for own in draw.sample(told, min(size, len(told))) for i in own]
        yield [i for own in draw.sample(many, min(24, len(many))) for i in draw.sample(own, 4)]


class Pair(NamedTuple):
    """A text of the samples' author, one by somebody else, and the samples."""

    own: Text
    other: Text
    samples: tuple[Text, ...]


class Table(NamedTuple):
    """Pairs as numbers, the author's own text first.

    `told` holds the features (pairs, 2, FEATURES), `terms` those of the scale at closeness 1
    (pairs, 2, SCALE), `known` how many samples there were (pairs,).
    """

    told: Floats
    terms: Floats
    known: Floats

    @classmethod
    def of(cls, tables: Iterable["Table"]) -> "Table":
        """Join tables."""
        return cls(*(np.concatenate(part) for part in zip(*tables, strict=True)))

    def closeness(self, weights: Reals) -> Reals:
        """Return which of the two is closer, and by how much: shape (pairs, 2)."""
        return self.told @ weights

    def design(self, weights: Reals) -> Reals:
        """Return the terms of the scale: shape (pairs, 2, SCALE)."""
        close = np.array([name.endswith("closeness") for name in SCALE])
        return np.where(close, self.terms * self.closeness(weights)[..., None], self.terms)


def author_pairs(
    texts: Sequence[Text], strangers: Sequence[Text], count: int, draw: random.Random
) -> list[Pair]:
    """Return pairs by author; the others are of the same texts, or strangers where given."""
    by_author: dict[str, list[Text]] = defaultdict(list)
    for text in texts:
        by_author[text.author].append(text)
    names = sorted(name for name, own in by_author.items() if len({t.section for t in own}) > 1)
    made: list[Pair] = []
    while len(made) < count and len(names) > 1:
        author, neighbour = draw.sample(names, 2)
        own = draw.choice(by_author[author])
        rest = [t for t in by_author[author] if t.section != own.section]
        wanted = draw.choice((1, 1, 2, 3, 5))
        if len(rest) < wanted:
            continue
        other = draw.choice(strangers or by_author[neighbour])
        made.append(Pair(own, other, tuple(draw.sample(rest, wanted))))
    return made


def parallel_pairs(texts: Sequence[Text], count: int, draw: random.Random) -> list[Pair]:
    """Return pairs whose two candidates tell the same passage in different versions."""
    passages: dict[str, list[Text]] = defaultdict(list)
    for text in texts:
        passages[text.section].append(text)
    told = [own for own in passages.values() if len(own) > 1]
    made: list[Pair] = []
    while len(made) < count and len(told) > 1:
        first, second = draw.sample(told, 2)
        sample, other = draw.choice(first), draw.choice(second)
        own = [t for t in second if t.author == sample.author]
        if own and other.author != sample.author:
            made.append(Pair(own[0], other, (sample,)))
    return made


def table(pairs: Sequence[Pair], weights: Weights, seed: int = 3) -> Table:
    """Return pairs as numbers; half of the candidates are cut short."""
    draw = random.Random(seed)
    known: dict[str, Print] = {}

    def told(text: str) -> Print:
        if text not in known:
            known[text] = fingerprint(text, weights)
        return known[text]

    rows, terms = [], []
    for pair in pairs:
        samples = joined([told(sample.text) for sample in pair.samples])
        cut = draw.randrange(2**32)
        two = [told(shortened(t.text, random.Random(cut))) for t in (pair.own, pair.other)]
        rows.append([features(text, samples) for text in two])
        terms.append([scaled(1.0, text, samples) for text in two])
    count = np.array([len(pair.samples) for pair in pairs], dtype=np.float32)
    return Table(np.array(rows, dtype=np.float32), np.array(terms, dtype=np.float32), count)


def fitted(rows: Table) -> tuple[Floats, Floats]:
    """Return the weights of FEATURES and of SCALE: what orders the two, then where they lie."""
    apart = (rows.told[:, 0] - rows.told[:, 1]).astype(np.float64)
    weights = newton(apart, np.ones(len(apart)), 2.0)
    design = rows.design(weights).astype(np.float64)
    label = np.tile([1.0, 0.0], len(design))
    scale = newton(design.reshape(-1, len(SCALE)), label, 1e-2)
    many = design[rows.known >= 5] @ scale
    own, other = np.median(many, axis=0)
    high, low = (np.log(p / (1 - p)) for p in ANCHORS)
    slope = (high - low) / (own - other)
    scale = scale * slope
    scale[SCALE.index("one")] += low - slope * other
    return weights.astype(np.float32), scale.astype(np.float32)


def newton(design: Reals, label: Reals, ridge: float) -> Reals:
    """Return logistic-regression coefficients by Newton's method."""
    beta = np.zeros(design.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        slope = design.T @ (label - p) - ridge * beta
        beta = beta + np.linalg.solve(hessian + ridge * np.eye(len(beta)), slope)
    return beta


def report(name: str, rows: Table, weights: Weights) -> None:
    """Print how well pairs are told apart, with one sample and with five."""
    p = 1 / (1 + np.exp(-(rows.design(weights.weights) @ weights.scale)))
    for known in (1, 5):
        own, other = p[rows.known == known].T
        if len(own):
            auc = float(np.mean(own[:, None] > other[None, :]))
            print(
                f"{name}, {known} sample(s): {len(own)} pairs, "
                f"accuracy {np.mean(own > other):.3f}, "
                f"AUC {auc:.3f}, own {own.mean():.2f}, other {other.mean():.2f}",
                flush=True,
            )


def out_of_fold(
    texts: Sequence[Text], base: Weights, project: Callable[[Collection[int]], Floats]
) -> list[dict[str, Table]]:
    """Return for each fold the features of pairs that its projection has not seen."""
    single = sorted({t.author for t in texts if not t.parallel})
    passages = sorted({t.section for t in texts if t.parallel})
    random.Random(5).shuffle(single)
    random.Random(6).shuffle(passages)
    folds = []
    for fold in range(FOLDS):
        hidden = {*single[fold::FOLDS], *passages[fold::FOLDS]}
        seen = [i for i, t in enumerate(texts) if not hidden & {t.author, t.section}]
        weights = base._replace(projection=project(seen))
        apart = [t for t in texts if t.author in hidden or t.section in hidden]
        folds.append(pairs_table(apart, weights, 900))
    return folds


def pairs_table(texts: Sequence[Text], weights: Weights, count: int) -> dict[str, Table]:
    """Return pairs of each set apart: near and far others, or the content held fixed."""
    draw = random.Random(11)
    tables: dict[str, Table] = {}
    for origin in sorted({t.origin for t in texts}):
        own = [t for t in texts if t.origin == origin]
        if own[0].parallel:
            made = {"content fixed": parallel_pairs(own, count // 2, draw)}
        else:
            far = [t for t in texts if t.origin != origin]
            made = {
                "near": author_pairs(own, [], count, draw),
                "far": author_pairs(own, far, count // 2, draw),
            }
        tables |= {f"{origin}, {k}": table(pairs, weights) for k, pairs in made.items() if pairs}
    return tables


def write(path: Path, weights: Weights) -> None:
    """Write the weights, halves where that is exact enough."""
    words = np.frombuffer("\n".join(weights.common).encode(), dtype=np.uint8)
    arrays: dict[str, NDArray[Any]] = {"common": words}
    arrays |= {"projection": weights.projection.astype(np.float16)}
    arrays |= {f"mean.{name}": weights.mean[name].astype(np.float16) for name in BLOCKS}
    arrays |= {f"spread.{name}": weights.spread[name].astype(np.float16) for name in BLOCKS}
    arrays |= {"weights": weights.weights, "scale": weights.scale}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays, path)


def main() -> None:
    """Train, report, write."""
    given = argparse.ArgumentParser()
    given.add_argument("language", choices=["en", "zh"])
    given.add_argument("output", type=Path)
    given.add_argument("sets", type=Path, nargs="+")
    given.add_argument("--dimensions", type=int, default=96)
    given.add_argument("--steps", type=int, default=500)
    given.add_argument("--fold-steps", type=int, default=250)
    options = given.parse_args()
    every = [text for path in options.sets for text in read(path)]
    texts = [t for t in every if t.split == "train"]
    base = people(texts, random.Random(1))
    rows = rows_of(texts, base, random.Random(2))
    print(f"{len(texts)} texts by {len({t.author for t in texts})} authors or versions")

    folds = out_of_fold(
        texts,
        base,
        lambda seen: contrasted(rows, texts, seen, options.dimensions, options.fold_steps),
    )
    for name in dict.fromkeys(name for fold in folds for name in fold):
        for n, fold in enumerate(folds):
            rest = Table.of(t for m, other in enumerate(folds) if m != n for t in other.values())
            weights, scale = fitted(rest)
            if name in fold:
                report(f"unseen, fold {n}, {name}", fold[name],
                       base._replace(weights=weights, scale=scale))  # fmt: skip
    weights, scale = fitted(Table.of(t for fold in folds for t in fold.values()))
    print(dict(zip(FEATURES, np.round(weights, 2).tolist(), strict=True)))
    print(dict(zip(SCALE, np.round(scale, 2).tolist(), strict=True)))
    projection = contrasted(rows, texts, range(len(texts)), options.dimensions, options.steps)
    final = base._replace(projection=projection, weights=weights, scale=scale)
    write(options.output, final)
    for name, told in pairs_table([t for t in every if t.split == "dev"], final, 600).items():
        report(f"dev, {name}", told, final)


if __name__ == "__main__":
    main()
