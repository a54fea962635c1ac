"""What an item asks for, as the request that the path begins with."""

from engine.notebench.samples import BenchItem
from engine.requests import WORDS, make_request
from engine.text import count_words
from engine.types import WritingRequest

_LENGTH = 120  # where an item asks for none


def request_for(item: BenchItem, *, drafts: int, seed: int) -> WritingRequest:
    """Return the request that an item makes, its length such as can be asked for."""
    facts = sum(count_words(fact, item.language) for fact in item.facts)
    low, high = WORDS
    return make_request(
        topic=item.topic,
        facts=item.facts,
        words=min(max(item.words or _LENGTH, low, -(-facts // 2)), high),
        language=item.language,
        drafts=drafts,
        seed=seed,
        source=item.source,
    )
