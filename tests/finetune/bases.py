"""Small random models, as transformers has them and as the GGUF file of the same weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Architecture: TypeAlias = Literal["llama", "mistral", "qwen2", "qwen3"]

HEADS, KEY_VALUE_HEADS, WIDTH, INNER, BLOCKS = 4, 2, 64, 96, 2
VOCABULARY = 258

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
_OUTSIDE = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def random_model(architecture: Architecture, *, seed: int = 0) -> "PreTrainedModel":
    """Return a tiny random model with grouped key and value heads, in full precision."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        architecture,
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=BLOCKS,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_VALUE_HEADS,
        max_position_embeddings=256,
        tie_word_embeddings=False,
        initializer_range=0.15,
    )
    torch.manual_seed(seed)
    made = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model: PreTrainedModel = made.eval()
    return model


def write_base(
    path: Path, model: "PreTrainedModel", *, template: str = "", context: int = 256
) -> Path:
    """Write a tiny model as a GGUF file of 32-bit floats, with a tokenizer of single bytes.

    Args:
        path: where to.
        model: one that `random_model` made.
        template: its chat template; none where it is empty.
        context: how many tokens it says that it can hold.
    """
    from gguf import GGUFWriter

    architecture = str(model.config.model_type)
    writer = GGUFWriter(path, architecture)
    writer.add_name(f"tiny {architecture}")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(BLOCKS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_VALUE_HEADS)
    writer.add_layer_norm_rms_eps(float(model.config.rms_norm_eps))
    writer.add_rope_freq_base(float(model.config.rope_parameters["rope_theta"]))
    writer.add_vocab_size(VOCABULARY)
    _add_tokenizer(writer, architecture)
    if template:
        writer.add_chat_template(template)
    for name, tensor in model.state_dict().items():
        rows = tensor.numpy().astype(np.float32)
        if architecture == "llama" and ".q_proj." in name:
            rows = neighbours(rows, HEADS)
        if architecture == "llama" and ".k_proj." in name:
            rows = neighbours(rows, KEY_VALUE_HEADS)
        writer.add_tensor(_name_in_gguf(name), rows)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def neighbours(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Return rows of q or k in the order of llama.cpp: 0, h/2, 1, h/2 + 1 … in each head."""
    size = rows.shape[0] // heads
    order = [
        head * size + half * (size // 2) + pair
        for head in range(heads)
        for pair in range(size // 2)
        for half in (0, 1)
    ]
    return np.ascontiguousarray(rows[order])


def _name_in_gguf(name: str) -> str:
    if name in _OUTSIDE:
        return _OUTSIDE[name]
    _, _, block, rest = name.split(".", 3)
    layer, _, kind = rest.rpartition(".")
    return f"blk.{block}.{_NAMES[layer]}.{kind}"


def _add_tokenizer(writer: object, architecture: str) -> None:
    from gguf import GGUFWriter, TokenType

    assert isinstance(writer, GGUFWriter)
    tokens = [_shown(byte) for byte in range(256)] + ["ab", "<|end|>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2" if architecture == "qwen2" else "smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.NORMAL] * 257 + [TokenType.CONTROL])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(257)
    writer.add_bos_token_id(257)


def _shown(byte: int) -> str:
    """Return the character that stands for a byte in byte-level vocabularies (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    if byte in printable:
        return chr(byte)
    return chr(256 + [b for b in range(256) if b not in printable].index(byte))
