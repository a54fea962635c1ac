"""Four drafts of one prompt together against four one after another.

    python -m benchmarks.batch [--rounds 5] [--tokens 96]

Both through LlamaCppModel, in turns: once with the prompt evaluated before (as it is for the second
note of a style), once from a cold prompt, which the four in a row read only once too. Time is for
each token written, as drafts end when they like. Prints the time together as a share of the time in
a row (at most 0.6 is wanted).
"""

import argparse
import time
from functools import partial

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

    def write(number: int, calls: int, cold: bool) -> float:
        model.forget()
        if not cold:
            list(model.generate([ASK], Sampling(max_tokens=1)))
        tokens, started = 0, time.perf_counter()
        for call in range(calls):
            seed = 100 * number + call
            sampling = Sampling(max_tokens=asked.tokens, seed=seed)
            for item in model.generate([ASK] * (DRAFTS // calls), sampling):
                if isinstance(item, Generation):
                    tokens += item.completion_tokens
        return (time.perf_counter() - started) / tokens

    for name, cold in (("prompt read before", False), ("prompt cold", True)):
        ratio = compare(
            (f"{name}, seconds a token: together", "in a row"),
            partial(write, calls=1, cold=cold),
            partial(write, calls=DRAFTS, cold=cold),
            rounds=asked.rounds,
        )
        print(f"{name}: together takes {ratio:.3f} of the time in a row (wanted: at most 0.6)")


if __name__ == "__main__":
    main()
