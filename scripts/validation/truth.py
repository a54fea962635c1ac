"""Checks of faithfulness and meaning against labels and made pairs."""

import random
from collections.abc import Callable, Sequence

from engine.protocols import Embedder
from engine.scoring.faithfulness import SUPPORTED
from engine.scoring.meaning import GATE, meaning
from engine.scoring.scorer import NoteScorer
from engine.text import sentences
from engine.types import Language
from scripts.validation import measures
from scripts.validation.baselines import names_found, words_found
from scripts.validation.data import Row, Sets
from scripts.validation.measures import Table

PAIRS = 80
Support = Callable[[str, str], float]


def faithfulness(sets: Sets, embedder: Embedder) -> list[Table]:
    """Return AUC and balanced accuracy on what people found consistent with a source."""
    ways: dict[str, Support] = {
        "faithful": _by(NoteScorer(embedder)),
        "share of words in the source (baseline)": words_found,
        "share of names and numbers in the source (baseline)": names_found,
    }
    return [_labelled(name, sets, ways) for name in ("faith_begin_en", "faith_summedits_en")]


def _by(scorer: NoteScorer) -> Support:
    def support(text: str, source: str) -> float:
        found = scorer.score(text, language="en", source=source).faithful
        return 0.0 if found is None else found

    return support


def _labelled(name: str, sets: Sets, ways: dict[str, Support]) -> Table:
    rows = [row for row in sets.rows(name) if row["label"] in (0, 1)]
    dev = [row for row in sets.rows(name, "dev") if row["label"] in (0, 1)]
    found: list[tuple[object, ...]] = []
    for way, support in ways.items():
        high, low = _apart(rows, support)
        least = measures.best_threshold(*((high, low) if dev == rows else _apart(dev, support)))
        at = [measures.balanced(high, low, t) for t in (SUPPORTED, least)]
        found.append((way, measures.auc(high, low), *at, f"{least:.2f}"))
    kept = sum(row["label"] for row in rows)
    return Table(
        name,
        f"Split {sets.split}: {kept} consistent, {len(rows) - kept} not; best threshold of dev.",
        ("", "AUC", f"balanced accuracy at {SUPPORTED}", "at the best threshold", "threshold"),
        tuple(found),
    )


def _apart(rows: Sequence[Row], support: Support) -> tuple[list[float], list[float]]:
    """Return the scores of what is consistent and of what is not."""
    told = [(support(row["candidate"], row["source"]), row["label"]) for row in rows]
    return [s for s, label in told if label], [s for s, label in told if not label]


def meanings(sets: Sets, embedder: Embedder) -> list[Table]:
    """Return the quartiles of the meaning score for retellings and for other texts."""
    found: list[tuple[object, ...]] = []
    for name in ("bible_parallel_en", "humour_xiaolin_zh"):
        rows = sets.rows(name)[:PAIRS]
        others = random.Random(5).sample(rows, len(rows))
        language: Language = "zh" if name.endswith("zh") else "en"
        kinds = {
            "a retelling": [(row["reference"], row["source"]) for row in rows],
            "the first half of it": [(_half(row["reference"]), row["source"]) for row in rows],
            "another text of the set": [
                (other["reference"], row["source"])
                for row, other in zip(rows, others, strict=True)
                if row["topic"] != other["topic"]
            ],
        }
        for kind, pairs in kinds.items():
            values = [meaning(text, source, language, embedder) for text, source in pairs]
            above = sum(value > GATE for value in values) / len(values)
            spread = measures.quartiles(values)
            found.append((name, kind, len(pairs), spread, f"{above:.2f}"))
    return [
        Table(
            "Meaning",
            f"Quartiles, split {sets.split}.",
            ("set", "text against the source", "pairs", "quartiles", "share above the gate"),
            tuple(found),
        )
    ]


def _half(text: str) -> str:
    """Return the first half of a text's sentences; of a single one, half of its characters."""
    told = sentences(text)
    if len(told) < 2:
        return text[: len(text) // 2]
    return " ".join(told[: len(told) // 2])
