"""Which of the author's sentences a stylist is shown.

The first are the same for every note in a style, so that a backend can keep their evaluated prompt;
the last few are chosen for the topic by embedding.
"""

from collections.abc import Sequence

from engine.prompts.rough import pieces
from engine.protocols import Embedder
from engine.text import count_words
from engine.types import StyleProfile

FIXED_WORDS = 190
TOPIC_PIECES = 2


def all_pieces(profile: StyleProfile) -> list[str]:
    """Return every piece of every sample, dealt from the samples in turn: first of each, second…"""
    hands = [pieces(sample.text, profile.language) for sample in profile.samples]
    longest = max((len(hand) for hand in hands), default=0)
    return [hand[i] for i in range(longest) for hand in hands if i < len(hand)]


def choose_pieces(
    profile: StyleProfile, topic: str, embedder: Embedder, *, fixed_words: int = FIXED_WORDS
) -> tuple[Sequence[str], Sequence[str]]:
    """Return (fixed, for the topic): short runs of the author's sentences."""
    dealt = all_pieces(profile)
    fixed: list[str] = []
    room = fixed_words
    while dealt and (room > 0 or not fixed):
        piece = dealt.pop(0)
        room -= count_words(piece, profile.language)
        fixed.append(piece)
    if not dealt:
        return fixed, ()
    near = embedder.embed(dealt) @ embedder.embed([topic])[0]
    best = sorted(range(len(dealt)), key=lambda i: (-float(near[i]), i))[:TOPIC_PIECES]
    return fixed, [dealt[i] for i in sorted(best)]
