"""Supervised training of an adapter: the author's words given the plain ones (S-SFT of SAG).

TRL's trainer on rows that our own renderer tokenised (rendering.py), so that no second template
stands between what is learned and what is asked.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.value import Value
from finetune.precision import computes_in_bfloat16
from finetune.rendering import TokenRow
from finetune.watching import Discreet, TrainingFailed

if TYPE_CHECKING:
    from datasets import Dataset
    from peft import PeftModel
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from finetune.preferences import PreferenceSettings

_PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class LoraShape(Value):
    """How large an adapter is. Alpha over rank scales what it adds."""

    rank: int = 16
    alpha: int = 16
    dropout: float = 0.0


class SftSettings(Value):
    """How an adapter is trained; docs/LOG.md says where the defaults come from."""

    learning_rate: float = 5e-4
    epochs: float = 3.0
    batch: int = 2
    warmup: float = 0.03  # share of the steps
    schedule: Literal["cosine", "constant"] = "cosine"
    longest: int = 1024  # tokens; what is longer is cut
    in_order: bool = False  # rows as they come, for those that say when they are to be learned
    seed: int = 0
    save_every: int = 50  # steps


def new_adapter(model: "PreTrainedModel", shape: LoraShape) -> "PeftModel":
    """Return the model with a fresh LoRA on the seven projections, all that GGUF adapters hold."""
    from peft import LoraConfig, get_peft_model

    return get_peft_model(
        model,
        LoraConfig(
            r=shape.rank,
            lora_alpha=shape.alpha,
            lora_dropout=shape.dropout,
            target_modules=list(_PROJECTIONS),
            task_type="CAUSAL_LM",
        ),
    )


def resumed_adapter(model: "PreTrainedModel", folder: Path) -> "PeftModel":
    """Return the model with an adapter that was trained before, ready to go on."""
    from peft import PeftModel

    tuned = PeftModel.from_pretrained(model, folder, is_trainable=True)
    # As in load_base: a name would be looked up on a hub at each save.
    tuned.peft_config["default"].base_model_name_or_path = ""
    return tuned


def make_dataset(rows: Sequence[TokenRow], longest: int) -> "Dataset":
    """Return rows as TRL wants them: what is only read has the label -100; weights beside.

    Rows of which the cut leaves nothing to learn are left out.

    Raises:
        TrainingFailed: no row is left.
    """
    from datasets import Dataset

    found = [
        {
            "input_ids": row.input_ids[:longest],
            "labels": [
                token if weight else -100
                for token, weight in zip(row.input_ids[:longest], row.weights, strict=False)
            ],
            "weights": row.weights[:longest],
        }
        for row in rows
        if any(row.weights[:longest])
    ]
    if not found:
        raise TrainingFailed(
            "The texts to learn from are too long to be read at once; give shorter samples."
        )
    return Dataset.from_list(found)


def warm_steps(settings: "SftSettings | PreferenceSettings", rows: int) -> int:
    """Return over how many steps the rate rises from nothing.

    A schedule's first step has no rate at all: of a run so short that its share is one step, that
    step would learn nothing, so there is none.
    """
    steps = math.ceil(math.ceil(rows / settings.batch) * settings.epochs)
    share = int(settings.warmup * steps)
    return share if share > 1 else 0


def make_trainer(
    model: "PeftModel",
    tokenizer: "PreTrainedTokenizerBase",
    rows: Sequence[TokenRow],
    settings: SftSettings,
    output: Path,
    *,
    callbacks: Sequence["TrainerCallback"] = (),
) -> "SFTTrainer":
    """Return a trainer over rows, which keeps checkpoints under `output`."""
    dataset = make_dataset(rows, settings.longest)
    return _lean_trainer(in_order=settings.in_order)(
        model=model,
        args=one_row_arguments(
            settings, len(dataset), output, bfloat16=computes_in_bfloat16(model)
        ),
        processing_class=tokenizer,
        train_dataset=dataset,
        data_collator=_one_row,
        callbacks=list(callbacks),
    )


def _one_row(rows: Sequence[Mapping[str, list[float]]]) -> dict[str, "Tensor"]:
    """Return the one row of a batch as tensors."""
    import torch

    [row] = rows
    return {name: torch.tensor([values]) for name, values in row.items()}


def _lean_trainer(*, in_order: bool) -> type["SFTTrainer"]:
    """Return TRL's trainer with a loss that does no more than it must.

    One row at a time needs no attention mask, and only learned tokens need logits: 169 tokens/s on
    one core against TRL's 107 (docs/LOG.md). The mean is over learned tokens, whatever they weigh.
    """
    from torch.nn.functional import cross_entropy
    from torch.utils.data import SequentialSampler
    from trl import SFTTrainer

    class LeanTrainer(Discreet, SFTTrainer):
        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):  # type: ignore[no-untyped-def]
            core = model.get_base_model()
            hidden = core.model(inputs["input_ids"], use_cache=False).last_hidden_state
            targets = inputs["labels"][:, 1:]
            learned = targets != -100
            logits = core.lm_head(hidden[:, :-1][learned]).float()
            losses = cross_entropy(logits, targets[learned], reduction="none")
            loss = (losses * inputs["weights"][:, 1:][learned]).sum()
            loss = loss / (num_items_in_batch if num_items_in_batch else learned.sum())
            return (loss, {"logits": logits}) if return_outputs else loss

        def _get_train_sampler(self, train_dataset=None):  # type: ignore[no-untyped-def]
            if in_order:
                return SequentialSampler(train_dataset or self.train_dataset)
            return super()._get_train_sampler(train_dataset)

    return LeanTrainer


def one_row_arguments(
    settings: "SftSettings | PreferenceSettings", rows: int, output: Path, *, bfloat16: bool
) -> "SFTConfig":
    """Return what every trainer of ours asks of TRL: one row at a time, no side effects."""
    import torch
    from trl import SFTConfig

    steady = getattr(settings, "schedule", "cosine") == "constant"
    return SFTConfig(
        output_dir=str(output),
        learning_rate=settings.learning_rate,
        num_train_epochs=settings.epochs,
        # One row at a time: rows differ in length, and padding costs as much as text on a CPU.
        per_device_train_batch_size=1,
        gradient_accumulation_steps=settings.batch,
        warmup_steps=warm_steps(settings, rows),
        lr_scheduler_type="constant_with_warmup" if steady else "cosine",
        adam_beta2=0.98,
        weight_decay=0.0,
        max_grad_norm=1.0,
        max_length=None,
        seed=settings.seed,
        bf16=bfloat16,
        use_cpu=not torch.cuda.is_available(),
        activation_checkpointing=False,
        remove_unused_columns=False,
        logging_steps=1,
        # A loss that is no number must be seen (watching.py), not smoothed over.
        logging_nan_inf_filter=False,
        save_steps=settings.save_every,
        save_total_limit=2,
        report_to=[],
        disable_tqdm=True,
        dataset_kwargs={"skip_prepare_dataset": True},
    )
