"""Resident memory over the sizes of the model files, both roles loaded and used.

    python -m benchmarks.memory [--notes 3]

A process of its own, without page and database: Python, both contexts, the embedder, kept prompts.
Prints MiB over the sum of the files of planner, stylist, general adapter and embedder (at most 350
are wanted with both roles loaded), after loading and after a few texts in each role: these stay in
memory as prompts that were read (`_CONTEXTS` in engine/loading.py says up to how much).
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.common import STYLE, question, resident_mb
from engine.loading import LoadedModels, LoadOptions, ModelReport, load_models
from engine.models.general import NAME, general_adapter
from engine.models.minilm import weights_file
from engine.types import Sampling


def file_mb(models: LoadedModels) -> int:
    """Return the size of the model files in memory, each counted once."""
    report = models.report
    roles = (report.planner, report.stylist)
    files = {role.file for role in roles if isinstance(role, ModelReport)}
    if models.adapters is not None:
        files.add(general_adapter(models.adapters.base))
    files.add(weights_file())
    return sum(file.stat().st_size for file in files) // 2**20


def main() -> None:
    """Load, write, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--notes", type=int, default=3)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = load_models(LoadOptions(Path(folder)))
        if models.adapters is not None:
            models.adapters.register_adapter(NAME, general_adapter(models.adapters.base))
        files = file_mb(models)
        loaded = resident_mb()
        for number in range(asked.notes):
            chat = question("Write about a fair.", style=f"Style {number}. {STYLE}")
            sampling = Sampling(max_tokens=60, seed=number)
            list(models.planner_model.generate([chat], sampling))
            list(models.stylist_model.generate([chat] * 8, sampling, adapter=NAME))
            models.embedder.embed([STYLE])
        for when, resident in (("loaded", loaded), ("after writing", resident_mb())):
            print(f"{when}: {resident} MiB, {resident - files} over {files} MiB of model files")
    print("(wanted: at most 350 over)")


if __name__ == "__main__":
    main()
