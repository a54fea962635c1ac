"""Learning a trait: imitation of the teacher, then preferences among the student's own rewritings.

Small But Funny (arXiv 2402.18113): warm start by cross-entropy; BRIO with cross-entropy, DPO, or
BRIO on the teacher's pairs and then DPO on the student's; the critic once, or anew every epoch.
Everything lies in the job's folder before the next stage begins, so a killed job goes on there.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol, TypeVar

from engine.errors import Stopped
from engine.learning_types import Method, PreferencePair, TrainingProgress, TrainingSet
from engine.rewrite import Rewriter
from engine.trait_critic import TELLING, TraitCritic, TraitVerdict, bias
from engine.types import StyleProfile
from finetune.orders import CriticKind, TraitOrder
from finetune.student import (
    JudgedPair,
    Sampled,
    judged,
    left_out,
    preferences,
    sampled,
)
from finetune.teacher import TraitText
from finetune.train import (
    ENOUGH_PAIRS,
    ENOUGH_SAMPLES,
    TrainingFailed,
    TrainingSettings,
    Watch,
)
from finetune.trait_record import CriticRecord, RoundRecord, TraitRecord, recorded, write_record

TRIED = 2 * TELLING
"""Pairs after which a critic that goes by positions is found out, and asked no more."""
_POLL = 0.5
Item = TypeVar("Item")


class Trains(Protocol):
    """What trains one stage: `finetune.train.train`, or a scripted one."""

    def __call__(
        self,
        settings: TrainingSettings,
        data: TrainingSet,
        base: Path,
        output: Path,
        watch: Watch,
        *,
        start: Path | None = None,
    ) -> Path:
        """Train, and return the folder that PEFT saved."""


@dataclass(frozen=True)
class School:
    """Who takes part: made where models are at hand (`finetune.trait_parts`).

    Args:
        profile: the style.
        texts: what the student rewrites.
        teacher: the name of the teacher's model.
        critics: who may judge, by kind; one that is not to be had is absent.
        student: the student as a folder of an adapter makes it, None for the bare model.
    """

    profile: StyleProfile
    texts: Sequence[TraitText]
    teacher: str
    critics: Mapping[CriticKind, TraitCritic]
    student: Callable[[Path | None], Rewriter]


@dataclass(frozen=True)
class TraitTrainer:
    """Runs all stages of one job.

    Args:
        train: trains one stage.
        school: who takes part.
        order: the trait and its numbers.
        base: the weights that are served.
        output: the folder for what every stage leaves.
        watch: told after each step, and asked whether to go on.
    """

    train: Trains
    school: School
    order: TraitOrder
    base: Path
    output: Path
    watch: Watch

    def all(self, settings: TrainingSettings, data: TrainingSet, start: Path | None) -> Path:
        """Run what is left to do; return the folder that PEFT saved last.

        Raises:
            TrainingFailed: the critic says nothing that could be learned, or too little is left.
        """
        tried = self._try_critic(data) if settings.method != "sft" else []
        warm = len(data.sft) >= ENOUGH_SAMPLES
        record = TraitRecord(
            trait=self.order.wish.name,
            level=self.order.wish.level,
            teacher=self.school.teacher,
            rows=len(data.sft),
            warm_start=warm,
            first_critics=tuple(tried),
        )
        current = self._stage("warm", settings, "sft", data, start) if warm else start
        if settings.method == "sft" and (not warm or current is None):
            raise TrainingFailed(
                f"Of the teacher's texts {len(data.sft)} passed, too few to imitate; choose a "
                "larger planner, or a way to learn with a critic (--method dpo)."
            )
        if settings.method == "brio-dpo":
            found, asked = self._teachers_pairs(data)
            pairs = TrainingSet(pairs=found)
            record = record.model_copy(
                update={"teacher_pairs": len(found), "first_critics": (*tried, *asked)}
            )
            if len(pairs.pairs) >= ENOUGH_PAIRS:
                current = self._stage("teacher-brio", settings, "brio", pairs, current)
        if settings.method != "sft":
            current, rounds = self._rounds(settings, current)
            record = record.model_copy(update={"rounds": rounds})
        write_record(self.output, record)
        assert current is not None
        return current

    # -- training ----------------------------------------------------------------------------
    def _stage(
        self,
        name: str,
        settings: TrainingSettings,
        method: Method,
        data: TrainingSet,
        start: Path | None,
    ) -> Path:
        told = settings.model_copy(update={"method": method})
        return self.train(
            told, data, self.base, self.output / name, _named(self.watch, name), start=start
        )

    def _rounds(
        self, settings: TrainingSettings, current: Path | None
    ) -> tuple[Path, tuple[RoundRecord, ...]]:
        """Let the student write, the critic choose and the student learn, so many times."""
        method: Method = "dpo" if settings.method == "brio-dpo" else settings.method
        several = self.order.rounds > 1
        told = settings.model_copy(update={"epochs": 1.0}) if several else settings
        rounds = []
        for number in range(1, self.order.rounds + 1):
            pairs, record = self._feedback(number, current)
            rounds.append(record)
            current = self._stage(f"round-{number}", told, method, pairs, current)
        assert current is not None
        return current, tuple(rounds)

    # -- feedback ----------------------------------------------------------------------------
    def _feedback(self, number: int, current: Path | None) -> tuple[TrainingSet, RoundRecord]:
        folder, student = self.output / f"round-{number}", self.school.student(current)
        texts = self.school.texts
        pairs = self._watched(
            f"samples-{number}",
            len(texts),
            sampled(
                texts,
                student,
                folder / "samples.jsonl",
                samples=self.order.samples,
                seed=7919 * number,
            ),
        )
        found, critics = self._verdicts(f"critic-{number}", pairs, student, folder)
        kept = preferences(found, self.school.profile, self.order.wish)
        if len(kept) < ENOUGH_PAIRS:
            raise TrainingFailed(
                f"Of {len(texts)} texts {len(kept)} gave a pair to learn from, and "
                f"{ENOUGH_PAIRS} are needed ({_told(left_out(pairs, found))}); add samples, write "
                "notes, or give more texts."
            )
        record = RoundRecord(
            pairs=len(kept), dropped=left_out(pairs, found), critics=tuple(critics)
        )
        return TrainingSet(pairs=kept), record

    def _verdicts(
        self, stage: str, pairs: Sequence[Sampled], student: Rewriter, folder: Path
    ) -> tuple[list[JudgedPair], list[CriticRecord]]:
        """Ask the first critic that goes by the texts; those that do not are on record.

        Raises:
            TrainingFailed: there is none.
        """
        records: list[CriticRecord] = []
        for kind in _in_turn(self.order.critic):
            critic = self.school.critics.get(kind)
            if critic is None:
                continue
            log = folder / f"verdicts-{kind}.jsonl"
            found: list[JudgedPair] = []
            asked = judged(pairs, critic, student, log)
            for one in self._steps(stage, sum(p.pair is not None for p in pairs), asked):
                found.append(one)
                if len(found) == TRIED and bias(_verdicts(found)).useless:
                    break
            records.append(recorded(critic, _verdicts(found), folder / f"calls-{kind}.jsonl"))
            if not records[-1].bias.useless:
                return found, records
        raise TrainingFailed(_no_critic(self.order, records))

    def _try_critic(self, data: TrainingSet) -> list[CriticRecord]:
        """Find out whether the model can judge before anything is trained, where nobody else could.

        Raises:
            TrainingFailed: it goes by positions, even between a text and the teacher's rewriting.
        """
        if "count" in self.school.critics and self.order.critic != "model":
            return []
        pairs = []
        for row in data.sft[:TRIED]:
            text, rewritten = row.messages[-2].content, row.messages[-1].content
            pairs.append(Sampled(id=rewritten, text=text, pair=(text, rewritten)))
        student = self.school.student(None)
        return self._verdicts("critic-first", pairs, student, self.output / "critic-first")[1]

    def _teachers_pairs(
        self, data: TrainingSet
    ) -> tuple[tuple[PreferencePair, ...], list[CriticRecord]]:
        """Return two of the teacher's rewritings of each text as the critic ranks them."""
        pairs = []
        for text, rows in groupby(data.sft, key=lambda row: row.messages[-2].content):
            same = list(rows)
            if len(same) > 1:
                said = (same[0].messages[-1].content, same[-1].messages[-1].content)
                pairs.append(Sampled(id=text, text=text, pair=said))
        student = self.school.student(None)
        found, critics = self._verdicts(
            "critic-teacher", pairs, student, self.output / "teacher-brio"
        )
        return preferences(found, self.school.profile, self.order.wish), critics

    # -- watching ----------------------------------------------------------------------------
    def _watched(self, stage: str, count: int, work: Iterable[Item]) -> list[Item]:
        return list(self._steps(stage, count, work))

    def _steps(self, stage: str, count: int, work: Iterable[Item]) -> Iterator[Item]:
        """Yield what work makes, telling and obeying the watcher after each."""
        for number, made in enumerate(work, 1):
            self._obey(TrainingProgress(stage=stage, step=number, steps=max(count, number)))
            yield made

    def _obey(self, progress: TrainingProgress) -> None:
        while (wish := self.watch(progress)) == "pause":
            time.sleep(_POLL)
        if wish == "cancel":
            raise Stopped("Training was cancelled; the old adapter still serves.")


