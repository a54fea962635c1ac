"""Runs: every output kept at once, resumed after a kill, none repeated, nothing mixed up."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidRequest, Stopped, StorageError
from engine.notebench.report import BenchReport, verify
from engine.notebench.run import partial_path, run
from engine.notebench.samples import BenchItem
from tests.engine.notebench.made import item, items, scoring

ROOT = Path(__file__).parents[3]
KILLED = """
import time
from pathlib import Path
import sys
from engine.notebench.run import run
from tests.engine.notebench.made import items, scoring
from tests.engine.notebench.test_run import Echo

class Slow(Echo):
    def write(self, item):
        time.sleep(0.05)
        return super().write(item)

run(Slow(), items(200), Path(sys.argv[1]), scoring(), path="made up")
"""


class Echo:
    """Says the topic, and remembers what it was asked; may fail at one item."""

    name = "echo"

    def __init__(self, fails_at: str = "", error: Exception | None = None, seed: int = 0) -> None:
        """Remember where to fail, and why."""
        self.asked: list[BenchItem] = []
        self.settings: Mapping[str, Any] = {"seed": seed, "of": ("a", "b")}
        self._fails_at, self._error = fails_at, error

    def write(self, item: BenchItem) -> str:
        if item.id == self._fails_at and self._error is not None:
            raise self._error
        self.asked.append(item)
        return f"About {item.topic}."

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.asked]


def ran(system: Echo, target: Path, count: int = 6, **options: Any) -> BenchReport:
    return run(system, items(count), target, scoring(), path="made up", **options)


def test_a_run_ends_with_a_report_that_holds_and_no_other_file(tmp_path: Path) -> None:
    target, told = tmp_path / "r.json", []

    report = ran(Echo(), target, wrote=lambda *done: told.append(done),
                 scored=lambda *done: told.append(done))  # fmt: skip

    assert list(tmp_path.iterdir()) == [target]
    assert BenchReport.model_validate_json(target.read_bytes()) == report
    assert verify(report, items(), scoring()) == ()
    assert [each.text for each in report.items] == [f"About Morning {i}." for i in range(6)]
    assert all(each.seconds >= 0 for each in report.items)
    assert told == [(i, 6) for i in range(1, 7)] * 2


def test_a_system_never_sees_what_the_author_wrote(tmp_path: Path) -> None:
    system = Echo()
    with_knowledge = [item(0, knowledge="Secret.", reference=("The secret reference.",))]

    run(system, with_knowledge, tmp_path / "r.json", scoring(), path="made up")

    assert system.asked[0].reference == ()
    assert system.asked[0].knowledge is None
    assert system.asked[0].source == with_knowledge[0].source


def test_a_system_that_fails_in_the_middle_goes_on_without_repeating(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    broken = Echo("i3", RuntimeError("the power went"))
    with pytest.raises(RuntimeError):
        ran(broken, target)
    assert not target.exists()

    mended = Echo()
    report = ran(mended, target)

    assert (broken.ids, mended.ids) == (["i0", "i1", "i2"], ["i3", "i4", "i5"])
    assert [each.id for each in report.items] == [f"i{i}" for i in range(6)]


def test_an_item_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="'i2' cannot be written: Too long"):
        ran(Echo("i2", InvalidRequest("Too long.")), tmp_path / "r.json")


def test_a_stop_is_honoured_between_items(tmp_path: Path) -> None:
    system, target = Echo(), tmp_path / "r.json"
    with pytest.raises(Stopped):
        ran(system, target, should_stop=lambda: len(system.asked) == 2)

    rest = Echo()
    ran(rest, target)
    assert rest.ids == ["i2", "i3", "i4", "i5"]


def test_every_cut_of_the_partial_file_is_taken_up(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    partial = partial_path(target)
    with pytest.raises(RuntimeError):
        ran(Echo("i3", RuntimeError()), target)
    whole = partial.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for cut in (0, 5, ends[0] - 1, ends[0], ends[0] + 1, ends[1] + 30, ends[2] - 1, len(whole)):
        partial.write_bytes(whole[:cut])
        rest = Echo()

        report = ran(rest, target)

        kept = max(0, sum(end <= cut for end in ends) - 1)
        assert rest.ids == [f"i{i}" for i in range(kept, 6)]
        assert verify(report, items(), scoring()) == ()


def test_a_killed_process_loses_no_more_than_the_item_it_was_at(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    partial = partial_path(target)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, target], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    until = time.monotonic() + 120
    while time.monotonic() < until and not (
        partial.exists() and partial.read_bytes().count(b"\n") > 4
    ):
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    done = partial.read_bytes().count(b"\n") - 1
    assert 4 <= done < 200

    rest = Echo()
    report = ran(rest, target, 200)

    assert rest.ids == [f"i{i}" for i in range(done, 200)]
    assert len(report.items) == 200


def test_the_outputs_of_another_run_are_not_taken(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    with pytest.raises(RuntimeError):
        ran(Echo("i3", RuntimeError()), target)

    for other, count in ((Echo(seed=1), 6), (Echo(), 5)):
        with pytest.raises(InvalidRequest, match="another run"):
            ran(other, target, count)
        assert other.asked == []


def test_a_partial_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    with pytest.raises(RuntimeError):
        ran(Echo("i3", RuntimeError()), target)
    with partial_path(target).open("a") as file:
        file.write(json.dumps({"id": "x"}) + "\n")
    before = partial_path(target).read_bytes()

    with pytest.raises(InvalidRequest, match="line 5: not a row that we wrote"):
        ran(Echo(), target)
    assert partial_path(target).read_bytes() == before


def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    system = Echo()
    with pytest.raises(StorageError, match="choose another place"):
        ran(system, tmp_path / "nowhere" / "r.json")
    assert system.asked == []
