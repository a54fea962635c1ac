"""Other people's sets as NoteBench items: a file of tasks, and a folder with the texts they name.

A task names an item and the author's samples by id (`item_id`, `style_sample_ids`, `dataset`,
`split`); the folder holds a file `DATASET.jsonl` with rows of `id`, `reference` and what else there
is: `topic`, `source`, `key_points`, `references_extra`. Whatever a set has beyond that is left.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from engine.errors import InvalidRequest
from engine.notebench.samples import BenchItem
from engine.text import count_words, guess_language
from engine.types import Language

Row = Mapping[str, Any]


def convert(
    tasks: Path, folder: Path, dataset: str, split: str, *, extra_references: bool = False
) -> Iterator[BenchItem]:
    """Yield the tasks of a set and split as items, in the order of the file.

    Args:
        tasks: JSON Lines of tasks.
        folder: where the set's own file lies.
        dataset: the set's name, which is its file's too.
        split: the tasks' split.
        extra_references: take `references_extra` too (they may be in other styles).

    Raises:
        InvalidRequest: a file cannot be read, a task names a text that is not there, or there is
            no task of that set and split.
    """
    rows = {str(row["id"]): row for row in _rows(folder / f"{dataset}.jsonl") if "id" in row}
    none = True
    for task in _rows(tasks):
        if (task.get("dataset"), task.get("split")) == (dataset, split):
            none = False
            yield _item(task, rows, dataset, extra_references)
    if none:
        raise InvalidRequest(
            f"{tasks.name} has no tasks of the set {dataset!r} in the split {split!r}; check both "
            "names."
        )


def _item(task: Row, rows: Mapping[str, Row], dataset: str, extra_references: bool) -> BenchItem:
    try:
        row = rows[str(task["item_id"])]
        samples = [rows[str(name)]["reference"] for name in task["style_sample_ids"]]
        reference = row["reference"]
        extra = row.get("references_extra", ()) if extra_references else ()
        language = _language(dataset, reference)
        return BenchItem(
            id=str(task["id"]),
            author=str(row.get("style") or row.get("author") or ""),
            language=language,
            topic=row["topic"],
            facts=tuple(row.get("key_points") or ()),
            source=row.get("source"),
            samples=tuple(samples),
            reference=tuple(dict.fromkeys((reference, *extra))),
            words=count_words(reference, language) or None,
        )
    except KeyError as error:
        raise InvalidRequest(
            f"The task {str(task.get('id'))!r} needs {str(error.args[0])!r}, which is not in the "
            "set; check that tasks and folder belong together."
        ) from error
    except (ValidationError, TypeError) as error:
        raise InvalidRequest(
            f"The task {str(task.get('id'))!r} holds a value of a wrong kind; mend the files."
        ) from error


def _language(dataset: str, reference: str) -> Language:
    """Return the language that the set's name ends with, else what the reference looks like."""
    named = dataset.rsplit("_", 1)[-1]
    for known in get_args(Language):
        if named == known:
            return known  # type: ignore[no-any-return]  # get_args is untyped
    return guess_language(reference) or "en"


def _rows(path: Path) -> Iterator[Row]:
    """Yield the objects of a JSON Lines file."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _row(line, f"{path.name}, line {number}")
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be read ({error.strerror}); check its name and place."
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path} is not UTF-8 text; save it as UTF-8.") from error


def _row(line: str, where: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{where}: this is not JSON; mend the line.") from error
    if not isinstance(row, dict):
        raise InvalidRequest(f"{where}: a row is a JSON object in braces; mend the line.")
    return row
