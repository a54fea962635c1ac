"""A round of the style filter in a job's folder: what was written on each plan, and what was kept.

rounds/N.jsonl  a line for each plan as soon as it is done: a job that was killed goes on after it
rounds/N.json   the sum of it: how many texts were written and kept, and why the others were not
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from engine.learning_types import SFTExample, TrainingSet
from engine.notebench.run import Tell
from engine.value import Value
from finetune.improve import Outcome
from finetune.whole_files import put_whole

PLANS = 40
"""Plans that a round writes on at most, at even distances: about ten minutes on one core."""

Author = Callable[[SFTExample, int], Outcome]
"""Writes candidates on a row's plan, with a seed, and filters them (`finetune.improve.best_of`)."""


class Tally(Value):
    """What a round came to; `failed` counts by reason."""

    plans: int
    written: int
    kept: int
    failed: Mapping[str, int]


class Round:
    """One round; what lies in the folder of it already is not done again."""

    def __init__(self, folder: Path, number: int, seed: int = 0) -> None:
        """Name its two files; nothing is made yet."""
        self._lines, self._sum = folder / f"{number}.jsonl", folder / f"{number}.json"
        self._seed = (seed * 31 + number) * 1_000

    def write(
        self, rows: Sequence[SFTExample], make_author: Callable[[], Author], tell: Tell
    ) -> tuple[SFTExample, ...]:
        """Let an author write on every plan that is left; return what was kept of all.

        Args:
            rows: whose plans (`plans`); the same at each call.
            make_author: loads what writes; not called where everything is written.
            tell: told after each plan.
        """
        done = self._done()
        if len(done) < len(rows):
            author = make_author()
            self._lines.parent.mkdir(parents=True, exist_ok=True)
            # What a kill cut short is written over.
            put_whole(self._lines, "".join(map(_line, done)))
            with self._lines.open("a", encoding="utf-8") as file:
                for number, row in enumerate(rows[len(done) :], len(done)):
                    done.append(author(row, self._seed + number))
                    file.write(_line(done[-1]))
                    file.flush()
                    tell(number + 1, len(rows))
        put_whole(self._sum, tally(done).model_dump_json(indent=2))
        return tuple(one.kept for one in done if one.kept is not None)

    def tally(self) -> Tally:
        """Return what it came to so far."""
        return tally(self._done())

    def _done(self) -> list[Outcome]:
        """Return what was written to its end, in order."""
        found: list[Outcome] = []
        lines = self._lines.read_text(encoding="utf-8") if self._lines.exists() else ""
        for line in lines.split("\n"):
            try:
                found.append(Outcome.model_validate_json(line))
            except ValidationError:
                break
        return found


def plans(rows: Sequence[SFTExample]) -> list[SFTExample]:
    """Return the rows on whose plans a round writes."""
    count = min(PLANS, len(rows))
    return [rows[number * len(rows) // count] for number in range(count)]


def together(data: TrainingSet, kept: Sequence[SFTExample]) -> TrainingSet:
    """Return what is learned: the writer's own rows, then what was kept that is not among them."""
    own = {row.messages for row in data.sft}
    new = tuple(row for row in kept if row.messages not in own)
    return TrainingSet(sft=(*data.sft, *new), dropped=data.dropped, shown=data.shown)


def tally(done: Sequence[Outcome]) -> Tally:
    """Sum up what came of the plans."""
    failed: Counter[str] = Counter()
    for one in done:
        failed.update(one.failed)
    return Tally(
        plans=len(done),
        written=sum(one.written for one in done),
        kept=sum(one.kept is not None for one in done),
        failed=dict(failed.most_common()),
    )


def _line(outcome: Outcome) -> str:
    return f"{outcome.model_dump_json()}\n"
