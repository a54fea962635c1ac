"""What a training job was told, in its folder: enough to repeat it, or to go on after a crash.

order.json    the method, the numbers, the base and what training starts from
rows.jsonl    what it learns from, in TRL's columns and where each row came from
dropped.json  what was left out, counted by reason
rounds/       what the style filter's rounds wrote and kept (rounds.py)
shown.json    the ids of the samples that open the chats, and of a trait's texts
work/         checkpoints;  built/  the adapter before it is moved into place;  log.txt
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from engine.adapter_files import read_manifest
from engine.errors import AdapterUnusable
from engine.learning_types import (
    IMITATES,
    MOST_ROUNDS,
    Method,
    PreferencePair,
    SFTExample,
    TrainingSet,
    UnpairedPreference,
)
from engine.models.machine import fingerprint, weights_file
from engine.types import TraitWish
from engine.value import Value
from finetune.train import TrainingFailed, TrainingSettings
from finetune.whole_files import put_whole

CriticKind = Literal["auto", "model", "count"]
JOBS, ADAPTERS = "training", "adapters"
"""Folders of the data directory: one of each job, one of each adapter."""


class TraitOrder(Value):
    """A trait to be learned from a teacher and a critic; the defaults are the paper's (2402.18113).

    `texts` are to be rewritten in place of the style's own; `rounds` says how often the critic is
    asked anew; `critic` "auto" lets a count stand in for a model that goes by positions.
    """

    wish: TraitWish
    texts: tuple[str, ...] = ()
    variants: int = 3
    samples: int = 6
    rounds: int = 1
    critic: CriticKind = "auto"


class Order(Value):
    """How to train, as a person asked for it. Absent numbers are the method's defaults.

    `base` is a GGUF file, or a folder for transformers. `general` and `serving` are the folders of
    the adapter that ships and of the style's own, where there are any. `rounds` are those of the
    style filter. `trait` is what is to be learned in place of the writer's judgements. `models` is
    what writes candidates and at the gate, as `engine.loading.LoadOptions` has it.
    """

    method: Method | Literal["auto"] = "auto"
    base: Path
    base_name: str
    base_revision: str = ""
    general: Path | None = None
    serving: Path | None = None
    learning_rate: float | None = None
    epochs: float | None = None
    rounds: int = Field(default=1, ge=1, le=MOST_ROUNDS)
    seed: int = 0
    threads: int = 1
    trait: TraitOrder | None = None
    models: "ModelOptions"

    def settings(self, method: Method) -> TrainingSettings:
        """Return what the trainer is told, once the method is known."""
        return TrainingSettings(
            method=method,
            learning_rate=self.learning_rate,
            epochs=self.epochs,
            seed=self.seed,
            threads=self.threads,
            four_bit=self.models.four_bit and self.base.is_dir(),
        )

    def check_base(self) -> None:
        """Refuse to go on where the base is another file than the one that training began on.

        Raises:
            TrainingFailed: says so.
        """
        if self.base_revision and fingerprint(weights_file(self.base)) != self.base_revision:
            raise TrainingFailed(
                "The base model was replaced since this training began; begin anew, on the one "
                "that is there now."
            )

    def learned(self) -> frozenset[str]:
        """Return the ids of what the serving adapter has learned; none where it cannot be read."""
        if self.serving is None:
            return frozenset()
        try:
            return read_manifest(self.serving).learned
        except AdapterUnusable:
            return frozenset()

    def start(self, method: Method) -> Path | None:
        """Return what training starts from.

        Imitation learns everything anew from the general adapter, so that nothing wears off from
        job to job; preferences are about what the serving adapter wrote, and go on from it. So does
        a trait, however it is learned: it is added to what the style has learned.
        """
        anew = method in IMITATES and self.trait is None
        return self.general if anew else self.serving or self.general


class ModelOptions(Value):
    """Which models write and measure while the gate judges."""

    cache_dir: Path
    threads: int = 0
    scripted: bool = False
    planner_gguf: Path | None = None
    stylist_gguf: Path | None = None
    planner_folder: Path | None = None
    stylist_folder: Path | None = None
    four_bit: bool = False
    embedder: str = ""
    checker: str = ""


class JobFolder:
    """The folder of one job."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is made yet."""
        self.path = path
        self.work, self.built, self.log = path / "work", path / "built", path / "log.txt"
        self.rounds = path / "rounds"
        self._order, self._rows = path / "order.json", path / "rows.jsonl"
        self._dropped, self._shown = path / "dropped.json", path / "shown.json"

    def write_order(self, order: Order) -> None:
        """Keep what the job is told."""
        self.path.mkdir(parents=True, exist_ok=True)
        put_whole(self._order, order.model_dump_json(indent=2))

    def order(self) -> Order:
        """Return what the job is told."""
        return Order.model_validate_json(self._order.read_bytes())

    def write_data(self, data: TrainingSet) -> None:
        """Keep what the job learns from, all of it or nothing."""
        self.path.mkdir(parents=True, exist_ok=True)
        put_whole(self._dropped, json.dumps(dict(data.dropped), ensure_ascii=False))
        put_whole(self._shown, json.dumps(data.shown))
        put_whole(self._rows, "".join(f"{row.model_dump_json()}\n" for row in rows_of(data)))

    def data(self) -> TrainingSet | None:
        """Return what the job learns from; None while nobody has collected it."""
        if not self._rows.exists():
            return None
        lines = self._rows.read_text(encoding="utf-8").split("\n")  # texts may hold other breaks
        found = [json.loads(line) for line in lines if line]
        return TrainingSet(
            sft=tuple(SFTExample(**row) for row in found if "messages" in row),
            pairs=tuple(PreferencePair(**row) for row in found if "chosen" in row),
            unpaired=tuple(UnpairedPreference(**row) for row in found if "label" in row),
            dropped=json.loads(self._dropped.read_text(encoding="utf-8")),
            shown=tuple(json.loads(self._shown.read_text(encoding="utf-8"))),
        )


def rows_of(data: TrainingSet) -> Iterator[SFTExample | PreferencePair | UnpairedPreference]:
    """Yield all rows of a set, of whatever kind."""
    yield from data.sft
    yield from data.pairs
    yield from data.unpaired


def learned_from(data: TrainingSet) -> dict[str, tuple[str, ...]]:
    """Return the ids of what a set is made of, by origin; samples that only stand in chats too."""
    found: dict[str, dict[str, None]] = {}
    for row in rows_of(data):
        found.setdefault(row.origin, {}).update(dict.fromkeys(row.sources))
    ids = {origin: tuple(its) for origin, its in found.items()}
    return ids | ({"shown": data.shown} if data.shown else {})
