"""The general stylist adapter: it ships with Notewright and writes in the style of any samples."""

from importlib.resources import files
from pathlib import Path

from engine.adapter_files import MANIFEST, read_manifest, servable
from engine.adapter_types import BaseRef
from engine.errors import NotFound

NAME = "general"


def general_folder() -> Path:
    """Return where the general adapter lies in an installation, whether it is there or not."""
    return Path(str(files("engine.models"))) / "data" / NAME


def general_adapter(served: BaseRef, folder: Path | None = None) -> Path:
    """Return the general adapter's GGUF file, checked against its manifest and the base that runs.

    Raises:
        NotFound: this installation has none.
        AdapterUnusable: it is damaged, or the base is another than the one it was made for.
    """
    place = folder or general_folder()
    if not (place / MANIFEST).is_file():
        raise NotFound(
            f"There is no adapter {NAME!r} in this installation; leave --adapter out, or say none."
        )
    return servable(place, served)


def general_fits(served: BaseRef, folder: Path | None = None) -> bool:
    """Return whether there is a general adapter for the base that runs."""
    place = folder or general_folder()
    return (place / MANIFEST).is_file() and read_manifest(place).base.revision == served.revision
