"""Does a model read a trait, or positions? The critic of traits against what is known of pairs."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.loading import LoadOptions, load_models
from engine.protocols import TextModel
from engine.scoring.traits import measure_of
from engine.trait_critic import ModelTraitCritic, TraitVerdict, bias
from finetune.voices import read_voices
from scripts.validation.data import Sets
from scripts.validation.measures import SEED, Table, mean

CACHE = Path.home() / ".cache" / "notewright"
COUNTED = (
    "shorter sentences", "fewer words", "plainer words", "warmer", "drier", "livelier",
    "more questions",
)  # fmt: skip
PAIRS = 24  # of each trait
WORDS = 100  # of a text that people rated: the critic reads its opening
APART = 3.0  # points of ten between two texts, from which on people agree which is funnier
HEADER = (
    "trait", "pairs", "turned with the order", "shown first preferred", "right where both agree",
    "right by the mean of both",
)  # fmt: skip


class Pair(NamedTuple):
    """A text, and two rewritings of which the first has more of the trait."""

    source: str
    more: str
    less: str


def positions(sets: Sets) -> list[Table]:
    """Ask the embedded planner about pairs whose answer is counted, or was rated by people."""
    model = load_models(LoadOptions(cache_dir=CACHE, threads=1)).planner_model
    rows = [asked(model, trait, counted(trait)) for trait in COUNTED]
    if sets.split == "test":  # people's ratings have no other
        rows.append(asked(model, "funnier", rated(sets)))
    said = (
        "The embedded planner as critic of a trait, both orders. Counted traits: the plain and the "
        "styled side of our voices' sentences, by which has more of it; funnier: openings that two "
        "people rated at least three points of ten apart."
    )
    return [Table("Critic of traits", said, HEADER, tuple(rows))]


def counted(trait: str) -> list[Pair]:
    """Return pairs of our voices' sentences that a count tells apart, half of them plain first."""
    measure = measure_of(trait)
    assert measure is not None, trait
    amount: Callable[[str], float] = lambda text: measure.amount(text, "en")  # noqa: E731
    found: list[list[Pair]] = [[], []]
    sides = [pair for note in read_voices() for pair in note.pairs]
    random.Random(SEED).shuffle(sides)
    for plain, styled in sides:
        if abs(amount(plain) - amount(styled)) > _least(trait):
            more, less = sorted((plain, styled), key=amount, reverse=True)
            found[more == plain].append(Pair(plain, more, less))
    return [pair for side in found for pair in side[: PAIRS // 2]]


def rated(sets: Sets) -> list[Pair]:
    """Return openings of texts on one task that people rated far apart in humour."""
    rows = sets.rows("ratings_confederacy_en")
    draw = random.Random(SEED)
    draw.shuffle(rows)
    found = []
    for number, one in enumerate(rows):
        for other in rows[number + 1 :]:
            more, less = sorted((one, other), key=_humour, reverse=True)
            if _humour(more) - _humour(less) >= APART and one["task"] == other["task"]:
                found.append(Pair(one["task"], _opening(more), _opening(less)))
                break
    return found[:PAIRS]


def asked(model: TextModel, trait: str, pairs: Sequence[Pair]) -> tuple[object, ...]:
    """Return a row of the table."""
    critic = ModelTraitCritic(model, trait, "en")
    verdicts = [
        TraitVerdict(
            shown_first=critic.prefers_first(pair.source, pair.more, pair.less),
            shown_second=1 - critic.prefers_first(pair.source, pair.less, pair.more),
        )
        for pair in pairs
    ]
    found = bias(verdicts)
    sure = [verdict.chosen == 0 for verdict in verdicts if verdict.chosen is not None]
    right = mean([float(verdict.mean > 0.5) for verdict in verdicts])
    return (
        trait,
        len(pairs),
        found.turned,
        f"{found.firsts / max(1, 2 * found.pairs):.2f}",
        f"{sum(sure)} of {len(sure)}",
        right,
    )


def _least(trait: str) -> float:
    """Return what two texts must differ by: five words, two words a sentence, else anything."""
    return {"fewer words": 5.0, "shorter sentences": 2.0, "plainer words": 0.3}.get(trait, 0.0)


def _humour(row: dict[str, dict[str, float]]) -> float:
    return row["mean"]["humor"]


def _opening(row: dict[str, str]) -> str:
    return " ".join(row["candidate"].split()[:WORDS])
