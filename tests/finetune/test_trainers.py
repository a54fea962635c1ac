"""The trainers' losses are what their papers say, and only the LoRA moves."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.models.llamacpp_library import Configuration, LlamaWeights
from finetune.base import load_base, load_tokenizer
from finetune.preferences import PreferenceSettings, make_kto_trainer
from finetune.ranking import MARGIN, make_brio_trainer, make_dpo_trainer
from finetune.rendering import Renderer, TokenRow
from finetune.sft import (
    LoraShape,
    SftSettings,
    make_dataset,
    make_trainer,
    new_adapter,
    warm_steps,
)
from finetune.watching import TrainingFailed
from tests.finetune.bases import random_model, write_base
from tests.finetune.lessons import DRY, WET, examples, pair, thumb

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase, Trainer

# PEFT asks transformers by a name that is going out of use.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is:FutureWarning")

SHAPE = LoraShape(rank=2, alpha=2)
STILL = SftSettings(epochs=1, learning_rate=0.0)
NEAR = 0.03  # what bfloat16 leaves of a loss of some nats


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "tiny.gguf", random_model("llama"))


@pytest.fixture(scope="module")
def renderer(base: Path) -> Renderer:
    return Renderer(LlamaWeights(base, Configuration(threads=1), vocabulary_only=True))


@pytest.fixture(scope="module")
def tokenizer(base: Path) -> "PreTrainedTokenizerBase":
    return load_tokenizer(base)


@pytest.fixture
def model(base: Path) -> "PeftModel":
    import torch

    torch.manual_seed(0)
    return new_adapter(load_base(base), SHAPE)


@pytest.fixture
def trainers(
    model: "PeftModel", renderer: Renderer, tokenizer: "PreTrainedTokenizerBase", tmp_path: Path
) -> dict[str, object]:
    """Return a maker for each method, by name."""
    told = PreferenceSettings(epochs=2, learning_rate=1e-2)
    rows = [renderer.row(e.messages) for e in examples()]
    liked = [thumb("Rain!", up=True), thumb("It pours.", up=False)]
    sft = SftSettings(epochs=2, learning_rate=1e-2)
    return {
        "sft": lambda: make_trainer(model, tokenizer, rows, sft, tmp_path),
        "dpo": lambda: make_dpo_trainer(model, tokenizer, [pair()], renderer, told, tmp_path),
        "kto": lambda: make_kto_trainer(model, tokenizer, liked, renderer, told, tmp_path),
        "brio": lambda: make_brio_trainer(model, tokenizer, [pair()], renderer, told, tmp_path),
    }


def trained(trainers: dict[str, object], method: str) -> "Trainer":
    make = trainers[method]
    assert callable(make)
    trainer: Trainer = make()
    trainer.train()
    return trainer


def stepped(trainer: "Trainer") -> "Trainer":
    trainer.train()
    return trainer


def first_logged(trainer: "Trainer", name: str = "loss") -> float:
    return float(next(told[name] for told in trainer.state.log_history if name in told))


def mean_loss(base: Path, row: TokenRow, start: int) -> float:
    """Return the mean cross-entropy of a row's tokens from `start`, in full precision."""
    import torch
    from torch.nn.functional import cross_entropy

    ids = torch.tensor([row.input_ids])
    with torch.no_grad():
        logits = load_base(base, dtype=torch.float32)(ids).logits[0]
    return float(cross_entropy(logits[start - 1 : -1], ids[0, start:]))


@pytest.mark.parametrize("method", ["sft", "dpo", "kto", "brio"])
def test_only_the_lora_moves(model: "PeftModel", trainers: dict[str, object], method: str) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trained(trainers, method)
    moved = {
        name
        for name, value in model.state_dict().items()
        if name in before and not value.equal(before[name])
    }
    assert moved
    assert all(".lora_" in name and ".default." in name for name in moved)


@pytest.mark.parametrize(
    ("rows", "epochs", "warm"), [(1, 1.0, 0), (16, 2.0, 0), (79, 1.0, 2), (400, 2.0, 20)]
)
def test_a_short_run_loses_no_step_to_its_warm_up(rows: int, epochs: float, warm: int) -> None:
    assert warm_steps(PreferenceSettings(epochs=epochs), rows) == warm


@pytest.mark.parametrize("method", ["sft", "dpo", "kto", "brio"])
def test_the_first_step_of_a_short_run_moves(
    model: "PeftModel", trainers: dict[str, object], method: str
) -> None:
    make = trainers[method]
    assert callable(make)
    trainer: Trainer = make()
    trainer.args.max_steps = 1
    trainer.train()
    moved = [value for name, value in model.named_parameters() if ".lora_B." in name]
    assert trainer.state.global_step == 1
    assert any(bool(value.any()) for value in moved)


