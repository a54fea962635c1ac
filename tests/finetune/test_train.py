"""A training run from its data to the adapter's folder: stopped, resumed, failed, done once."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import AdapterUnusable, Stopped
from engine.learning_types import Method, TrainingProgress, TrainingSet
from finetune.sft import LoraShape
from finetune.train import TrainingFailed, TrainingSettings, choose_method, train
from finetune.watching import Wish
from tests.adapters import a_folder
from tests.finetune.bases import random_model, write_base
from tests.finetune.lessons import everything, examples, pair, thumb

# PEFT asks transformers by a name that is going out of use.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is:FutureWarning")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "tiny.gguf", random_model("llama"))


@pytest.fixture(autouse=True)
def equal_rank(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep this process's priority, which it could not raise again, and its threads."""
    import torch

    threads = torch.get_num_threads()
    monkeypatch.setattr(os, "nice", lambda _by: 0)
    yield
    torch.set_num_threads(threads)


class Watcher:
    """Keeps what it is told; at a step it wishes something."""

    def __init__(self, wish: Wish = "go", at: int = 0) -> None:
        """Wish `wish` once at step `at`."""
        self.seen: list[TrainingProgress] = []
        self.wish, self.at = wish, at

    def __call__(self, progress: TrainingProgress) -> Wish:
        again = bool(self.seen) and self.seen[-1] == progress
        self.seen.append(progress)
        return self.wish if progress.step == self.at and not again else "go"

    @property
    def steps(self) -> list[int]:
        """The steps that it was told of."""
        return [progress.step for progress in self.seen]


def told(method: Method, **changes: object) -> TrainingSettings:
    values = {"method": method, "shape": LoraShape(rank=2, alpha=2), "learning_rate": 5e-3}
    return TrainingSettings.model_validate({**values, "epochs": 2, **changes})


def tensors(adapter: Path) -> set[str]:
    from safetensors import safe_open

    with safe_open(adapter / "adapter_model.safetensors", "numpy") as file:
        return set(file.keys())


def test_the_loss_falls_and_the_folder_holds_the_adapter(base: Path, tmp_path: Path) -> None:
    watcher = Watcher()
    adapter = train(told("sft", epochs=20), everything(), base, tmp_path / "run", watcher)
    losses = [progress.loss for progress in watcher.seen]
    assert watcher.steps == list(range(1, 21))
    assert losses[0] is not None
    assert losses[-1] is not None
    assert losses[-1] < 0.8 * losses[0]
    assert watcher.seen[0].steps == 20
    assert watcher.seen[-1].seconds_left == 0
    assert tensors(adapter)
    assert all(".lora_" in name for name in tensors(adapter))
    assert [path.name for path in adapter.parent.iterdir()] == ["adapter"]
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["r"] == 2
    for file in adapter.iterdir():
        assert str(base.parent).encode() not in file.read_bytes(), file.name


