#!/usr/bin/env python3
"""Make the adapters that NoteBench's results table needs, one after the other.

    python scripts/train_systems.py --data DIR [--system NAME] [--lessons N] [--threads N]

DIR is that of scripts/train_general.py, whose lessons these are. Every adapter goes where
`notewright bench` finds it: finetune/data/adapters/NAME. What is there already is left alone, and
what was cut off goes on with the rows and from the last checkpoint that lie in
finetune/data/unfinished.

    stylist-vanilla-sft   whole notes from their plain text at once, from a fresh adapter
    sag+filter            the general adapter's own best texts, one round of the style filter
    sag+filter+dpo        its better and worse wordings of a sentence, from sag+filter

Before each it says about how long it takes. The first learns from all the lessons of the general
adapter, once, at its rank and rate, so that only the plan makes the difference; the other two start
from the general adapter (scripts/train_general.py makes it) and write candidates on `--lessons` of
them.
"""

import argparse
import random
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from app.benchadapters import adapters_folder, has_adapter
from app.systems import SYSTEMS, vanilla_profile
from engine.errors import NotewrightError
from engine.learning_types import Method, PreferencePair, SFTExample, TrainingProgress, TrainingSet
from engine.loading import LoadedModels, LoadOptions, load_models
from engine.models import general
from engine.models.weights import packaged_weights
from engine.notebench.asking import request_for
from engine.notebench.samples import BenchItem
from engine.planner import build_plan
from engine.restyle import joined
from engine.restyling import restyle_conversation
from engine.scoring.scorer import NoteScorer
from engine.text import count_words
from engine.types import Message, Scores
from engine.whole import whole_conversation
from finetune.adapters import Made, write_adapter
from finetune.improve import best_of, fault, texts_of, write_candidates
from finetune.orders import JobFolder
from finetune.pace import first_guess
from finetune.train import TrainingSettings, train
from finetune.watching import Wish
from scripts.ship_general import BASE_NAME
from scripts.train_general import SHAPE, SHOWN, Lesson, lessons

TRAINED = tuple(row.name for row in SYSTEMS if row.trained and row.script == "train_systems")
VANILLA = "stylist-vanilla-sft"
LESSONS = 200
SEED = 17
LESSON_SEED = 11  # that of the general adapter: the same lessons
SECONDS_PER_PROFILE = 0.5
SECONDS_PER_LESSON = 16  # four candidates written and scored, on one core


class Numbered(NamedTuple):
    """A lesson with an id, for what an adapter's manifest says of its sources."""

    id: str
    lesson: Lesson


class Stylist(NamedTuple):
    """The stylist that writes candidates, its adapter's name, and what scores them."""

    models: LoadedModels
    adapter: str
    scorer: NoteScorer

    def score(self, lesson: Lesson, text: str, source: str) -> Scores:
        """Measure a text in the style of a lesson."""
        return self.scorer.score(text, language="en", samples=lesson.samples, source=source)


def vanilla_rows(chosen: Iterable[Numbered]) -> list[SFTExample]:
    """Return whole notes from their plain text, asked as the system asks."""
    return [
        SFTExample(messages=tuple(_vanilla_chat(lesson)), origin="sample", sources=(name,))
        for name, lesson in chosen
    ]


def _vanilla_chat(lesson: Lesson) -> list[Message]:
    plain = joined([plain for plain, _ in lesson.pairs], "en")
    styled = joined([styled for _, styled in lesson.pairs], "en")
    item = BenchItem(
        id="-",
        topic="A note",
        samples=tuple(lesson.samples),
        source=plain,
        words=max(1, count_words(styled, "en")),
    )
    request = request_for(item, drafts=1, seed=0)
    profile = vanilla_profile(item.samples, "en")
    chat = whole_conversation(request, profile, build_plan(request, {}))
    return [*chat, Message(role="assistant", content=styled)]


def stylist_rows(chosen: Iterable[Numbered]) -> list[tuple[SFTExample, Lesson]]:
    """Return lessons as the stylist's own chats."""
    draw = random.Random(SEED)
    return [
        (
            SFTExample(
                messages=tuple(
                    restyle_conversation(
                        lesson.samples, lesson.pairs, "en", words=draw.choice(SHOWN)
                    )
                ),
                origin="sample",
                sources=(name,),
            ),
            lesson,
        )
        for name, lesson in chosen
    ]


def filtered(chosen: Sequence[Numbered], stylist: Stylist) -> list[SFTExample]:
    """Return the stylist's own texts that pass the style filter, the best of each lesson."""
    kept: list[SFTExample] = []
    model = stylist.models.stylist_model
    for number, (example, lesson) in enumerate(stylist_rows(chosen)):
        score = _scoring(stylist, lesson)
        found = best_of(example, model, stylist.adapter, score, "en", seed=SEED + number)
        kept += [found.kept] if found.kept else []
    return kept


def _scoring(stylist: Stylist, lesson: Lesson):  # type: ignore[no-untyped-def]
    return lambda text, source: stylist.score(lesson, text, source)


def paired(chosen: Sequence[Numbered], stylist: Stylist) -> list[PreferencePair]:
    """Return, of each lesson's candidates, how the best and the worst say a sentence."""
    found = []
    for number, (example, lesson) in enumerate(stylist_rows(chosen)):
        written = write_candidates(
            example, stylist.models.stylist_model, stylist.adapter, "en", seed=SEED + number
        )
        scored = [(one, stylist.score(lesson, *texts_of(one, "en"))) for one in written]
        pair = best_and_worst(scored)
        found += [pair] if pair else []
    return found


