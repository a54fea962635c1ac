"""What the benchmarks of the model share: the embedded weights, and two things timed in turns."""

import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine.models.llamacpp import LlamaCppModel
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.machine import available_cores
from engine.models.weights import packaged_weights, prepare_weights
from engine.types import Message

STYLE = " ".join(
    f"On {day} I mended the {thing}. It had opinions, I had a spanner, and by {hour} we had "
    "reached an understanding that neither of us enjoyed."
    for day, thing, hour in zip(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday") * 3,
        ("gate", "pump", "kettle", "ladder", "boat", "fence", "clock", "door", "radio") * 2,
        ("noon", "one", "two", "three", "four", "dusk") * 3,
        strict=True,
    )
)
Measured = Callable[[int], float]
"""Does its work in round `n`; returns what it cost, in seconds or seconds a token."""


def embedded_weights() -> LlamaWeights:
    """Load the weights that the application uses, on the cores that it would use."""
    cache = Path(tempfile.gettempdir()) / "notewright-benchmarks"
    choice = prepare_weights(packaged_weights(), cache)
    return LlamaWeights(choice.path, Configuration(available_cores()), source=choice.source)


def embedded_model(*, context_length: int = 2048) -> LlamaCppModel:
    """Return the application's model on the embedded weights."""
    return LlamaCppModel(embedded_weights(), context_length=context_length)


def question(text: str, *, style: str = "") -> tuple[Message, ...]:
    """Return a conversation with the style first, as the stylist asks."""
    system = Message(role="system", content=f"You write notes in this style. {style}")
    return (system, Message(role="user", content=text))


def now() -> float:
    """Return seconds to take differences of: of the wall, or with BENCH_CLOCK=processor of ours.

    The processor's clock is for a crowded machine and one thread (`taskset -c 0`): it does not run
    while others do. With several threads it would count those that wait.
    """
    processor = os.environ.get("BENCH_CLOCK") == "processor"
    return time.process_time() if processor else time.perf_counter()


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    started = now()
    work()
    return now() - started


def resident_mb() -> int:
    """Return this process's resident memory in MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20


def compare(names: tuple[str, str], ours: Measured, other: Measured, *, rounds: int) -> float:
    """Measure both in turns, after a warm-up of each; print and return the median of ours/other.

    A ratio of neighbours in time says more on a shared machine than two separate medians.
    """
    ours(0), other(0)
    pairs = []
    for number in range(1, rounds + 1):
        # The order alternates, so that a drift of the machine favours neither.
        if number % 2:
            first = ours(number)
            pairs.append((first, other(number)))
        else:
            second = other(number)
            pairs.append((ours(number), second))
        print(f"round {number}: {names[0]} {pairs[-1][0]:.4f}  {names[1]} {pairs[-1][1]:.4f}")
    return statistics.median(mine / theirs for mine, theirs in pairs)
