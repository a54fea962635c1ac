"""One event loop behind the program, for work that waits on others and must end at once on Stop."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from functools import cache
from typing import Any, TypeVar

from engine.errors import Stopped
from engine.protocols import StopCheck

HEARTBEAT = 0.1
T = TypeVar("T")


def start(work: Coroutine[Any, Any, T]) -> "Future[T]":
    """Begin work in the loop; cancelling the future ends it wherever it waits."""
    return asyncio.run_coroutine_threadsafe(work, _loop())


def finish(work: Coroutine[Any, Any, T], should_stop: StopCheck) -> T:
    """Return what the work returns.

    Raises:
        Stopped: `should_stop()` became true.
    """
    future = start(work)
    try:
        while not wait([future], timeout=HEARTBEAT).done:
            if should_stop():
                raise Stopped("Stopped.")
        return future.result()
    finally:
        future.cancel()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="remote models", daemon=True).start()
    return loop
