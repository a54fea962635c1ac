"""Time to the first words of a second request in a style, against the first request.

    python -m benchmarks.prefix [--rounds 7]

Both share the long style part of the prompt and differ in what they ask. Also measured: going back
to a style after a request in another one, and the first request after a restart, when only the
files of prompts are left. Prints each as a share of the first request's time (at most 0.3 is
wanted, after a restart 0.5).
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.common import STYLE, compare, embedded_weights, now, question
from engine.models.llamacpp import LlamaCppModel
from engine.models.prefixes import PrefixFiles
from engine.types import Delta, Sampling

ONE = Sampling(max_tokens=1)


def first_token(model: LlamaCppModel, ask: str, style: str = STYLE) -> float:
    """Return the seconds until four drafts have their first words."""
    started = now()
    for item in model.generate([question(ask, style=style)] * 4, ONE):
        if isinstance(item, Delta) and item.text:
            break
    return now() - started


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    asked = arguments.parse_args()
    weights = embedded_weights()
    with tempfile.TemporaryDirectory() as folder:
        plain = LlamaCppModel(weights, context_length=2048)
        filed = LlamaCppModel(
            weights, context_length=2048, prefixes=PrefixFiles(Path(folder) / "prefixes", 64 << 20)
        )

        def cold(number: int) -> float:
            plain.forget()
            return first_token(plain, f"Write about fair number {number}.")

        def second(number: int) -> float:
            cold(number)
            return first_token(plain, f"Tell me of the regatta, year {number}.")

        def back(number: int) -> float:
            cold(number)
            first_token(plain, "Write about a fair.", style=f"Another. {STYLE}")
            return first_token(plain, f"Tell me of the regatta, year {number}.")

        def restarted(number: int) -> float:
            filed.forget()  # what a new process knows: the files
            return first_token(filed, f"Tell me of the regatta, year {number}.")

        # The files are written when a call ends.
        list(filed.generate([question("Write about a fair.", style=STYLE)], ONE))
        for name, wanted, work in (
            ("second in the style", 0.3, second),
            ("back in the style", 0.3, back),
            ("after a restart", 0.5, restarted),
        ):
            ratio = compare((f"seconds: {name}", "first"), work, cold, rounds=asked.rounds)
            print(f"{name} takes {ratio:.3f} of the first's time (wanted: at most {wanted})")


if __name__ == "__main__":
    main()
