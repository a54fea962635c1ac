"""Rows of JSON Lines files, read strictly: an unknown field or a wrong value names its line."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from engine.errors import InvalidRequest
from engine.notebench.samples import BenchItem
from engine.types import FeedbackTag, Language, Scores, Value

RowT = TypeVar("RowT", bound=Value)

MAX_LINE = 64 * 1024 * 1024


def _writable(given: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in given):
        raise ValueError("half a character stands alone in it; mend it")
    return given


def _not_blank(given: str) -> str:
    if not given.strip():
        raise ValueError("there is nothing in it; give a text or leave it out")
    return given


# An id may be a number in the file; a Boolean or a list may not.
RowId = Annotated[
    str,
    Field(min_length=1),
    BeforeValidator(lambda given: str(given) if type(given) is int else given),
    AfterValidator(_writable),
]
Text = Annotated[str, Field(min_length=1)]


class WriteRow(Value):
    """A note to write (also a NoteBench sample). `author` and `reference` are carried, not used."""

    id: RowId
    topic: Text
    samples: Annotated[tuple[Text, ...], Field(min_length=1)]
    author: str | None = None
    language: Language = "en"
    facts: tuple[str, ...] = ()
    source: str | None = None
    reference: str | None = None
    words: int | None = None
    audience: str | None = None


class StyledRow(WriteRow):
    """A note to write in a saved style; samples of its own are carried, not used."""

    samples: tuple[Text, ...] = ()


class ScoreRow(Value):
    """A text to score; what is absent leaves the scores that need it null."""

    id: RowId
    text: str
    source: str | None = None
    reference: str | None = None
    samples: tuple[Annotated[Text, AfterValidator(_not_blank)], ...] = ()
    knowledge: str | None = None
    language: Language = "en"


class OutputRow(Value):
    """What some system wrote for a NoteBench item."""

    id: RowId
    text: str


NamedT = TypeVar("NamedT", WriteRow, OutputRow, BenchItem)


class RateRow(Value):
    """One act of feedback: just one of stars, thumb, choose, edited_text and tag."""

    note_id: Text
    draft: int | None = None
    stars: Annotated[int, Field(ge=1, le=5)] | None = None
    thumb: Literal["up", "down"] | None = None
    choose: int | None = None
    edited_text: Text | None = None
    tag: FeedbackTag | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = (self.stars, self.thumb, self.choose, self.edited_text, self.tag)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("a row holds just one of stars, thumb, choose, edited_text and tag")
        return self


def read_rows(path: Path, row: type[RowT]) -> Iterator[tuple[str, RowT]]:
    """Yield each row with its place ("file.jsonl, line 3"); blank lines are passed over.

    Raises:
        InvalidRequest: naming the line, the field and what it must be, or the unreadable file.
    """
    for number, line in lines(path):
        where = f"{path.name}, line {number}"
        yield where, parse_row(line, row, where)


def read_unique(path: Path, row: type[NamedT]) -> list[tuple[str, NamedT]]:
    """Read all rows; refuse an id that comes twice."""
    kept: dict[str, tuple[str, NamedT]] = {}
    for where, each in read_rows(path, row):
        if each.id in kept:
            raise InvalidRequest(
                f"{where}: the id {each.id!r} is taken by {kept[each.id][0]}; give each row its "
                "own."
            )
        kept[each.id] = (where, each)
    return list(kept.values())


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each line that is not blank with its number from 1 (a BOM is allowed).

    Of a line longer than MAX_LINE only the beginning comes, which is no whole row.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE):
                number += 1
                rest = line
                while rest and not rest.endswith(b"\n"):
                    rest = file.readline(MAX_LINE)
                line = line.removeprefix(BOM_UTF8) if number == 1 else line
                if line.strip():
                    yield number, line
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be read ({error.strerror}); check its name and place."
        ) from error


def parse_row(line: bytes, row: type[RowT], where: str) -> RowT:
    """Return one line as a row; `where` starts the message about what is wrong."""
    try:
        values = json.loads(line.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{where}: this is not UTF-8 text; save it as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{where}: this is not JSON ({error}); mend the line.") from error
    if not isinstance(values, dict):
        raise InvalidRequest(f"{where}: a row is a JSON object in braces; mend the line.")
    try:
        return row.model_validate(_without_nulls(values))
    except ValidationError as error:
        raise _complaint(where, error, row) from error


def scores_json(row_id: str, scores: Scores, *, rouge_l: float | None, bleu4: float | None) -> str:
    """Return a line of the `score` output."""
    kept = scores.model_dump(
        include={"style", "meaning", "faithful", "factual", "copied", "length_ratio", "vss"}
    )
    values = {"id": row_id, "rouge_l": rouge_l, "bleu4": bleu4, **kept}
    return json.dumps(values | {"signature": scores.signature}, ensure_ascii=False)


def _no_number(said: str) -> None:
    raise ValueError(f"{said} is no number that JSON knows")


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """Drop nulls: in these files a null field is an absent one."""
    return {name: value for name, value in values.items() if value is not None}


def _complaint(where: str, error: ValidationError, row: type[Value]) -> InvalidRequest:
    # An unknown field explains a missing one (a typing error), so it is named first.
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(row.model_fields)
        return InvalidRequest(f"{where}: unknown field {name!r}; the fields are {known}.")
    if first["type"] == "missing":
        return InvalidRequest(f"{where}: the field {name!r} is missing; add it.")
    said = first["msg"].removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    if not name:
        return InvalidRequest(f"{where}: this row cannot be used: {said}.")
    return InvalidRequest(f"{where}: {name!r} is wrong: {said}.")
