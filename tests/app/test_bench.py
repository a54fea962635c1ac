"""`notewright bench` on the scripted model: what is run, reported, refused."""

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sacrebleu

from app.bench import choose_items
from app.settings import Settings
from app.studio import Studio
from app.systems import SYSTEMS, copy_source, make_system, nearest_sample
from engine.errors import InvalidRequest
from engine.loading import LoadedModels
from engine.models.embedder import HashingEmbedder
from engine.models.scripted import ScriptedModel
from engine.types import ModelCard
from tests.app.bench_command import Bench, bench_command, load, save
from tests.engine.notebench.made import REFERENCES, item, items

ROOT = Path(__file__).parents[2]
AVAILABLE = [row.name for row in SYSTEMS if not row.missing and not row.trained]
METRICS = {"rouge_l", "bleu4", "chrf", "style", "meaning", "faithful", "fact_recall", "vss"}
CHINESE = item(
    90,
    language="zh",
    topic="渡船",
    facts=("渡船六点开", "谁也不等"),
    source="渡船六点开。谁也不等。",
    samples=("雾又来了。我喜欢雾，它把声音挡在外面。", "两条船出海，一条早早回来了。"),
    reference=("渡船六点就开，谁也不等你。",),
)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Return what runs `notewright bench …`."""
    return bench_command(monkeypatch, capsys)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a file of seven items, one of them Chinese."""
    return save(tmp_path / "data.jsonl", [*items(), CHINESE])


# ------------------------------------------------------------------ systems


def test_every_system_of_the_design_is_listed(bench: Bench) -> None:
    rows = json.loads(bench("systems", "--json").out)

    assert {row["name"] for row in rows} >= {
        "planner-only", "frozen-base", "stylist-only", "stylist-vanilla-sft", "sag", "sag+filter",
        "sag+filter+dpo", "prompt-optimised", "copy-source", "best-sample-copy",
    }  # fmt: skip
    assert all(row["available"] == (row["missing"] is None) for row in rows)
    shown = bench("systems").out
    assert all(row["name"] in shown and row["about"] in shown for row in rows)
    assert "scripts/train_systems.py --system sag+filter" in shown


def test_a_system_that_lacks_its_adapter_says_so(bench: Bench, data: Path, tmp_path: Path) -> None:
    for row in SYSTEMS:
        if row.missing:
            said = bench("run", "--system", row.name, "--data", data, "--output", tmp_path / "r")
            assert (said.code, said.out) == (1, "")
            assert said.err.strip() == f"{row.name} cannot run yet. {row.missing}"
    said = bench("run", "--system", "best", "--data", data, "--output", tmp_path / "r")
    assert said.code == 1
    assert "no system 'best'" in said.err
    assert not (tmp_path / "r").exists()


def test_what_the_baselines_copy() -> None:
    assert copy_source(item(0)) == item(0).source
    assert copy_source(item(0, source=None, facts=("it opens", "Two boats."))) == (
        "It opens. Two boats."
    )
    assert copy_source(item(0, source=None, facts=(), topic="rain")) == "Rain."
    boats = item(0, source="Two boats went out and one came back early.", facts=())
    assert nearest_sample(boats, HashingEmbedder()) == boats.samples[1]


# ------------------------------------------------------------------ run


@pytest.mark.parametrize("system", AVAILABLE)
def test_every_available_system_runs_and_its_report_holds(
    bench: Bench, data: Path, tmp_path: Path, system: str
) -> None:
    target = tmp_path / "r.json"

    said = bench("run", "--system", system, "--data", data, "--output", target)

    assert said.code == 0, said.err
    report = load(target)
    assert report["system"] == system
    assert report["data"]["path"] == str(data)
    assert report["data"]["n"] == len(report["items"]) == 7
    assert report["metrics"].keys() >= METRICS
    assert report["settings"]["seed"] == 0
    assert all(each["text"] for each in report["items"])
    for name, found in report["metrics"].items():
        assert found["low"] <= found["high"]
        assert f"{name} " in said.out
    verified = bench("verify", target, "--data", data)
    assert (verified.code, verified.out) == (
        0,
        f"r.json holds: {system} on 7 of 7 items.\n",
    )


