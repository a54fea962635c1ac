"""An adapter as one file for the browser: packed for download, unpacked from an upload."""

import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.adapter_files import FILES, MANIFEST
from engine.errors import AdapterUnusable

_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, NotImplementedError,
    RuntimeError, OSError,
)  # fmt: skip
_LARGEST = 512 << 20  # bytes in all, unpacked


def pack(folder: Path, target: Path) -> Path:
    """Return a zip of an adapter's folder."""
    return Path(shutil.make_archive(str(target), "zip", folder))


@contextmanager
def unpacked(file: Path) -> Iterator[Path]:
    """Yield a folder of the adapter's files that a zip holds, whatever else is in it.

    Names are taken without their folders, so that nothing can be written elsewhere.

    Raises:
        AdapterUnusable: it is no zip, or holds more than an adapter.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(file) as packed:
                for entry in packed.infolist():
                    name = Path(entry.filename).name
                    if name in {*FILES, MANIFEST} and not entry.is_dir():
                        _take(packed, entry, Path(folder) / name)
        except _UNREADABLE as error:
            raise AdapterUnusable(
                f"{file.name!r} is no zip file that can be read; drop the one that Export made."
            ) from error
        yield Path(folder)


def _take(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> None:
    if entry.file_size > _LARGEST:
        raise AdapterUnusable(
            f"{entry.filename!r} is too large for an adapter; drop the file that Export made."
        )
    with packed.open(entry) as source, place.open("wb") as target:
        shutil.copyfileobj(source, target)
