"""A GPU's figures by the product's own commands: tokens a second, memory, time to learn a style.

    python -m benchmarks.gpu --samples FILE --rows ROWS.jsonl [--set NAME=VALUE]… [--method sft]

`--set` gives the settings that choose the model and its backend (as NOTEWRIGHT_NAME in the
environment). On a folder for transformers, in bf16 and then in four bits (QLoRA, with the extra
`four-bit` installed):

    --set stylist_model=FOLDER
    --set stylist_model=FOLDER --set four_bit=true

Each command runs in a process of its own on a data directory of its own: save the
samples as a style, write a note twice (the second one counts), train the style on the rows. Memory
is the most that `nvidia-smi` saw in use less what was in use before, sampled each half second.
Prints one JSON object; where there is no GPU, it says so, measures nothing and ends with 0.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

STYLE = "Measured"
_PAUSE = 0.5
_ASK = ("--topic", "The repair cafe", "--fact", "Nine volunteers will be there.", "--seed", "1")


def gpu_name() -> str:
    """Return the GPU that PyTorch would use, empty for none."""
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""


def used_mb() -> int:
    """Return the GPU's memory in use by everybody, in MiB; 0 where nobody can say."""
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    if not shutil.which(command[0]):
        return 0
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[0])


@contextmanager
def watched(peaks: dict[str, int], name: str) -> Iterator[None]:
    """Note under `name` by how much the GPU's memory in use grew at most."""
    before, ended, seen = used_mb(), threading.Event(), [0]

    def look() -> None:
        while not ended.wait(_PAUSE):
            seen.append(used_mb() - before)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        peaks[name] = max(seen)


def command(environment: Mapping[str, str], *arguments: str) -> tuple[str, float]:
    """Run one of the product's commands; return what it printed and its seconds."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout, time.perf_counter() - started


def measure(asked: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, object]:
    """Run the commands; return the figures."""
    peaks: dict[str, int] = {}
    command(environment, "styles", "add", STYLE, str(asked.samples))
    with watched(peaks, "write"):
        for _ in range(2):
            printed, _ = command(environment, "write", "--style", STYLE, "--json", *_ASK)
    with watched(peaks, "train"):
        learn = ("--style", STYLE, "--method", asked.method, "--data", str(asked.rows), "--json")
        made, learned = command(environment, "train", *learn)
    note, adapter = json.loads(printed), json.loads(made)
    return {
        "models": note["models"],
        "seconds": note["seconds"],
        "tokens": note["tokens"],
        "adapt_seconds": round(learned, 1),
        "learned_by": adapter["settings"]["training"],
        "rows": len(asked.rows.read_text(encoding="utf-8").splitlines()),
        "peak_mb": peaks,
    }


def main() -> None:
    """Measure and print, or say that there is nothing to measure on."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--samples", type=Path, required=True)
    arguments.add_argument("--rows", type=Path, required=True)
    arguments.add_argument("--method", default="sft")
    arguments.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    asked = arguments.parse_args()
    name = gpu_name()
    if not name:
        print("There is no GPU that PyTorch can use here: nothing was measured.")
        return
    given = dict(pair.split("=", 1) for pair in asked.set)
    with tempfile.TemporaryDirectory() as folder:
        environment = {"NOTEWRIGHT_DATA_DIR": folder}
        environment |= {f"NOTEWRIGHT_{key.upper()}": value for key, value in given.items()}
        print(json.dumps({"gpu": name, "settings": given, **measure(asked, environment)}, indent=1))


if __name__ == "__main__":
    main()
