"""A folder in the layout of transformers: loaded for a GPU or the CPU, with its adapters."""

import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelUnavailable, NotFound
from engine.models.huggingface_words import UNREADABLE, FolderWords, unusable
from engine.models.machine import available_memory, fingerprint, weights_file

if TYPE_CHECKING:
    import torch
    from transformers import BitsAndBytesConfig

_ROOM_FOR_WORK = 1.2
# Four bits a number, but embeddings stay as they are: about a third of 16, a sixth of 32 bits.
_FOUR_BIT_SHARE = 1 / 6


class TorchWeights(FolderWords):
    """A model of transformers in memory, with its tokenizer.

    Half precision (bf16) on a GPU, full precision on the CPU.

    Args:
        path: the folder; only safetensors are read, and no code that lies beside them.
        four_bit: hold the weights in four bits (NF4, through bitsandbytes).

    Raises:
        ModelUnavailable: it is missing, damaged, too large, or cannot be held as asked.
    """

    def __init__(self, path: Path, *, four_bit: bool = False) -> None:
        """Load the folder."""
        import torch
        from transformers import AutoModelForCausalLM

        gpu = torch.cuda.is_available()
        _check(path, gpu=gpu, four_bit=four_bit)
        how: dict[str, Any] = {"dtype": torch.bfloat16 if gpu else torch.float32}
        how |= {"quantization_config": in_four_bits()} if four_bit else {}
        how |= {"device_map": {"": 0}} if gpu else {}
        super().__init__(path)
        try:
            self.model = AutoModelForCausalLM.from_pretrained(
                path, local_files_only=True, use_safetensors=True, **how
            ).eval()
        except UNREADABLE as error:
            raise unusable(path, error) from error
        self.trained_context = int(getattr(self.model.config, "max_position_embeddings", 0) or 2048)
        self.parameters = int(self.model.num_parameters())
        self._adapters: dict[str, Path] = {}
        self._loaded: set[str] = set()

    @cached_property
    def revision(self) -> str:
        """What names the weights: the fingerprint of their first file."""
        return fingerprint(weights_file(self.path))

    @cached_property
    def ends(self) -> frozenset[int]:
        """The tokens that end a turn."""
        told = self.model.generation_config.eos_token_id
        listed = told if isinstance(told, list) else [told, self.tokenizer.eos_token_id]
        return frozenset(token for token in listed if token is not None)

    def register_adapter(self, name: str, folder: Path) -> None:
        """Make a PEFT adapter known under `name`; it is loaded when first used."""
        self._adapters[name] = folder
        if name in self._loaded:
            self.model.delete_adapter(name)
            self._loaded.remove(name)

    def use_adapter(self, name: str | None) -> None:
        """Compute with an adapter from now on, or with none.

        Raises:
            NotFound: nobody registered that name.
            ModelUnavailable: it does not fit this model.
        """
        if name is None:
            if self._loaded:
                self.model.disable_adapters()
            return
        if name not in self._adapters:
            raise NotFound(f"There is no adapter {name!r}; choose one that the style lists.")
        if name not in self._loaded:
            try:
                with warnings.catch_warnings():
                    # Several adapters on one base are what we want.
                    warnings.filterwarnings("ignore", message="Already found a `peft_config`")
                    self.model.load_adapter(str(self._adapters[name]), adapter_name=name)
            except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
                raise ModelUnavailable(
                    f"The adapter {name!r} does not fit the model {self.path.name!r}; use it with "
                    "the base it was trained on."
                ) from error
            self._loaded.add(name)
        self.model.enable_adapters()
        self.model.set_adapter(name)


class Batch:
    """Prompts that are read and continued together, padded on the left."""

    def __init__(self, weights: TorchWeights, prompts: Sequence[Sequence[int]]) -> None:
        """Lay the prompts out; nothing is computed yet."""
        import torch
        from transformers import DynamicCache

        self._model = weights.model
        self._cache = DynamicCache()
        width = max(map(len, prompts))
        rows = [[0] * (width - len(prompt)) + list(prompt) for prompt in prompts]
        masks = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        device = weights.model.device
        self._tokens = torch.tensor(rows, device=device)
        self._mask = torch.tensor(masks, device=device)
        self._done = 0

    def read(self, chunk: int) -> "Iterator[torch.Tensor]":
        """Read the prompts a chunk at a time; yield the last logits: (prompts, vocabulary)."""
        for _ in range(0, self._tokens.shape[1], chunk):
            yield self._compute(min(self._done + chunk, self._tokens.shape[1]))

    def grow(self, tokens: Sequence[int]) -> "torch.Tensor":
        """Add a token to each text; return what comes next: (prompts, vocabulary)."""
        import torch

        new = torch.tensor(tokens, device=self._tokens.device)[:, None]
        self._tokens = torch.cat([self._tokens, new], dim=1)
        self._mask = torch.cat([self._mask, torch.ones_like(new)], dim=1)
        return self._compute(self._tokens.shape[1])

    def _compute(self, end: int) -> "torch.Tensor":
        import torch

        places = (self._mask[:, :end].cumsum(1) - 1).clamp(min=0)
        try:
            with torch.inference_mode():
                out = self._model(
                    input_ids=self._tokens[:, self._done : end],
                    attention_mask=self._mask[:, :end],
                    position_ids=places[:, self._done : end],
                    past_key_values=self._cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
        except torch.OutOfMemoryError:
            raise ModelUnavailable(
                f"The GPU has too little memory for {len(self._tokens)} texts of {end} tokens; ask "
                "for fewer drafts, or choose a smaller model."
            ) from None
        self._done = end
        logits: torch.Tensor = out.logits[:, -1]
        return logits


def folder_memory(path: Path) -> int:
    """Return about how many bytes of memory a folder's model takes in full precision."""
    # Weights are mostly kept in two bytes a number, and full precision takes four.
    return int(sum(file.stat().st_size for file in path.glob("*.safetensors")) * 2 * _ROOM_FOR_WORK)


def _check(path: Path, *, gpu: bool, four_bit: bool) -> None:
    if not (path / "config.json").is_file() or not any(path.glob("*.safetensors")):
        raise ModelUnavailable(
            f"The folder {path.name!r} holds no model in safetensors; choose one with config.json "
            "and .safetensors files in it."
        )
    needed = folder_memory(path) * (_FOUR_BIT_SHARE if four_bit else 1)
    free = None if gpu else available_memory()
    if free is not None and needed > free:
        raise ModelUnavailable(
            f"The model {path.name!r} needs about {needed / 1e9:.1f} GB of memory and "
            f"{free / 1e9:.1f} GB are free; close other programs or choose a smaller model."
        )


def in_four_bits() -> "BitsAndBytesConfig":
    """Return how weights are held in four bits, to serve and to train alike (QLoRA).

    NF4, its scales quantised once more, computed in bf16 (Dettmers et al. 2023, arXiv 2305.14314).

    Raises:
        ModelUnavailable: bitsandbytes is not installed.
    """
    from importlib.util import find_spec

    import torch
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise ModelUnavailable(
            "Four-bit weights need the package bitsandbytes; run "
            "`pip install 'notewright[four-bit]'`, or turn them off."
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
