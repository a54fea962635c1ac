"""The style filter: a stylist learns from the best of what it writes itself (SAG, 2410.03137).

The current stylist writes several candidates on the plan of what it learned; the scorer keeps those
that are at least as much in the style as they were, support nothing new, keep the meaning and copy
no sample; the best of each plan becomes a row of the next round (the paper names the filter without
its rule; candidates and thresholds are ours, docs/LOG.md has their figures).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import takewhile

from engine.choosing import COPIED_AT_MOST
from engine.learning_types import SFTExample
from engine.protocols import StopCheck, TextModel, never_stop
from engine.restyle import joined
from engine.text import count_words
from engine.types import MAX_SEED, Generation, Language, Message, Sampling, Scores
from engine.value import Value
from finetune.reasons import Reason

CANDIDATES = 4
STYLE_AT_LEAST = 0.5
FAITHFUL_AT_LEAST = 0.5
MEANING_AT_LEAST = 0.7
_TOKENS_PER_WORD = 3


class Outcome(Value):
    """What came of one plan: how many texts were written, the best that may be learned.

    `failed` counts the others by reason (`finetune.reasons.Reason`).
    """

    written: int
    kept: SFTExample | None = None
    failed: Mapping[str, int] = {}


Score = Callable[[str, str], Scores]
"""Measures (text, its plain source) in the style that is being learned."""


def best_of(
    example: SFTExample,
    model: TextModel,
    adapter: str | None,
    score: Score,
    language: Language,
    *,
    seed: int = 0,
    should_stop: StopCheck = never_stop,
) -> Outcome:
    """Let the stylist write on an example's plan; return the best that passes the filter."""
    written = write_candidates(
        example, model, adapter, language, seed=seed, should_stop=should_stop
    )
    measured = [(one, _measured(one, score, language)) for one in written]
    faults = [fault(scores) for _, scores in measured]
    passing = [one for one, why in zip(measured, faults, strict=True) if why is None]
    best = max(passing, key=lambda one: one[1].style or 0.0, default=None)
    return Outcome(
        written=len(written),
        kept=best[0] if best else None,
        failed=dict(Counter(str(why) for why in faults if why is not None)),
    )


def fault(scores: Scores) -> Reason | None:
    """Return why a text may not be learned from: what weighs most, first.

    Absent scores fail, so that nothing slips in.
    """
    if (scores.faithful or 0.0) < FAITHFUL_AT_LEAST:
        return Reason.SAYS_MORE
    if (scores.meaning or 0.0) < MEANING_AT_LEAST:
        return Reason.SAYS_LESS
    if (scores.copied or 0.0) > COPIED_AT_MOST:
        return Reason.COPIES
    if (scores.style or 0.0) < STYLE_AT_LEAST:
        return Reason.OFF_STYLE
    return None


def write_candidates(
    example: SFTExample,
    model: TextModel,
    adapter: str | None,
    language: Language,
    *,
    seed: int,
    should_stop: StopCheck = never_stop,
) -> list[SFTExample]:
    """Return candidates that the stylist writes on an example's plan, sentence by sentence."""
    opening = list(takewhile(lambda turn: turn.role != "user", example.messages))
    chats = [list(opening) for _ in range(CANDIDATES)]
    for step, sentence in enumerate(_said(example, "user")):
        for chat in chats:
            chat.append(Message(role="user", content=sentence))
        room = count_words(sentence, language) * _TOKENS_PER_WORD + 16
        drawn = Sampling(
            temperature=0.7,
            repeat_penalty=1.0,
            max_tokens=room,
            seed=(seed * 101 + step) % (MAX_SEED + 1),
        )
        for event in model.generate(chats, drawn, adapter=adapter, should_stop=should_stop):
            if isinstance(event, Generation):
                answer = event.text.strip(" \t") or sentence
                chats[event.index].append(Message(role="assistant", content=answer))
    return [
        SFTExample(messages=tuple(chat), origin="gate", sources=example.sources) for chat in chats
    ]


def texts_of(example: SFTExample, language: Language) -> tuple[str, str]:
    """Return a chat's styled text and its plain source."""
    return joined(_said(example, "assistant"), language), joined(_said(example, "user"), language)


def _measured(example: SFTExample, score: Score, language: Language) -> Scores:
    return score(*texts_of(example, language))


def _said(example: SFTExample, role: str) -> list[str]:
    return [turn.content for turn in example.messages if turn.role == role]
