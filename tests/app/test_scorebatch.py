"""`notewright score`: null or a clear error, never a crash and never a number out of nothing."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.scorebatch import ScoreResult, score_batch
from app.studio import Studio
from engine.errors import InvalidRequest, StorageError
from engine.models.embedder import HashingEmbedder
from engine.scoring.scorer import NoteScorer

SAMPLES = ["Fog, again! I like fog; it keeps the noise out. Two boats went out before six."]
TEXT = "The doors open at six, fog or no fog."
SCORES = ("style", "meaning", "faithful", "factual", "copied", "vss")
FULL = {"samples": SAMPLES, "source": TEXT, "knowledge": TEXT, "reference": TEXT}


def save(path: Path, rows: Sequence[object]) -> Path:
    lines = (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def run(tmp_path: Path, rows: Sequence[object], *, strict: bool = False) -> ScoreResult:
    scorer = NoteScorer(HashingEmbedder())
    source = save(tmp_path / "s.jsonl", rows)
    return score_batch(scorer, source, tmp_path / "out.jsonl", strict=strict)


def load(tmp_path: Path) -> list[dict[str, Any]]:
    text = (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    return [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]


def scored(tmp_path: Path, row: dict[str, object]) -> dict[str, Any]:
    result = run(tmp_path, [{"id": "1", **row}])
    assert result == ScoreResult(scored=1)
    [scores] = load(tmp_path)
    assert scores["signature"].startswith("notewright-scorer/")
    return scores


def test_scores_whose_inputs_are_absent_are_null(tmp_path: Path) -> None:
    alone = scored(tmp_path, {"text": "The doors open at six."})

    given = {name for name, value in alone.items() if value is not None}
    assert given == {"id", "signature"}
    assert set(alone) - given == {*SCORES, "rouge_l", "bleu4", "length_ratio"}


def test_the_same_text_as_the_reference_scores_100_and_length_1(tmp_path: Path) -> None:
    run(tmp_path, [
        {"id": "same", "text": TEXT, "language": "en", **FULL},
        {"id": "other", "text": TEXT, "reference": "Dogs bark", "samples": [TEXT]},
    ])  # fmt: skip
    first, second = load(tmp_path)

    assert (first["rouge_l"], first["bleu4"], first["length_ratio"]) == (100, 100, 1)
    assert None not in first.values()
    assert (second["rouge_l"], second["bleu4"]) == (0, 0)
    assert second["copied"] > first["copied"] == 0
    assert second["meaning"] is None


@pytest.mark.parametrize("text", ["", "  \n", "🙂🙂🎉", "?!…", "\u200b"])
def test_a_text_without_a_word_has_no_scores(tmp_path: Path, text: str) -> None:
    scores = scored(tmp_path, {"text": text, **FULL})

    assert [scores[name] for name in SCORES] == [None] * len(SCORES)
    assert (scores["rouge_l"], scores["length_ratio"]) == (0, 0)


def test_a_text_of_one_word_has_no_style(tmp_path: Path) -> None:
    scores = scored(tmp_path, {"text": "Fog", **FULL})

    assert (scores["style"], scores["vss"]) == (None, None)
    assert None not in (scores["meaning"], scores["faithful"], scores["copied"])


@pytest.mark.parametrize("empty", ["", "  ", "…", "🙂"])
def test_a_source_without_a_word_is_none(tmp_path: Path, empty: str) -> None:
    nothing = {"source": empty, "knowledge": empty, "reference": empty}
    scores = scored(tmp_path, {"text": TEXT, "samples": SAMPLES, **nothing})

    for name in ("meaning", "faithful", "factual", "rouge_l", "bleu4", "length_ratio", "vss"):
        assert scores[name] is None, name
    assert scores["style"] is not None


def test_samples_without_a_word_are_none(tmp_path: Path) -> None:
    scores = scored(tmp_path, {"text": TEXT, "samples": ["…", "🙂"]})

    assert (scores["style"], scores["copied"], scores["vss"]) == (None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "We met at 图书馆 и потом пошли 家 at six o'clock, très bien.",
        "def f(x):\n    return {k: v for k, v in x.items() if v != 0}  # 100%\n",
        "今天天气很好，我们去公园散步。",
        "\ud800 half a character and five more words",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "((((((((((" * 200,
    ],
)
def test_odd_texts_are_scored_in_both_languages(tmp_path: Path, text: str) -> None:
    rows = [{"id": each, "text": text, "language": each, **FULL} for each in ("en", "zh")]

    assert run(tmp_path, rows).scored == 2
    for scores in load(tmp_path):
        given = [scores[name] for name in SCORES if scores[name] is not None]
        assert all(0 <= value <= 1 for value in given)


WRONG = [
    (b'{"id": "2", "text": "caf\xe9"}', "line 2: this is not UTF-8 text"),
    (b'{"id": "2", "text": NaN}', "line 2: this is not JSON"),
    (b'{"id": NaN, "text": "a"}', "line 2: this is not JSON"),
    (b'{"id": "2", "text": {"a": {"b": "c"}}}', "line 2: 'text'"),
    (b'{"id": "2", "text": ["a"]}', "line 2: 'text'"),
    (b'{"id": "2", "text": "a", "samples": [["a"]]}', "line 2: 'samples.0'"),
    (b'{"id": "2", "text": "a", "samples": [""]}', "line 2: 'samples.0'"),
    (b'{"id": "2", "text": "a", "samples": ["b", "  "]}', "line 2: 'samples.1'"),
    (b'{"id": "2", "text": "a", "language": "fr"}', "line 2: 'language'"),
    (b'{"id": "2", "text": "a", "gold": "c"}', "line 2: unknown field 'gold'"),
    (b'{"id": "2"}', "line 2: the field 'text' is missing"),
    (b'{"id": "1", "text": "again"}', "line 2: the id '1' is taken"),
    (b'{"id": "\\ud800", "text": "a"}', "line 2: 'id'"),
    (b'["a"]', "line 2: a row is a JSON object"),
    (b'{"id": "2", "text": "a"', "line 2: this is not JSON"),
    (b"[" * 100_000, "line 2: this is not JSON"),
    (b"\x00\x01", "line 2: this is not JSON"),
]


@pytest.mark.parametrize(("line", "sentence"), WRONG)
def test_a_wrong_row_is_named_and_does_not_stop_the_rest(
    tmp_path: Path, line: bytes, sentence: str
) -> None:
    rows = [{"id": "1", "text": TEXT}, line, {"id": "3", "text": TEXT}]
    result = run(tmp_path, rows)

    assert (result.scored, result.wrong) == (2, 1)
    assert result.failed[0].startswith(f"s.jsonl, {sentence}")
    assert [row["id"] for row in load(tmp_path)] == ["1", "3"]


def test_strictly_the_first_wrong_row_stops_the_run_and_mended_it_goes_on(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"s\.jsonl, line 2: this is not JSON"):
        run(tmp_path, [{"id": "1", "text": TEXT}, b"?", {"id": "3", "text": TEXT}], strict=True)
    assert [row["id"] for row in load(tmp_path)] == ["1"]

    assert run(tmp_path, [{"id": n, "text": TEXT} for n in (1, 2, 3)]) == ScoreResult(2, 1)
    assert [row["id"] for row in load(tmp_path)] == ["1", "2", "3"]


def test_a_row_that_was_cut_in_half_is_scored_again(tmp_path: Path) -> None:
    rows = [{"id": n, "text": TEXT, "source": TEXT} for n in (1, 2)]
    run(tmp_path, rows)
    out = tmp_path / "out.jsonl"
    whole = out.read_bytes()
    os.truncate(out, len(whole) - 9)

    assert run(tmp_path, rows) == ScoreResult(1, 1)
    assert out.read_bytes() == whole


def test_an_output_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text('{"id": "1", "text": "mine"}\n', encoding="utf-8")

    with pytest.raises(InvalidRequest, match=r"out\.jsonl, line 1: not scores that we wrote"):
        run(tmp_path, [{"id": "1", "text": TEXT}])
    assert "mine" in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


def test_what_was_scored_before_a_failure_stays(tmp_path: Path) -> None:
    class Broken:
        """A scorer that fails at the second text."""

        def score(self, text: str, **given: Any) -> Any:
            """Fail at the second."""
            if text == "second":
                raise StorageError("The disk is full.")
            return NoteScorer(HashingEmbedder()).score(text, **given)

    source = save(tmp_path / "s.jsonl", [{"id": 1, "text": TEXT}, {"id": 2, "text": "second"}])
    with pytest.raises(StorageError):
        score_batch(Broken(), source, tmp_path / "out.jsonl")
    assert [row["id"] for row in load(tmp_path)] == ["1"]


def test_fifty_thousand_words_take_no_more_than_minutes(tmp_path: Path) -> None:
    words = [f"{w}{n % 700}" for n in range(250) for w in ("harbour", "boat", "12 chairs on")]
    long = " ".join(f"The {w} met Anna, not Bob." for w in words * 13)[:300_000]
    rows = [
        {"id": "one sentence", "text": "fog 12 " * 25_000, **FULL},
        {"id": "both", "text": long, **FULL | {"source": long, "samples": [long]}},
        {"id": "chinese", "text": "天气很好，我们去公园。" * 4600, "language": "zh", **FULL},
    ]
    began = time.process_time()

    assert run(tmp_path, rows).scored == 3
    # Far more than a busy machine takes, and far less than anything quadratic would.
    assert time.process_time() - began < 180
    assert "read=30000/100000-characters" in load(tmp_path)[0]["signature"]


def test_the_command_says_what_was_wrong_and_exits_1(tmp_path: Path) -> None:
    source = save(tmp_path / "s.jsonl", [{"id": "1", "text": TEXT}, b"?"])
    done = subprocess.run(
        [sys.executable, "-m", "app", "score", "--input", source, "--output", tmp_path / "o.jsonl"],
        env=os.environ | {"NOTEWRIGHT_SCRIPTED": "true", "NOTEWRIGHT_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "1 text scored" in done.stderr
    assert "s.jsonl, line 2: this is not JSON" in done.stderr


def test_a_studio_scores_too(studio: Studio, tmp_path: Path) -> None:
    source = save(tmp_path / "s.jsonl", [{"id": 1, "text": TEXT, **FULL}])

    told: list[tuple[int, int]] = []
    result = score_batch(
        studio.writer.scorer,
        source,
        tmp_path / "out.jsonl",
        tell=lambda done, total: told.append((done, total)),
    )
    assert result == ScoreResult(1)
    assert told == [(0, 1), (1, 1)]
