"""An adapter's folder: its manifest, and whether the files are still what the manifest says.

adapter.gguf                what llama.cpp serves; none where the base is a folder for transformers
adapter_model.safetensors   the same matrices as PEFT saved them, to go on training from, and what
                            transformers serves
adapter_config.json         PEFT's settings
README.md                   the model card
manifest.json               base, method, what it learned from, a checksum of each file above
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from engine.adapter_types import AdapterManifest, BaseRef
from engine.errors import AdapterUnusable

GGUF, WEIGHTS, CONFIG = "adapter.gguf", "adapter_model.safetensors", "adapter_config.json"
CARD, MANIFEST = "README.md", "manifest.json"
FILES = (GGUF, WEIGHTS, CONFIG, CARD)

_LARGEST_MANIFEST = 16 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> AdapterManifest:
    """Read the manifest of an adapter's folder.

    Raises:
        AdapterUnusable: there is none, or it is not what we write.
    """
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise AdapterUnusable(_not_ours(folder))
        manifest = AdapterManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise AdapterUnusable(
            f"There is no adapter in {folder.name!r} ({MANIFEST}: {error.strerror}); "
            "choose the folder that training or an export made."
        ) from error
    except ValidationError as error:
        raise AdapterUnusable(_not_ours(folder)) from error
    if not manifest.files.keys() & {GGUF, WEIGHTS} or not manifest.files.keys() <= set(FILES):
        raise AdapterUnusable(_not_ours(folder))
    return manifest


def check_files(folder: Path, manifest: AdapterManifest, names: Iterable[str] = ()) -> None:
    """Compare files with their checksums: those named, or all.

    Raises:
        AdapterUnusable: one is gone, damaged or replaced.
    """
    for name in names or manifest.files:
        path = folder / name
        try:
            whole = not path.is_symlink() and sha256_of(path) == manifest.files.get(name)
        except OSError as error:
            raise AdapterUnusable(
                f"The adapter's file {name} cannot be read ({error.strerror}); "
                "choose another adapter or train the style again."
            ) from error
        if not whole:
            raise AdapterUnusable(
                f"The adapter's file {name} is damaged: its checksum is not the one in "
                f"{MANIFEST}. Choose another adapter or train the style again."
            )


def check_base(manifest: AdapterManifest, served: BaseRef) -> None:
    """Refuse an adapter of another base than the one that writes here.

    Raises:
        AdapterUnusable: says for which base it was made and which one runs.
    """
    if manifest.base.revision != served.revision:
        raise AdapterUnusable(
            f"This adapter was made for {_named(manifest.base)}, you run {_named(served)}: "
            "set that base model up, or train the style again on this one."
        )


def servable(folder: Path, served: BaseRef) -> Path:
    """Return the file of a folder that is served, checked: for the base that runs, and whole.

    It is the GGUF file where there is one. An adapter without was made on a folder for
    transformers, and so is the base: that reads PEFT's two files.

    Raises:
        AdapterUnusable: with what to do.
    """
    manifest = read_manifest(folder)
    check_base(manifest, served)
    names = (GGUF,) if GGUF in manifest.files else (WEIGHTS, CONFIG)
    check_files(folder, manifest, names)
    return folder / names[0]


def _named(base: BaseRef) -> str:
    # Two files of one model (other bits, another release) share a name: the revision tells them.
    return f"{base.name} ({base.revision[:8]})"


def _not_ours(folder: Path) -> str:
    return (
        f"{MANIFEST} in {folder.name!r} is not an adapter's; "
        "choose the folder that training or an export made."
    )
