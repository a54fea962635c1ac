"""A tiny random llama in the layout of transformers, with a tokenizer of bytes."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% endif %}"
)
CONTEXT = 1024


def write_tiny(folder: Path, *, seed: int = 0) -> "PreTrainedModel":
    """Write a model and its tokenizer into a folder; return the model."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = ["<|im_start|>", "<|im_end|>", *alphabet]
    raw = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(words[:2])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token=words[0], eos_token=words[1], chat_template=TEMPLATE
    )
    tokenizer.save_pretrained(folder)
    config = AutoConfig.for_model(
        "llama",
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        bos_token_id=0,
        eos_token_id=1,
        initializer_range=0.15,
    )
    torch.manual_seed(seed)
    made = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    # Its first dimension says which tokens may be said: letters and spaces, never an end.
    spoken = [words.index(character) for character in "abcdefghijklmnopqrstuvwxyzĠĠĠĠ"]
    with torch.no_grad():
        made.model.embed_tokens.weight[:, 0] = 4.0
        made.lm_head.weight[:, 0] = -30.0
        made.lm_head.weight[spoken, 0] = 0.0
    made.save_pretrained(folder)
    model: PreTrainedModel = made.eval()
    return model
