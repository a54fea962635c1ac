"""Check the NoteBench data: `python scripts/validate_notebench.py [FOLDER]` (or what ships).

Says what is wrong with a row (lengths, facts that its texts do not tell, runs of words shared by
reference and source, near-duplicates), whether the neutral texts are neutral, and how well the
writers are told apart by their voices. Exits with 1 where something is wrong.
"""

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from engine.notebench.samples import VERSION
from engine.scoring.facts import find_facts
from engine.scoring.style import Print, features, fingerprint, joined, style, weights_for
from engine.text import count_words, ngrams, tokens
from engine.types import Language

SHIPPED = Path(__file__).parent.parent / "engine" / "notebench" / "data" / VERSION
LENGTHS: dict[Language, tuple[int, int]] = {"en": (80, 190), "zh": (110, 280)}
SHARED: dict[Language, int] = {"en": 7, "zh": 13}
REPEATED: dict[Language, int] = {"en": 9, "zh": 16}
APART_AT_LEAST = 0.9
Row = dict[str, Any]


def read(folder: Path) -> dict[str, list[Row]]:
    """Return the rows of each writer."""
    return {
        path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    }


def faults(writer: str, rows: Sequence[Row]) -> Iterator[str]:
    """Yield what is wrong with a writer's rows."""
    wanted = [f"{writer}-s{n}" for n in range(1, 5)] + [f"{writer}-dev", f"{writer}-test"]
    if [row["id"] for row in rows] != wanted:
        yield f"{writer}: the rows are not {', '.join(wanted)}"
    for row in rows:
        low, high = LENGTHS[row["language"]]
        if not low <= count_words(row["reference"], row["language"]) <= high:
            yield f"{row['id']}: the reference has not {low} to {high} words"
        if row["split"] != "sample":
            yield from _task_faults(row)
    for first, second in combinations(rows, 2):
        if shared := _shared(first["reference"], second["reference"], REPEATED[row["language"]]):
            yield f"{first['id']} and {second['id']} share “{shared}”"


def _task_faults(row: Row) -> Iterator[str]:
    if not 5 <= len(row["facts"]) <= 8:
        yield f"{row['id']}: there are {len(row['facts'])} facts"
    for name in ("reference", "source"):
        told, _ = find_facts(row["facts"], row[name])
        for fact, found in zip(row["facts"], told, strict=True):
            if not found:
                yield f"{row['id']}: the {name} does not tell “{fact}”"
    if shared := _shared(row["reference"], row["source"], SHARED[row["language"]]):
        yield f"{row['id']}: reference and source share “{shared}”"


def _shared(first: str, second: str, size: int) -> str:
    common = {*ngrams(tokens(first), size)} & {*ngrams(tokens(second), size)}
    return " ".join(min(common)) if common else ""


def twins(data: dict[str, list[Row]]) -> Iterator[str]:
    """Yield notes of different writers that share a long run of words."""
    seen: dict[tuple[str, ...], str] = {}
    for rows in data.values():
        for row in rows:
            for run in {*ngrams(tokens(row["reference"]), REPEATED[row["language"]])}:
                if seen.setdefault(run, row["author"]) != row["author"]:
                    yield f"{row['id']} and {seen[run]} share “{' '.join(run)}”"


def neutral(data: dict[str, list[Row]]) -> tuple[float, float]:
    """Return the mean style score of the references and of the neutral texts by their samples."""
    own, plain = [], []
    for rows in data.values():
        samples = [row["reference"] for row in rows if row["split"] == "sample"]
        for row in rows:
            if row["split"] != "sample":
                own.append(style(row["reference"], samples, row["language"]))
                plain.append(style(row["source"], samples, row["language"]))
    return float(np.mean(own)), float(np.mean(plain))


def told_apart(data: dict[str, list[Row]], language: Language) -> tuple[float, list[str]]:
    """Return the share of notes whose writer is nearest when it is left out, and the others."""
    weights = weights_for(language)
    prints: dict[str, list[tuple[str, Print]]] = defaultdict(list)
    for writer, rows in data.items():
        for row in rows:
            if row["language"] == language:
                prints[writer].append((row["id"], fingerprint(row["reference"], weights)))
    right, wrong = 0, []
    for writer, own in prints.items():
        for name, print_ in own:
            near = {
                other: float(
                    features(print_, joined([p for key, p in notes if key != name]))
                    @ weights.weights
                )
                for other, notes in prints.items()
            }
            best = max(near, key=lambda other: near[other])
            right += best == writer
            wrong += [] if best == writer else [f"{name} (taken for {best})"]
    total = right + len(wrong)
    return (right / total if total else 1.0), wrong


def checksum(folder: Path) -> str:
    """Return the SHA-256 of all files in order of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    """Read, check, say."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("folder", type=Path, nargs="?", default=SHIPPED)
    folder = given.parse_args().folder
    data = read(folder)
    found = [fault for writer, rows in data.items() for fault in faults(writer, rows)]
    found += list(dict.fromkeys(twins(data)))
    for language in dict.fromkeys(row["language"] for rows in data.values() for row in rows):
        share, wrong = told_apart(data, language)
        print(f"{language}: {share:.3f} of the notes are told to be their writer's: {wrong}")
        if share < APART_AT_LEAST:
            found.append(f"{language}: the voices are not apart enough")
    own, plain = neutral(data)
    print(f"style score: references {own:.2f}, neutral texts {plain:.2f}")
    print(f"{sum(map(len, data.values()))} notes by {len(data)} writers, sha256 {checksum(folder)}")
    print("\n".join(found) if found else "Nothing is wrong.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
