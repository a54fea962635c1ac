"""Planned style: lessons whose answers open with the moves that lead to them, and pairs on top.

Structured Style-Rewrite (arXiv 2603.05933) lets a large model write, for each of an author's lines,
a neutral counterpart and a short chain of thought; the stylist learns both, the thought at half the
weight of the text (finetune/rendering.py). Here the neutral side is what every lesson has already,
by hand or by engine/neutral.py, and code reads the moves off the two sides (engine/moves.py). What
is learned so can be asked with moves (visible) or without (silent): half the lessons are silent.
"""

import random
from collections.abc import Callable, Iterator, Sequence

from engine.learning_types import PreferencePair, SFTExample, TrainingSet
from engine.moves import Part, answer, moves_between, part_answer, sheet_of
from engine.restyle import joined
from engine.restyling import cued, language_of, restyle_conversation
from engine.types import Language, Message, Scores, StyleProfile
from finetune.pairs import MEANING_FLOOR
from finetune.steps import lengths_agree, same_words

DROPOUT = (0.1, 0.3)
"""Share of the lessons that lack a field of the prompt, at the first and at the last lesson."""
SILENT = 0.5
"""Share of the lessons without moves. The paper needs none: its base can be told not to think."""
_FIELDS = (("advice",), ("samples",), ("advice", "samples"))

Measure = Callable[[str, str], Scores]
"""Scores (text, its plain source) in the style that is learned."""


def planned_lesson(
    example: SFTExample, profile: StyleProfile, *, without: Sequence[Part] = ()
) -> SFTExample:
    """Return a chat whose answers open with the moves from each plain sentence to the author's.

    Args:
        example: a chat of engine/restyling.py.
        profile: of the author.
        without: dimensions to leave out, of the moves and of what there is to choose from.
    """
    language = profile.language
    sheet = sheet_of(profile).without(without).line(language)
    turns = [cued(example.messages[0], sheet, language)]
    for asked, said in _steps(example.messages):
        moves = moves_between(asked.content, said.content, profile).without(without)
        opened = answer(moves.line(language), said.content)
        turns += [asked, Message(role="assistant", content=opened)]
    return example.model_copy(update={"messages": tuple(turns)})


def planned_set(data: TrainingSet, profile: StyleProfile) -> TrainingSet:
    """Return what there is to imitate, with moves."""
    lessons = tuple(planned_lesson(example, profile) for example in data.sft)
    return TrainingSet(sft=lessons, dropped=data.dropped, shown=data.shown)


def silent_lesson(example: SFTExample) -> SFTExample:
    """Return the same chat without moves and without the cue for them."""
    opening = example.messages[0].content.rpartition("\n\n")[0]
    turns = [Message(role="system", content=opening)]
    for asked, said in _steps(example.messages):
        turns += [asked, Message(role="assistant", content=part_answer(said.content)[1])]
    return example.model_copy(update={"messages": tuple(turns)})


def in_order(
    planned: Sequence[SFTExample], *, epochs: int = 1, seed: int = 0
) -> tuple[SFTExample, ...]:
    """Return what is learned from the first step to the last, every epoch in an order of its own.

    Half the lessons are silent, by turns from epoch to epoch; and from a growing share a field of
    the prompt is dropped, so that what it says is learned instead of looked up.
    """
    draw = random.Random(seed)
    silent = {number: draw.random() < SILENT for number in range(len(planned))}
    total = max(1, epochs * len(planned) - 1)
    found: list[SFTExample] = []
    for epoch in range(epochs):
        for number in draw.sample(range(len(planned)), len(planned)):
            lesson = planned[number]
            if silent[number] != bool(epoch % 2):
                lesson = silent_lesson(lesson)
            share = DROPOUT[0] + (DROPOUT[1] - DROPOUT[0]) * len(found) / total
            fields = draw.choice(_FIELDS)
            found.append(_dropped(lesson, fields) if draw.random() < share else lesson)
    return tuple(found)


def _dropped(example: SFTExample, fields: Sequence[str]) -> SFTExample:
    """Return a chat without some fields of its prompt: what is said of the author, or their texts.

    Advice is the sheet too; the cue for moves stays.
    """
    opening, *turns = example.messages
    language = language_of(example.messages) or "en"
    cue = cued(Message(role="system", content=""), "", language).content.strip()
    shown, _, last = opening.content.rpartition("\n\n")
    planned = last.startswith(cue)
    told, _, samples = (shown if planned else opening.content).partition("\n\n")
    sheet = last.removeprefix(cue) if planned else ""
    if "advice" in fields:
        told, sheet = restyle_conversation((), (), language)[0].content, ""
    if "samples" in fields:
        samples = ""
    parts = [told, samples, cue + sheet if planned else ""]
    content = "\n\n".join(part for part in parts if part)
    return example.model_copy(
        update={"messages": (Message(role="system", content=content), *turns)}
    )


def shared_plan_pairs(
    planned: SFTExample, drafts: Sequence[SFTExample], measure: Measure, language: Language
) -> Iterator[PreferencePair]:
    """Yield the author's sentences against those of the blandest draft that keeps the meaning.

    CoT-shared DPO of the paper: the worse answer opens with the moves of the better, so that a pair
    differs in the sentence alone and the moves' share of the loss cancels. Pairs whose sides are
    the same, or differ in length beyond 0.6 to 1.5, are left out.

    Args:
        planned: a lesson with its moves.
        drafts: what the stylist itself wrote on the same plain sentences, asked without any sheet.
        measure: of the whole texts; the floor of meaning is relative to the author's own text.
        language: of all of it.
    """
    plain = joined([asked.content for asked, _ in _steps(planned.messages)], language)
    floor = MEANING_FLOOR * (measure(_text(planned, language), plain).meaning or 0.0)
    scored = [(draft, measure(_text(draft, language), plain)) for draft in drafts]
    kept = [one for one in scored if (one[1].meaning or 0.0) >= floor]
    if not kept:
        return
    worst, _ = min(kept, key=lambda one: one[1].style or 0.0)
    for place, ((_, gold), (_, other)) in enumerate(
        zip(_steps(planned.messages), _steps(worst.messages), strict=True)
    ):
        moves, styled = part_answer(gold.content)
        written = part_answer(other.content)[1]
        if not same_words(styled, written) and lengths_agree(styled, written):
            yield PreferencePair(
                prompt=planned.messages[: 2 + 2 * place],
                chosen=(gold,),
                rejected=(Message(role="assistant", content=moves + written),),
                kind="style",
                origin="gate",
                sources=planned.sources,
            )


def _steps(messages: Sequence[Message]) -> list[tuple[Message, Message]]:
    return list(zip(messages[1::2], messages[2::2], strict=True))


def _text(example: SFTExample, language: Language) -> str:
    said = [part_answer(answered.content)[1] for _, answered in _steps(example.messages)]
    return joined(said, language)
