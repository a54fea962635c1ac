"""A served adapter can be trained on: GGUF and back gives the very numbers."""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from engine.adapter_files import CONFIG, GGUF, WEIGHTS
from engine.models.general import general_folder
from engine.models.weights import packaged_weights
from finetune.gguf_lora import read_base, write_gguf_lora
from finetune.peft_from_gguf import peft_from_gguf


def test_the_general_adapter_comes_back_as_it_was(tmp_path: Path) -> None:
    base = read_base(packaged_weights())

    once = peft_from_gguf(general_folder(), base, tmp_path / "once")
    write_gguf_lora(once, base, tmp_path / "again.gguf")
    (tmp_path / "again.gguf").rename(once / GGUF)
    twice = peft_from_gguf(once, base, tmp_path / "twice")

    first, second = load_file(once / WEIGHTS), load_file(twice / WEIGHTS)
    assert len(first) == 2 * 7 * base.blocks
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert (once / CONFIG).is_file()
