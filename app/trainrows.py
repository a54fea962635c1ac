"""Training rows of people's own: JSON Lines with TRL's columns, read strictly.

A row holds `messages`; or `prompt`, `chosen` and `rejected`; or `prompt`, `completion` and `label`.
Each is a list of messages, or plain text: then the prompt is the user's and the rest the author's.
"""

import json
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from app.rows import lines, parse_row
from engine.errors import InvalidRequest
from engine.learning_types import (
    Origin,
    PairKind,
    PreferencePair,
    SFTExample,
    TrainingSet,
    UnpairedPreference,
)
from engine.types import Message, Role
from engine.value import Value

LONGEST_TEXT = 20_000


def _by(role: Role) -> BeforeValidator:
    return BeforeValidator(
        lambda given: [{"role": role, "content": given}] if isinstance(given, str) else given
    )


Chat: TypeAlias = Annotated[tuple[Message, ...], Field(min_length=1)]
Asked: TypeAlias = Annotated[Chat, _by("user")]
Answered: TypeAlias = Annotated[Chat, _by("assistant")]


class _Made(Value):
    origin: Origin = "user"
    sources: tuple[str, ...] = ()


class _SftRow(_Made):
    messages: Annotated[tuple[Message, ...], Field(min_length=2)]


class _PairRow(_Made):
    prompt: Asked
    chosen: Answered
    rejected: Answered
    kind: PairKind = "style"


class _LabelRow(_Made):
    prompt: Asked
    completion: Answered
    label: bool


def read_training_rows(path: Path) -> TrainingSet:
    """Read a file of training rows.

    Raises:
        InvalidRequest: naming the line and what is wrong in it, or that there are no rows.
    """
    sft: list[SFTExample] = []
    pairs: list[PreferencePair] = []
    unpaired: list[UnpairedPreference] = []
    for number, line in lines(path):
        where = f"{path.name}, line {number}"
        row = parse_row(line, _kind_of(line), where)
        values: dict[str, Any] = {name: getattr(row, name) for name in type(row).model_fields}
        if isinstance(row, _SftRow):
            sft.append(SFTExample(**values))
        elif isinstance(row, _PairRow):
            pairs.append(PreferencePair(**values))
        else:
            unpaired.append(UnpairedPreference(**values))
    if not (sft or pairs or unpaired):
        raise InvalidRequest(f"{path.name} holds no rows; give at least one.")
    return TrainingSet(sft=tuple(sft), pairs=tuple(pairs), unpaired=tuple(unpaired))


class _TextRow(Value):
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


def read_texts(path: Path) -> tuple[str, ...]:
    """Read a file of texts to be rewritten for a trait, one a line: {"text": …}.

    Raises:
        InvalidRequest: naming the line and what is wrong in it, or that there are none.
    """
    found = tuple(
        parse_row(line, _TextRow, f"{path.name}, line {number}").text
        for number, line in lines(path)
    )
    if not found:
        raise InvalidRequest(f"{path.name} holds no rows; give at least one.")
    return found


def _kind_of(line: bytes) -> type[_SftRow] | type[_PairRow] | type[_LabelRow]:
    """Return which rows a line is of, by its columns; `parse_row` says what else is wrong."""
    try:
        values = json.loads(line)
    except ValueError:
        return _SftRow
    names = set(values) if isinstance(values, dict) else set()
    if names & {"chosen", "rejected"}:
        return _PairRow
    return _LabelRow if names & {"prompt", "completion", "label"} else _SftRow
