"""Try a model in a child process before the server trusts it.

On some machines llama.cpp dies in its first decode (an AMX flag without AMX, an instruction that
the CPU lacks), and would take the server with it. So a new pair of library build and model file is
tried once in a child: `python -m engine.models.probe` loads it, reads a prompt, decodes two
sequences together and prints its speed. The first rung of a ladder of configurations that survives
is used and remembered.
"""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, TypeAlias

from engine.errors import ModelUnavailable, NotewrightError
from engine.models.llamacpp_context import CHUNK, Entry, LlamaContext
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.machine import fingerprint

SECONDS = 90.0
"""Time a child gets, and as much again for each gigabyte of the file."""

_LATE = "did not answer in"
_GIGABYTE = 1 << 30
# Somebody ended the child (a shutdown, Ctrl-C): that says nothing about the model.
_FROM_OUTSIDE = (signal.SIGTERM, signal.SIGINT)
_REFUSED = 3  # the child's exit code where our own code said why, on its last line
_PROMPT = 64
_STEPS = 4
_TOGETHER = 4
_ROUNDS = 2


@dataclass(frozen=True)
class Rung:
    """A way to load a model; `name` is what the doctor shows.

    `source` is the file that `path` was made from; its speed is measured beside that of `path`.
    """

    name: str
    path: Path
    configuration: Configuration
    source: Path | None = None


@dataclass(frozen=True)
class Speed:
    """Tokens a second on one core: reading a prompt, and writing four texts together."""

    prompt: float
    together: float

    def note_seconds(self) -> float:
        """Return what a note costs at this speed: about 600 tokens read and 600 written."""
        return 600 / self.prompt + 600 / self.together


@dataclass(frozen=True)
class Trial:
    """What a child found: the speed of the rung's file, and of its source where there is one."""

    speed: Speed
    source_speed: Speed | None = None

    @classmethod
    def read(cls, found: Mapping[str, Mapping[str, float] | None]) -> Self:
        """Make a trial of its JSON form.

        Raises:
            TypeError: it is none.
        """
        source = found["source_speed"]
        return cls(Speed(**(found["speed"] or {})), None if source is None else Speed(**source))


@dataclass(frozen=True)
class Verdict:
    """The rung to use, what its trial found, and how those before it failed."""

    rung: Rung
    trial: Trial
    failures: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Say in one line what is used and why."""
        if not self.failures:
            return f"{self.rung.name}: works"
        return f"{self.rung.name}, because {'; '.join(self.failures)}"


Command: TypeAlias = Callable[[Rung, float], Sequence[str]]
"""Makes the child's command line from the rung and the seconds it has."""


def child_command(rung: Rung, seconds: float) -> Sequence[str]:
    """Return the command that tries a rung and gives up by itself after `seconds`."""
    files = [str(path) for path in (rung.path, rung.source) if path is not None]
    arguments = {"files": files, **asdict(rung.configuration), "seconds": seconds}
    return [sys.executable, "-P", "-m", "engine.models.probe", json.dumps(arguments)]


