"""Many scores: JSON Lines in, JSON Lines out, a row at a time.

A run can be stopped at any instant and taken up again: rows whose scores are in the output are
passed over. Only the ids are kept in memory. A row that cannot be scored is named and passed over.
"""

import json
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from app.batch import Output, Tell, cannot_write, done_row, untold
from app.rows import ScoreRow, lines, parse_row, scores_json
from engine.errors import InvalidRequest, StorageError
from engine.protocols import Scorer
from engine.scoring.overlap import bleu4, rouge_l
from engine.text import clean, count_words

NAMED = 100
"""Wrong rows of which the sentences are kept; more are only counted."""


@dataclass
class ScoreResult:
    """What became of the rows; `failed` are sentences that name the line, the first NAMED."""

    scored: int = 0
    skipped: int = 0
    wrong: int = 0
    failed: list[str] = field(default_factory=list)


def score_batch(
    scorer: Scorer, source: Path, target: Path, *, strict: bool = False, tell: Tell = untold
) -> ScoreResult:
    """Score every row of `source` that has no scores in `target` yet.

    Raises:
        InvalidRequest: `strict` and a row is wrong (those before it are scored), a file that cannot
            be read, or a `target` that holds something else.
        StorageError: `target` cannot be written.
    """
    total = sum(1 for _ in lines(source)) if tell is not untold else 0
    done, seen, result = _take_up(target), set[str](), ScoreResult()
    with closing(Output(target)) as output:
        for place, (number, line) in enumerate(lines(source)):
            tell(place, total)
            where = f"{source.name}, line {number}"
            try:
                row = _row(line, where, seen)
                if row.id in done:
                    result.skipped += 1
                    continue
                scores = _scored(scorer, row)
            except InvalidRequest as error:
                if strict:
                    raise
                result.wrong += 1
                result.failed += [str(error)] if result.wrong <= NAMED else []
                continue
            output.append(json.loads(scores))
            result.scored += 1
    tell(total, total)
    return result


def _row(line: bytes, where: str, seen: set[str]) -> ScoreRow:
    row = parse_row(line, ScoreRow, where)
    if row.id in seen:
        raise InvalidRequest(f"{where}: the id {row.id!r} is taken; give each row its own.")
    seen.add(row.id)
    return row


def _scored(scorer: Scorer, row: ScoreRow) -> str:
    """Return the scores of a row, as a line of the output; null where an input is absent."""
    text = clean(row.text)
    reference = _with_words(row.reference, row)
    source = _with_words(row.source, row)
    model = reference or source
    scores = scorer.score(
        text,
        language=row.language,
        samples=[clean(sample) for sample in row.samples],
        source=source,
        knowledge=_with_words(row.knowledge, row),
        words=count_words(model, row.language) if model else None,
    )
    return scores_json(
        row.id,
        scores,
        rouge_l=round(rouge_l(text, reference), 4) if reference else None,
        bleu4=round(bleu4(text, reference), 4) if reference else None,
    )


def _with_words(text: str | None, row: ScoreRow) -> str | None:
    """Return a text cleaned, None where it has no words."""
    cleaned = clean(text or "")
    return cleaned if count_words(cleaned, row.language) else None


def _take_up(target: Path) -> set[str]:
    """Return the ids that are done; cut off a last line that was not written whole."""
    if not target.exists():
        return set()
    ids, whole = set[str](), 0
    try:
        with target.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    break
                ids.add(_id_of(line, f"{target.name}, line {number}"))
                whole += len(line)
        if whole < target.stat().st_size:
            os.truncate(target, whole)
    except OSError as error:
        raise StorageError(cannot_write(target, error)) from error
    return ids


def _id_of(line: bytes, where: str) -> str:
    row = done_row(line)
    if row is None or "signature" not in row:
        raise InvalidRequest(f"{where}: not scores that we wrote; name another output.")
    return str(row["id"])


def sentences_of(result: ScoreResult) -> Sequence[str]:
    """Return what is wrong, a sentence for each row, and how many more there are."""
    more = result.wrong - len(result.failed)
    return [*result.failed, f"… and {more:,} more."] if more else result.failed
