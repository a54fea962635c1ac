"""From a TrainingSet to a LoRA on disk: which method, and the stages that it runs.

This module is light; the trainers behind it (sft.py, preferences.py, ranking.py) import torch.
"""

import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.adapter_files import MANIFEST, WEIGHTS, check_files, read_manifest
from engine.learning_types import IMITATES, Method, SFTExample, TrainingSet
from engine.value import Value
from finetune.sft import LoraShape, SftSettings
from finetune.watching import TrainingFailed, Watch, Wish

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase, Trainer, TrainerCallback

    from finetune.rendering import Renderer

__all__ = [
    "Choice",
    "TrainingFailed",
    "TrainingSettings",
    "Watch",
    "Wish",
    "choose_method",
    "train",
]

ENOUGH_PAIRS = 8
"""Preference pairs below which there is nothing to learn but noise (docs/LOG.md)."""

ENOUGH_THUMBS = 8
ENOUGH_PLANS = 8
ENOUGH_SAMPLES = 2


_WRITTEN_LAST = "trainer_state.json"  # of a checkpoint's files


class TrainingSettings(Value):
    """How to train. Absent numbers are the method's defaults (docs/LOG.md says where from).

    `four_bit` holds the base in four bits while it is trained on: a folder's, not a GGUF file's.
    """

    method: Method
    shape: LoraShape = LoraShape()
    learning_rate: float | None = None
    epochs: float | None = None
    seed: int = 0
    threads: int = 1
    four_bit: bool = False


class Choice(NamedTuple):
    """A method, and a sentence on why."""

    method: Method
    why: str


def choose_method(data: TrainingSet, learned: Collection[str] = frozenset()) -> Choice:
    """Return what the data allow: preferences where there are pairs, else what can be imitated.

    Where the adapter that serves has imitated all of it, imitating again would teach nothing: then
    the style filter goes on from there, as SAG's rounds follow its first training.

    Args:
        data: what there is to learn from.
        learned: the ids of what the serving adapter has learned (`Order.learned`).

    Raises:
        TrainingFailed: there is too little of everything.
    """
    both = {row.label for row in data.unpaired}
    if len(data.pairs) >= ENOUGH_PAIRS:
        return Choice("dpo", f"There are {len(data.pairs)} pairs of a better and a worse wording.")
    if len(data.unpaired) >= ENOUGH_THUMBS and len(both) == 2:
        return Choice("kto", f"There are {len(data.unpaired)} texts that were liked or not.")
    if len(data.sft) >= ENOUGH_PLANS and knows(learned, data.sft):
        return Choice(
            "filter",
            f"The adapter that serves has learned these {len(data.sft)} texts already; it goes on "
            "with the best of what it writes itself.",
        )
    if len(data.sft) >= ENOUGH_SAMPLES:
        return Choice("sft", f"There are {len(data.sft)} texts to imitate, and few judgements.")
    raise TrainingFailed(
        "There is too little to learn from yet. Rate at least eight drafts both ways, or edit "
        "three notes, or add two samples; then try again."
    )


def knows(learned: Collection[str], rows: Sequence[SFTExample]) -> bool:
    """Tell whether all that rows were made from is among what was learned."""
    return all(row.sources and set(row.sources) <= set(learned) for row in rows)


def nothing_to_learn(method: Method) -> TrainingFailed:
    """Return the error where a method finds no rows of its kind."""
    return TrainingFailed(
        f"There is nothing to learn from by {method!r}; rate, edit or accept some notes first, or "
        "choose auto."
    )


class _Stage(NamedTuple):
    name: str
    make: Callable[["PeftModel", Path, Sequence["TrainerCallback"]], "Trainer"]


def train(
    settings: TrainingSettings,
    data: TrainingSet,
    base: Path,
    output: Path,
    watch: Watch,
    *,
    start: Path | None = None,
) -> Path:
    """Train an adapter and return its folder (adapter_model.safetensors, adapter_config.json).

    Checkpoints lie under `output`; a call with the same `output` goes on from the last of them.

    Args:
        settings: the method and its numbers.
        data: what to learn from.
        base: the GGUF file that is served, or a folder of safetensors.
        output: where checkpoints and the adapter go.
        watch: told after each step, and asked whether to go on.
        start: the folder of an adapter to go on from, PEFT's or one that is served; a fresh one
            if absent.

    Raises:
        TrainingFailed: too few rows, or the loss became no number.
        Stopped: `watch` asked to cancel.
    """
    from finetune.base import let_go, load_tokenizer, use_threads

    use_threads(settings.threads)
    tokenizer = load_tokenizer(base)
    current = _startable(start, base, output) if start else None
    for stage in _stages(settings, data, base, tokenizer):
        folder = output / stage.name
        if not (folder / "adapter").is_dir():
            _run(stage, settings, base, folder, watch, current)
            let_go()
        current = folder / "adapter"
    assert current is not None
    return current


