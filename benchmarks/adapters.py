"""What a change of adapters costs, against one token of the model.

    python -m benchmarks.adapters [--rounds 15]

Two random adapters of rank 16 on the seven projections, f16, as large as trained ones. Prints how
long one takes to load the first time, and a switch between two loaded ones as a ratio to one
decoded token and in milliseconds (less than 50 are wanted). A switch is what has to happen before a
token can be evaluated with another adapter than the last one: the cache is cleared, the other
adapter put in place, and the prompt that was read with it earlier brought back from memory.
"""

import argparse
import statistics
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from benchmarks.common import STYLE, embedded_weights, timed
from engine.models.llamacpp_context import Entry, LlamaContext
from engine.models.llamacpp_library import LlamaWeights
from engine.models.weights import packaged_weights
from finetune.gguf_lora import CONFIG_FILE, WEIGHTS_FILE, Base, read_base, write_gguf_lora

RANK = 16
_LAYERS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def random_adapter(folder: Path, base: Base, seed: int) -> Path:
    """Write a random adapter of all seven projections of all blocks."""
    draw, tensors = np.random.default_rng(seed), {}
    for name, (outputs, inputs) in base.shapes.items():
        _, _, rest = name.partition("blk.")
        block, _, layer = rest.removesuffix(".weight").partition(".")
        if layer in _LAYERS:
            key = f"base_model.model.model.layers.{block}.{_LAYERS[layer]}"
            first, second = (
                draw.normal(0, 0.02, (RANK, inputs)),
                draw.normal(0, 0.02, (outputs, RANK)),
            )
            tensors[f"{key}.lora_A.weight"] = first.astype(np.float32)
            tensors[f"{key}.lora_B.weight"] = second.astype(np.float32)
    folder.mkdir()
    save_file(tensors, folder / WEIGHTS_FILE)
    settings = f'{{"peft_type": "LORA", "r": {RANK}, "lora_alpha": {RANK}}}'
    (folder / CONFIG_FILE).write_text(settings, encoding="utf-8")
    return write_gguf_lora(folder, base, folder / "adapter.gguf")


def measure(weights: LlamaWeights, rounds: int) -> None:
    """Switch to and fro, a token after each switch, and print."""
    context = LlamaContext(weights, size=2048, stored_bytes=64 << 20)
    prompt = weights.tokenize(STYLE)
    for name in ("one", "two"):
        print(f"first use of {name!r}: {timed(partial(weights.adapter, name)) * 1e3:.1f} ms")
        _read(context, prompt, name)
        _read(context, prompt, None)  # what is left is kept
    switches, tokens = [], []
    for number in range(2 * rounds):
        name = ("one", "two")[number % 2]
        switches.append(timed(partial(context.prepare, [prompt], name)))
        slot = context.prepare([prompt], name).slots[0]
        context.evaluate([Entry(prompt[-1], len(slot.tokens), [slot], True)])
        again = Entry(prompt[-1], len(slot.tokens), [slot], True)
        tokens.append(timed(partial(context.evaluate, [again])))
    switch, token = statistics.median(switches), statistics.median(tokens)
    print(f"prompt of {len(prompt)} tokens; a switch takes {switch * 1e3:.2f} ms")
    print(f"  {switch / token:.2f} of a decoded token ({token * 1e3:.1f} ms)")
    print(f"  the slowest of {len(switches)}: {max(switches) * 1e3:.2f} ms (wanted: less than 50)")


def _read(context: LlamaContext, prompt: tuple[int, ...], adapter: str | None) -> None:
    entries = context.prepare([prompt], adapter).entries
    while entries:
        chunk = context.next_chunk(entries)
        context.evaluate(chunk)
        entries = entries[len(chunk) :]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    asked = arguments.parse_args()
    base, weights = read_base(packaged_weights()), embedded_weights()
    with tempfile.TemporaryDirectory() as place:
        for seed, name in enumerate(("one", "two")):
            path = random_adapter(Path(place) / name, base, seed)
            print(f"{name}: {path.stat().st_size / 1e6:.1f} MB")
            weights.register_adapter(name, path)
        measure(weights, asked.rounds)


if __name__ == "__main__":
    main()
