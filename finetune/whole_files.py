"""Files that are there whole or not at all, whenever a process is killed."""

from pathlib import Path


def put_whole(path: Path, text: str) -> None:
    """Write a file, all of it or nothing."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