def _run(
    stage: _Stage,
    settings: TrainingSettings,
    base: Path,
    folder: Path,
    watch: Watch,
    current: Path | None,
) -> None:
    """Train a stage from the adapter before it, or from none, and save what it made."""
    from transformers import PrinterCallback

    from finetune.base import load_base
    from finetune.sft import new_adapter, resumed_adapter
    from finetune.watching import make_callback

    model = load_base(base, four_bit=settings.four_bit)
    tuned = resumed_adapter(model, current) if current else new_adapter(model, settings.shape)
    trainer = stage.make(tuned, folder, [make_callback(stage.name, watch)])
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=_last_whole_checkpoint(folder))
    _save(tuned, folder)


def _last_whole_checkpoint(folder: Path) -> str | None:
    """Return the newest checkpoint that was written to its end; drop those that were not."""
    whole: dict[int, Path] = {}
    for checkpoint in folder.glob("checkpoint-*"):
        if (checkpoint / _WRITTEN_LAST).is_file():
            whole[int(checkpoint.name.rpartition("-")[2])] = checkpoint
        else:
            shutil.rmtree(checkpoint)
    return str(whole[max(whole)]) if whole else None


def _startable(start: Path, base: Path, output: Path) -> Path:
    """Return an adapter's folder as PEFT reads it; the general one ships as GGUF alone.

    Raises:
        AdapterUnusable: a file of it is damaged or gone.
    """
    if (start / MANIFEST).is_file():
        check_files(start, read_manifest(start))
    if (start / WEIGHTS).is_file():
        return start
    from finetune.gguf_lora import read_base
    from finetune.peft_from_gguf import peft_from_gguf

    return peft_from_gguf(start, read_base(base), output / "start")


def _save(model: "PeftModel", folder: Path) -> None:
    """Save an adapter under its final name only when it is whole; drop the checkpoints."""
    part = folder / "adapter.part"
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(str(part), selected_adapters=["default"], save_embedding_layers=False)
    # PEFT's form of a card names this machine's folders; ours is card.py's.
    (part / "README.md").unlink(missing_ok=True)
    part.replace(folder / "adapter")
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint, ignore_errors=True)


def _stages(
    settings: TrainingSettings, data: TrainingSet, base: Path, tokenizer: "PreTrainedTokenizerBase"
) -> list[_Stage]:
    """Return what a method runs: on what there is to imitate, or on preferences.

    Raises:
        TrainingFailed: nothing is left to do.
    """
    renderer = _renderer(base)
    imitate = [_imitation(settings, data, renderer, tokenizer)] if data.sft else []
    prefer = [
        stage
        for name in settings.method.split("-")  # "brio-dpo" runs one after the other
        if (stage := _preference(name, settings, data, renderer, tokenizer))
    ]
    wanted = prefer or imitate
    if not wanted or (settings.method not in IMITATES and not prefer):
        raise nothing_to_learn(settings.method)
    return wanted


def _imitation(
    settings: TrainingSettings,
    data: TrainingSet,
    renderer: "Renderer",
    tokenizer: "PreTrainedTokenizerBase",
) -> _Stage:
    from finetune.distill import in_order
    from finetune.pace import epochs_of
    from finetune.sft import make_trainer

    values = _given(settings)
    lessons = data.sft
    if settings.method == "planned":
        epochs = round(epochs_of("planned", settings.epochs))
        lessons = in_order(data.sft, epochs=max(1, epochs), seed=settings.seed)
        values |= {"epochs": 1.0, "in_order": True}
    rows = [renderer.row(example.messages) for example in lessons]
    return _Stage(
        "sft",
        lambda model, folder, callbacks: make_trainer(
            model, tokenizer, rows, SftSettings.model_validate(values), folder, callbacks=callbacks
        ),
    )


def _preference(
    method: str,
    settings: TrainingSettings,
    data: TrainingSet,
    renderer: "Renderer",
    tokenizer: "PreTrainedTokenizerBase",
) -> _Stage | None:
    from finetune.preferences import PreferenceSettings, make_kto_trainer
    from finetune.ranking import make_brio_trainer, make_dpo_trainer

    told = PreferenceSettings.model_validate(_given(settings))
    if method == "dpo" and data.pairs:
        return _Stage(
            "dpo",
            lambda model, folder, callbacks: make_dpo_trainer(
                model, tokenizer, data.pairs, renderer, told, folder, callbacks=callbacks
            ),
        )
    if method == "brio" and data.pairs:
        return _Stage(
            "brio",
            lambda model, folder, callbacks: make_brio_trainer(
                model, tokenizer, data.pairs, renderer, told, folder, callbacks=callbacks
            ),
        )
    if method == "kto" and data.unpaired:
        return _Stage(
            "kto",
            lambda model, folder, callbacks: make_kto_trainer(
                model, tokenizer, data.unpaired, renderer, told, folder, callbacks=callbacks
            ),
        )
    return None


def _given(settings: TrainingSettings) -> dict[str, float | int]:
    numbers = {"learning_rate": settings.learning_rate, "epochs": settings.epochs}
    return {k: v for k, v in numbers.items() if v is not None} | {"seed": settings.seed}


def _renderer(base: Path) -> "Renderer":
    """Return what makes rows with the base's own words, as what serves it asks."""
    from engine.models.huggingface_words import FolderWords
    from engine.models.llamacpp_library import Configuration, LlamaWeights
    from finetune.rendering import Renderer

    if base.is_dir():
        return Renderer(FolderWords(base))
    return Renderer(LlamaWeights(base, Configuration(threads=1), vocabulary_only=True))
