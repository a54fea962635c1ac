"""Run the Dockerfile's own steps without a container engine: each stage in a chroot of its own.

    sudo python scripts/check_container.py BASE WORK

BASE is a root file system like the images' own (Debian with Python 3.11, by debootstrap), WORK an
empty folder for the stages. FROM copies BASE; RUN, COPY, ENV, WORKDIR and USER do what they say,
stopping at the first failure; at the end CMD is started as the image's user, and its HEALTHCHECK
must pass. What an engine does besides (layers, volumes, name spaces) is not tried.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# How this machine reaches its package registries; an engine's build would be told the same.
PASSED = ("PIP_", "SSL_", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "no_proxy")
IMAGE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
CHROOT = shutil.which("chroot", path=IMAGE_PATH) or "chroot"
START_SECONDS = 120


@dataclass
class Stage:
    """An image in the making."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0"
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each instruction's name and arguments, continued lines joined, comments dropped."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        name, _, arguments = line.partition(" ")
        yield name.upper(), arguments.strip()


def build(text: str, base: Path, work: Path) -> Stage:
    """Run every step; return the last stage."""
    stages: dict[str, Stage] = {}
    stage = Stage(base)
    for number, (name, arguments) in enumerate(instructions(text), start=1):
        print(f"[{number}] {name} {' '.join(arguments.split())[:100]}", flush=True)
        began = time.monotonic()
        if name == "FROM":
            alias = arguments.split()[-1] if " AS " in arguments.upper() else "last"
            stage = stages[alias] = Stage(work / alias, {"PATH": IMAGE_PATH})
            subprocess.run(["cp", "-a", "--reflink=auto", base, stage.root], check=True)
        else:
            step(stage, stages, name, arguments)
        print(f"    {time.monotonic() - began:.1f} s", flush=True)
    return stage


def step(stage: Stage, stages: Mapping[str, Stage], name: str, arguments: str) -> None:
    """Carry out one instruction other than FROM."""
    if name == "RUN":
        inside(stage, ["/bin/sh", "-c", arguments], check=True, passed=True)
    elif name == "COPY":
        copy(stage, stages, shlex.split(arguments))
    elif name == "ENV":
        for pair in shlex.split(arguments):
            key, _, value = pair.partition("=")
            stage.environment[key] = value.replace("$PATH", stage.environment["PATH"])
    elif name == "WORKDIR":
        stage.folder = arguments
        (stage.root / arguments.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif name == "USER":
        stage.user = arguments
    elif name == "CMD":
        stage.command = tuple(json.loads(arguments))
    elif name == "HEALTHCHECK":
        stage.health = tuple(json.loads(arguments.split("CMD", 1)[1]))
    elif name not in ("EXPOSE", "VOLUME"):
        raise SystemExit(f"{name} is not known here")


def copy(stage: Stage, stages: Mapping[str, Stage], words: Sequence[str]) -> None:
    """Copy from another stage, or tracked files from the project."""
    *sources, target = [word for word in words if not word.startswith("--")]
    place = stage.root / os.path.join(stage.folder, target).lstrip("/")  # noqa: PTH118
    of = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), "")
    for source in sources:
        if of:
            origin = stages[of].root / source.lstrip("/")
            shutil.copytree(origin, place, symlinks=True)
            continue
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--", source], cwd=ROOT, capture_output=True, check=True
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            # As Docker does: a folder's content goes into the target, a file keeps its name.
            inner = Path(name).relative_to(source) if (ROOT / source).is_dir() else Path(name).name
            (place / inner).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / inner)


def inside(
    stage: Stage, command: Sequence[str], *, check: bool, passed: bool = False
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command in a stage, with its environment and none of ours."""
    with mounted(stage):
        return subprocess.run(
            chrooted(stage, command), env=environment(stage, passed=passed), check=check
        )


def chrooted(stage: Stage, command: Sequence[str]) -> list[str]:
    """Return the command line that runs `command` in the stage's root, folder and user."""
    shell = f"cd {shlex.quote(stage.folder)} && exec {shlex.join(command)}"
    return [CHROOT, f"--userspec={stage.user}:{stage.user}", str(stage.root), "sh", "-c", shell]


def environment(stage: Stage, *, passed: bool) -> dict[str, str]:
    """Return the stage's variables and, while building, those that reach the registries."""
    ours = {k: v for k, v in os.environ.items() if k.startswith(PASSED)} if passed else {}
    return ours | stage.environment


@contextmanager
def mounted(stage: Stage) -> Iterator[None]:
    """Give the stage /proc and /dev while something runs in it."""
    with ExitStack() as stack:
        for options, target in ((("-t", "proc", "proc"), "proc"), (("--bind", "/dev"), "dev")):
            place = str(stage.root / target)
            subprocess.run(["mount", *options, place], check=True)
            stack.callback(subprocess.run, ["umount", "--lazy", place], check=True)
        yield


def serve(stage: Stage) -> None:
    """Start CMD as the image's user and wait until HEALTHCHECK passes."""
    with (
        mounted(stage),
        subprocess.Popen(
            chrooted(stage, stage.command), env=environment(stage, passed=False)
        ) as server,
    ):
        try:
            deadline = time.monotonic() + START_SECONDS
            while not healthy(stage):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("CMD did not become healthy")
                time.sleep(1)
            print("healthy", flush=True)
            doctor = subprocess.run(
                chrooted(stage, ["notewright", "doctor"]),
                env=environment(stage, passed=False),
                check=False,
            )
            raise SystemExit(doctor.returncode)
        finally:
            server.terminate()


def healthy(stage: Stage) -> bool:
    """Say whether HEALTHCHECK passes."""
    done = subprocess.run(
        chrooted(stage, stage.health),
        env=environment(stage, passed=False),
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def main(arguments: Sequence[str]) -> None:
    """Build in WORK from BASE, then serve."""
    base, work = (Path(argument).resolve() for argument in arguments)
    work.mkdir(parents=True, exist_ok=True)
    serve(build((ROOT / "Dockerfile").read_text(encoding="utf-8"), base, work))


if __name__ == "__main__":
    main(sys.argv[1:])
