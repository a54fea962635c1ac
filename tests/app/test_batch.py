"""Files of rows: resumable writing, ratings all or none, scores with nulls, lines named."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.batch import BatchOptions, rate_batch, write_batch
from app.studio import Studio
from engine.errors import InvalidRequest, StorageError
from engine.types import Language, StyleProfile, StyleSample

ROOT = Path(__file__).parents[2]
ME = "local"
TWO = BatchOptions(drafts=2, seed=1)
SAMPLES = ["Fog, again! I like fog; it keeps the noise out. Two boats went out before six."]


def save(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def load(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def row(number: int, **changes: object) -> dict[str, object]:
    values = {"id": f"r{number}", "topic": f"Morning {number}", "samples": SAMPLES, "words": 20}
    return values | changes


class CountingStudio(Studio):
    """A real studio that counts how often samples are read."""

    read = 0

    def profile(
        self, samples: Sequence[StyleSample], language: Language, *, name: str = ""
    ) -> StyleProfile:
        """Count, then read."""
        self.read += 1
        return super().profile(samples, language, name=name)


# ------------------------------------------------------------------ write --batch


def test_every_row_becomes_a_stored_note(studio: Studio, tmp_path: Path) -> None:
    full = row(2, author="Ann", language="en", facts=["It opens at 6"], source="Doors open at six.",
               reference="The doors open at six.", audience="neighbours")  # fmt: skip
    source = save(tmp_path / "in.jsonl", [row(1), full, row(3, id=3, author=None, facts=[])])

    result = write_batch(studio, ME, source, tmp_path / "out.jsonl", options=TWO)

    rows = load(tmp_path / "out.jsonl")
    assert (result.written, result.skipped, result.failed) == (3, 0, [])
    assert [line["id"] for line in rows] == ["r1", "r2", "3"]
    kept = [studio.note(ME, line["note_id"]).note for line in rows]
    assert [note.text for note in kept] == [line["text"] for line in rows]
    assert kept[1].request.source == "Doors open at six."
    assert rows[1]["plan"]["neutral_text"] == "Doors open at six."
    assert studio.styles(ME) == []


def test_rows_can_be_written_in_a_saved_style(studio: Studio, tmp_path: Path) -> None:
    samples = tuple(StyleSample(title=f"{n}", text=text) for n, text in enumerate(SAMPLES))
    saved = studio.add_style(ME, "Harbour", samples, "en")
    bare = {"id": "r1", "topic": "Morning", "words": 20}
    source = save(tmp_path / "in.jsonl", [bare, row(2, samples=["Somebody else's. Words!"])])
    options = BatchOptions(drafts=2, seed=1, style=saved)

    result = write_batch(studio, ME, source, tmp_path / "out.jsonl", options=options)

    assert result.written == 2
    for line in load(tmp_path / "out.jsonl"):
        assert studio.note(ME, line["note_id"]).note.style_name == "Harbour"
    with pytest.raises(InvalidRequest, match="the field 'samples' is missing"):
        write_batch(studio, ME, source, tmp_path / "other.jsonl", options=TWO)


def test_rows_with_equal_samples_share_one_profile(settings: Any, tmp_path: Path) -> None:
    studio = CountingStudio.open(settings)
    source = save(
        tmp_path / "in.jsonl",
        [row(1), row(2), row(3, samples=["Something else entirely, and calmly."])],
    )

    write_batch(studio, ME, source, tmp_path / "out.jsonl", options=TWO)

    assert isinstance(studio, CountingStudio)
    assert studio.read == 2
    studio.close()


def test_a_second_run_writes_only_what_is_missing(studio: Studio, tmp_path: Path) -> None:
    source, target = save(tmp_path / "in.jsonl", [row(1), row(2)]), tmp_path / "out.jsonl"
    write_batch(studio, ME, source, target, options=TWO)
    first = target.read_bytes()
    save(source, [row(1), row(2), row(3)])

    result = write_batch(studio, ME, source, target, options=TWO)

    assert (result.written, result.skipped) == (1, 2)
    assert target.read_bytes().startswith(first)
    assert studio.search(ME).total == 3


def test_a_half_written_last_line_is_dropped_and_written_again(
    studio: Studio, tmp_path: Path
) -> None:
    source, target = save(tmp_path / "in.jsonl", [row(1), row(2)]), tmp_path / "out.jsonl"
    write_batch(studio, ME, source, target, options=TWO)
    whole = target.read_bytes()
    first_line = whole.index(b"\n") + 1
    for cut in (first_line + 1, first_line + 40, len(whole) - 1):
        target.write_bytes(whole[:cut])

        assert write_batch(studio, ME, source, target, options=TWO).written == 1
        assert [line["id"] for line in load(target)] == ["r1", "r2"]


def test_a_cut_inside_a_character_is_a_half_written_line_too(
    studio: Studio, tmp_path: Path
) -> None:
    source, target = save(tmp_path / "in.jsonl", [row(1)]), tmp_path / "out.jsonl"
    target.write_bytes('{"id": "r1", "text": "é'.encode()[:-1])

    assert write_batch(studio, ME, source, target, options=TWO).written == 1
    assert [line["id"] for line in load(target)] == ["r1"]


def test_a_failed_row_is_reported_the_others_go_on_and_it_is_tried_again(
    studio: Studio, tmp_path: Path
) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    save(source, [row(1), row(2, words=5), row(3, samples=[" \x00 "]), row(4)])

    result = write_batch(studio, ME, source, target, options=TWO)

    assert (result.written, len(result.failed)) == (2, 2)
    assert result.failed[0].startswith("in.jsonl, line 2 (r2): The length in words is 5")
    assert load(target)[1] == {"id": "r2", "error": result.failed[0].split(": ", 1)[1]}

    save(source, [row(1), row(2), row(3), row(4)])
    again = write_batch(studio, ME, source, target, options=TWO)
    assert (again.written, again.skipped, again.failed) == (2, 2, [])
    assert sorted(line["id"] for line in load(target)) == ["r1", "r2", "r3", "r4"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"id": "2", "topic": "x", "samples": ["a"], "topics": 1}', "unknown field 'topics'"),
        ('{"id": "2", "samples": ["a"]}', "'topic' is missing"),
        ('{"id": "2", "topic": "x", "samples": []}', "'samples'"),
        ('{"id": "2", "topic": "x", "samples": "a"}', "'samples'"),
        ('{"id": "r1", "topic": "x", "samples": ["a"]}', "'r1' is taken by in.jsonl, line 1"),
        ('{"id": "2", "topic": "x", "samples": ["a"], "language": "fr"}', "'language'"),
        ('{"id": "2", ', "not JSON"),
        ("[1, 2]", "JSON object"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_written(
    studio: Studio, tmp_path: Path, line: str, sentence: str
) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(f"{json.dumps(row(1))}\n\n{line}\n", encoding="utf-8")

    with pytest.raises(InvalidRequest, match=r"in\.jsonl, line 3: ") as caught:
        write_batch(studio, ME, source, target, options=TWO)
    assert sentence in str(caught.value)
    assert not target.exists()


def test_an_output_of_something_else_is_left_alone(studio: Studio, tmp_path: Path) -> None:
    source, target = save(tmp_path / "in.jsonl", [row(1)]), tmp_path / "out.jsonl"
    target.write_text("Dear diary,\n", encoding="utf-8")

    with pytest.raises(InvalidRequest, match="line 1: not a row that we wrote"):
        write_batch(studio, ME, source, target, options=TWO)
    assert target.read_text(encoding="utf-8") == "Dear diary,\n"


def test_files_that_cannot_be_used_are_sentences(studio: Studio, tmp_path: Path) -> None:
    source = save(tmp_path / "in.jsonl", [row(1)])
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}\n')

    with pytest.raises(InvalidRequest, match="cannot be read"):
        write_batch(studio, ME, tmp_path / "no.jsonl", tmp_path / "o", options=TWO)
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        write_batch(studio, ME, tmp_path / "latin.jsonl", tmp_path / "o", options=TWO)
    with pytest.raises(StorageError, match="cannot be written"):
        write_batch(studio, ME, source, tmp_path / "no" / "out.jsonl", options=TWO)


def test_progress_is_told_from_the_first_row_to_the_last(studio: Studio, tmp_path: Path) -> None:
    source = save(tmp_path / "in.jsonl", [row(1), row(2)])
    told: list[tuple[int, int]] = []

    write_batch(studio, ME, source, tmp_path / "o.jsonl", options=TWO,
                tell=lambda done, total: told.append((done, total)))  # fmt: skip

    assert told == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_batch_goes_on_where_it_was(
    tmp_path: Path, sign: signal.Signals, studio: Studio
) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    save(source, [row(number) for number in range(25)])
    command = [
        sys.executable,
        "-m",
        "app",
        "write",
        "--batch",
        str(source),
        "--output",
        str(target),
    ]
    environment = os.environ | {
        "NOTEWRIGHT_SCRIPTED": "true",
        "NOTEWRIGHT_DATA_DIR": str(studio.settings.data_dir),
    }
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 120
        while time.monotonic() < until and not (
            target.exists() and target.read_bytes().count(b"\n") >= 3
        ):
            time.sleep(0.02)
        process.send_signal(sign)
        _, said = process.communicate(timeout=120)
    before = target.read_bytes().count(b"\n")
    assert 3 <= before < 25
    assert "Traceback" not in said
    if sign is signal.SIGINT:
        assert "run the same command again" in said

    write_batch(studio, ME, source, target, options=TWO)

    ids = [line["id"] for line in load(target)]
    assert sorted(ids) == sorted(f"r{number}" for number in range(25))
    assert studio.store.verify() == ()


# ------------------------------------------------------------------ rate --batch


@pytest.fixture
def note_id(studio: Studio, tmp_path: Path) -> str:
    write_batch(studio, ME, save(tmp_path / "one.jsonl", [row(1)]), tmp_path / "o", options=TWO)
    return studio.search(ME).notes[0].id


def test_each_row_is_an_act_of_feedback(studio: Studio, note_id: str, tmp_path: Path) -> None:
    rows = [
        {"note_id": note_id, "draft": 1, "stars": 4},
        {"note_id": note_id, "draft": 0, "thumb": "down"},
        {"note_id": note_id, "choose": 1},
        {"note_id": note_id, "edited_text": "Fog, and then the doors."},
        {"note_id": note_id, "tag": "dull"},
    ]

    assert rate_batch(studio, ME, save(tmp_path / "f.jsonl", rows)) == 5

    acts = studio.note(ME, note_id).feedback
    assert [(act.kind, act.draft) for act in acts] == [
        ("stars", 1), ("thumb", 0), ("choice", 1), ("edit", 1), ("tag", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"note_id": "n1-none", "stars": 3}, "n1-none"),
        ({"stars": 6}, "'stars'"),
        ({"stars": 3, "thumb": "up"}, "just one of"),
        ({}, "just one of"),
        ({"draft": 40, "stars": 3}, "there is no 40"),
        ({"star": 3}, "unknown field 'star'"),
        ({"tag": "meh"}, "'tag'"),
    ],
)
def test_a_wrong_rating_is_named_and_none_is_kept(
    studio: Studio, note_id: str, tmp_path: Path, wrong: dict[str, object], sentence: str
) -> None:
    rows = [{"note_id": note_id, "stars": 5}, {"note_id": note_id} | wrong]

    with pytest.raises(InvalidRequest, match=r"f\.jsonl, line 2: ") as caught:
        rate_batch(studio, ME, save(tmp_path / "f.jsonl", rows))
    assert sentence in str(caught.value)
    assert studio.note(ME, note_id).feedback == ()