def find_rung(
    rungs: Sequence[Rung],
    memory: Path,
    *,
    library_version: str,
    command: Command = child_command,
    seconds: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Return the first rung that survives its trial; remembered for this build and these files.

    Args:
        rungs: the ladder, best first.
        memory: the JSON file of earlier verdicts; may not exist yet.
        library_version: names the build of llama.cpp and its CPU features.
        command: makes the child's command line.
        seconds: time for each child; by the file's size when None.
        progress: told what takes a moment.

    Raises:
        ModelUnavailable: no rung works (the message has each failure), the file is refused in the
            same words on all of them (the message is these), or the child was ended.
    """
    names = (f"{rung.name} {fingerprint(rung.path)}" for rung in rungs)
    key = " | ".join([library_version, *names])
    if (known := _recall(memory, key, rungs)) is not None:
        return known
    failures: list[str] = []
    outcomes: set[str] = set()
    for rung in rungs:
        progress(f"Trying the model in a process of its own ({rung.name}, this once)…")
        outcome = _try(rung, command, seconds or _time_for(rung.path))
        if isinstance(outcome, Trial):
            verdict = Verdict(rung, outcome, tuple(failures))
            # Slowness may have been the machine's, at that moment: the next start tries again.
            if not any(_LATE in failure for failure in failures):
                _remember(memory, key, verdict)
            return verdict
        failures.append(f"“{rung.name}” {outcome}")
        outcomes.add(outcome)
    if len(outcomes) == 1 and isinstance(same := outcomes.pop(), _Refused):
        # The file's fault: another build of llama.cpp would not help.
        raise ModelUnavailable(same.words)
    raise ModelUnavailable(
        f"llama.cpp cannot run {rungs[0].path.name!r} on this machine ({'; '.join(failures)}); "
        "set the project up again here, so that llama.cpp is compiled for this processor."
    )


class _Refused(str):
    """A failure in words that our own code found for the file."""

    @property
    def words(self) -> str:
        """The sentence alone."""
        return self.removeprefix("failed (").removesuffix(")") + "."


def _time_for(path: Path) -> float:
    return SECONDS * (1 + path.stat().st_size / _GIGABYTE)


def _try(rung: Rung, command: Command, seconds: float) -> Trial | str:
    """Run the child; return what it found, or how it failed."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    try:
        done = subprocess.run(
            command(rung, seconds),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
        )
        if done.returncode == 0:
            return Trial.read(json.loads(done.stdout.strip().splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return f"{_LATE} {seconds:.0f} seconds"
    except (OSError, ValueError, TypeError, LookupError) as error:
        return f"could not be tried ({error})"
    if -done.returncode in _FROM_OUTSIDE:
        raise ModelUnavailable(
            "The trial of the model was ended from outside before it could answer; start again."
        )
    if done.returncode < 0:
        return f"died with {_signal_name(-done.returncode)} in its first decode"
    words = done.stderr.strip().splitlines()
    failure = f"failed ({words[-1].rstrip('.') if words else f'exit code {done.returncode}'})"
    return _Refused(failure) if done.returncode == _REFUSED else failure


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _recall(memory: Path, key: str, rungs: Sequence[Rung]) -> Verdict | None:
    """Return the remembered verdict; an unreadable file is as good as none."""
    try:
        found = json.loads(memory.read_text(encoding="utf-8"))[key]
        rung = next(rung for rung in rungs if rung.name == found["rung"])
        return Verdict(rung, Trial.read(found["trial"]), tuple(found["failures"]))
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return None


def _remember(memory: Path, key: str, verdict: Verdict) -> None:
    """Add a verdict to the file, whole or not at all."""
    try:
        known = dict(json.loads(memory.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        known = {}
    known[key] = {
        "rung": verdict.rung.name,
        "trial": asdict(verdict.trial),
        "failures": verdict.failures,
    }
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=memory.parent, prefix=memory.name, delete=False, encoding="utf-8"
        ) as file:
            json.dump(known, file, indent=1, ensure_ascii=False)
        Path(file.name).replace(memory)
    except OSError:
        # A full disk costs a second trial at the next start, nothing else.
        return


# ------------------------------------------------------------------ in the child


def main(arguments: Sequence[str]) -> int:
    """Try the files that the JSON argument names; print what was found as JSON."""
    asked = json.loads(arguments[0])
    _leave_no_trace(float(asked["seconds"]))
    configuration = Configuration(threads=asked["threads"], repack=asked["repack"])
    try:
        speeds = measure([LlamaWeights(Path(path), configuration) for path in asked["files"]])
    except NotewrightError as error:
        sys.stderr.write(f"{error}\n")
        return _REFUSED
    sys.stdout.write(json.dumps(asdict(Trial(*speeds))) + "\n")
    return 0


def measure(files: Sequence[LlamaWeights]) -> list[Speed]:
    """Read a prompt and write four texts together on each file; return the speed of each.

    First with all threads, as the server will; where llama.cpp dies, it dies here. The speed is
    then taken on one thread in its processor time, which other work on the machine hardly changes.

    Raises:
        ModelUnavailable: llama.cpp reports an error (a crash kills the process instead).
    """
    contexts = [LlamaContext(weights, size=2 * CHUNK, parallel=_TOGETHER) for weights in files]
    for context in contexts:
        _one_round(context)
        context.use_threads(1)
    best: list[tuple[float, float]] = [(math.inf, math.inf)] * len(files)
    for _ in range(_ROUNDS):
        for number, context in enumerate(contexts):
            read, write = _one_round(context)
            best[number] = min(best[number][0], read), min(best[number][1], write)
    return [Speed(_PROMPT / read, _TOGETHER * _STEPS / write) for read, write in best]


def _one_round(context: LlamaContext) -> tuple[float, float]:
    """Return the seconds of this thread's processor time that reading and writing took."""
    context.clear()
    prompt = tuple(100 + number for number in range(_PROMPT))
    started = time.thread_time()
    slots, entries, _ = context.prepare([prompt] * _TOGETHER, None)
    context.evaluate(entries)
    read = time.thread_time()
    for step in range(_STEPS):
        context.evaluate([Entry(100 + step, len(s.tokens), [s], True) for s in slots])
    return read - started, time.thread_time() - read


def _leave_no_trace(seconds: float) -> None:
    """Die when the time is up even if the parent is gone, and write no core file."""
    if hasattr(signal, "alarm"):
        signal.alarm(int(seconds) + 1)
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
