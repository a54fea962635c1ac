"""Count a reference corpus: how everybody writes, against which a profile is measured.

Words and marks go into engine/profile/data/reference_LANGUAGE.tsv; with `--syntax`, productions,
metrics and shares of tags go into reference_syntax_LANGUAGE.tsv beside it instead.

Only counts leave the corpus, never texts. Rows of other splits than train, and rows whose licence
does not allow it, are skipped; no style and no file may swamp the others.

    python scripts/make_reference.py --language en [--syntax] --output reference_en.tsv FILE…
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from engine.profile.habits import rates
from engine.profile.lexical import words_of
from engine.profile.parsing import MISSING, can_parse, read_sentences
from engine.profile.pragmatics import rates as tag_rates
from engine.profile.productions import count_rules, head_totals
from engine.profile.syntax import measure
from engine.text import count_words
from engine.types import Language

KEEP = 20_000
PER_STYLE = 12_000
PER_FILE = 90_000
LEAST_RULE = 3
PLACEHOLDER = re.compile(r"^\s*\[\w+\]\s*$", re.MULTILINE)
"""What stands in a corpus for a listing or a picture, alone on its line."""
LICENCES = ("mit", "apache-2.0", "cc0", "unlicense", "public domain", "text: public domain")
"""Beginnings of licences that allow it; a row without one is in a set that is free as a whole."""


def main() -> None:
    """Read the files, write the counts, say how much was read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=["en", "zh"], required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--syntax", action="store_true")
    parser.add_argument("files", type=Path, nargs="+")
    arguments = parser.parse_args()
    texts = [t for file in arguments.files for t in balanced(file, arguments.language)]
    (write_syntax if arguments.syntax else write)(arguments.output, texts, arguments.language)


def balanced(file: Path, language: Language) -> Iterator[str]:
    """Yield train texts of a file up to `PER_STYLE` words a style and `PER_FILE` in all."""
    by_style: Counter[str] = Counter()
    total = 0
    with file.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            licence = (row.get("licence") or LICENCES[0]).lower()
            if row["split"] != "train" or not licence.startswith(LICENCES):
                continue
            size = count_words(row["reference"], language)
            if by_style[row["style"]] + size <= PER_STYLE and total + size <= PER_FILE:
                by_style[row["style"]] += size
                total += size
                yield row["reference"]
    print(f"{file.stem}: {total:,} words, {len(by_style)} styles")


def write(output: Path, texts: list[str], language: Language) -> None:
    """Write the data file that engine.profile.reference reads."""
    counts = Counter(w for text in texts for w in words_of(text, language) if not w[0].isdigit())
    kept = sorted(((w, n) for w, n in counts.items() if n > 1), key=lambda row: (-row[1], row[0]))
    found = rates("\n\n".join(texts), language)
    lines = [f"#words\t{counts.total()}"]
    lines += [f"#mark\t{name}\t{rate:.4f}" for name, rate in found.items()]
    lines += [f"{word}\t{count}" for word, count in kept[:KEEP]]
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{output}: {counts.total():,} words, {min(len(kept), KEEP):,} listed")


def write_syntax(output: Path, texts: list[str], language: Language) -> None:
    """Write the data file that engine.profile.reference.load_syntax reads."""
    if not can_parse(language):
        raise SystemExit(MISSING)
    # In portions: one call reads no more than an author's samples may have.
    kept_texts = (PLACEHOLDER.sub("", text) for text in texts)
    sentences = [s for text in kept_texts for s in read_sentences([text], language)]
    counts = count_rules(sentences)
    metrics = measure(sentences, language)
    found = {} if metrics is None else metrics.model_dump(exclude_none=True)
    lines = [f"#head\t{head}\t{total}" for head, total in sorted(head_totals(counts).items())]
    lines += [f"#metric\t{name}\t{value}" for name, value in found.items()]
    lines += [f"#tag\t{tag}\t{rate:.4f}" for tag, rate in tag_rates(sentences, language).items()]
    kept = sorted((-n, rule) for rule, n in counts.items() if n >= LEAST_RULE)
    lines += [f"{rule}\t{-count}" for count, rule in kept]
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{output}: {len(sentences):,} sentences, {counts.total():,} rules, {len(kept):,} listed")


if __name__ == "__main__":
    main()
