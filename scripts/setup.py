"""Set up Notewright in .venv: `make run` and `make test` call this first. Standard library only.

Order: a virtual environment; PyTorch (first and alone, so that nothing else chooses its build);
llama.cpp, compiled once for this machine into a wheel that later clones find again; the rest of
requirements.lock; Notewright itself. A stamp makes the next call return at once.
"""

from __future__ import annotations  # so that an old Python gets as far as our sentence

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "notewright-setup.stamp"
LLAMA = "llama-cpp-python"
FREE_GB = 4
# A compile prints thousands of lines to its log; a person gets one line of ours this often.
NEWS_SECONDS = 30


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


def cache_dir() -> Path:
    """Return where wheels and logs are kept, outside any clone."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "notewright"


# ------------------------------------------------------------------ what this machine needs


def locked(name: str) -> str:
    """Return `name==version` as requirements.lock has it."""
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}=="):
            return line.split(";")[0].strip()
    raise SetupError(f"requirements.lock names no {name}; run `git checkout requirements.lock`.")


def cpu_flags() -> set[str]:
    """Return the CPU's feature flags as Linux lists them; empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    lines = re.findall(r"^flags\s*:(.*)$", text, flags=re.MULTILINE)
    return set(lines[0].split()) if lines else set()


def build_flags(machine: str, cpu: set[str]) -> tuple[str, ...]:
    """Return CMake settings that name what this CPU has.

    Never AMX: virtual machines list it without passing it through, and llama.cpp then dies in its
    first decode. Where there are no flags to read (macOS, ARM), llama.cpp's own choice stands.
    """
    flags = ["LLAVA_BUILD=OFF"]
    if machine in ("x86_64", "AMD64") and cpu:
        named = {
            "AVX": {"avx"},
            "AVX2": {"avx2"},
            "FMA": {"fma"},
            "F16C": {"f16c"},
            "BMI2": {"bmi2"},
            "AVX512": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
            "AVX512_VNNI": {"avx512f", "avx512bw", "avx512vl", "avx512_vnni"},
        }
        flags.append("GGML_NATIVE=OFF")
        flags += [f"GGML_{name}={'ON' if need <= cpu else 'OFF'}" for name, need in named.items()]
    return tuple(flags)


def wheel_folder(flags: Sequence[str]) -> Path:
    """Return the folder of the wheel for this version, flags, Python and machine."""
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    what = "|".join((locked(LLAMA), *flags, python, sys.platform, platform.machine()))
    key = hashlib.sha256(what.encode()).hexdigest()[:12]
    name = f"{locked(LLAMA).replace('==', '-')}-{python}-{platform.machine()}-{key}"
    return cache_dir() / "wheels" / name


def stamp() -> str:
    """Return a digest of everything that decides what set-up installs."""
    digest = hashlib.sha256(sys.version.encode() + str(VENV).encode())
    for path in (LOCK, ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_done() -> bool:
    """Say whether .venv is already what it should be."""
    try:
        return PYTHON.exists() and STAMP.read_text(encoding="utf-8") == stamp()
    except OSError:
        return False


# ------------------------------------------------------------------ checks and messages


def check_python() -> None:
    """Refuse a Python that is too old."""
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is run by any Python)
        raise SetupError(
            f"Notewright needs Python 3.11 or newer; this one is {platform.python_version()}. "
            "Install a newer one and say which to use, for example: make run PYTHON=python3.12"
        )


def check_disk() -> None:
    """Refuse to start what cannot fit."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if not PYTHON.exists() and free < FREE_GB:
        raise SetupError(
            f"Set-up needs about {FREE_GB} GB of free disk in {ROOT}; there are {free:.1f} GB. "
            "Make room and try again."
        )


def check_compiler() -> None:
    """Refuse to go on to a compile without a C++ compiler."""
    flags = build_flags(platform.machine(), cpu_flags())
    if made_earlier(wheel_folder(flags)):
        return
    names = [os.environ.get("CXX", ""), "c++", "g++", "clang++"]
    if os.name != "nt" and not any(name and shutil.which(name.split()[0]) for name in names):
        raise SetupError(
            "There is no C++ compiler to build llama.cpp with. Install one and try again: "
            "on Debian or Ubuntu `sudo apt install g++`, on Fedora `sudo dnf install gcc-c++`, "
            "on macOS `xcode-select --install`."
        )


_DIAGNOSES = (
    (r"No space left on device", "The disk is full. Make room and try again."),
    (
        r"Temporary failure in name resolution|Name or service not known|NewConnectionError|"
        r"nodename nor servname|Connection refused|Network is unreachable|ConnectTimeout|"
        r"Failed to establish a new connection|Connection reset by peer|Could not fetch URL",
        "The Python package index cannot be reached. Check the network and try again: "
        "what was finished is kept.",
    ),
    (
        r"ensurepip is not available|No module named '?ensurepip",
        "This Python cannot make virtual environments. On Debian or Ubuntu: "
        "`sudo apt install python3-venv`; then try again.",
    ),
    (
        r"No matching distribution found|ResolutionImpossible",
        "The package index has no build of a pinned package for this Python or machine, or could "
        "not be reached. Check the network; Python 3.11 to 3.13 on x86-64 or ARM64 have them all.",
    ),
    (r"Killed signal|out of memory|cc1plus.*[Kk]illed", "The compiler ran out of memory."),
)


def diagnose(log: str) -> str:
    """Return a plain sentence for a failed step's log; empty where we know none."""
    for pattern, sentence in _DIAGNOSES:
        if re.search(pattern, log):
            return sentence
    return ""


