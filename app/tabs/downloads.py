"""Where files lie that a visitor is about to download."""

import secrets
import shutil
import time
from pathlib import Path

from gradio.utils import get_upload_folder

_KEPT_SECONDS = 3_600


def fresh_folder() -> Path:
    """Return a new folder under a name nobody can guess; those of an hour ago are removed.

    It lies in Gradio's own folder, from which alone the page can hand files out.
    """
    root = Path(get_upload_folder()) / "notewright-exports"
    for old in root.glob("*"):
        if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    folder = root / secrets.token_hex(16)
    folder.mkdir(parents=True, mode=0o700)
    return folder
