"""Any sentence-transformers model as the embedder, for those who set one.

The embedded MiniLM runs in numpy (`bert.py`): it starts thirty times sooner and takes a quarter of
the memory. This is for other models, such as one that reads Chinese.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import ModelUnavailable
from engine.models.row_cache import RowCache
from engine.protocols import Vectors

_BATCH = 32


class SentenceTransformerEmbedder:
    """A model in a folder, or of a name on the Hugging Face Hub, on the GPU where there is one.

    Code that comes with a model is never run, and weights are read from safetensors only. The last
    2,048 texts are remembered. Safe to share between threads.

    Args:
        model: a folder, or a name such as `author/model`, fetched once by the library.
        device: "cpu", "cuda" …; the library's choice when None.

    Raises:
        ModelUnavailable: the library or the model is missing, or the model cannot be used.
    """

    def __init__(self, model: str, *, device: str | None = None) -> None:
        """Load the weights (seconds, most of them for the library itself)."""
        folder = Path(model).expanduser()
        looks_like_a_path = model.startswith((".", "~")) or folder.is_absolute()
        if looks_like_a_path and not folder.is_dir():
            raise ModelUnavailable(
                f"There is no embedding model in {model!r}; set NOTEWRIGHT_EMBEDDER to a folder "
                "that holds one, or leave it empty for the embedded model."
            )
        self._name = folder.resolve().name if folder.is_dir() else model
        self._load(str(folder) if folder.is_dir() else model, device)
        self._cache = RowCache(self._encode)

    def _load(self, source: str, device: str | None) -> None:
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelUnavailable(
                "NOTEWRIGHT_EMBEDDER needs the library sentence-transformers; run "
                "`pip install 'notewright[transformers]'`, or leave the setting empty."
            ) from error
        from safetensors import SafetensorError

        try:
            self._model = SentenceTransformer(
                source,
                device=device,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
            self._width = int(np.asarray(self._vectors(["a"])).shape[1])
        except (
            OSError,
            ValueError,
            LookupError,
            RuntimeError,
            ImportError,
            TypeError,
            AttributeError,
            SafetensorError,
        ) as error:
            cause = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise ModelUnavailable(
                f"The embedding model {self._name!r} cannot be used ({cause}); set "
                "NOTEWRIGHT_EMBEDDER to a sentence-transformers model with safetensors weights, "
                "or leave it empty for the embedded one."
            ) from error

    @property
    def name(self) -> str:
        """The model's name, for signatures: its folder's, or the one on the Hub."""
        return self._name

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text: shape (len(texts), dimensions)."""
        rows = self._cache.rows(texts)
        return np.stack(rows) if rows else np.zeros((0, self._width), dtype=np.float32)

    def embed_tokens(self, text: str) -> tuple[tuple[str, ...], Vectors]:
        """Return the tokens that the model reads, its marks of beginning and end among them."""
        states = self._model.encode(text, output_value="token_embeddings", show_progress_bar=False)
        rows = np.asarray(states.cpu(), dtype=np.float32)
        ids = self._model.tokenizer(text, truncation=True)["input_ids"][: len(rows)]
        found = self._model.tokenizer.convert_ids_to_tokens(ids)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return tuple(found), rows / np.maximum(lengths, np.float32(1e-9))

    def _encode(self, texts: list[str]) -> list[Vectors]:
        return list(self._vectors(texts))

    def _vectors(self, texts: list[str]) -> Vectors:
        made = self._model.encode(
            texts,
            batch_size=_BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(made, dtype=np.float32)
