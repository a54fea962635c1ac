"""Training on pairs: DPO with an SFT term, and BRIO-style ranking, over packed chats (packing.py).

DPO alone lengthens and flattens prose and can make the chosen text less likely, so an SFT term goes
with it (Pang et al. 2024, "Iterative Reasoning Preference Optimization"). The reference policy is
the adapter that training starts from, asked once, before the first step. BRIO (Liu et al. 2022,
arXiv 2203.16804) adds to the cross-entropy of the better text a margin on the two texts'
length-normalised log-likelihoods, and needs no reference.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from engine.learning_types import PreferencePair
from engine.types import Message
from finetune.packing import Row, TokenPair, likelihoods, packed
from finetune.precision import computes_in_bfloat16
from finetune.preferences import PreferenceSettings
from finetune.rendering import Renderer
from finetune.sft import one_row_arguments
from finetune.watching import Discreet

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase, TrainerCallback
    from trl import SFTTrainer

MARGIN = 0.1  # nats a token
RANKING_WEIGHT = 1.0


class Loss(NamedTuple):
    """Of one pair: what is to fall, and by how much the better side is preferred."""

    value: "torch.Tensor"
    margin: "torch.Tensor"


class PairLoss(Protocol):
    """A loss on the log-likelihoods of a pair's tokens, each side 1-D.

    `before` is by how much the better side was likelier, as a whole, before training.
    """

    def __call__(self, better: "torch.Tensor", worse: "torch.Tensor", before: float) -> Loss:
        """Return the pair's loss."""


def make_dpo_trainer(
    model: "PeftModel",
    tokenizer: "PreTrainedTokenizerBase",
    pairs: Sequence[PreferencePair],
    renderer: Renderer,
    settings: PreferenceSettings,
    output: Path,
    *,
    callbacks: Sequence["TrainerCallback"] = (),
) -> "SFTTrainer":
    """Return a trainer on pairs: the sigmoid loss of DPO and an SFT term on the chosen side."""
    from torch.nn.functional import logsigmoid

    def loss(better: "torch.Tensor", worse: "torch.Tensor", before: float) -> Loss:
        margin = settings.beta * (better.sum() - worse.sum() - before)
        return Loss(-logsigmoid(margin) - settings.sft_weight * better.mean(), margin)

    rows = _with_reference(model, token_rows(pairs, renderer, settings.longest))
    return _pair_trainer(model, tokenizer, rows, loss, settings, output, callbacks)


def make_brio_trainer(
    model: "PeftModel",
    tokenizer: "PreTrainedTokenizerBase",
    pairs: Sequence[PreferencePair],
    renderer: Renderer,
    settings: PreferenceSettings,
    output: Path,
    *,
    callbacks: Sequence["TrainerCallback"] = (),
) -> "SFTTrainer":
    """Return a trainer that ranks each pair and imitates its better side."""

    def loss(better: "torch.Tensor", worse: "torch.Tensor", before: float) -> Loss:  # noqa: ARG001
        margin = better.mean() - worse.mean()
        return Loss(RANKING_WEIGHT * (MARGIN - margin).clamp(min=0) - better.mean(), margin)

    rows = token_rows(pairs, renderer, settings.longest)
    return _pair_trainer(model, tokenizer, rows, loss, settings, output, callbacks)


def token_rows(pairs: Sequence[PreferencePair], renderer: Renderer, room: int) -> list[Row]:
    """Return pairs as packed tokens; each answer has its end mark."""
    told = [_tokens(pair, renderer) for pair in pairs]
    return [tree.row() | {"before": [0.0] * len(tree.chosen)} for tree in packed(told, room)]


def _tokens(pair: PreferencePair, renderer: Renderer) -> TokenPair:
    prompt = renderer.prompt(pair.prompt)

    def answer(messages: Sequence[Message]) -> list[int]:
        return renderer.row([*pair.prompt, *messages]).input_ids[len(prompt) :]

    return TokenPair(prompt, answer(pair.chosen), answer(pair.rejected))


def _with_reference(model: "PeftModel", rows: Sequence[Row]) -> list[Row]:
    """Return rows with what the adapter that training starts from makes of them."""
    import torch

    found = []
    short = torch.autocast(model.device.type, torch.bfloat16, enabled=computes_in_bfloat16(model))
    with torch.no_grad(), short:
        for row in rows:
            better, worse = _both(model, row)
            apart = [float(b.sum() - w.sum()) for b, w in zip(better, worse, strict=True)]
            found.append(row | {"before": apart})
    return found


def _both(model: "PeftModel", row: Row) -> "tuple[list[torch.Tensor], list[torch.Tensor]]":
    count = len(row["chosen"])
    every = likelihoods(model.get_base_model(), row, [*row["chosen"], *row["rejected"]])
    return every[:count], every[count:]


def _pair_trainer(
    model: "PeftModel",
    tokenizer: "PreTrainedTokenizerBase",
    rows: Sequence[Row],
    loss: PairLoss,
    settings: PreferenceSettings,
    output: Path,
    callbacks: Sequence["TrainerCallback"],
) -> "SFTTrainer":
    import torch
    from datasets import Dataset
    from trl import SFTTrainer

    # A row of many pairs weighs more than a row of few: every pair counts alike.
    usual = sum(len(row["chosen"]) for row in rows) / len(rows)
    batch = max(1, round(settings.batch / usual))

    class PairTrainer(Discreet, SFTTrainer):
        loss_is_scaled_for_ga = False  # the Trainer takes the mean over a batch's rows

        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
            better, worse = _both(model, inputs)
            found = [loss(*three) for three in zip(better, worse, inputs["before"], strict=True)]
            margins = torch.stack([one.margin for one in found]).detach()
            self._metrics["train"]["rewards/margins"].append(float(margins.mean()))
            value = torch.stack([one.value for one in found]).sum() / usual
            return (value, {}) if return_outputs else value

    return PairTrainer(
        model=model,
        args=one_row_arguments(
            settings.model_copy(update={"batch": batch}),
            len(rows),
            output,
            bfloat16=computes_in_bfloat16(model),
        ),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(list(rows)),
        data_collator=_only_row,
        callbacks=list(callbacks),
    )


def _only_row(rows: Sequence[Row]) -> Row:
    return rows[0]
