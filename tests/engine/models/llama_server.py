"""llama-cpp-python's own server as a child process on 127.0.0.1, on the embedded model."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.server import free_port
from engine.models.machine import available_cores
from engine.models.weights import packaged_weights

HOST = "127.0.0.1"
NAME = "embedded"
_START_SECONDS = 60


@contextmanager
def llama_server(log: Path, *flags: str, context: int = 1024) -> Iterator[str]:
    """Run the server until the block ends; yield its address.

    What it says goes into `log`, which pytest keeps with the last three runs.

    Raises:
        RuntimeError: it ended, or did not answer in time; the message holds its last words.
    """
    port = free_port(HOST)
    threads = str(available_cores())
    command = [
        sys.executable, "-m", "llama_cpp.server", "--model", str(packaged_weights()),
        "--model_alias", NAME, "--host", HOST, "--port", str(port), "--n_ctx", str(context),
        "--n_threads", threads, "--n_threads_batch", threads, "--verbose", "False", *flags,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        url = f"http://{HOST}:{port}/v1"
        _wait_until_it_answers(f"{url}/models", process, log)
        yield url
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
    raise RuntimeError(f"llama_cpp.server did not answer: {log.read_text()[-2000:]}")