def _in_turn(kind: CriticKind) -> tuple[CriticKind, ...]:
    return ("model", "count") if kind == "auto" else (kind,)


def _verdicts(found: Sequence[JudgedPair]) -> list[TraitVerdict]:
    return [one.verdict for one in found]


def _no_critic(order: TraitOrder, records: Sequence[CriticRecord]) -> str:
    """Say why nobody can judge, and what to do."""
    trait = order.wish.name
    if not records:
        return (
            f"No count sees whether a text is {trait!r}, so a count cannot be its critic; choose "
            "--critic model, or a trait such as shorter sentences."
        )
    worst = records[-1]
    return (
        f"The critic {worst.name} goes by the position of a text: it chose text "
        f"{worst.bias.favourite} whatever stood there in {worst.bias.turned} of "
        f"{worst.bias.pairs} pairs. Nothing was trained on that; choose a larger planner, a trait "
        "that can be counted (shorter sentences), or imitation alone (--method sft)."
    )


def _told(reasons: Mapping[str, int]) -> str:
    return "; ".join(f"{count} × {reason.rstrip('.')}" for reason, count in reasons.items())


def _named(watch: Watch, name: str) -> Watch:
    """Return a watcher that is told the stage's own name: curves of two stages never mix."""
    return lambda progress: watch(progress.model_copy(update={"stage": name}))
