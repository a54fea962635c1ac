"""How long a hundred examples take to learn, in how much memory, and whether a page still answers.

    python -m benchmarks.training [--rows 100] [--tokens 300] [--epochs 3] [--threads N]

Supervised training of the embedded model in a process of its own, as a job does it, on rows of the
given length, while this process asks the application's page (the scripted model behind it) once a
second. With fewer rows or epochs the time of the whole is worked out from the tokens a second.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from itertools import cycle, islice
from pathlib import Path

from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.machine import available_cores
from engine.models.weights import packaged_weights
from engine.restyling import restyle_conversation
from finetune.rendering import Renderer, TokenRow
from finetune.sft import LoraShape, SftSettings
from finetune.voices import read_voices

WHOLE = (100, 300, 3)  # rows, tokens of each, epochs
GENERAL = LoraShape(rank=32, alpha=32)  # that of the adapter that jobs start from
MINUTES, GIGABYTES = 10.0, 4.0
_KILOBYTES = 1e6  # in a gigabyte; Linux counts resident memory in them


def rows_of(count: int, tokens: int) -> list[TokenRow]:
    """Return rows of just so many tokens: our voices' notes, several in a row, cut."""
    weights = LlamaWeights(packaged_weights(), Configuration(threads=1), vocabulary_only=True)
    renderer = Renderer(weights)
    notes = cycle(read_voices())
    rows = []
    for _ in range(count):
        pairs = [pair for note in islice(notes, 6) for pair in note.pairs]
        row = renderer.row(restyle_conversation([pairs[0][1]], pairs, "en"))
        rows.append(TokenRow(row.input_ids[:tokens], row.weights[:tokens]))
    return rows


def train(count: int, tokens: int, epochs: float, threads: int) -> None:
    """Train, in this process; print the seconds of the steps and the most memory."""
    from finetune.base import load_base, load_tokenizer, use_threads
    from finetune.sft import make_trainer, new_adapter

    use_threads(threads)
    base = packaged_weights()
    rows = rows_of(count, tokens)
    with tempfile.TemporaryDirectory() as output:
        tuned = new_adapter(load_base(base), GENERAL)
        settings = SftSettings(epochs=epochs)
        trainer = make_trainer(tuned, load_tokenizer(base), rows, settings, Path(output))
        began = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KILOBYTES
    print(f"measured {seconds} {most}")


def answered(page: subprocess.Popen[str], child: subprocess.Popen[str], url: str) -> list[float]:
    """Ask a page once a second for as long as the child trains; return how long answers took."""
    waits = []
    while child.poll() is None and page.poll() is None:
        began = time.perf_counter()
        with urllib.request.urlopen(url, timeout=60) as answer:
            answer.read()
        waits.append(time.perf_counter() - began)
        time.sleep(1)
    return waits


def main() -> int:
    """Start the page and the training, and report."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rows", type=int, default=WHOLE[0])
    options.add_argument("--tokens", type=int, default=WHOLE[1])
    options.add_argument("--epochs", type=float, default=WHOLE[2])
    options.add_argument("--threads", type=int, default=available_cores())
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        train(given.rows, given.tokens, given.epochs, given.threads)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        told = {"DATA_DIR": folder, "SCRIPTED": "1", "PORT": "7991", "OPEN_BROWSER": "false"}
        environment = os.environ | {f"NOTEWRIGHT_{name}": value for name, value in told.items()}
        page = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            return measure(given, page)
        finally:
            page.terminate()
            page.wait()


def measure(given: argparse.Namespace, page: subprocess.Popen[str]) -> int:
    """Train in a child while the page is asked; 1 where it takes too long or too much."""
    url = "http://127.0.0.1:7991/"
    for _ in range(60):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            break
        except OSError:
            time.sleep(1)
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.training", "--child", *sys.argv[1:]],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    waits = sorted(answered(page, child, url))
    assert child.stdout is not None
    said = [line.split() for line in child.stdout if line.startswith("measured")]
    seconds, most = (float(value) for value in said[0][1:])
    speed = given.rows * given.tokens * given.epochs / seconds
    rows, tokens, epochs = WHOLE
    minutes = rows * tokens * epochs / speed / 60
    print(f"{given.threads} threads: {speed:.0f} tokens/s, at most {most:.2f} GB")
    print(f"{rows} examples of {tokens} tokens, {epochs} times: {minutes:.1f} minutes")
    print(f"the page meanwhile: median {waits[len(waits) // 2]:.2f} s, slowest {waits[-1]:.2f} s")
    return 0 if minutes <= MINUTES and most <= GIGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
