"""The labelled sets of a folder, as rows."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]


class Sets(NamedTuple):
    """A folder of sets as JSON lines, and the split to measure on."""

    folder: Path
    split: str

    def rows(self, name: str, split: str | None = "") -> list[Row]:
        """Return the rows of a set: of the split in force, of another, or all (None)."""
        wanted = self.split if split == "" else split
        with (self.folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines]
        return [row for row in found if wanted is None or row["split"] == wanted]


class Triplet(NamedTuple):
    """A sample, a text in its style, and one in another."""

    anchor: str
    own: str
    other: str


def content_fixed(sets: Sets) -> list[Triplet]:
    """Return triplets of passages in several versions: both candidates tell the same."""
    return [
        Triplet(row["anchor"], row[f"cand{row['label']}"], row[f"cand{3 - row['label']}"])
        for row in sets.rows("style_triplets_bible_en")
    ]


def by_author(sets: Sets) -> list[Triplet]:
    """Return triplets of passages by authors; none where the split has none."""
    texts = {row["id"]: row["reference"] for row in sets.rows("authors_en", None)}
    return [
        Triplet(
            texts[row["anchor_id"]],
            texts[row[f"cand{row['label']}_id"]],
            texts[row[f"cand{3 - row['label']}_id"]],
        )
        for row in sets.rows("style_triplets_authors_en")
    ]


def made(rows: Sequence[Row], count: int, seed: int) -> list[Triplet]:
    """Return triplets of a set, made as those of the authors: no two texts of one section."""
    draw = random.Random(seed)
    found: list[Triplet] = []
    while len(found) < count:
        anchor, own, other = draw.sample(rows, 3)
        apart = _section(anchor) != _section(own)
        if apart and anchor["style"] == own["style"] != other["style"]:
            found.append(Triplet(anchor["reference"], own["reference"], other["reference"]))
    return found


def _section(row: Row) -> str:
    return str(row.get("section") or row["topic"])


class Known(NamedTuple):
    """Five samples of an author, an unseen text of theirs, and one by somebody else."""

    samples: tuple[str, ...]
    own: str
    other: str


def with_five(sets: Sets, name: str, count: int) -> list[Known]:
    """Return writing tasks of a set, each with a text by another author of the set."""
    texts = {row["id"]: row for row in sets.rows(name, None)}
    tasks = [row for row in sets.rows("tasks") if row["dataset"] == name]
    chosen = random.Random(3).sample(tasks, min(count, len(tasks)))
    return list(_known(chosen, texts))


def _known(chosen: Sequence[Row], texts: dict[str, Row]) -> Iterator[Known]:
    draw, every = random.Random(4), list(texts.values())
    for task in chosen:
        other = draw.choice([row for row in every if row["style"] != task["style"]])
        samples = tuple(texts[i]["reference"] for i in task["style_sample_ids"])
        yield Known(samples, texts[task["item_id"]]["reference"], other["reference"])
