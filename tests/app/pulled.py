"""A model that lies in the data directory as if it had been downloaded; nothing can load it."""

from pathlib import Path

from engine.models.catalogue import named
from engine.models.pulled import FOLDER

PULLED = "Qwen2.5-1.5B-Instruct"


def pull(data_dir: Path) -> Path:
    """Put the file where a download would have put it; return it."""
    file = named(PULLED).file
    assert file is not None
    place = data_dir / FOLDER / file.name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"GGUF")
    return place
