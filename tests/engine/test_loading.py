"""Choosing, making and loading weights: what a first start does, and what can go wrong with it."""

import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import ModelUnavailable
from engine.loading import LoadOptions, ModelReport, load_models, suggestions_for
from engine.models import machine
from engine.models.catalogue import catalogue, find_entry, languages_of
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.probe import Rung, child_command
from engine.models.weights import check_file, packaged_weights, prepare_weights
from engine.types import Generation, Message, Sampling
from tests.engine.gguf_files import write_gguf

ASK = (
    Message(role="user", content="What is the capital of France?"),
    Message(role="assistant", content="The capital of France is"),
)


def crash_unless_careful(rung: Rung, seconds: float) -> Sequence[str]:
    """Stand for the CPU whose rearranged kernels die: only other rungs are really tried."""
    if rung.configuration.repack:
        return [sys.executable, "-c", f"import os; os.kill(os.getpid(), {signal.SIGSEGV.value})"]
    return child_command(rung, seconds)


# ------------------------------------------------------------------ catalogue


def test_the_catalogue_names_the_embedded_model_and_those_that_write_chinese() -> None:
    assert [entry.name for entry in catalogue() if entry.embedded] == ["SmolLM2-135M-Instruct"]
    assert "Qwen2.5-3B-Instruct" in suggestions_for("zh")
    assert "SmolLM2-135M-Instruct" not in suggestions_for("zh")


@pytest.mark.parametrize(
    ("names", "stated", "vocabulary", "expected"),
    [
        (("qwen2.5-3b-instruct-q4_k_m", ""), "", "", ("en", "zh")),
        (("Smollm2 135M 8k", "SmolLM2-135M-Instruct"), '["zh"]', "", ("en",)),
        (("mine", ""), '["en", "zh"]', "", ("en", "zh")),
        (("mine", ""), "", "deepseek-llm", ("en", "zh")),
        (("mine", ""), "", "llama-bpe", ("en",)),
    ],
)
def test_languages_follow_the_best_evidence(
    names: tuple[str, ...], stated: str, vocabulary: str, expected: tuple[str, ...]
) -> None:
    assert languages_of(names, stated, vocabulary) == expected


def test_a_file_is_known_by_its_entrys_name_in_any_spelling() -> None:
    found = find_entry("qwen2.5_7b_INSTRUCT-q4_0-00001-of-00002")
    assert found is not None
    assert found.name == "Qwen2.5-7B-Instruct"
    assert find_entry("something else") is None


# ------------------------------------------------------------------ machine


def test_cores_are_those_of_this_process_not_of_the_machine() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert machine.available_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_files_in_a_containers_memory_give_way_to_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that was just downloaded fills the container's memory as a file."""
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("990\n")
    assert machine.available_memory() == 10
    (tmp_path / "memory.stat").write_text("anon 90\nactive_file 500\ninactive_file 400\n")
    assert machine.available_memory() == 910
    (tmp_path / "memory.max").write_text("max\n")
    assert (machine.available_memory() or 0) > 1000


def test_a_fingerprint_follows_content_and_size(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"a" * 100)
    two.write_bytes(b"a" * 100)
    assert machine.fingerprint(one) == machine.fingerprint(two)
    two.write_bytes(b"a" * 99 + b"b")
    assert machine.fingerprint(one) != machine.fingerprint(two)


# ------------------------------------------------------------------ files


def test_a_missing_file_and_one_that_is_no_model_get_a_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        check_file(tmp_path / "none.gguf")
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(ModelUnavailable, match="is not a GGUF model"):
        check_file(tmp_path / "text.gguf")


@pytest.mark.real
def test_a_file_that_was_cut_short_is_said_to_be_incomplete(tmp_path: Path) -> None:
    short = tmp_path / "short.gguf"
    short.write_bytes(packaged_weights().read_bytes()[:40_000_000])
    with pytest.raises(ModelUnavailable, match=r"'short\.gguf' cannot be loaded \(tensor .* incom"):
        LlamaWeights(short, Configuration(1))


def test_a_model_larger_than_the_memory_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    huge = tmp_path / "huge.gguf"
    with huge.open("wb") as file:
        file.write(b"GGUF")
        file.truncate(1 << 42)
    with pytest.raises(ModelUnavailable, match=r"needs about \d+\.\d GB of memory and"):
        check_file(huge)


