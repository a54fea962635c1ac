"""What a trait was learned from, for the manifest: teacher, critics and their biases, rounds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.trait_critic import Bias, TraitCritic, TraitVerdict, bias
from engine.value import Value
from finetune.lines import add_line, read_lines

_RECORD = "trait.jsonl"


class CriticRecord(Value):
    """What came of a critic: how often it was asked, and what the order of the texts did to it."""

    name: str
    calls: int
    bias: Bias


class RoundRecord(Value):
    """One round of samples and verdicts: the pairs learned from, the rest by reason."""

    pairs: int
    dropped: Mapping[str, int]
    critics: tuple[CriticRecord, ...]


class TraitRecord(Value):
    """What a trait was learned from, for the manifest: teacher's rows, rounds, critics.

    `first_critics` are those that were asked about the teacher's own texts, before any round.
    """

    trait: str
    level: int
    teacher: str
    rows: int
    warm_start: bool
    teacher_pairs: int = 0
    first_critics: tuple[CriticRecord, ...] = ()
    rounds: tuple[RoundRecord, ...] = ()

    @property
    def calls(self) -> int:
        """How often critics were asked in all."""
        later = (critic for one in self.rounds for critic in one.critics)
        return sum(critic.calls for critic in (*self.first_critics, *later))


def recorded(critic: TraitCritic, verdicts: Sequence[TraitVerdict], log: Path) -> CriticRecord:
    """Return what came of a critic; calls of processes that were killed are counted too."""
    record = CriticRecord(name=critic.name, calls=critic.calls, bias=bias(verdicts))
    critic.calls = 0
    before = sum(one.calls for one in read_lines(log, CriticRecord))
    add_line(log, record)
    return record.model_copy(update={"calls": record.calls + before})


def write_record(output: Path, record: TraitRecord) -> None:
    """Leave the record of a finished training beside what it made."""
    add_line(output / _RECORD, record)


def read_record(output: Path) -> TraitRecord | None:
    """Return what a finished training of a trait left; None where there was none."""
    found = list(read_lines(output / _RECORD, TraitRecord))
    return found[-1] if found else None
