"""Training on thumbs alone (KTO), with TRL's trainer, on rows that our renderer tokenised.

The reference policy is the adapter that training starts from. Pairs are ranking.py's.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.learning_types import UnpairedPreference
from engine.value import Value
from finetune.precision import computes_in_bfloat16
from finetune.rendering import Renderer
from finetune.sft import warm_steps
from finetune.watching import Discreet

if TYPE_CHECKING:
    from datasets import Dataset
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase, TrainerCallback
    from trl import KTOConfig, KTOTrainer


class PreferenceSettings(Value):
    """How an adapter learns what is preferred; docs/LOG.md says where the defaults come from."""

    learning_rate: float = 5e-5
    epochs: float = 2.0
    batch: int = 4  # pairs or texts that a step learns from
    beta: float = 0.1
    sft_weight: float = 0.5
    warmup: float = 0.1  # share of the steps
    longest: int = 1024  # tokens read at once
    seed: int = 0
    save_every: int = 25  # steps


def make_kto_trainer(
    model: "PeftModel",
    tokenizer: "PreTrainedTokenizerBase",
    liked: Sequence[UnpairedPreference],
    renderer: Renderer,
    settings: PreferenceSettings,
    output: Path,
    *,
    callbacks: Sequence["TrainerCallback"] = (),
) -> "KTOTrainer":
    """Return a trainer on single texts that were liked or not (KTO, Ethayarajh et al. 2024).

    The loss is APO-zero's for unpaired data: it needs no batch of mismatched texts to estimate a
    divergence, so it works one row at a time. The rarer label weighs as much as the other.
    """
    from trl import KTOTrainer

    class Ready(Discreet, KTOTrainer):
        """Takes rows as they are: our renderer made the tokens."""

        def _prepare_dataset(self, dataset, *_args, **_kwargs):  # type: ignore[no-untyped-def]
            return dataset

    return Ready(
        model=model,
        args=_kto_arguments(settings, liked, output, bfloat16=computes_in_bfloat16(model)),
        processing_class=tokenizer,
        train_dataset=single_rows(liked, renderer),
        callbacks=list(callbacks),
    )


def _kto_arguments(
    settings: PreferenceSettings,
    liked: Sequence[UnpairedPreference],
    output: Path,
    *,
    bfloat16: bool,
) -> "KTOConfig":
    import torch
    from trl import KTOConfig

    good = sum(row.label for row in liked)
    bad = len(liked) - good
    return KTOConfig(
        output_dir=str(output),
        learning_rate=settings.learning_rate,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=settings.batch,
        warmup_steps=warm_steps(settings, len(liked)),
        lr_scheduler_type="cosine",
        weight_decay=0.0,
        max_grad_norm=1.0,
        seed=settings.seed,
        bf16=bfloat16,
        activation_checkpointing=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_steps=settings.save_every,
        save_total_limit=2,
        report_to=[],
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        beta=settings.beta,
        loss_type="apo_zero_unpaired",
        desirable_weight=max(1.0, bad / max(1, good)),
        undesirable_weight=max(1.0, good / max(1, bad)),
        max_length=settings.longest,
    )


def single_rows(liked: Sequence[UnpairedPreference], renderer: Renderer) -> "Dataset":
    """Return single texts as tokens with their labels."""
    from datasets import Dataset

    rows = []
    for row in liked:
        prompt = renderer.prompt(row.prompt)
        answer = renderer.row([*row.prompt, *row.completion]).input_ids[len(prompt) :]
        rows.append({"prompt_ids": prompt, "completion_ids": answer, "label": row.label})
    return Dataset.from_list(rows)
