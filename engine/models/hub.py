"""Fetch a file from the Hugging Face Hub, a part at a time: broken off at any byte, it goes on.

`huggingface_hub` asks and answers; its own `hf_hub_download` is not used, for it throws away what a
broken or paused download had fetched. Nothing here runs unless a person asked for a file.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from engine.errors import ModelUnavailable, Stopped, StorageError
from engine.models.catalogue import HubFile
from engine.protocols import StopCheck

Fetched: TypeAlias = Callable[[int], None]
"""Is told how many bytes of the file are here."""

CHUNK = 1 << 18
PATIENCE = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each new try, counted anew whenever something has arrived."""

_SHA256 = 64


class DownloadFailed(ModelUnavailable):
    """A file cannot be had from the Hub; what was fetched of it stays and can be gone on with."""


@dataclass(frozen=True)
class Offer:
    """What the Hub has under a file's name: its size in bytes and its SHA-256."""

    url: str
    size: int
    sha256: str


def look_up(file: HubFile) -> Offer:
    """Ask the Hub about a file; nothing is fetched.

    Raises:
        DownloadFailed: the Hub cannot be reached, or has another file than the catalogue knows.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    constants.HF_HUB_DISABLE_TELEMETRY = True  # else it first asks what it could tell about us
    url = hf_hub_url(file.repository, file.name, revision=file.revision)
    with _told(file):
        found = get_hf_file_metadata(url, token=False)
    etag = found.etag or ""
    sha256 = etag if len(etag) == _SHA256 else (file.sha256 or "")
    if not sha256 or found.size is None:
        raise DownloadFailed(
            f"The Hub names no checksum or no size for {file.name}, so it could not be checked; "
            "nothing was downloaded."
        )
    if (file.sha256 and sha256 != file.sha256) or found.size != file.size:
        raise DownloadFailed(
            f"The Hub now has another {file.name} than the one in the catalogue; nothing was "
            "downloaded. A newer Notewright may know it; or fetch it yourself and set it as a file."
        )
    return Offer(url, found.size, sha256)


def fetch(
    file: HubFile,
    offer: Offer,
    part: Path,
    *,
    fetched: Fetched,
    should_stop: StopCheck,
    patience: Sequence[float] = PATIENCE,
) -> None:
    """Append to `part` until it has all bytes of the offer.

    Args:
        file: what is asked for.
        offer: what `look_up` found.
        part: what there is of it; may not exist yet.
        fetched: told after every piece.
        should_stop: asked after every piece.
        patience: seconds to wait before each new try after a break.

    Raises:
        DownloadFailed: the connection broke more often than there is patience.
        StorageError: the disk refused; what was written stays.
        Stopped: as asked; what was written stays.
    """
    waits = list(patience)
    while (have := size_of(part)) < offer.size:
        try:
            with _told(file):
                _go_on(offer, part, fetched, should_stop)
            continue
        except DownloadFailed:
            if size_of(part) > have:
                waits = list(patience)
            if not waits:
                raise
        _wait(waits.pop(0), should_stop)


def _go_on(offer: Offer, part: Path, fetched: Fetched, should_stop: StopCheck) -> None:
    """Ask for what is missing and write what comes, until the connection ends."""
    from huggingface_hub import get_session, hf_raise_for_status
    from huggingface_hub.constants import HF_HUB_DOWNLOAD_TIMEOUT

    have = size_of(part)
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
    stream = get_session().stream(
        "GET", offer.url, headers=headers, timeout=HF_HUB_DOWNLOAD_TIMEOUT
    )
    with stream as response:
        hf_raise_for_status(response)
        continues = response.status_code == 206
        with _writing(part, "ab" if continues else "wb") as write:
            done = have if continues else 0
            for piece in response.iter_bytes(CHUNK):
                room = offer.size - done
                write(piece[:room])  # a server that does not end is cut off
                done += min(len(piece), room)
                fetched(done)
                if should_stop():
                    raise Stopped("The download is paused; what is here stays.")
                if len(piece) > room:
                    return


@contextmanager
def _writing(part: Path, mode: str) -> Iterator[Callable[[bytes], None]]:
    """Open a part so that every piece reaches the disk, or say why it cannot."""
    try:
        with _opened(part, mode) as file:
            yield lambda piece: _write_all(file, piece)
    except _DiskRefused as error:
        raise StorageError(
            f"The disk refused to take more of {part.name} ({error}). What is here stays: make "
            "room and go on, or delete it."
        ) from error


class _DiskRefused(Exception):
    """Writing failed: told apart from a network's errors, which are `OSError`s too."""


def _opened(part: Path, mode: str) -> BinaryIO:
    try:
        return cast(BinaryIO, part.open(mode, buffering=0))
    except OSError as error:
        raise _DiskRefused(error.strerror or str(error)) from error


def _write_all(file: BinaryIO, piece: bytes) -> None:
    done = 0
    try:
        while done < len(piece):
            done += file.write(piece[done:])
    except OSError as error:
        raise _DiskRefused(error.strerror or str(error)) from error


@contextmanager
def _told(file: HubFile) -> Iterator[None]:
    """Turn what the client raises into a sentence that says what to do."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise DownloadFailed(
            "Downloads are switched off here (HF_HUB_OFFLINE is set); unset it and start again."
        ) from error
    except errors.GatedRepoError as error:
        raise DownloadFailed(
            f"{file.repository} asks for an account and for accepting its terms; choose another "
            "model, or fetch the file yourself and set it as a file."
        ) from error
    except (errors.RepositoryNotFoundError, errors.RemoteEntryNotFoundError,
            errors.RevisionNotFoundError) as error:  # fmt: skip
        raise DownloadFailed(
            f"The Hub no longer has {file.name} in {file.repository}; choose another model."
        ) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        raise DownloadFailed(
            f"The Hub refused with the code {status}; try again later. What is here stays."
        ) from error
    except (httpx2.HTTPError, errors.FileMetadataError) as error:
        raise DownloadFailed(
            "The Hub cannot be reached from this machine; check the connection and go on. What is "
            "here stays."
        ) from error


def _wait(seconds: float, should_stop: StopCheck) -> None:
    until = time.monotonic() + seconds
    while not should_stop():
        if (left := until - time.monotonic()) <= 0:
            return
        time.sleep(min(0.2, left))
    raise Stopped("The download is paused; what is here stays.")


def size_of(path: Path) -> int:
    """Return a file's bytes; none where it is gone, perhaps renamed at this very moment."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
