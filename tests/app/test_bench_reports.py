"""`notewright bench compare`, `verify` and `convert` on the scripted model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.app.bench_command import Bench, bench_command, load, save
from tests.engine.notebench.made import REFERENCES, item, items


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Return what runs `notewright bench …`."""
    return bench_command(monkeypatch, capsys)


# ------------------------------------------------------------------ compare and verify


@pytest.fixture
def reports(bench: Bench, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return data of thirty items and the reports of two systems on them."""
    rows = [item(n, id=f"r{n}", topic=f"Topic {n}") for n in range(30)]
    data = save(tmp_path / "thirty.jsonl", rows)
    paths = [tmp_path / f"{name}.json" for name in ("copy-source", "best-sample-copy")]
    for path in paths:
        assert bench("run", "--system", path.stem, "--data", data, "--output", path).code == 0
    return data, paths[0], paths[1]


def test_compare_says_what_differs_and_what_does_not(
    bench: Bench, reports: tuple[Path, Path, Path]
) -> None:
    data, first, second = reports

    rows = json.loads(bench("compare", first, second, "--data", data, "--json").out)
    shown = bench("compare", first, second, "--data", data).out.splitlines()

    by_name = {row["metric"]: row for row in rows}
    assert by_name["rouge_l"]["shown"]
    assert by_name["rouge_l"]["high"] < 0
    assert not by_name["slop"]["shown"]
    for row in rows:
        [line] = [line for line in shown if line.startswith(f"{row['metric']} ")]
        assert line.endswith("no difference shown") == (row["p"] >= 0.05)
    assert any(line.endswith("copy-source is higher") for line in shown)

    same = bench("compare", first, first, "--data", data).out.splitlines()[1:]
    assert all(line.endswith("no difference shown") for line in same)


def test_compare_by_voice_says_within_which_voice_they_differ(bench: Bench, tmp_path: Path) -> None:
    rows = [item(n, id=f"r{n}", author=name) for name, n in zip("AB" * 15, range(30), strict=True)]
    rows += [item(40, author="C")]
    data = save(tmp_path / "voices.jsonl", rows)
    paths = [tmp_path / f"{name}.json" for name in ("copy-source", "best-sample-copy")]
    for path in paths:
        assert bench("run", "--system", path.stem, "--data", data, "--output", path).code == 0

    found = json.loads(bench("compare", *paths, "--data", data, "--by", "voice", "--json").out)
    shown = bench("compare", *paths, "--data", data, "--by", "voice").out.splitlines()

    by_name = {(row["group"], row["metric"]): row for row in found}
    assert by_name["A", "rouge_l"]["shown"]
    assert not by_name["C", "rouge_l"]["shown"]
    assert [line for line in shown if "item" in line and "  " not in line] == [
        "A (15 items)",
        "B (15 items)",
        "C (1 item)",
    ]
    last = shown[shown.index("C (1 item)") + 1 :]
    assert all(line.endswith("no difference shown") for line in last)
    assert "en (31 items)" in bench("compare", *paths, "--data", data, "--by", "language").out
    assert bench("compare", *paths, "--data", data, "--by", "topic").code == 2


def test_voices_that_have_no_name_are_not_compared(bench: Bench, tmp_path: Path) -> None:
    data = save(tmp_path / "nobody.jsonl", [item(n, author="") for n in range(6)])
    path = tmp_path / "r.json"
    assert bench("run", "--system", "copy-source", "--data", data, "--output", path).code == 0
    said = bench("compare", path, path, "--data", data, "--by", "voice")
    assert said.code == 1
    assert "name no author" in said.err


def test_reports_that_cannot_be_compared_are_told(
    bench: Bench, reports: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    data, first, _ = reports
    fewer = tmp_path / "fewer.json"
    bench("run", "--system", "copy-source", "--data", data, "--limit", 5, "--output", fewer)

    said = bench("compare", first, fewer, "--data", data)
    assert said.code == 1
    assert "on different items" in said.err
    other = save(tmp_path / "other.jsonl", items())
    assert "not in these data" in bench("compare", first, first, "--data", other).err
    assert "no report of NoteBench" in bench("compare", first, data, "--data", data).err
    assert "cannot be read" in bench("compare", first, tmp_path / "none", "--data", data).err


def test_a_part_of_the_data_says_how_much_it_is(
    bench: Bench, reports: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    part = tmp_path / "part.json"
    bench("run", "--system", "copy-source", "--data", reports[0], "--limit", 5, "--output", part)
    assert "on 5 of 30 items" in bench("verify", part, "--data", reports[0]).out


def test_a_report_that_does_not_hold_fails(
    bench: Bench, reports: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    data, honest, _ = reports

    def failed(change: Callable[[dict[str, Any]], object], of: Path = data) -> str:
        told = load(honest)
        change(told)
        tampered = tmp_path / "tampered.json"
        tampered.write_text(json.dumps(told), encoding="utf-8")
        said = bench("verify", tampered, "--data", of)
        assert (said.code, said.out) == (1, "")
        return said.err

    assert "texts are not those" in failed(lambda r: r["items"][3].update(text="Something else."))
    assert "item r3: style" in failed(lambda r: r["items"][3]["scores"].update(style=0.5))
    assert "metric rouge_l: value" in failed(lambda r: r["metrics"]["rouge_l"].update(value=99))
    assert "checksum" in failed(lambda r: r["data"].update(sha256="0" * 64))
    assert "checksum" in failed(lambda r: r["items"].pop())
    changed = [item(n, id=f"r{n}", topic="Another") for n in range(30)]
    assert "checksum" in failed(lambda _: None, save(tmp_path / "changed.jsonl", changed))
    stranger = save(tmp_path / "stranger.jsonl", items())
    assert "30 of its items are not in the data" in failed(lambda _: None, stranger)


# ------------------------------------------------------------------ convert


def test_a_converted_set_runs(bench: Bench, tmp_path: Path) -> None:
    rows = [
        {"id": f"t{n}", "style": "ann", "topic": f"Topic {n}", "reference": text, "source": text}
        for n, text in enumerate(REFERENCES)
    ]
    save(tmp_path / "plain_en.jsonl", rows)
    tasks = [{"id": f"k{n}", "split": "dev", "dataset": "plain_en", "item_id": f"t{n}",
              "style_sample_ids": ["t4", "t5"]} for n in range(3)]  # fmt: skip
    options = ("--tasks", save(tmp_path / "tasks.jsonl", tasks), "--folder", tmp_path,
               "--dataset", "plain_en", "--output", tmp_path / "out.jsonl")  # fmt: skip

    said = bench("convert", *options)
    assert (said.code, said.err) == (0, f"3 items written to {tmp_path / 'out.jsonl'}.\n")
    ran = bench("run", "--system", "copy-source", "--data", tmp_path / "out.jsonl", "--output",
                tmp_path / "r.json")  # fmt: skip
    assert ran.code == 0, ran.err
    assert load(tmp_path / "r.json")["metrics"]["bleu4"]["value"] == pytest.approx(100)
    assert bench("convert", *options, "--split", "test").code == 1
    assert not list(tmp_path.glob(".*.partial"))
