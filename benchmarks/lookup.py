"""Prompt lookup on restyling: does guessing the next words from the plain sentence save time?

    python -m benchmarks.lookup [--rounds 3] [--guesses 3]

Greedy, one text, the general adapter, chats as the stylist asks them. Guesses are the tokens that
followed the last two anywhere in the prompt or the answer; they are evaluated together with the
last token, and kept as far as the model agrees. Prints the share of guesses kept, and the time as a
ratio to a token at a time (above 1.3 it would be worth having on).
"""

import argparse
from collections.abc import Sequence

from benchmarks.common import STYLE, compare, embedded_weights, now
from benchmarks.note import FACTS
from engine.models.general import NAME, general_adapter
from engine.models.llamacpp import LlamaCppModel
from engine.models.llamacpp_context import Entry, LlamaContext, Slot
from engine.models.llamacpp_library import LlamaWeights, Tokens
from engine.models.llamacpp_template import ChatTemplate
from engine.restyling import ask, restyle_conversation

MOST = 40
_PAIR = 2


def guesses(tokens: Sequence[int], most: int) -> list[int]:
    """Return what followed the last pair of tokens where it stood before, latest place first."""
    pair = list(tokens[-_PAIR:])
    for place in range(len(tokens) - _PAIR - 1, -1, -1):
        if list(tokens[place : place + _PAIR]) == pair:
            return list(tokens[place + _PAIR : place + _PAIR + most])
    return []


class Writer:
    """Writes one greedy answer at a time and counts the guesses."""

    def __init__(self, weights: LlamaWeights) -> None:
        """Open a context."""
        self.weights, self.context = weights, LlamaContext(weights, size=2048)
        self.guessed = self.kept = 0

    def write(self, prompt: Tokens, most_guesses: int) -> tuple[list[int], float]:
        """Return an answer and the seconds it took after the prompt was read."""
        slot, drawn = self._read(prompt)
        answer: list[int] = []
        started = now()
        while len(answer) < MOST and not self.weights.ends(drawn):
            answer.append(drawn)
            tried = guesses([*prompt, *answer], most_guesses)
            chosen = self._step(slot, drawn, tried)
            answer += tried[: len(chosen) - 1]
            drawn = chosen[-1]
        return answer[:MOST], now() - started

    def _step(self, slot: Slot, drawn: int, tried: Sequence[int]) -> list[int]:
        """Evaluate a token and its guesses; return the right guesses and the token after them."""
        start, line = len(slot.tokens), [drawn, *tried]
        entries = [Entry(token, start + n, [slot], True) for n, token in enumerate(line)]
        self.context.evaluate(entries)
        chosen = [self._best(place) for place in range(len(line))]
        right = next((n for n, guess in enumerate(tried) if guess != chosen[n]), len(tried))
        if right < len(tried):
            self.context.rewind(slot, start + right + 1)
        self.guessed, self.kept = self.guessed + len(tried), self.kept + right
        return chosen[: right + 1]

    def _read(self, prompt: Tokens) -> tuple[Slot, int]:
        prepared = self.context.prepare([prompt], NAME)
        entries = prepared.entries
        while entries:
            chunk = self.context.next_chunk(entries)
            self.context.evaluate(chunk)
            entries = entries[len(chunk) :]
        return prepared.slots[0], self._best(len(chunk) - 1)

    def _best(self, place: int) -> int:
        return int(self.context.logits(place).argmax())


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--guesses", type=int, default=3)
    asked = arguments.parse_args()
    weights = embedded_weights()
    base = LlamaCppModel(weights, context_length=512).base
    weights.register_adapter(NAME, general_adapter(base))
    template, writer = ChatTemplate(weights), Writer(weights)
    chats = [[*restyle_conversation([STYLE], (), "en"), ask(fact, "en")] for fact in FACTS]
    prompts = [template.tokens(chat) for chat in chats]

    def seconds(most: int) -> float:
        written = [writer.write(prompt, most) for prompt in prompts]
        return sum(taken for _, taken in written) / sum(len(answer) for answer, _ in written)

    ratio = compare(
        ("seconds a token: guessing", "one at a time"),
        lambda _: seconds(asked.guesses),
        lambda _: seconds(0),
        rounds=asked.rounds,
    )
    print(f"{writer.kept} of {writer.guessed} guesses kept")
    print(f"guessing {asked.guesses} writes at {1 / ratio:.2f} of the speed (wanted: 1.3)")


if __name__ == "__main__":
    main()
