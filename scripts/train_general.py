#!/usr/bin/env python3
"""Train the general stylist adapter that ships: any samples in, their style out.

    python scripts/train_general.py --data DIR --output DIR [--stage 1|2|3] [--resume ADAPTER]

DIR holds bible_parallel_en.jsonl and bible_wide_en.jsonl (docs/MODELS.md says what they are); the
voices are ours and lie in finetune/data/voices. Stage 1 learns at a steady rate, stage 2 goes on
from its adapter and lets the rate fall to nothing; stage 3 goes on once more, over all of it with
other samples shown. Nothing but train splits is read.
"""

import argparse
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.weights import packaged_weights
from engine.restyling import restyle_conversation
from finetune.alignment import align
from finetune.base import load_base, load_tokenizer, use_threads
from finetune.rendering import Renderer, TokenRow
from finetune.sft import LoraShape, SftSettings, make_trainer, new_adapter, resumed_adapter
from finetune.voices import read_voices

SHAPE = LoraShape(rank=32, alpha=32)
SHOWN = (
    80,
    110,
    130,
    130,
    160,
)  # words of samples shown: different writers bring different amounts
RATES = {1: 8e-4, 2: 8e-4, 3: 6e-4}  # of each stage
BLAND = "BSB"  # the version that is nearest to plain modern English: the neutral side


class Lesson(NamedTuple):
    """Samples of a style, and (plain, styled) pairs in it."""

    samples: Sequence[str]
    pairs: Sequence[tuple[str, str]]


def parallel(folder: Path, draw: random.Random) -> Iterator[Lesson]:
    """Yield passages of four translations beside their plain source."""
    rows = _train(folder / "bible_parallel_en.jsonl")
    for row in rows:
        others = [r for r in rows if r["style"] == row["style"] and r["topic"] != row["topic"]]
        pairs = align(row["source"], row["reference"])
        if pairs:
            yield Lesson([r["reference"] for r in draw.sample(others, 3)], pairs)


def wide(folder: Path, draw: random.Random) -> Iterator[Lesson]:
    """Yield passages of the other translations, and plain English out of the styled ones."""
    rows = _train(folder / "bible_wide_en.jsonl")
    for row in rows:
        version = draw.choice(["ASV", "DARBY", "WEB", BLAND])
        source = draw.choice(["KJV", "YLT", "DRA", "BBE"]) if version == BLAND else BLAND
        others = [r for r in rows if r is not row]
        pairs = align(row["texts"][source], row["texts"][version])
        if pairs:
            yield Lesson([r["texts"][version] for r in draw.sample(others, 3)], pairs)


def voices(draw: random.Random, *, plain: float) -> Iterator[Lesson]:
    """Yield the notes of our own voices; a share `plain` of them the other way round."""
    notes = read_voices()
    for note in notes:
        others = [n for n in notes if n.author == note.author and n.id != note.id]
        shown = draw.sample(others, 3)
        yield Lesson([n.text for n in shown], note.pairs)
        if draw.random() < plain:
            turned = [(styled.strip(), neutral) for neutral, styled in note.pairs]
            yield Lesson([n.plain for n in shown], turned)


def lessons(folder: Path, stage: int, seed: int) -> list[Lesson]:
    """Return what a stage learns, in the order it learns it."""
    draw = random.Random(seed + stage)
    bible = list(parallel(folder, random.Random(seed)))
    half = len(bible) // 2
    if stage == 3:
        chosen, rest = list(parallel(folder, random.Random(seed + stage))), 250
    else:
        chosen, rest = bible[:half] if stage == 1 else bible[half:], 100
    others = draw.sample(list(wide(folder, draw)), rest)
    found = [*chosen, *others, *voices(draw, plain=0.25)]
    draw.shuffle(found)
    return found


def rows_of(found: Iterable[Lesson], renderer: Renderer, draw: random.Random) -> list[TokenRow]:
    """Return lessons as tokens, by the product's own renderer."""
    return [
        renderer.row(
            restyle_conversation(lesson.samples, lesson.pairs, "en", words=draw.choice(SHOWN))
        )
        for lesson in found
    ]


def _train(path: Path) -> list[dict]:  # type: ignore[type-arg]
    rows = map(json.loads, path.open(encoding="utf-8"))
    return [row for row in rows if row["split"] == "train"]


def main() -> None:
    """Train one stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--stage", type=int, choices=(1, 2, 3), default=1)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    use_threads(options.threads)
    found = lessons(options.data, options.stage, options.seed)[: options.limit]
    renderer = Renderer(
        LlamaWeights(packaged_weights(), Configuration(threads=1), vocabulary_only=True)
    )
    rows = rows_of(found, renderer, random.Random(options.seed))
    print(f"{len(rows)} rows, {sum(len(r.input_ids) for r in rows)} tokens", flush=True)
    base = load_base(packaged_weights())
    model = resumed_adapter(base, options.resume) if options.resume else new_adapter(base, SHAPE)
    settings = SftSettings(
        learning_rate=RATES[options.stage],
        epochs=1.0,
        schedule="constant" if options.stage == 1 else "cosine",
    )
    tokenizer = load_tokenizer(packaged_weights())
    make_trainer(model, tokenizer, rows, settings, options.output).train()
    model.save_pretrained(options.output)


if __name__ == "__main__":
    main()
