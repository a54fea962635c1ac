"""Four drafts of one prompt together against four one after another.

    python -m benchmarks.batch [--rounds 5] [--tokens 96]

Both through LlamaCppModel, each round from a cold prompt; the four in a row find the prompt
evaluated by the first of them. Time is for each token written, as drafts end when they like. Prints
the time together as a share of the time in a row (at most 0.6 is wanted).
"""

import argparse
import time

from benchmarks.common import STYLE, compare, embedded_model, question
from engine.types import Generation, Sampling

ASK = question("Write a long note about the village fair, in many sentences.", style=STYLE)
DRAFTS = 4


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--tokens", type=int, default=96)
    asked = arguments.parse_args()
    model = embedded_model()

    def write(number: int, calls: int) -> float:
        model.forget()
        tokens, started = 0, time.perf_counter()
        for call in range(calls):
            seed = 100 * number + call
            sampling = Sampling(max_tokens=asked.tokens, seed=seed)
            for item in model.generate([ASK] * (DRAFTS // calls), sampling):
                if isinstance(item, Generation):
                    tokens += item.completion_tokens
        return (time.perf_counter() - started) / tokens

    ratio = compare(
        ("seconds a token: together", "in a row"),
        lambda number: write(number, 1),
        lambda number: write(number, DRAFTS),
        rounds=asked.rounds,
    )
    print(f"together takes {ratio:.3f} of the time in a row (wanted: at most 0.6)")


if __name__ == "__main__":
    main()
