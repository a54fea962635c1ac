"""The chat of a stylist with an adapter: plain sentences in, the author's sentences out.

Inference and training render this one chat, so that what is asked is what was learned: the author's
texts first, then turn by turn a plain sentence and the author's way of saying it, so that every
sentence sees what came before.
"""

from collections.abc import Sequence

from engine.prompts.recipe import PLAIN, PromptRecipe, ending, instruction
from engine.prompts.render import fill, fill_part, message, wording
from engine.text import count_words, sentence_spans
from engine.types import Language, Message, StyleProfile

SHOWN_WORDS = 130
_SHOWN_SAMPLES = 3
_LANGUAGES: tuple[Language, ...] = ("en", "zh")


def restyle_conversation(
    samples: Sequence[str],
    said: Sequence[tuple[str, str]],
    language: Language,
    *,
    advice: str = "",
    words: int = SHOWN_WORDS,
    sheet: str | None = None,
    recipe: PromptRecipe = PLAIN,
    profile: StyleProfile | None = None,
) -> list[Message]:
    """Return the chat up to now; `said` are (plain, styled) pairs in order.

    With a `sheet` (engine/moves.py), empty or not, each answer is to open with its moves. A
    recipe's sentences are filled from `profile`; an adapter learns from the plain one.
    """
    texts = wording("restyle", language)
    shown = "\n\n".join(excerpts(samples, language, round(words * recipe.shown)))
    chat = [
        message(
            "system",
            instruction(texts["system"], recipe, profile),
            samples=shown,
            advice=fill_part(texts, "advice", advice=advice),
        )
    ]
    if sheet is not None:
        chat[0] = cued(chat[0], sheet, language)
    for neutral, styled in said:
        chat += [ask(neutral, language), Message(role="assistant", content=styled)]
    return chat


def cued(opening: Message, sheet: str, language: Language) -> Message:
    """Return the system turn of a chat whose answers open with their moves.

    The cue comes last, so that both ways of asking share what stands before it.
    """
    texts = wording("restyle_planned", language)
    cue = fill(texts["cue"], sheet=fill_part(texts, "sheet", sheet=sheet))
    return Message(role="system", content=f"{opening.content}\n\n{cue}")


def ask(
    neutral: str,
    language: Language,
    recipe: PromptRecipe = PLAIN,
    profile: StyleProfile | None = None,
) -> Message:
    """Return the turn that gives a plain sentence."""
    text = wording("restyle", language)["user"] + ending(recipe, profile)
    return message("user", text, neutral=neutral)


def is_restyling(chat: Sequence[Message]) -> bool:
    """Tell whether a chat is this one."""
    return language_of(chat) is not None


def language_of(chat: Sequence[Message]) -> Language | None:
    """Return the language that a chat of this kind is in; None of another kind."""
    for one in _LANGUAGES:
        begins = wording("restyle", one)["system"].partition("$")[0]
        if chat and chat[0].role == "system" and chat[0].content.startswith(begins):
            return one
    return None


def excerpts(samples: Sequence[str], language: Language, words: int) -> list[str]:
    """Return the openings of up to three samples in whole sentences, about `words` in all."""
    shown: list[str] = []
    room = words
    chosen = [s for s in samples if s.strip()][:_SHOWN_SAMPLES]
    for number, sample in enumerate(chosen):
        text = opening(sample.strip(), language, room // (len(chosen) - number))
        room -= count_words(text, language)
        shown.append(text)
    return shown


def opening(text: str, language: Language, words: int) -> str:
    """Return a text up to the end of the sentence that holds its `words`-th word."""
    for _, end in sentence_spans(text):
        if count_words(text[:end], language) >= words:
            return text[:end]
    return text