def test_a_second_call_with_the_same_output_does_nothing_again(base: Path, tmp_path: Path) -> None:
    first = train(told("kto"), everything(), base, tmp_path / "run", Watcher())
    before = (first / "adapter_model.safetensors").stat().st_mtime_ns
    again = Watcher()
    assert train(told("kto"), everything(), base, tmp_path / "run", again) == first
    assert again.seen == []
    assert (first / "adapter_model.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize(("method", "last_saved"), [("sft", 50), ("dpo", 25)])
def test_a_run_that_was_cancelled_goes_on_from_its_last_checkpoint(
    base: Path, tmp_path: Path, method: Method, last_saved: int
) -> None:
    settings = told(method, epochs=last_saved + 3)
    stopped = Watcher("cancel", at=last_saved + 1)
    with pytest.raises(Stopped, match="old adapter still serves"):
        train(settings, everything(), base, tmp_path, stopped)
    assert stopped.steps == list(range(1, last_saved + 2))
    assert not (tmp_path / method / "adapter").exists()
    # As a process leaves it that is killed while it writes.
    (tmp_path / method / f"checkpoint-{last_saved + 1}").mkdir()

    resumed = Watcher()
    adapter = train(settings, everything(), base, tmp_path, resumed)
    assert resumed.steps == [last_saved + n for n in (1, 2, 3)]
    assert resumed.seen[0].loss == pytest.approx(stopped.seen[-1].loss, abs=0.02)
    if method == "dpo":
        assert stopped.seen[-1].margin == pytest.approx(resumed.seen[0].margin, abs=0.02)
        assert (resumed.seen[0].margin or 0) > 0.1
    assert tensors(adapter)


def test_a_pause_holds_the_step_until_it_may_go_on(base: Path, tmp_path: Path) -> None:
    watcher = Watcher("pause", at=1)
    train(told("brio", epochs=2), everything(), base, tmp_path, watcher)
    assert watcher.steps == [1, 1, 2]


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_training_goes_on_from_an_earlier_adapter_and_judges_against_it(
    base: Path, tmp_path: Path, method: Method
) -> None:
    start = train(told("sft", epochs=10), everything(), base, tmp_path / "first", Watcher())
    # As our store names the base of an adapter: no hub may be asked for it.
    config = json.loads((start / "adapter_config.json").read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = "Tiny-Instruct"
    (start / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")

    watcher = Watcher()
    adapter = train(told(method), everything(), base, tmp_path / "next", watcher, start=start)
    assert watcher.seen[0].margin == pytest.approx(0.0, abs=0.02)
    assert tensors(adapter) == tensors(start)
    assert adapter == tmp_path / "next" / method / "adapter"


def test_a_damaged_adapter_is_not_gone_on_from(base: Path, tmp_path: Path) -> None:
    start = a_folder(tmp_path / "start")
    (start / "adapter_model.safetensors").write_bytes(b"cut")
    with pytest.raises(AdapterUnusable, match=r"adapter_model\.safetensors is damaged"):
        train(told("dpo"), everything(), base, tmp_path / "run", Watcher(), start=start)


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_a_loss_that_is_no_number_ends_the_run_and_leaves_no_adapter(
    base: Path, tmp_path: Path, method: Method
) -> None:
    with pytest.raises(TrainingFailed, match="became no number"):
        train(told(method, epochs=9, learning_rate=1e30), everything(), base, tmp_path, Watcher())
    assert not (tmp_path / method / "adapter").exists()


@pytest.mark.parametrize("method", ["dpo", "kto", "brio", "sft", "filter", "planned"])
def test_without_data_for_a_method_it_says_what_to_do(
    base: Path, tmp_path: Path, method: Method
) -> None:
    with pytest.raises(TrainingFailed, match=f"nothing to learn from by {method!r}; rate"):
        train(told(method), TrainingSet(), base, tmp_path, Watcher())


def test_the_method_follows_from_what_there_is_and_says_why() -> None:
    thumbs = tuple(thumb(f"Rain {n}!", up=n % 2 == 0) for n in range(8))
    alike = tuple(thumb(f"Rain {n}!", up=True) for n in range(30))
    pairs = (pair(),) * 8
    for data, method, why in (
        (TrainingSet(sft=examples(), unpaired=thumbs, pairs=pairs), "dpo", "8 pairs"),
        (TrainingSet(sft=examples(), unpaired=thumbs, pairs=pairs[:7]), "kto", "8 texts"),
        (TrainingSet(sft=examples(), unpaired=alike, pairs=pairs[:7]), "sft", "2 texts"),
    ):
        chosen = choose_method(data)
        assert chosen.method == method
        assert why in chosen.why


def test_three_ratings_that_agree_are_too_little() -> None:
    data = TrainingSet(unpaired=tuple(thumb("Rain!", up=True) for _ in range(3)))
    with pytest.raises(TrainingFailed, match="Rate at least eight drafts both ways"):
        choose_method(data)
