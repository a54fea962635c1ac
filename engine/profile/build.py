"""Samples in, StyleProfile out; and the profile in plain sentences for a writer or a prompt."""

from collections.abc import Sequence
from typing import Literal

from engine.errors import InvalidRequest
from engine.profile.habits import find_habits
from engine.profile.lexical import signature_words
from engine.profile.reference import load_reference, load_stop_words
from engine.profile.shape import shape
from engine.text import count_words, guess_language
from engine.types import Habit, Language, StyleProfile, StyleSample

GOOD = (1500, 5)  # words and samples from which a profile can be trusted
FAIR = (300, 3)
_NAMES: dict[Language, str] = {"en": "English", "zh": "Chinese"}


def build_profile(
    samples: Sequence[StyleSample], language: Language, *, name: str = ""
) -> StyleProfile:
    """Read an author's samples into a profile.

    Raises:
        InvalidRequest: there is no text, or it is in another language than asked.
    """
    kept = tuple(s for s in samples if s.text.strip())
    if not kept:
        raise InvalidRequest(
            "Add at least one sample of the style: paste a text or drop a file.", field="samples"
        )
    texts = [s.text for s in kept]
    seen = guess_language("\n".join(texts))
    if seen is not None and seen != language:
        raise InvalidRequest(
            f"The samples are in {_NAMES[seen]}, but the note is to be in {_NAMES[language]}: "
            "choose the language of the samples, or other samples.",
            field="samples",
        )
    reference = load_reference(language)
    words = signature_words(texts, language, reference, load_stop_words(language))
    return StyleProfile(
        name=name,
        language=language,
        samples=kept,
        words=tuple(words),
        habits=tuple(find_habits(texts, language, reference)),
        shape=shape(texts, language),
        confidence=_confidence(sum(count_words(t, language) for t in texts), len(kept)),
    )


def _confidence(words: int, samples: int) -> Literal["low", "fair", "good"]:
    if words >= GOOD[0] and samples >= GOOD[1]:
        return "good"
    return "fair" if words >= FAIR[0] and samples >= FAIR[1] else "low"


def advice(profile: StyleProfile) -> tuple[str, ...]:
    """Return what marks this author, in a few sentences that follow the writer's own changes."""
    parts = _advice_zh(profile) if profile.language == "zh" else _advice_en(profile)
    return tuple(part for part in (profile.guidance, *parts) if part)


def _frequent(profile: StyleProfile) -> list[str]:
    """Return the words worth saying to a writer: the few strongest, and those they added."""
    return list(dict.fromkeys([*profile.added_words, *profile.active_words[:8]]))


def _length_word(mean: float, limits: tuple[float, float], words: tuple[str, str, str]) -> str:
    return words[sum(mean >= limit for limit in limits)]


def _advice_en(profile: StyleProfile) -> list[str]:
    shape = profile.shape
    kind = (
        "Short" if shape.sentence_mean < 11 else "Long" if shape.sentence_mean > 20 else "Middling"
    )
    lines = [f"{kind} sentences: {shape.sentence_mean:.0f} words on average."]
    words = _frequent(profile)
    lines.append(f"Likes the words {', '.join(words)}." if words else "")
    lines += [_habit_en(h) for h in profile.active_habits[:4]]
    if shape.first_person_rate > 4:
        lines.append("Speaks as “I” or “we”.")
    if shape.second_person_rate > 2:
        lines.append("Speaks to the reader as “you”.")
    if shape.contraction_rate > 2:
        lines.append("Contracts words (it's, don't).")
    return lines


def _habit_en(habit: Habit) -> str:
    label = habit.name.replace("_", " ")
    if habit.rate <= habit.reference_rate:
        return f"Hardly ever uses {label} ({habit.mark})."
    return f"Uses {label} ({habit.mark}) more than most, {habit.rate:.1f} in 100 words."


def _advice_zh(profile: StyleProfile) -> list[str]:
    shape = profile.shape
    kind = (
        "短句"
        if shape.sentence_mean < 15
        else "长句"
        if shape.sentence_mean > 35
        else "中等长度的句子"
    )
    lines = [f"多用{kind}，平均每句{shape.sentence_mean:.0f}字。"]
    words = _frequent(profile)
    lines.append(f"常用词：{'、'.join(words)}。" if words else "")
    for habit in profile.active_habits[:4]:
        often = "比一般人常用" if habit.rate > habit.reference_rate else "很少用"
        lines.append(f"{often}“{habit.mark}”。")
    if shape.first_person_rate > 2:
        lines.append("用第一人称。")
    return lines
