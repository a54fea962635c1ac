"""An NLI cross-encoder that reads source and claim together, for those who set one.

Nothing embedded can read like that; a model of a few hundred megabytes can, on a GPU or patiently
on a CPU. Long sources are read in windows and the best one counts, as in SummaC (Laban et al.
2022).
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import ModelUnavailable
from engine.text import sentences

_WINDOW = 250  # words of the source that are read with a claim
_BATCH = 16


class CrossEncoderChecker:
    """A sentence-transformers cross-encoder with an "entailment" label among its own.

    Code that comes with a model is never run, and weights are read from safetensors only. Safe to
    share between threads as far as the library is.

    Args:
        model: a folder, or a name on the Hugging Face Hub, fetched once by the library.
        device: "cpu", "cuda" …; the library's choice when None.

    Raises:
        ModelUnavailable: the library or the model is missing, or the model judges no entailment.
    """

    def __init__(self, model: str, *, device: str | None = None) -> None:
        """Load the weights (seconds, most of them for the library itself)."""
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        try:
            from sentence_transformers import CrossEncoder
        except ImportError as error:
            raise ModelUnavailable(
                "NOTEWRIGHT_CHECKER needs the library sentence-transformers; run "
                "`pip install 'notewright[transformers]'`, or leave the setting empty."
            ) from error
        folder = Path(model).expanduser()
        self._name = folder.resolve().name if folder.is_dir() else model
        try:
            self._model = CrossEncoder(
                str(folder) if folder.is_dir() else model,
                device=device,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
            labels = dict(self._model.config.id2label)
            self._entailed = next(
                int(number) for number, label in labels.items() if "entail" in str(label).lower()
            )
        except StopIteration as error:
            raise ModelUnavailable(
                f"The model {self._name!r} has no label for entailment; set NOTEWRIGHT_CHECKER to "
                "an NLI cross-encoder, or leave it empty."
            ) from error
        except (OSError, ValueError, LookupError, RuntimeError, TypeError) as error:
            cause = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise ModelUnavailable(
                f"The checking model {self._name!r} cannot be used ({cause}); set "
                "NOTEWRIGHT_CHECKER to an NLI cross-encoder with safetensors weights, or leave "
                "it empty."
            ) from error

    @property
    def name(self) -> str:
        """The model's name, for signatures."""
        return self._name

    def supported(self, claims: Sequence[str], source: str) -> list[float]:
        """Return how likely the source entails each claim, by its best window."""
        grounds = windows(source)
        pairs = [(ground, claim) for claim in claims for ground in grounds]
        if not pairs:
            return [0.0] * len(claims)
        told = self._model.predict(
            pairs, batch_size=_BATCH, apply_softmax=True, show_progress_bar=False
        )
        chances = np.asarray(told, dtype=np.float64)[:, self._entailed]
        return [float(row.max()) for row in chances.reshape(len(claims), len(grounds))]


def windows(source: str) -> list[str]:
    """Return runs of whole sentences of about _WINDOW words, each from the middle of the last."""
    told = sentences(source)
    sizes = [len(sentence.split()) or 1 for sentence in told]
    found: list[str] = []
    start = 0
    while start < len(told):
        end, size = start, 0
        while end < len(told) and (end == start or size + sizes[end] <= _WINDOW):
            size += sizes[end]
            end += 1
        found.append(" ".join(told[start:end]))
        if end == len(told):
            break
        start = max(start + 1, (start + end) // 2)
    return found