def test_the_reports_bleu_is_sacrebleus_of_its_outputs(bench: Bench, tmp_path: Path) -> None:
    data, target = save(tmp_path / "data.jsonl", items()), tmp_path / "r.json"
    assert bench("run", "--system", "sag", "--data", data, "--output", target).code == 0

    report = load(target)

    texts = [each["text"] for each in report["items"]]
    expected = sacrebleu.corpus_bleu(texts, [REFERENCES]).score
    assert report["metrics"]["bleu4"]["value"] == pytest.approx(expected)
    assert report["settings"]["models"]["planner"]["name"] == "scripted"
    assert {"step", "judge"} <= report["settings"]["prompts"].keys()


def test_one_seed_repeats_a_run_and_another_does_not(
    bench: Bench, data: Path, tmp_path: Path
) -> None:
    told = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        bench("run", "--system", "stylist-only", "--data", data, "--seed", seed,
              "--output", tmp_path / name)  # fmt: skip
        told.append([each["text"] for each in load(tmp_path / name)["items"]])
    assert told[0] == told[1] != told[2]


def test_nothing_is_kept_among_a_persons_notes(
    bench: Bench, data: Path, tmp_path: Path, settings: Settings
) -> None:
    assert bench("run", "--system", "sag", "--data", data, "--output", tmp_path / "r").code == 0
    with closing(Studio.open(settings)) as studio:
        assert studio.search("local").total == 0
        assert studio.styles("local") == []


def test_items_are_chosen_by_language_and_at_even_distances(data: Path) -> None:
    ids = [each.id for each in choose_items(data, "dev", limit=3).items]
    assert ids == ["i0", "i2", "i4"]
    assert [each.id for each in choose_items(data, "dev", "zh").items] == ["i90"]
    assert len(choose_items(data, "dev", "en", 100).items) == 6


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    rows = [item(n, id=f"r{n}") for n in range(30)]
    data, target = save(tmp_path / "data.jsonl", rows), tmp_path / "r.json"
    partial = tmp_path / "r.json.partial"
    command = [sys.executable, "-m", "app", "bench", "run", "--system", "sag", "--data", str(data),
               "--output", str(target)]  # fmt: skip
    scripted = os.environ | {"NOTEWRIGHT_SCRIPTED": "1"}
    child = subprocess.Popen(command, cwd=ROOT, env=scripted)
    until = time.monotonic() + 120
    while time.monotonic() < until and not (
        partial.exists() and partial.read_bytes().count(b"\n") > 3
    ):
        time.sleep(0.02)
    child.kill()
    child.wait()
    assert not target.exists()
    written = [json.loads(line) for line in partial.read_bytes().split(b"\n")[1:-1]]

    subprocess.run(command, cwd=ROOT, env=scripted, check=True, capture_output=True)

    kept = [
        {name: each[name] for name in ("id", "text", "seconds")} for each in load(target)["items"]
    ]
    assert kept[: len(written)] == [
        {name: each[name] for name in ("id", "text", "seconds")} for each in written
    ]
    assert [each["id"] for each in kept] == [row.id for row in rows]
    assert not partial.exists()


def test_an_item_that_no_request_can_hold_is_named_before_any_work(
    bench: Bench, tmp_path: Path
) -> None:
    data = save(tmp_path / "d.jsonl", [*items(), item(7, topic="x" * 400)])
    said = bench("run", "--system", "sag", "--data", data, "--output", tmp_path / "r.json")
    assert said.code == 1
    assert "The item 'i7' cannot be written: The topic has 400 characters" in said.err
    assert list(tmp_path.glob("r.json*")) == []


def test_lengths_that_cannot_be_asked_for_are_brought_near(bench: Bench, tmp_path: Path) -> None:
    rows = [item(0, words=5), item(1, words=5_000), item(2, words=None)]
    data = save(tmp_path / "d.jsonl", rows)
    said = bench("run", "--system", "sag", "--data", data, "--output", tmp_path / "r.json")
    assert said.code == 0, said.err


class EnglishOnly(ScriptedModel):
    """A model that writes English only, like the embedded one."""

    @property
    def card(self) -> ModelCard:
        """Less Chinese."""
        return super().card.model_copy(update={"languages": ("en",)})


