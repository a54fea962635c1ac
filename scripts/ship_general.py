#!/usr/bin/env python3
"""Put a trained general adapter where the product looks for it: GGUF in half precision, manifest.

    python scripts/ship_general.py ADAPTER --figures FIGURES.json

ADAPTER is the folder that scripts/train_general.py wrote last. The safetensors are left out: the
GGUF holds the same numbers in half the room, and personal adapters start from it all the same
(finetune/peft_from_gguf.py).
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from engine.adapter_files import MANIFEST, WEIGHTS
from engine.models.general import NAME, general_folder
from engine.models.weights import packaged_weights
from finetune.adapters import Made, write_adapter

BASE_NAME = "SmolLM2-135M-Instruct"
SOURCES = {
    "teacher": ("voices",),
    "sample": ("bible_parallel_en train", "bible_wide_en train"),
}


def main() -> None:
    """Convert, describe and install."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--figures", type=Path)
    options = parser.parse_args()
    figures = json.loads(options.figures.read_text()) if options.figures else {}
    made = Made(
        style=NAME,
        method="sft",
        base_path=packaged_weights(),
        base_name=BASE_NAME,
        sources=SOURCES,
        settings={
            "script": "scripts/train_general.py",
            "rank": 32,
            "learning_rate": 8e-4,
            "seed": 11,
        },
        figures=figures,
        licence="Apache-2.0",
    )
    target = general_folder()
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / NAME
        manifest = write_adapter(options.adapter, built, made)
        (built / WEIGHTS).unlink()
        files = {name: digest for name, digest in manifest.files.items() if name != WEIGHTS}
        shipped = manifest.model_copy(update={"files": files})
        (built / MANIFEST).write_text(shipped.model_dump_json(indent=2), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(built, target)
    for file in sorted(target.iterdir()):
        print(f"{file.name:32} {file.stat().st_size:>10}")


if __name__ == "__main__":
    main()
