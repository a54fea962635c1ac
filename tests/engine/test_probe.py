"""The trial in a child process, with children that really die, hang and talk nonsense."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import ModelUnavailable
from engine.models.llamacpp_library import Configuration, library
from engine.models.probe import Command, Rung, Speed, Trial, child_command, find_rung
from engine.models.speed import expected_speed
from engine.models.weights import packaged_weights

WORKS = """print('{"speed": {"prompt": 100.0, "together": 50.0}, "source_speed": null}')"""
CRASHES = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
ENDED = CRASHES.replace("SIGSEGV", "SIGTERM")
FAILS = "import sys; sys.exit('The model file cannot be loaded.')"
REFUSES = "import sys; sys.stderr.write('The file is cut short; choose another.'); sys.exit(3)"
HANGS = "import time; time.sleep(60)"
NONSENSE = "print('hello')"


def children(*programs: str) -> tuple[Command, list[str]]:
    """Return a command that runs one program after another, and the names of the rungs tried."""
    tried: list[str] = []

    def command(rung: Rung, seconds: float) -> Sequence[str]:
        del seconds
        tried.append(rung.name)
        return [sys.executable, "-c", programs[len(tried) - 1]]

    return command, tried


@pytest.fixture
def rungs(tmp_path: Path) -> list[Rung]:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF")
    return [
        Rung("normal", model, Configuration(2)),
        Rung("careful", model, Configuration(2, repack=False)),
        Rung("slow", model, Configuration(1, repack=False)),
    ]


def test_the_first_rung_that_works_is_used_and_remembered(
    tmp_path: Path, rungs: list[Rung]
) -> None:
    command, tried = children(WORKS)
    for _ in range(2):
        verdict = find_rung(rungs, tmp_path / "probe.json", library_version="1", command=command)
        assert verdict.rung.name == "normal"
        assert verdict.trial == Trial(Speed(100.0, 50.0))
        assert verdict.reason == "normal: works"
    assert tried == ["normal"]


def test_a_crash_is_survived_named_and_not_tried_again(tmp_path: Path, rungs: list[Rung]) -> None:
    command, tried = children(CRASHES, FAILS, WORKS)
    for _ in range(2):
        verdict = find_rung(rungs, tmp_path / "probe.json", library_version="1", command=command)
        assert verdict.rung.name == "slow"
        assert verdict.failures == (
            "“normal” died with SIGSEGV in its first decode",
            "“careful” failed (The model file cannot be loaded)",
        )
    assert tried == ["normal", "careful", "slow"]


def test_a_child_that_hangs_or_talks_nonsense_has_failed_and_lateness_is_forgiven_next_time(
    tmp_path: Path, rungs: list[Rung]
) -> None:
    command, tried = children(HANGS, NONSENSE, WORKS, WORKS)
    memory = tmp_path / "probe.json"
    verdict = find_rung(rungs, memory, library_version="1", command=command, seconds=1)
    assert verdict.rung.name == "slow"
    assert verdict.failures[0] == "“normal” did not answer in 1 seconds"
    assert verdict.failures[1].startswith("“careful” could not be tried")
    assert find_rung(rungs, memory, library_version="1", command=command).rung.name == "normal"
    assert tried == ["normal", "careful", "slow", "normal"]


def test_a_child_that_somebody_ended_says_nothing_about_the_model(
    tmp_path: Path, rungs: list[Rung]
) -> None:
    command, tried = children(ENDED, WORKS)
    memory = tmp_path / "probe.json"
    with pytest.raises(ModelUnavailable, match="ended from outside"):
        find_rung(rungs, memory, library_version="1", command=command)
    assert find_rung(rungs, memory, library_version="1", command=command).failures == ()
    assert tried == ["normal", "normal"]


def test_where_nothing_works_the_message_says_how_each_failed_and_what_to_do(
    tmp_path: Path, rungs: list[Rung]
) -> None:
    command, _ = children(CRASHES, CRASHES, FAILS)
    with pytest.raises(ModelUnavailable, match=r"SIGSEGV.*cannot be loaded.*set the project up"):
        find_rung(rungs, tmp_path / "probe.json", library_version="1", command=command)


def test_what_every_rung_refuses_in_the_same_words_is_the_files_fault(
    tmp_path: Path, rungs: list[Rung]
) -> None:
    command, _ = children(*[REFUSES] * 3)
    with pytest.raises(ModelUnavailable) as error:
        find_rung(rungs, tmp_path / "probe.json", library_version="1", command=command)
    assert str(error.value) == "The file is cut short; choose another."
    command, _ = children(REFUSES, CRASHES, REFUSES)
    with pytest.raises(ModelUnavailable, match="set the project up"):
        find_rung(rungs, tmp_path / "probe.json", library_version="1", command=command)


def test_a_new_library_or_another_file_is_tried_afresh(tmp_path: Path, rungs: list[Rung]) -> None:
    command, tried = children(WORKS, CRASHES, WORKS, WORKS)
    memory = tmp_path / "probe.json"
    find_rung(rungs, memory, library_version="1", command=command)
    assert find_rung(rungs, memory, library_version="2", command=command).rung.name == "careful"
    rungs[0].path.write_bytes(b"GGUF2")
    find_rung(rungs, memory, library_version="1", command=command)
    assert tried == ["normal", "normal", "careful", "normal"]


@pytest.mark.parametrize("damaged", ["{half", "null", "[1]"])
def test_a_damaged_memory_is_replaced(tmp_path: Path, rungs: list[Rung], damaged: str) -> None:
    memory = tmp_path / "probe.json"
    memory.write_text(damaged)
    assert expected_speed(memory, 1_000, 1) is None
    command, _ = children(WORKS)
    find_rung(rungs, memory, library_version="1", command=command)
    assert len(json.loads(memory.read_text())) == 1
    assert [path.name for path in tmp_path.glob("probe*")] == ["probe.json"]


@pytest.mark.real
def test_the_real_child_tries_the_embedded_model(tmp_path: Path) -> None:
    rung = Rung("packaged", packaged_weights(), Configuration(1))
    version = library().version()
    verdict = find_rung([rung], tmp_path / "probe.json", library_version=version)
    assert verdict.trial.speed.prompt > 1
    assert verdict.failures == ()


@pytest.mark.real
def test_the_real_child_says_why_a_file_does_not_load(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(packaged_weights().read_bytes()[:100_000])
    rung = Rung("broken", broken, Configuration(1))
    with pytest.raises(ModelUnavailable, match=r"^The model file 'broken.gguf' cannot be loaded"):
        find_rung([rung], tmp_path / "probe.json", library_version="1", command=child_command)
