"""llama-cpp-python's own server as a child process on 127.0.0.1, on the embedded model."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.server import free_port
from engine.models.machine import available_cores
from engine.models.weights import packaged_weights
from tests.children import answering

HOST = "127.0.0.1"
NAME = "embedded"


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
    url = f"http://{HOST}:{port}/v1"
    with answering(command, f"{url}/models", log):
        yield url
