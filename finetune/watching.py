"""What a trainer tells while it runs, and how it obeys: pause, cancel, and a loss gone wrong."""

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from engine.errors import NotewrightError, Stopped
from engine.learning_types import TrainingProgress

if TYPE_CHECKING:
    from transformers import TrainerCallback

Wish: TypeAlias = Literal["go", "pause", "cancel"]
Watch: TypeAlias = Callable[[TrainingProgress], Wish]
"""Told after each step; its answer is obeyed before the next."""

_POLL = 0.5


class TrainingFailed(NotewrightError):
    """Training cannot go on: too little to learn from, or the loss is no number."""


def make_callback(stage: str, watch: Watch) -> "TrainerCallback":
    """Return what ties a trainer to its watcher."""
    from transformers import TrainerCallback

    class Watching(TrainerCallback):
        def __init__(self) -> None:
            self.started = time.monotonic()
            self.first = 0

        def on_train_begin(self, _args, state, _control, **_kwargs):  # type: ignore[no-untyped-def]
            self.started, self.first = time.monotonic(), state.global_step

        def on_log(self, _args, state, control, logs=None, **_kwargs):  # type: ignore[no-untyped-def]
            told = logs or {}
            loss = _number(told.get("loss"))
            if loss is None and "train_runtime" in told:
                return
            if loss is not None and not math.isfinite(loss):
                raise TrainingFailed(
                    "The loss became no number, so nothing was learned and the old adapter still "
                    "serves; try again with fewer examples or a smaller learning rate."
                )
            done = state.global_step - self.first
            each = (time.monotonic() - self.started) / done if done else None
            progress = TrainingProgress(
                stage=stage,
                step=state.global_step,
                steps=state.max_steps,
                loss=loss,
                margin=_margin(told),
                seconds_left=each * (state.max_steps - state.global_step) if each else None,
            )
            while (wish := watch(progress)) == "pause":
                time.sleep(_POLL)
            if wish == "cancel":
                control.should_training_stop = True
                raise Stopped("Training was cancelled; the old adapter still serves.")

    return Watching()


class Discreet:
    """What every trainer of ours is first: it tells no one outside that it runs.

    TRL's trainers send a ping to a hub when they are made, and write a card with this machine's
    paths beside each checkpoint; our cards are card.py's.
    """

    def _send_telemetry(self) -> None:
        pass

    def compute_loss_context_manager(self):  # type: ignore[no-untyped-def]
        """Compute in bf16 on a base in four bits, whose other weights are in full precision.

        accelerate sees to that in `forward`, and our losses go past it.
        """
        context = super().compute_loss_context_manager()  # type: ignore[misc]
        if getattr(self.model, "is_loaded_in_4bit", False):  # type: ignore[attr-defined]
            context.enter_context(self.accelerator.autocast())  # type: ignore[attr-defined]
        return context

    def create_model_card(self, *_args: object, **_kwargs: object) -> None:
        """Write none."""


def _margin(told: Mapping[str, object]) -> float | None:
    """Return by how much the better side is preferred; KTO's trainer logs the two sides only."""
    chosen, rejected = (_number(told.get(f"rewards/{side}")) for side in ("chosen", "rejected"))
    if chosen is None or rejected is None:
        return _number(told.get("rewards/margins"))
    return chosen - rejected


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