def best_and_worst(scored: Sequence[tuple[SFTExample, Scores]]) -> PreferencePair | None:
    """Return the sentence in which the best candidate and the worst differ most; None for none.

    The best passes the filter. Worst is one that says something unsupported, else the least in
    style; what a pair is about follows from that.
    """
    good = [one for one in scored if fault(one[1]) is None]
    if not good:
        return None
    best, its = max(good, key=lambda one: one[1].style or 0.0)
    worst, theirs = min(scored, key=lambda one: (fault(one[1]) is None, one[1].style or 0.0))
    steps = [
        number
        for number, (mine, other) in enumerate(zip(best.messages, worst.messages, strict=True))
        if mine.role == "assistant" and mine.content != other.content
    ]
    if best is worst or not steps:
        return None
    at = max(steps, key=lambda n: _apart(best.messages[n].content, worst.messages[n].content))
    return PreferencePair(
        prompt=best.messages[:at],
        chosen=best.messages[at : at + 1],
        rejected=worst.messages[at : at + 1],
        kind="content" if (theirs.faithful or 0.0) < (its.faithful or 0.0) - 0.2 else "style",
        origin="gate",
        sources=best.sources,
    )


def _apart(one: str, other: str) -> float:
    from rapidfuzz import fuzz

    return 1 - fuzz.ratio(one, other) / 100


# ------------------------------------------------------------------ making


def make(system: str, chosen: Sequence[Numbered], threads: int) -> None:
    """Train a system's adapter and put it in its place."""
    settings = _settings(system, threads)
    folder = JobFolder(adapters_folder().parent / "unfinished" / system)
    data = folder.data()
    if data is None:
        data = _data(system, chosen, threads)
        folder.write_data(data)
    seconds = first_guess(settings.method, data, settings.epochs, threads)
    rows = len(data.sft) + len(data.pairs)
    print(f"{system}: {rows} rows; training takes about {minutes(seconds)}", flush=True)
    saved = train(settings, data, packaged_weights(), folder.work, watch, start=_start(system))
    made = Made(
        style=system,
        method=settings.method,
        base_path=packaged_weights(),
        base_name=BASE_NAME,
        sources={"sample": tuple(name for name, _ in chosen)},
        settings={"training": settings.model_dump(mode="json"), "lessons": len(chosen)},
        licence="Apache-2.0",
    )
    write_adapter(saved, adapters_folder() / system, made)
    shutil.rmtree(folder.path)


def _settings(system: str, threads: int) -> TrainingSettings:
    if system == VANILLA:
        return TrainingSettings(
            method="sft", shape=SHAPE, learning_rate=8e-4, epochs=1.0, seed=SEED, threads=threads
        )
    method: Method = "dpo" if system.endswith("dpo") else "filter"
    return TrainingSettings(method=method, shape=SHAPE, seed=SEED, threads=threads)


def _start(system: str) -> Path | None:
    if system == VANILLA:
        return None
    return adapters_folder() / "sag+filter" if system.endswith("dpo") else general.general_folder()


def _data(system: str, chosen: Sequence[Numbered], threads: int) -> TrainingSet:
    if system == VANILLA:
        seconds = len(chosen) * SECONDS_PER_PROFILE
        print(f"{system}: reading the profiles takes about {minutes(seconds)}", flush=True)
        return TrainingSet(sft=tuple(vanilla_rows(chosen)))
    seconds = len(chosen) * SECONDS_PER_LESSON / threads
    print(f"{system}: writing and scoring takes about {minutes(seconds)}", flush=True)
    stylist = load_stylist(_start(system), threads)
    if system.endswith("dpo"):
        return TrainingSet(pairs=tuple(paired(chosen, stylist)))
    return TrainingSet(sft=tuple(filtered(chosen, stylist)))


def load_stylist(folder: Path | None, threads: int) -> Stylist:
    """Return the stylist with the adapter of a folder."""
    from platformdirs import user_cache_path

    from engine.adapter_files import servable

    models = load_models(LoadOptions(user_cache_path("notewright"), threads=threads))
    if models.adapters is None or folder is None:
        raise SystemExit("The stylist takes no adapters; leave NOTEWRIGHT_STYLIST_GGUF out.")
    models.adapters.register_adapter("start", servable(folder, models.adapters.base))
    return Stylist(models, "start", NoteScorer(models.embedder))


def watch(progress: TrainingProgress) -> Wish:
    """Say now and then how far training is."""
    if progress.step % 20 == 0:
        left = "" if progress.seconds_left is None else f", {minutes(progress.seconds_left)} left"
        print(f"  {progress.stage} {progress.step}/{progress.steps}{left}", flush=True)
    return "go"


def minutes(seconds: float) -> str:
    """Return "3 min"."""
    return f"{max(1, round(seconds / 60))} min"


def main() -> None:
    """Make what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--system", choices=TRAINED)
    parser.add_argument("--lessons", type=int)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    first, second = (lessons(options.data, stage, LESSON_SEED) for stage in (1, 2))
    everything = [Numbered(f"lesson-{n}", one) for n, one in enumerate([*second, *first])]
    for system in [options.system] if options.system else TRAINED:
        if has_adapter(system):
            print(f"{system}: is there already")
            continue
        began = time.monotonic()
        try:
            limit = options.lessons or (None if system == VANILLA else LESSONS)
            make(system, everything[:limit], options.threads)
        except NotewrightError as error:
            raise SystemExit(f"{system}: {error}") from error
        print(f"{system}: made in {minutes(time.monotonic() - began)}")


if __name__ == "__main__":
    main()
