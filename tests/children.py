"""Servers as child processes on 127.0.0.1: started, waited for, ended whatever happens."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 120


@contextmanager
def answering(
    command: Sequence[str], url: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a command until the block ends, which begins when `url` answers.

    What it says goes into `log`; `environment` is added to this process's own.

    Raises:
        RuntimeError: it ended, or did not answer in time; the message holds its last words.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=os.environ | dict(environment or {})
        )
    try:
        _wait_until_it_answers(url, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    ended = "did not answer" if process.poll() is None else "ended at once"
    last = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"the server {ended}: {last}")