@pytest.mark.real
def test_the_faster_form_is_made_once_and_leftovers_of_a_crash_go(tmp_path: Path) -> None:
    leftover = tmp_path / "weights" / "old.gguf.part-1"
    leftover.parent.mkdir()
    leftover.write_bytes(b"half")
    os.utime(leftover, (0, 0))
    first = prepare_weights(packaged_weights(), tmp_path)
    assert first.source == packaged_weights()
    assert [path.name for path in leftover.parent.iterdir()] == [first.path.name]
    made = first.path.stat().st_mtime_ns
    assert prepare_weights(packaged_weights(), tmp_path).path.stat().st_mtime_ns == made


@pytest.mark.real
def test_where_the_disk_refuses_the_packaged_form_is_used_and_the_reason_says_so(
    tmp_path: Path,
) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where a folder should be")
    choice = prepare_weights(packaged_weights(), blocked)
    assert (choice.path, choice.source) == (packaged_weights(), None)
    assert "make the data directory writable" in choice.reason


@pytest.mark.real
def test_a_disk_that_fills_while_writing_leaves_no_half_file(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
        choice = prepare_weights(packaged_weights(), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert choice.path == packaged_weights()
    assert "free some disk space" in choice.reason
    assert list((tmp_path / "weights").iterdir()) == []


# ------------------------------------------------------------------ loading


def test_scripted_models_need_no_weights(tmp_path: Path) -> None:
    models = load_models(LoadOptions(tmp_path, scripted=True))
    assert models.planner_model.card.backend == "scripted"
    assert models.embedder.embed(["a"]).shape[0] == 1
    assert list(tmp_path.iterdir()) == []


def test_an_embedder_of_ones_own_is_tried_first_and_missed_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no-such-folder"):
        load_models(LoadOptions(tmp_path, embedder=str(tmp_path / "no-such-folder")))


@pytest.mark.real
def test_on_a_cpu_where_the_fast_kernels_die_the_careful_ones_are_used_and_named(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    models = load_models(LoadOptions(tmp_path), progress=said.append, command=crash_unless_careful)
    report = models.report.stylist
    assert isinstance(report, ModelReport)
    assert "without rearranged weights, because" in report.verdict
    assert "“normal” died with SIGSEGV in its first decode" in report.verdict
    assert "Q8_0" in report.weights
    assert any("process of its own" in words for words in said)
    for model in (models.planner_model, models.stylist_model):
        out = list(model.generate([ASK], Sampling(temperature=0, max_tokens=8)))
        assert isinstance(out[-1], Generation)
        assert "Paris" in out[-1].text
    assert models.planner_model.card.context_length == 3072
    assert models.stylist_model.card.context_length == 6144


@pytest.mark.real
def test_a_model_of_ones_own_is_used_for_the_role_it_is_set_for(tmp_path: Path) -> None:
    own = tmp_path / "Qwen2.5-1.5B-Instruct-mine.gguf"
    own.symlink_to(packaged_weights())
    models = load_models(LoadOptions(tmp_path / "cache", threads=1, planner_gguf=own))
    assert models.planner_model.card.languages == ("en", "zh")
    assert models.stylist_model.card.name == "SmolLM2-135M-Instruct"
    report = models.report
    assert report.threads == 1
    assert isinstance(report.planner, ModelReport)
    assert report.planner.file == own
    assert report.planner.weights == "Qwen2.5-1.5B-Instruct-mine.gguf, as set"


def test_a_model_of_ones_own_that_is_missing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"'gone\.gguf' cannot be read"):
        load_models(
            LoadOptions(
                tmp_path, stylist_gguf=tmp_path / "gone.gguf", planner_gguf=tmp_path / "gone.gguf"
            )
        )


@pytest.mark.real
def test_a_damaged_file_and_a_strange_one_say_so_and_what_to_do(tmp_path: Path) -> None:
    half = tmp_path / "half.gguf"
    half.write_bytes(packaged_weights().read_bytes()[: 3 << 20])
    strange = write_gguf(tmp_path / "strange.gguf", {"general.architecture": "alien"}, {})
    for file in (half, strange):
        with pytest.raises(ModelUnavailable, match=r"cannot be loaded|choose another") as error:
            load_models(LoadOptions(tmp_path / "cache", threads=1, stylist_gguf=file))
        assert file.name in str(error.value)
        assert "set the project up" not in str(error.value)


@pytest.mark.real
def test_a_file_without_a_chat_template_says_what_stands_in(tmp_path: Path) -> None:
    from tests.finetune.bases import random_model, write_base

    bare = write_base(tmp_path / "bare.gguf", random_model("llama"))
    models = load_models(LoadOptions(tmp_path / "cache", threads=1, planner_gguf=bare))
    assert isinstance(models.report.planner, ModelReport)
    assert "no chat template, so ChatML stands in" in models.report.planner.weights
