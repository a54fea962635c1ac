"""Adapters' folders for tests: whole by their checksums, with or without matrices in them."""

from pathlib import Path
from typing import Any

from engine.adapter_files import CARD, CONFIG, GGUF, MANIFEST, WEIGHTS, sha256_of
from engine.adapter_types import AdapterManifest, BaseRef
from tests.builders import WHEN

BASE = BaseRef(name="scripted", revision="1")


def a_folder(place: Path, name: str = "one", **changes: Any) -> Path:
    """Make a whole folder of files that hold only `name`; changes are the manifest's."""
    for file in (WEIGHTS, CONFIG, CARD):
        place.mkdir(parents=True, exist_ok=True)
        (place / file).write_text(f"{file} of {name}")
    if not (place / GGUF).exists():
        (place / GGUF).write_text(f"{GGUF} of {name}")
    return describe(place, **changes)


def describe(place: Path, **changes: Any) -> Path:
    """Write the manifest of the files that lie in a folder."""
    values: dict[str, Any] = {
        "style": "Ada",
        "base": BASE,
        "base_sha256": "0" * 64,
        "method": "sft",
        "sources": {"user": ("s1-sample", "n1-note"), "edit": ("f1-edit",)},
        "settings": {"seed": 1},
        "files": {path.name: sha256_of(path) for path in place.iterdir() if path.name != MANIFEST},
        "created_at": WHEN,
    }
    manifest = AdapterManifest(**values | changes)
    (place / MANIFEST).write_text(manifest.model_dump_json(indent=2))
    return place
