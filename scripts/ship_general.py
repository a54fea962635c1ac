#!/usr/bin/env python3
"""Put a trained general adapter where the product looks for it: GGUF in half precision, manifest.

    python scripts/ship_general.py [ADAPTER] --figures FIGURES.json

ADAPTER is the folder that scripts/train_general.py wrote last; without it the adapter that is there
already gets the figures, as it is measured through the product. The safetensors are left out: the
GGUF holds the same numbers in half the room, and personal adapters start from it all the same
(finetune/peft_from_gguf.py).
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from engine.adapter_files import CARD, MANIFEST, WEIGHTS, read_manifest, sha256_of
from engine.models.general import NAME, general_folder
from engine.models.weights import packaged_weights
from finetune.adapters import Made, write_adapter
from finetune.card import model_card

BASE_NAME = "SmolLM2-135M-Instruct"
SOURCES = {
    "teacher": ("voices",),
    "sample": ("bible_parallel_en train", "bible_wide_en train"),
}
SETTINGS: Mapping[str, JsonValue] = {
    "script": "scripts/train_general.py",
    "rank": 32,
    "stages": 3,
    "learning_rates": "0.0008 steady, 0.0008 along a cosine, 0.0006 along a cosine",
    "seed": 11,
}


def main() -> None:
    """Convert, describe and install."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path, nargs="?")
    parser.add_argument("--figures", type=Path, required=True)
    options = parser.parse_args()
    figures = json.loads(options.figures.read_text(encoding="utf-8"))
    target = general_folder()
    if options.adapter is None:
        describe(target, figures)
    else:
        install(options.adapter, target, figures)
    for file in sorted(target.iterdir()):
        print(f"{file.name:32} {file.stat().st_size:>10}")


def describe(folder: Path, figures: dict[str, float]) -> None:
    """Give the adapter in a folder new figures: its card and its manifest are written again."""
    old = read_manifest(folder)
    about = old.model_copy(update={"figures": figures, "settings": SETTINGS})
    (folder / CARD).write_text(model_card(about), encoding="utf-8")
    files = {**old.files, CARD: sha256_of(folder / CARD)}
    written = about.model_copy(update={"files": files})
    (folder / MANIFEST).write_text(written.model_dump_json(indent=2), encoding="utf-8")


def install(adapter: Path, target: Path, figures: dict[str, float]) -> None:
    """Convert what PEFT saved and put it in place of what is there."""
    made = Made(
        style=NAME,
        method="sft",
        base_path=packaged_weights(),
        base_name=BASE_NAME,
        sources=SOURCES,
        settings=SETTINGS,
        figures=figures,
        licence="Apache-2.0",
    )
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / NAME
        manifest = write_adapter(adapter, built, made)
        (built / WEIGHTS).unlink()
        files = {name: digest for name, digest in manifest.files.items() if name != WEIGHTS}
        shipped = manifest.model_copy(update={"files": files})
        (built / MANIFEST).write_text(shipped.model_dump_json(indent=2), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(built, target)


if __name__ == "__main__":
    main()
