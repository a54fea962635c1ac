"""A profile in a few plain sentences, for a writer to read and for a prompt to hold."""

from collections.abc import Iterator

from engine.profile.likelihood import SURE
from engine.profile.plain import rule_kind, say_added_tag, say_rule, say_tag
from engine.profile.pragmatics import stands_out
from engine.trait import trait_words
from engine.types import Habit, Language, PragmaticTag, ShapeMetrics, StyleProfile

_WORDS = 8
_HABITS = 5
_RULES = 2
_TAGS = 3
_MISSABLE_TAGS = frozenset({"direct_address", "hedging"})
"""To do without these is a trait; to do without thanks or jokes is what most notes do."""
_TRUSTED_SAMPLES = 3
"""From so many samples on, words that return are the author's own and not just the topic's."""

# Mean sentence lengths below and above which sentences are called short and long.
_LENGTHS: dict[Language, tuple[float, float]] = {"en": (11, 21), "zh": (16, 36)}
_HABITS_EN = {
    "exclamation": "exclamation marks",
    "question": "questions",
    "ellipsis": "dots that trail off (…)",
    "em_dash": "dashes (—)",
    "semicolon": "semicolons",
    "colon": "colons",
    "comma": "commas",
    "parentheses": "asides in parentheses",
    "quotes": "quotation marks",
    "tilde": "tildes (~)",
    "emoji": "emoji",
    "hashtag": "hashtags",
    "bullet": "bullet lists",
    "numbered": "numbered lists",
    "heading": "headings",
    "bold": "bold words (**)",
    "code": "code marks (`)",
    "link": "links",
    "all_caps": "words in CAPITALS",
    "lower_start": "sentences that start in lower case",
    "ampersand": "& for and",
}
_HABITS_ZH = {
    "exclamation": "感叹号",
    "question": "问句",
    "ellipsis": "省略号",
    "em_dash": "破折号",
    "semicolon": "分号",
    "colon": "冒号",
    "comma": "逗号",
    "parentheses": "括号",
    "quotes": "引号",
    "tilde": "波浪号",
    "emoji": "表情符号",
    "hashtag": "话题标签",
    "bullet": "项目符号",
    "numbered": "编号列表",
    "heading": "小标题",
    "bold": "粗体",
    "code": "代码标记",
    "link": "链接",
}


def advice(profile: StyleProfile) -> tuple[str, ...]:
    """Return what marks this author, in the profile's language.

    What the writer struck out is left out; their own words and guidance come first.
    """
    parts = _chinese(profile) if profile.language == "zh" else _english(profile)
    parts += [*_rules(profile), *_tags(profile)]
    wish = trait_words(profile.trait, profile.language) if profile.trait else ""
    return tuple(part for part in (profile.guidance.strip(), wish, *parts) if part)


def _rules(profile: StyleProfile) -> list[str]:
    """Return the surest rules in plain words, each thing said once; the rest is for the page."""
    said: dict[str, str] = {}
    for rule in profile.active_rules:
        kind = rule_kind(rule.name)
        if kind is not None and abs(rule.llr) >= SURE:
            said.setdefault(kind, say_rule(rule, profile.language))
    return list(said.values())[:_RULES]


def _tags(profile: StyleProfile) -> list[str]:
    """Return the tags that the writer added, then the most telling of those found."""
    added = [say_added_tag(name, profile.language) for name in profile.added_tags]
    found = [say_tag(tag, profile.language) for tag in telling_tags(profile)]
    return [*added, *found][: max(_TAGS, len(added))]


def telling_tags(profile: StyleProfile) -> Iterator[PragmaticTag]:
    """Yield the tags that stand out and that no other sentence of the advice tells."""
    told = {habit.name for habit in profile.habits} | _spoken_to(profile)
    sentences = len(profile.shape.sentence_lengths)
    for tag in profile.active_tags:
        trait = tag.rate > tag.reference_rate or tag.name in _MISSABLE_TAGS
        if trait and tag.name not in told.union(profile.added_tags) and stands_out(tag, sentences):
            yield tag


def _spoken_to(profile: StyleProfile) -> set[str]:
    """Return "direct_address" where the advice says by itself that the reader is spoken to."""
    least = 1 if profile.language == "zh" else 2
    struck = "tag:direct_address" in profile.struck
    speaks = profile.shape.second_person_rate > least and not struck
    return {"direct_address"} if speaks else set()


def _words(profile: StyleProfile) -> list[str]:
    """Return the words worth saying: those the writer added, and the strongest if to be trusted."""
    found = profile.active_words if len(profile.samples) >= _TRUSTED_SAMPLES else ()
    return list(dict.fromkeys([*profile.added_words, *found]))[:_WORDS]


def _length(profile: StyleProfile, names: tuple[str, str, str]) -> str:
    return names[sum(profile.shape.sentence_mean > limit for limit in _LENGTHS[profile.language])]


def short_mark(name: str, language: Language) -> str:
    """Return "em dash": the fewest words for a habit."""
    return _HABITS_ZH.get(name, name) if language == "zh" else name.replace("_", " ")


def say_length(profile: StyleProfile) -> str:
    """Return "Short sentences: 9 words on average, long and short by turns."."""
    shape = profile.shape
    if profile.language == "zh":
        kind = _length(profile, ("多用短句", "句子长短适中", "多用长句"))
        turns = "，长短交错" if _turns(shape) else ""
        return f"{kind}，平均每句{shape.sentence_mean:.0f}字{turns}。"
    kind = _length(profile, ("Short", "Medium", "Long"))
    turns = ", long and short by turns" if _turns(shape) else ""
    return f"{kind} sentences: {shape.sentence_mean:.0f} words on average{turns}."


def say_habit(habit: Habit, language: Language) -> str:
    """Return "Often uses dashes (—)."."""
    more = habit.rate > habit.reference_rate
    if language == "zh":
        often = "常用" if more else "从不用" if habit.rate == 0 else "很少用"
        return f"{often}{_HABITS_ZH.get(habit.name, habit.mark)}。"
    often = "Often uses" if more else "Never uses" if habit.rate == 0 else "Seldom uses"
    return f"{often} {_HABITS_EN.get(habit.name, habit.name.replace('_', ' '))}."


def _english(profile: StyleProfile) -> list[str]:
    shape = profile.shape
    lines = [say_length(profile)]
    if words := _words(profile):
        lines.append(f"Often uses the words {', '.join(words)}.")
    lines += [say_habit(habit, "en") for habit in profile.active_habits[:_HABITS]]
    if shape.first_person_rate > 4:
        lines.append("Speaks as “I” or “we”.")
    if _spoken_to(profile):
        lines.append("Speaks to the reader as “you”.")
    if shape.contraction_rate > 2:
        lines.append("Contracts words (it's, don't).")
    return lines


def _turns(shape: ShapeMetrics) -> bool:
    """Tell whether long and short sentences take turns: a spread above six tenths of the mean."""
    varied = shape.sentence_spread > 0.6 * shape.sentence_mean
    return len(shape.sentence_lengths) >= 5 and varied


def _chinese(profile: StyleProfile) -> list[str]:
    shape = profile.shape
    lines = [say_length(profile)]
    if words := _words(profile):
        lines.append(f"常用词：{'、'.join(words)}。")
    lines += [say_habit(habit, "zh") for habit in profile.active_habits[:_HABITS]]
    if shape.first_person_rate > 2:
        lines.append("用第一人称。")
    if _spoken_to(profile):
        lines.append("直接对读者说“你”。")
    return lines