def say(text: str) -> None:
    """Tell the person what is going on, at once."""
    print(text, flush=True)


def clock(seconds: float) -> str:
    """Return seconds as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


# ------------------------------------------------------------------ running things


def run(title: str, command: Sequence[str | Path], log: Path) -> None:
    """Run a step quietly, with elapsed time for the person and everything else in the log."""
    say(f"  {title}…")
    began = time.monotonic()
    with log.open("ab") as output:
        output.write(f"\n==== {title}\n".encode())
        output.flush()
        start = output.tell()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
        )
        try:
            _wait(process, began)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode:
        raise SetupError(f"{title}: failed. {_explain(log, start)}")


def _wait(process: subprocess.Popen[bytes], began: float) -> None:
    live = sys.stdout.isatty()
    news = began + NEWS_SECONDS
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        now = time.monotonic()
        if live:
            print(f"\r    {clock(now - began)} ", end="", flush=True)
        elif now >= news:
            say(f"    {clock(now - began)} so far")
            news = now + NEWS_SECONDS
    if live:
        print("\r          \r", end="", flush=True)


def _explain(log: Path, start: int) -> str:
    text = log.read_bytes()[start:].decode(errors="replace")
    tail = "\n".join(f"    {line}" for line in text.strip().splitlines()[-8:])
    why = diagnose(text) or f"Its last lines:\n{tail}"
    return f"{why}\n  The whole log: {log}"


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the set-up lock; a second set-up waits, and the kernel frees it if we die."""
    try:
        import fcntl
    except ImportError:  # Windows has no flock; two set-ups at once are on their own there
        yield
        return
    with (folder / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is running on this machine; waiting for it…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ------------------------------------------------------------------ the steps


def make_environment(log: Path) -> None:
    """Make .venv, or make it anew where its Python does not run or is another version."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    if PYTHON.exists():
        answer = subprocess.run(
            [PYTHON, "-c", ask], capture_output=True, text=True, check=False, cwd=ROOT
        )
        if answer.stdout.strip() == version:
            return
    run(
        f"Making a virtual environment for Python {version}",
        [sys.executable, "-m", "venv", "--clear", VENV],
        log,
    )


def made_earlier(folder: Path) -> Path | None:
    """Return the wheel in a folder; one that is being made is not in it yet."""
    return next(iter(sorted(folder.glob("*.whl"))), None)


def llama_wheel(log: Path) -> Path:
    """Return the llama.cpp wheel for this machine, compiling it the first time."""
    flags = build_flags(platform.machine(), cpu_flags())
    folder = wheel_folder(flags)
    found = made_earlier(folder)
    if found:
        say("  llama.cpp: using the build made earlier for this machine")
        return found
    say("  llama.cpp is compiled once for this machine (7 minutes on two cores, less on more).")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="partial-") as partial:
        # pip's own wheel cache ignores the settings: it would hand out a build for another CPU.
        pip: tuple[str | Path, ...] = (
            PYTHON,
            "-m",
            "pip",
            "wheel",
            "--no-cache-dir",
            "--no-deps",
            "-w",
            partial,
        )
        settings = [f"--config-settings=cmake.define.{flag}" for flag in flags]
        run("Compiling llama.cpp", (*pip, *settings, locked(LLAMA)), log)
        made = next(Path(partial).glob("*.whl"))
        return made.replace(folder / made.name)


def install(log: Path) -> None:
    """Install everything, in the order that keeps every build the one we mean."""
    pip: tuple[str | Path, ...] = (PYTHON, "-m", "pip", "install")
    run("Installing PyTorch", [*pip, "-c", LOCK, locked("torch")], log)
    wheel = llama_wheel(log)
    run("Installing llama.cpp", [*pip, "--no-deps", "--force-reinstall", wheel], log)
    run("Installing the other packages", [*pip, "--no-deps", "-r", LOCK], log)
    run("Installing Notewright", [*pip, "--no-deps", "-e", ROOT], log)


def set_up() -> None:
    """Bring .venv up to date."""
    check_python()
    if is_done():
        return
    folder = cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "setup.log"
    with only_one(folder):
        if is_done():
            return
        check_disk()
        check_compiler()
        say("Setting up Notewright (only the first time takes minutes).")
        began = time.monotonic()
        log.write_bytes(b"")
        make_environment(log)
        STAMP.unlink(missing_ok=True)
        install(log)
        STAMP.write_text(stamp(), encoding="utf-8")
        say(f"Set up in {clock(time.monotonic() - began)}.")


def main() -> int:
    """Set up; return 0, or 1 after a sentence on stderr."""
    try:
        set_up()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
    except OSError as error:
        print(f"\nSet-up stopped: {error}. Mend that and try again.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. Run it again to go on where it was.", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
