"""Sets of tasks as items."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidRequest
from engine.notebench.convert import convert
from engine.notebench.samples import BenchItem


def save(path: Path, rows: Sequence[object]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def row(number: int, **changes: Any) -> dict[str, Any]:
    values = {"id": f"t{number}", "style": "ann", "author": "Ann", "year": 1900}
    told = {"topic": f"Topic {number}", "reference": f"The reference of {number}."}
    return values | told | changes


def task(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": f"task-{number}", "split": "dev", "dataset": "plain_en", "style": "ann",
            "item_id": f"t{number}", "style_sample_ids": ["t8", "t9"]} | changes  # fmt: skip


def converted(
    folder: Path, rows: Sequence[object], tasks: Sequence[object], **options: Any
) -> list[BenchItem]:
    save(folder / "plain_en.jsonl", rows)
    file = save(folder / "tasks.jsonl", tasks)
    return list(convert(file, folder, "plain_en", "dev", **options))


ROWS = [row(1), row(8), row(9)]


def test_a_task_becomes_an_item(tmp_path: Path) -> None:
    rich = row(1, source="What it says.", key_points=["One", "Two"])
    other = [task(2, dataset="other"), task(3, split="test")]

    assert converted(tmp_path, [rich, *ROWS[1:]], [task(1), *other]) == [
        BenchItem(
            id="task-1",
            author="ann",
            topic="Topic 1",
            facts=("One", "Two"),
            source="What it says.",
            samples=("The reference of 8.", "The reference of 9."),
            reference=("The reference of 1.",),
            words=4,
        )
    ]


def test_further_references_are_taken_where_asked(tmp_path: Path) -> None:
    rows = [row(1, references_extra=["Another.", "The reference of 1."]), *ROWS[1:]]

    assert converted(tmp_path, rows, [task(1)])[0].reference == ("The reference of 1.",)
    [told] = converted(tmp_path, rows, [task(1)], extra_references=True)
    assert told.reference == ("The reference of 1.", "Another.")


def test_the_language_is_the_names_or_the_texts(tmp_path: Path) -> None:
    rows = [row(n, reference="雾又来了，我喜欢雾。") for n in (1, 8, 9)]
    for dataset in ("notes_zh", "notes"):
        save(tmp_path / f"{dataset}.jsonl", rows)
        tasks = save(tmp_path / "tasks.jsonl", [task(1, dataset=dataset)])

        [told] = convert(tasks, tmp_path, dataset, "dev")
        assert (told.language, told.words) == ("zh", 8)


@pytest.mark.parametrize(
    ("rows", "tasks", "said"),
    [
        (ROWS, [task(1, split="test")], "no tasks of the set 'plain_en' in the split 'dev'"),
        (ROWS, [task(5)], "'task-5' needs 't5', which is not in the set"),
        (ROWS, [task(1, style_sample_ids=["t7"])], "'task-1' needs 't7'"),
        (ROWS, [{"dataset": "plain_en", "split": "dev", "id": "x"}], "'x' needs 'item_id'"),
        ([row(1, topic=3), *ROWS[1:]], [task(1)], "'task-1' holds a value of a wrong kind"),
        (ROWS, [task(1, style_sample_ids=[])], "'task-1' holds a value of a wrong kind"),
        (ROWS, [[1]], "tasks.jsonl, line 1: a row is a JSON object"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, rows: list[Any], tasks: list[Any], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        converted(tmp_path, rows, tasks)


def test_a_missing_or_broken_file_is_told(tmp_path: Path) -> None:
    tasks = save(tmp_path / "tasks.jsonl", [task(1)])
    with pytest.raises(InvalidRequest, match="cannot be read"):
        list(convert(tasks, tmp_path, "nothing", "dev"))
    (tmp_path / "plain_en.jsonl").write_text("{")
    with pytest.raises(InvalidRequest, match=r"plain_en\.jsonl, line 1: this is not JSON"):
        list(convert(tasks, tmp_path, "plain_en", "dev"))
    (tmp_path / "plain_en.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        list(convert(tasks, tmp_path, "plain_en", "dev"))