@pytest.mark.parametrize("method", ["sft", "dpo", "kto", "brio"])
def test_no_trainer_tells_a_hub_that_it_runs(
    trainers: dict[str, object], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    from trl.trainer import base_trainer

    told: list[object] = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(base_trainer, "send_telemetry", lambda *a, **k: told.append((a, k)))
    make = trainers[method]
    assert callable(make)
    make()
    assert told == []


def test_the_loss_of_sft_is_trls_own(
    model: "PeftModel", renderer: Renderer, tokenizer: "PreTrainedTokenizerBase", tmp_path: Path
) -> None:
    import torch
    from trl import SFTTrainer

    ours = make_trainer(model, tokenizer, [renderer.row(WET)], SftSettings(), tmp_path)
    theirs = SFTTrainer(
        model=model,
        args=ours.args,
        processing_class=tokenizer,
        train_dataset=ours.train_dataset,
        data_collator=ours.data_collator,
    )
    batch = next(iter(ours.get_train_dataloader()))
    count = torch.tensor(int((batch["labels"] != -100).sum()))
    plain = {"input_ids": batch["input_ids"], "labels": batch["labels"]}
    given = (dict(batch), plain | {"attention_mask": torch.ones_like(batch["input_ids"])})
    losses = [
        float(t.compute_loss(model, inputs, num_items_in_batch=count).detach())
        for t, inputs in zip((ours, theirs), given, strict=True)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=NEAR)


def test_what_weighs_half_counts_half_in_the_loss(
    model: "PeftModel",
    renderer: Renderer,
    tokenizer: "PreTrainedTokenizerBase",
    tmp_path: Path,
) -> None:
    row = renderer.row(WET)
    half = TokenRow(row.input_ids, [weight * 0.5 for weight in row.weights])
    first, second = (
        first_logged(stepped(make_trainer(model, tokenizer, [each], STILL, tmp_path)))
        for each in (row, half)
    )
    assert first > 1
    assert second == pytest.approx(first / 2, abs=NEAR)


def test_rows_that_say_when_are_learned_in_their_order(
    model: "PeftModel", renderer: Renderer, tokenizer: "PreTrainedTokenizerBase", tmp_path: Path
) -> None:
    rows = [renderer.row(WET)] + [renderer.row(DRY)] * 9
    told = STILL.model_copy(update={"in_order": True})
    trainer = make_trainer(model, tokenizer, rows, told, tmp_path)
    seen = [batch["input_ids"][0].tolist() for batch in trainer.get_train_dataloader()]
    assert seen == [row.input_ids for row in rows]


def test_dpo_begins_at_the_logarithm_of_two_and_its_share_of_sft(
    trainers: dict[str, object], renderer: Renderer, base: Path
) -> None:
    row, prompt = renderer.row(WET), renderer.prompt(WET[:-1])
    expected = math.log(2) + 0.5 * mean_loss(base, row, len(prompt))
    trainer = trained(trainers, "dpo")
    assert first_logged(trainer) == pytest.approx(expected, abs=NEAR)
    assert first_logged(trainer, "rewards/margins") == 0


def test_kto_begins_at_one_half(trainers: dict[str, object]) -> None:
    assert first_logged(trained(trainers, "kto")) == pytest.approx(0.5, abs=1e-3)


def test_brio_begins_with_the_better_texts_loss_and_what_the_ranking_lacks(
    trainers: dict[str, object], renderer: Renderer, base: Path
) -> None:
    start = len(renderer.prompt(WET[:-1]))
    worse = renderer.row([*WET[:-1], *pair().rejected])
    better = mean_loss(base, renderer.row(WET), start)
    lacks = max(0.0, better - mean_loss(base, worse, start) + MARGIN)
    assert first_logged(trained(trainers, "brio")) == pytest.approx(better + lacks, abs=2 * NEAR)


def test_a_batchs_loss_does_not_shrink_where_the_last_is_not_full(
    model: "PeftModel", renderer: Renderer, tokenizer: "PreTrainedTokenizerBase", tmp_path: Path
) -> None:
    told = PreferenceSettings(epochs=1, batch=4, learning_rate=0.0, longest=1)  # a pair a row
    pairs = [pair()] * 5
    trainer = make_brio_trainer(model, tokenizer, pairs, renderer, told, tmp_path)
    trainer.train()
    full, rest = [told["loss"] for told in trainer.state.log_history if "loss" in told]
    assert full == pytest.approx(rest, abs=NEAR)


def test_a_row_that_the_cut_leaves_nothing_of_is_not_learned() -> None:
    learnable, too_long = TokenRow([1, 2, 3], [0, 1, 1]), TokenRow([1, 2, 3, 4], [0, 0, 0, 1])
    assert make_dataset([learnable, too_long], 3)["labels"] == [[-100, 2, 3]]
    with pytest.raises(TrainingFailed, match="too long"):
        make_dataset([too_long], 3)
