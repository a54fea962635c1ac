"""Measure the scores on labelled data, with intervals, beside the baselines.

    python -m scripts.validate_scores DATA [--only NAME …] [--split dev|test] [--output FILE.md]

DATA is a folder of the development sets as JSON lines (`style_triplets_bible_en.jsonl` and so on).
Every figure comes from the engine's public calls; intervals are 95 %, by bootstrap over rows,
seeded. A Markdown table for each check is printed, and written where `--output` says.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from engine.models.embedder import MiniLMEmbedder
from scripts.validation import critic, speed, style, truth
from scripts.validation.data import Sets
from scripts.validation.measures import Table

CHECKS: dict[str, Callable[[Sets], list[Table]]] = {
    "triplets": style.english_triplets,
    "five": style.five_samples,
    "chinese": style.chinese_triplets,
    "stel": style.quadruples,
    "ratings": style.ratings,
    "faithful": lambda sets: truth.faithfulness(sets, MiniLMEmbedder(threads=2)),
    "meaning": lambda sets: truth.meanings(sets, MiniLMEmbedder(threads=2)),
    "critic": critic.positions,
    "speed": speed.speed,
}


def main() -> None:
    """Run the checks that are asked for, print and write their tables."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    given.add_argument("data", type=Path)
    given.add_argument("--only", nargs="+", choices=CHECKS, default=list(CHECKS))
    given.add_argument("--split", choices=["dev", "test"], default="dev")
    given.add_argument("--output", type=Path)
    options = given.parse_args()
    if not options.data.is_dir():
        sys.exit(f"{options.data} is no folder.")
    sets = Sets(options.data, options.split)
    told: list[str] = []
    for name in options.only:
        for table in CHECKS[name](sets):
            told.append(table.markdown())
            print(told[-1], flush=True)
    if options.output:
        options.output.write_text("\n".join(told), encoding="utf-8")


if __name__ == "__main__":
    main()
