"""Checks of the style score: triplets, own against other authors, people's ratings."""

from collections.abc import Callable, Sequence
from functools import cache

from engine.scoring.style import Print, features, fingerprint, style, weights_for
from engine.scoring.stylometry import BLOCKS
from engine.types import Language
from scripts.validation import data, measures
from scripts.validation.baselines import CharacterGrams
from scripts.validation.data import Sets, Triplet
from scripts.validation.measures import Table

Closeness = Callable[[str, Sequence[str]], float]
BASELINE = "character 1-3-grams, tf-idf cosine (baseline)"
NAMES = {
    "grams": "character 1-4-grams, centred",
    "words": "words and pairs, centred",
    "common": "frequent words, centred",
    "marks": "marks, centred",
    "shape": "lengths, centred",
    "learned": "learned projection",
}


def ways(language: Language, texts: Sequence[str]) -> dict[str, Closeness]:
    """Return our score, each of its features alone and the baseline, by name."""
    weights = weights_for(language)

    @cache
    def printed(text: str) -> Print:
        return fingerprint(text, weights)

    def alone(place: int) -> Closeness:
        def closeness(text: str, samples: Sequence[str]) -> float:
            return float(features(printed(text), printed(samples[0]))[place])

        return closeness

    return {
        "style": lambda text, samples: style(text, samples, language),
        **{NAMES[name]: alone(place) for place, name in enumerate((*BLOCKS, "learned"))},
        BASELINE: CharacterGrams(texts).closeness,
    }


def judged(triplets: Sequence[Triplet], language: Language) -> dict[str, measures.Estimate]:
    """Return the accuracy of each way on some triplets."""
    found = {}
    for name, closeness in ways(language, [text for row in triplets for text in row]).items():
        own = [closeness(row.own, [row.anchor]) for row in triplets]
        other = [closeness(row.other, [row.anchor]) for row in triplets]
        found[name] = measures.won(own, other)
    return found


def english_triplets(sets: Sets) -> list[Table]:
    """Return the accuracies with the content fixed and by author."""
    kinds = {
        "content fixed": data.content_fixed(sets),
        "by author": data.by_author(sets),
    }
    return [_triplet_table("English triplets", sets, kinds, "en")]


def chinese_triplets(sets: Sets) -> list[Table]:
    """Return the accuracies on triplets made from the two Chinese sets of prose."""
    notes, essays = (sets.rows(name) for name in ("notes_classical_zh", "luxun_zh"))
    kinds = {
        "notes_classical_zh (9 authors)": data.made(notes, 600, 1),
        "luxun_zh (one author, kinds of prose)": data.made(essays, 300, 2),
    }
    return [_triplet_table("Chinese triplets, made by seed", sets, kinds, "zh")]


def _triplet_table(
    title: str, sets: Sets, kinds: dict[str, list[Triplet]], language: Language
) -> Table:
    there = {name: rows for name, rows in kinds.items() if rows}
    found = {name: judged(rows, language) for name, rows in there.items()}
    return Table(
        title,
        f"Accuracy with one sample, split {sets.split}; "
        + ", ".join(f"{name}: {len(rows)}" for name, rows in there.items())
        + ".",
        ("", *there),
        tuple((way, *(found[kind][way] for kind in there)) for way in next(iter(found.values()))),
    )


def five_samples(sets: Sets) -> list[Table]:
    """Return how far an author's own unseen texts lie from other authors', with five samples."""
    rows: list[tuple[object, ...]] = []
    languages: dict[str, Language] = {
        "authors_en": "en",
        "til_notes_en": "en",
        "notes_classical_zh": "zh",
    }
    for name, language in languages.items():
        known = data.with_five(sets, name, 150)
        grams = CharacterGrams([text for row in known for text in (*row.samples, *row[1:])])
        own = [style(row.own, row.samples, language) for row in known]
        other = [style(row.other, row.samples, language) for row in known]
        plain = measures.auc(
            [grams.closeness(row.own, row.samples) for row in known],
            [grams.closeness(row.other, row.samples) for row in known],
        )
        means = (measures.mean(own), measures.mean(other))
        spread = measures.quartiles(own), measures.quartiles(other)
        rows.append((name, len(known), measures.auc(own, other), plain, *means, *spread))
    return [
        Table(
            "Five samples, the author's own unseen texts against other authors'",
            f"Split {sets.split}.",
            ("set", "pairs", "AUC", f"AUC, {BASELINE}", "own, mean", "others, mean",
             "own, quartiles", "others, quartiles"),
            tuple(rows),
        )
    ]  # fmt: skip


def quadruples(sets: Sets) -> list[Table]:
    """Return the accuracy on STEL's quadruples: which sentence goes with which."""
    rows = sets.rows("stel_quads_en", None)
    texts = [row[key] for row in rows for key in ("anchor1", "anchor2", "alt1", "alt2")]
    compared = {n: w for n, w in ways("en", texts).items() if n in ("style", BASELINE)}
    kinds = ["all", *sorted({row["style"] for row in rows})]
    found: list[tuple[object, ...]] = []
    for name, closeness in compared.items():
        right = [_matched(row, closeness) for row in rows]
        parts = [
            [r for r, row in zip(right, rows, strict=True) if kind in ("all", row["style"])]
            for kind in kinds
        ]
        found.append((name, *(measures.mean(part) for part in parts)))
    return [
        Table(
            "STEL quadruples",
            f"Accuracy; {len(rows)} pairs of single sentences that differ in one habit.",
            ("", *kinds),
            tuple(found),
        )
    ]


def _matched(row: data.Row, closeness: Closeness) -> float:
    """Return 1 where the sentences are matched as the label has them, by STEL's own rule."""
    near = {
        (anchor, alt): (1 - closeness(row[f"alt{alt}"], [row[f"anchor{anchor}"]])) ** 2
        for anchor in (1, 2)
        for alt in (1, 2)
    }
    straight, crossed = near[1, 1] + near[2, 2], near[1, 2] + near[2, 1]
    if straight == crossed:
        return 0.5
    return float((straight < crossed) == (row["label"] == 1))


def ratings(sets: Sets) -> list[Table]:
    """Return the rank correlation with people's ratings of how like an author texts are."""
    rows = sets.rows("ratings_confederacy_en", None)
    samples = [row["candidate"] for row in rows if row["author"] == "human"]
    machine = [row for row in rows if row["author"] != "human"]
    texts = [row["candidate"] for row in machine]
    people = [row["mean"]["jkt_style"] for row in machine]
    compared = {n: w for n, w in ways("en", [*texts, *samples]).items() if n in ("style", BASELINE)}
    found: list[tuple[object, ...]] = [
        (name, measures.spearman([closeness(text, samples) for text in texts], people))
        for name, closeness in compared.items()
    ]
    length = measures.spearman([len(text) for text in texts], people)
    raters = ([row[f"rater{n}"]["jkt_style"] for row in machine] for n in (1, 2))
    found += [("length", length), ("one rater with the other", measures.spearman(*raters))]
    return [
        Table(
            "Ratings of style imitation",
            f"Spearman with two people's mean rating of {len(machine)} machine texts; the author "
            f"they imitate is not in the data, so {len(samples)} imitations by people are the "
            "samples.",
            ("", "correlation"),
            tuple(found),
        )
    ]
