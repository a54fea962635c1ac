"""Four drafts of one prompt together against four one after another, and eight wordings.

    python -m benchmarks.batch [--rounds 5] [--tokens 48]

All through LlamaCppModel, in turns, with the prompt read before (as it is for the second note of a
style): bare, and with the general adapter, which the stylist writes with. Time is for each token
written, as drafts end when they like. Prints the time together as a share of the time in a row (at
most 0.5 is wanted for four).
"""

import argparse
from functools import partial

from benchmarks.common import STYLE, compare, embedded_model, now, question
from engine.models.general import NAME, general_adapter
from engine.types import Generation, Sampling

ASK = question("Write a long note about the village fair, in many sentences.", style=STYLE)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--tokens", type=int, default=48)
    asked = arguments.parse_args()
    model = embedded_model()
    model.register_adapter(NAME, general_adapter(model.base))

    def write(number: int, adapter: str | None, drafts: int, calls: int) -> float:
        model.forget()
        list(model.generate([ASK], Sampling(max_tokens=1), adapter=adapter))
        tokens, started = 0, now()
        for call in range(calls):
            sampling = Sampling(max_tokens=asked.tokens, seed=100 * number + call)
            for item in model.generate([ASK] * (drafts // calls), sampling, adapter=adapter):
                if isinstance(item, Generation):
                    tokens += item.completion_tokens
        return (now() - started) / tokens

    for adapter, drafts in ((None, 4), (NAME, 4), (NAME, 8)):
        name = f"{drafts} drafts, {'with an adapter' if adapter else 'bare'}"
        ratio = compare(
            (f"{name}, seconds a token: together", "in a row"),
            partial(write, adapter=adapter, drafts=drafts, calls=1),
            partial(write, adapter=adapter, drafts=drafts, calls=drafts),
            rounds=asked.rounds,
        )
        print(f"{name}: together takes {ratio:.3f} of the time in a row (wanted: 0.5 for four)")


if __name__ == "__main__":
    main()
