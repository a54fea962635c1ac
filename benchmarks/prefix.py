"""Time to the first token of a second request in a style, against the first request.

    python -m benchmarks.prefix [--rounds 7]

Both share the long style part of the prompt and differ in what they ask. Also measured: going back
to a style after a request in another one. Prints each as a share of the first request's time (at
most 0.4 is wanted).
"""

import argparse
import time

from benchmarks.common import STYLE, compare, embedded_model, question
from engine.models.llamacpp import LlamaCppModel
from engine.types import Delta, Sampling

ONE = Sampling(max_tokens=1)


def first_token(model: LlamaCppModel, ask: str, style: str = STYLE) -> float:
    """Return the seconds until four drafts have their first words."""
    started = time.perf_counter()
    for item in model.generate([question(ask, style=style)] * 4, ONE):
        if isinstance(item, Delta) and item.text:
            break
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    asked = arguments.parse_args()
    model = embedded_model()

    def cold(number: int) -> float:
        model.forget()
        return first_token(model, f"Write about fair number {number}.")

    def second(number: int) -> float:
        cold(number)
        return first_token(model, f"Tell me of the regatta, year {number}.")

    def back(number: int) -> float:
        cold(number)
        first_token(model, "Write about a fair.", style=f"Another. {STYLE}")
        return first_token(model, f"Tell me of the regatta, year {number}.")

    for name, work in (("second in the style", second), ("back in the style", back)):
        ratio = compare((f"seconds: {name}", "first"), work, cold, rounds=asked.rounds)
        print(f"{name} takes {ratio:.3f} of the first's time (wanted: at most 0.4)")


if __name__ == "__main__":
    main()
