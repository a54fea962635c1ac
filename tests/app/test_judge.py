"""`notewright bench judge` on the scripted model."""

import json
from pathlib import Path

import pytest

from app.judging import CriticJudge
from engine.critic import ModelCritic
from engine.errors import ModelUnavailable
from engine.models.scripted import ScriptedModel
from engine.notebench.run import save_report
from engine.protocols import Conversation, StopCheck, never_stop
from tests.app.bench_command import Bench, bench_command, load, save
from tests.app.rated import LIVELY, PLAIN
from tests.engine.notebench.made import item, items, report


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Return what runs `notewright bench …`."""
    return bench_command(monkeypatch, capsys)


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Return two reports and the file of their items."""
    paths = [tmp_path / "plain.json", tmp_path / "lively.json"]
    for path, texts in zip(paths, (PLAIN, LIVELY), strict=True):
        save_report(report(texts, path.stem), path)
    return [*paths, save(tmp_path / "items.jsonl", list(items()))]


def test_two_reports_are_judged_and_the_verdicts_kept(
    bench: Bench, two: list[Path], tmp_path: Path
) -> None:
    first, second, data = two
    said = bench("judge", first, second, "--data", data, "--output", tmp_path / "j.json")

    assert said.code == 0, said.err
    assert "plain against lively:" in said.out
    assert "verdicts that turn with the order:" in said.out
    assert "verdicts for the longer text:" in said.out
    kept = load(tmp_path / "j.json")
    assert kept["wins"] + kept["ties"] + kept["losses"] == len(kept["items"]) == 6
    assert "judge=[judge/" in kept["signature"]
    assert kept["win_rate"]["low"] <= kept["win_rate"]["value"] <= kept["win_rate"]["high"]


def test_programs_get_json(bench: Bench, two: list[Path], tmp_path: Path) -> None:
    first, second, data = two
    said = bench("judge", first, second, "--data", data, "--output", tmp_path / "j", "--json")

    told = json.loads(said.out)
    assert (told["first"], told["second"]) == ("plain", "lively")
    assert told == {k: v for k, v in load(tmp_path / "j").items() if k != "items"}


def test_reports_on_other_items_are_refused(bench: Bench, two: list[Path], tmp_path: Path) -> None:
    first, second, data = two
    fewer = tmp_path / "fewer.json"
    save_report(report(LIVELY[:2], "fewer"), fewer)

    said = bench("judge", first, fewer, "--data", data, "--output", tmp_path / "j")
    assert (said.code, "different items" in said.err) == (1, True)
    said = bench("judge", first, second, "--output", tmp_path / "j")
    assert (said.code, "--data FILE" in said.err) == (1, True)
    assert not (tmp_path / "j").exists()


class Silent(ScriptedModel):
    """A model that does not show how likely its answers are."""

    def choose(
        self,
        conversation: Conversation,
        options: object,
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> None:
        """Say nothing."""
        del conversation, options, adapter, should_stop


def test_a_model_that_shows_no_chances_cannot_judge() -> None:
    with pytest.raises(ModelUnavailable, match="choose another planner"):
        CriticJudge(ModelCritic(Silent())).prefers_first(item(0), "a", "b")