class EnglishStudio(Studio):
    """A studio on a model that writes English only."""

    @property
    def models(self) -> LoadedModels:
        """The models, English only."""
        english = EnglishOnly()
        made = super().models
        return LoadedModels(english, english, made.embedder, made.report)


@pytest.mark.parametrize("system", ["planner-only", "frozen-base", "stylist-only", "sag"])
def test_chinese_items_are_refused_before_any_work_with_a_hint(
    settings: Settings, system: str
) -> None:
    with closing(EnglishStudio.open(settings)) as studio:
        told = "1 of 7 items are in Chinese, which the model scripted cannot write; choose "
        with pytest.raises(
            InvalidRequest, match=rf"{told}items in another language \(--language en\)"
        ):
            make_system(system, studio, [*items(), CHINESE])
        make_system("copy-source", studio, [*items(), CHINESE])
        make_system(system, studio, items())


# ------------------------------------------------------------------ outputs from elsewhere


def test_outputs_from_elsewhere_run_under_any_name(
    bench: Bench, data: Path, tmp_path: Path
) -> None:
    rows = [*items(), CHINESE]
    texts = [{"id": each.id, "text": each.reference[0]} for each in rows]
    given = save(tmp_path / "texts.jsonl", texts)
    target = tmp_path / "r.json"

    said = bench("run", "--system", "my own", "--outputs", given, "--data", data, "--output",
                 target)  # fmt: skip

    assert said.code == 0, said.err
    report = load(target)
    assert report["system"] == "my own"
    assert report["metrics"]["bleu4"]["value"] == pytest.approx(100)
    assert report["metrics"]["rouge_l"]["value"] == pytest.approx(100)
    assert report["settings"].keys() == {"outputs", "sha256"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "i0", "text": "x"}, "texts.jsonl has no text for 6 of 7 items (the first is 'i1')"),
        ({"id": "i0", "said": "x"}, "texts.jsonl, line 1: unknown field 'said'"),
    ],
)
def test_outputs_that_cannot_be_used_are_told(
    bench: Bench, data: Path, tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    given = save(tmp_path / "texts.jsonl", [row])
    told = bench("run", "--system", "x", "--outputs", given, "--data", data, "--output",
                 tmp_path / "r")  # fmt: skip
    assert told.code == 1
    assert said in told.err


# ------------------------------------------------------------------ data


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"autor": "x"}, "data.jsonl, line 2: unknown field 'autor'"),
        ({"topic": None}, "data.jsonl, line 2: the field 'topic' is missing"),
        ({"language": "fr"}, "data.jsonl, line 2: 'language'"),
        ({"id": "i0"}, "data.jsonl, line 2: the id 'i0' is taken by data.jsonl, line 1"),
    ],
)
def test_a_wrong_line_of_data_is_named(
    bench: Bench, tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    wrong = item(1).model_dump(mode="json", exclude_none=True) | row
    data = save(tmp_path / "data.jsonl", [item(0), wrong])
    told = bench("run", "--system", "copy-source", "--data", data, "--output", tmp_path / "r")
    assert told.code == 1
    assert said in told.err


def test_data_of_the_design_are_read_as_they_stand(bench: Bench, tmp_path: Path) -> None:
    row = {"id": 17, "author": "A", "language": "en", "topic": "The ferry", "facts": ["It leaves"],
           "source": None, "samples": list(item(0).samples), "reference": "It leaves.",
           "words": 20}  # fmt: skip
    data = save(tmp_path / "data.jsonl", [row, {**row, "id": 18, "reference": ["It left.", "Go."]}])
    said = bench("run", "--system", "copy-source", "--data", data, "--output", tmp_path / "r")
    assert said.code == 0, said.err
    assert [each["id"] for each in load(tmp_path / "r")["items"]] == ["17", "18"]


def test_wrong_usage_exits_with_two(bench: Bench, data: Path, tmp_path: Path) -> None:
    base = ("run", "--system", "copy-source", "--output", tmp_path / "r", "--data", data)
    assert bench(*base, "--split", "dev").code == 2
    assert bench(*base, "--language", "fr").code == 2
    assert bench(*base, "--limit", "0").code == 2
    assert bench(*base[:5], "--split", "train").code == 2
    assert bench("run", "--system", "sag").code == 2
    assert bench(*base, "--language", "zh").code == 0
