#!/usr/bin/env python3
"""Make the adapters of NoteBench's planned systems, one after the other.

    python scripts/train_planned.py [--system NAME] [--rows N] [--pairs N] [--threads N]

They learn from the notes of our own voices (finetune/data/voices), every note beside samples by the
same voice, and go on from the general adapter; the same rows, in their own order, for every one of
them. Every adapter goes where `notewright bench` finds it: finetune/data/adapters/NAME. What is
there already is left alone; what was cut off goes on with the rows and from the last checkpoint
that lie in finetune/data/unfinished. Before each it says about how long it takes.

    planned             answers open with their moves, half the rows without
    planned-words       the same, less signature words and marks
    planned-syntax      the same, less sentence shapes
    planned-pragmatics  the same, less what sentences do
    planned-plan        the same rows without any moves: plain supervised training
    planned+dpo         from `planned`: the voices' sentences against its own blandest
"""

import argparse
import random
import shutil
import time
from collections.abc import Sequence
from functools import partial
from itertools import islice

from app.benchadapters import adapters_folder, has_adapter
from app.planned import PLANNED_WITHOUT
from app.systems import profile_for
from engine.errors import NotewrightError
from engine.learning_types import Method, PreferencePair, SFTExample, TrainingSet
from engine.models import general
from engine.models.weights import packaged_weights
from finetune.adapters import Made, write_adapter
from finetune.distill import planned_lesson, shared_plan_pairs, silent_lesson
from finetune.improve import write_candidates
from finetune.orders import JobFolder
from finetune.pace import first_guess
from finetune.train import TrainingSettings, train
from scripts.ship_general import BASE_NAME
from scripts.train_general import Lesson, voices
from scripts.train_systems import SEED, Numbered, load_stylist, minutes, stylist_rows, watch

ROWS, PAIRS = 400, 300
PLAIN, PLANNED, DPO = "planned-plan", "planned", "planned+dpo"
TRAINED = (PLANNED, *PLANNED_WITHOUT, PLAIN, DPO)
RATE, EPOCHS = 3e-4, 1.0
SECONDS_PER_LESSON = 16  # candidates written and scored, on one core


def rows(count: int) -> list[tuple[SFTExample, Lesson]]:
    """Return so many notes of our voices as the stylist's chats, the same at every call."""
    draw = random.Random(SEED)
    found = [Numbered(f"voice-{n}", lesson) for n, lesson in enumerate(voices(draw, plain=0.0))]
    draw.shuffle(found)
    return stylist_rows(found[:count])


def planned_rows(chosen: Sequence[tuple[SFTExample, Lesson]], system: str) -> list[SFTExample]:
    """Return the same with moves, less what the system does without."""
    return [
        planned_lesson(
            example,
            profile_for(tuple(lesson.samples), "en"),
            without=PLANNED_WITHOUT.get(system, ()),
        )
        for example, lesson in chosen
    ]


def pairs(
    chosen: Sequence[tuple[SFTExample, Lesson]], limit: int, threads: int
) -> list[PreferencePair]:
    """Return the voices' sentences against the blandest that `planned` writes, moves shared."""
    stylist = load_stylist(adapters_folder() / PLANNED, threads)
    found: list[PreferencePair] = []
    for number, (planned, (_, lesson)) in enumerate(
        zip(planned_rows(chosen, PLANNED), chosen, strict=True)
    ):
        drafts = write_candidates(
            silent_lesson(planned),
            stylist.models.stylist_model,
            stylist.adapter,
            "en",
            seed=SEED + number,
        )
        found += shared_plan_pairs(planned, drafts, partial(stylist.score, lesson), "en")
        if len(found) >= limit:
            break
    return list(islice(found, limit))


def make(system: str, options: argparse.Namespace) -> None:
    """Train a system's adapter and put it in its place."""
    method: Method = "dpo" if system == DPO else "sft" if system == PLAIN else "planned"
    settings = TrainingSettings(
        method=method,
        learning_rate=None if method == "dpo" else RATE,
        epochs=EPOCHS,
        seed=SEED,
        threads=options.threads,
    )
    folder = JobFolder(adapters_folder().parent / "unfinished" / system)
    data = folder.data()
    if data is None:
        data = _data(system, options)
        folder.write_data(data)
    seconds = first_guess(method, data, EPOCHS, options.threads)
    count = len(data.sft) + len(data.pairs)
    print(f"{system}: {count} rows; training takes about {minutes(seconds)}", flush=True)
    start = adapters_folder() / PLANNED if method == "dpo" else general.general_folder()
    saved = train(settings, data, packaged_weights(), folder.work, watch, start=start)
    made = Made(
        style=system,
        method=method,
        base_path=packaged_weights(),
        base_name=BASE_NAME,
        sources={"sample": tuple(dict.fromkeys(s for row in data.sft for s in row.sources))},
        settings={
            "training": settings.model_dump(mode="json"),
            "rows": count,
            "moves": method == "dpo",
        },
        licence="Apache-2.0",
    )
    write_adapter(saved, adapters_folder() / system, made)
    shutil.rmtree(folder.path)


def _data(system: str, options: argparse.Namespace) -> TrainingSet:
    chosen = rows(options.rows)
    if system == PLAIN:
        return TrainingSet(sft=tuple(example for example, _ in chosen))
    if system == DPO:
        seconds = len(chosen) * SECONDS_PER_LESSON / options.threads
        print(f"{system}: writing and scoring takes up to {minutes(seconds)}", flush=True)
        return TrainingSet(pairs=tuple(pairs(chosen, options.pairs, options.threads)))
    return TrainingSet(sft=tuple(planned_rows(chosen, system)))


def main() -> None:
    """Make what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--system", choices=TRAINED)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    for system in [options.system] if options.system else TRAINED:
        if has_adapter(system):
            print(f"{system}: is there already")
            continue
        if system == DPO and not has_adapter(PLANNED):
            raise SystemExit(f"{DPO} goes on from {PLANNED}: make that first.")
        began = time.monotonic()
        try:
            make(system, options)
        except NotewrightError as error:
            raise SystemExit(f"{system}: {error}") from error
        print(f"{system}: made in {minutes(time.monotonic() - began)}")


if __name__ == "__main__":
    main()
