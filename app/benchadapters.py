"""The adapters of NoteBench's systems: found as files, checked, and given to the stylist's model.

`sag` writes with the general adapter that ships, or bare where there is none for the model that
runs. The others have an adapter each, made by one command and put where that command puts it.
"""

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from app.studio import Studio
from engine.adapter_files import MANIFEST, read_manifest, servable, sha256_of
from engine.errors import ModelUnavailable
from engine.models import general


class UsedAdapter(NamedTuple):
    """An adapter by the name that the model knows it by, and what a report says of it."""

    name: str
    told: dict[str, str]


def adapters_folder() -> Path:
    """Return where `scripts/train_systems.py` puts adapters, one folder for each system."""
    return Path(str(files("finetune"))) / "data" / "adapters"


def has_adapter(system: str, folder: Path | None = None) -> bool:
    """Return whether a system's adapter has been made."""
    return ((folder or adapters_folder()) / system / MANIFEST).is_file()


def system_adapter(studio: Studio, system: str, folder: Path | None = None) -> UsedAdapter:
    """Return a system's adapter, which the model knows when this returns.

    Raises:
        AdapterUnusable: it is missing, damaged, or made for another base than the one that runs.
        ModelUnavailable: the stylist takes no adapters.
    """
    host = studio.models.adapters
    if host is None:
        raise ModelUnavailable(
            f"A stylist on a server takes no adapters, and {system} needs one; choose one of this "
            "machine."
        )
    place = (folder or adapters_folder()) / system
    path = servable(place, host.base)
    host.register_adapter(f"notebench:{system}", path)
    return _used(f"notebench:{system}", path)


def shipped_adapter(studio: Studio) -> UsedAdapter | None:
    """Return the general adapter, None where none fits the model that runs."""
    host = studio.models.adapters
    if host is None or not general.general_fits(host.base):
        return None
    name = studio.adapters.choose("", "", general.NAME).name
    return _used(str(name), general.general_adapter(host.base))


def _used(name: str, path: Path) -> UsedAdapter:
    method = read_manifest(path.parent).method
    return UsedAdapter(name, {"name": name, "method": method, "sha256": sha256_of(path)})
