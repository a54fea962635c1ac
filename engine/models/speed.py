"""How fast a model would write here, guessed from the embedded one's trial on this machine."""

import json
from pathlib import Path

from engine.errors import ModelUnavailable
from engine.models.machine import fingerprint
from engine.models.weights import packaged_weights


def expected_speed(memory: Path, size: int, cores: int) -> float | None:
    """Return about how many tokens a second four drafts together would come at.

    Writing mostly waits for the weights to be read, so the speed of the embedded model, as its
    trial measured it on one core, is scaled by the size of the files and by the cores. Formats have
    kernels of different quality: the truth may well be half or twice as much.

    Args:
        memory: the file of verdicts that `engine.models.probe` keeps.
        size: of the model's file, in bytes.
        cores: that the model would have.

    Returns:
        None where the embedded model was never tried on this machine.
    """
    try:
        packaged = packaged_weights()
        mark = fingerprint(packaged)
        verdicts = json.loads(memory.read_text(encoding="utf-8"))
        trial = next(found["trial"] for key, found in verdicts.items() if mark in key)
        measured = trial["source_speed"] or trial["speed"]
        return float(measured["together"]) * cores * packaged.stat().st_size / size
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration,
            ModelUnavailable):  # fmt: skip
        return None
