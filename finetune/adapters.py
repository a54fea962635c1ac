"""Turns what PEFT saved into an adapter's folder: its forms, a card, a manifest, whole or not.

Of an adapter on a GGUF file there are both forms, of one on a folder for transformers PEFT's alone:
llama.cpp does not serve that base, and a GGUF file made of it would be another, by its fingerprint.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from engine.adapter_files import CARD, CONFIG, GGUF, MANIFEST, WEIGHTS, sha256_of
from engine.adapter_types import AdapterManifest, BaseRef
from engine.errors import AdapterUnusable, StorageError
from engine.models.machine import fingerprint, weights_file
from engine.types import utc_now
from finetune.card import model_card
from finetune.gguf_lora import Precision, read_base, write_gguf_lora


@dataclass(frozen=True)
class Made:
    """How an adapter was made, for its manifest and card.

    Args:
        style: the writer's name for the style.
        method: what trained it ("sft", "sft+filter+dpo" …).
        base_path: the GGUF file or the folder that it was trained on.
        base_name: what the catalogue calls that model.
        sources: ids of what it learned from, by origin.
        settings: everything that it takes to train it again, seeds included.
        figures: what was measured.
        licence: of the adapter, an SPDX name where there is one.
    """

    style: str
    method: str
    base_path: Path
    base_name: str
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    licence: str = ""
    precision: Precision = "f16"


def write_adapter(saved: Path, target: Path, made: Made) -> AdapterManifest:
    """Make the folder `target` of what PEFT saved in the folder `saved`.

    It is written beside its place, put on the disk, and renamed: no crash leaves half a folder.

    Raises:
        AdapterUnusable: what was saved is damaged, or does more than llama.cpp can serve.
        StorageError: the disk refused, or the place is taken.
    """
    if target.exists():
        raise StorageError(f"There is something at {target.name!r} already; name another folder.")
    base = None if made.base_path.is_dir() else read_base(made.base_path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-partial-"))
        try:
            _copy(saved, part, made.base_name)
            if base is not None:
                write_gguf_lora(part, base, part / GGUF, precision=made.precision, name=made.style)
            manifest = _describe(part, made)
            _onto_disk(part)
            part.chmod(0o755)
            part.replace(target)
            _sync(target.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"The adapter cannot be written ({error.strerror}); free some space and try again."
        ) from error
    return manifest


def _copy(saved: Path, part: Path, base_name: str) -> None:
    """Copy PEFT's two files; its settings name the base by a path of this machine."""
    try:
        settings = json.loads((saved / CONFIG).read_text(encoding="utf-8"))
        shutil.copyfile(saved / WEIGHTS, part / WEIGHTS)
    except (ValueError, FileNotFoundError) as error:
        raise AdapterUnusable(
            f"{saved.name!r} holds no adapter that PEFT saved; train the style again."
        ) from error
    settings["base_model_name_or_path"] = base_name
    (part / CONFIG).write_text(json.dumps(settings, indent=2, sort_keys=True), encoding="utf-8")


def as_served(saved: Path, base: Path, target: Path) -> Path:
    """Return what the stylist takes of what PEFT saved in the folder `saved`.

    That is the folder itself where the base is one, else a GGUF file, which is written at `target`.
    """
    if base.is_dir():
        return saved
    return write_gguf_lora(saved, read_base(base), target)


def _describe(part: Path, made: Made) -> AdapterManifest:
    """Write the card and, last, the manifest with every file's checksum."""
    base = weights_file(made.base_path)
    files = {path.name: sha256_of(path) for path in sorted(part.iterdir())}
    about = AdapterManifest(
        style=made.style,
        base=BaseRef(name=made.base_name, revision=fingerprint(base)),
        base_sha256=sha256_of(base),
        method=made.method,
        sources={origin: tuple(ids) for origin, ids in sorted(made.sources.items())},
        settings=made.settings,
        figures=made.figures,
        licence=made.licence,
        files=files,
        created_at=utc_now(),
    )
    (part / CARD).write_text(model_card(about), encoding="utf-8")
    manifest = about.model_copy(update={"files": {**files, CARD: sha256_of(part / CARD)}})
    (part / MANIFEST).write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
    return manifest


def _onto_disk(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
