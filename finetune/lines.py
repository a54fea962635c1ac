"""JSON Lines that grow while work goes on, so that what was killed need not begin again."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from engine.value import Value

Kind = TypeVar("Kind", bound=Value)


def read_lines(path: Path, kind: type[Kind]) -> Iterator[Kind]:
    """Yield the values that a file holds; a line cut short by a crash is passed over."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield kind.model_validate_json(line)
        except ValidationError:
            continue


def add_line(path: Path, value: Value) -> None:
    """Add one value at the end, on a line of its own whatever stands before it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut_short = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    with path.open("ab") as file:
        file.write(("\n" if cut_short else "").encode() + value.model_dump_json().encode() + b"\n")
