"""How a plain sentence becomes the author's: a short line on words, shape and manner.

Structured Style-Rewrite (arXiv 2603.05933) has a large model reason, from the three dimensions of
the profile, to each styled line. Ours is a line that a model of 135M parameters can write too:

    ~ words: honestly, em dash | shape: shorter, no verb | manner: exclamation

`words` are signature words and marks that the author puts in, `shape` is length and phrase
structure, `manner` what the sentence now does. Off a plain and a styled sentence code reads the
line (`moves_between`); off a profile alone, what there is to choose from (`sheet_of`).
"""

import re
from collections.abc import Sequence
from typing import Literal

from engine.profile.advice import short_mark, telling_tags
from engine.profile.habits import MARKS
from engine.profile.parsing import Sentence, read_sentences
from engine.profile.plain import rule_kind, rule_kinds, short_name
from engine.profile.pragmatics import tag_names, tags_of
from engine.profile.productions import productions
from engine.text import count_words, tokens
from engine.types import StyleProfile
from engine.value import Language, Value

Part = Literal["words", "shape", "manner"]
PARTS: tuple[Part, ...] = ("words", "shape", "manner")

_LABELS: dict[Language, tuple[str, ...]] = {"en": PARTS, "zh": ("用词", "句式", "语气")}
_COMMAS: dict[Language, str] = {"en": ", ", "zh": "、"}
_LENGTHS: dict[Language, tuple[str, str, str]] = {
    "en": ("shorter", "same length", "longer"),
    "zh": ("更短", "一样长", "更长"),
}
_SHORTER, _LONGER = 0.8, 1.25
SIGN = "~"
"""What a line of moves begins with."""
_LABEL = "|".join(label for labels in _LABELS.values() for label in labels)
_LINE = re.compile(rf"{SIGN} ?((?:{_LABEL})[:：][^\n]*)")
_MOST_IN_SHEET = {"words": 8, "shape": 4, "manner": 3}
_MOST = {"words": 4, "shape": 3, "manner": 2}  # of one sentence


class Moves(Value):
    """What leads from a plain sentence to the author's; in a sheet, all there is to choose from."""

    words: tuple[str, ...] = ()
    shape: tuple[str, ...] = ()
    manner: tuple[str, ...] = ()

    def without(self, parts: Sequence[Part]) -> "Moves":
        """Return the same less some dimensions (the paper's ablations)."""
        return self.model_copy(update={part: () for part in parts})

    def line(self, language: Language) -> str:
        """Return "words: … | shape: … | manner: …"; "" where there is nothing to say."""
        found = zip(_LABELS[language], (self.words, self.shape, self.manner), strict=True)
        return " | ".join(
            f"{label}: {_COMMAS[language].join(said)}" for label, said in found if said
        )


def opened(line: str, part: Part, language: Language) -> str:
    """Return a line that goes on with the label of a dimension: "words: … | shape:"."""
    label = f"{_LABELS[language][PARTS.index(part)]}:"
    return f"{line} | {label}" if line else label


def signed(line: str) -> str:
    """Return a line of moves as it stands before a sentence or under a point: "~ words: …"."""
    return f"{SIGN} {line}" if line else ""


def unsigned(text: str) -> str | None:
    """Return the line of moves that a line of text is; None where it is none."""
    found = _LINE.fullmatch(text.strip())
    return found.group(1) if found else None


def answer(line: str, styled: str) -> str:
    """Return what the stylist answers: the moves on a line of their own, then the sentence."""
    return f"{signed(line)}\n{styled}" if line else styled


def bare_answer(content: str) -> str:
    """Return what a model says after moves of its own, "" where it says moves alone."""
    said = content.lstrip()
    return said.partition("\n")[2].lstrip(" \t\n") if said.startswith(SIGN) else content


def part_answer(content: str) -> tuple[str, str]:
    """Return an answer's line of moves with its line break, "" where it has none, and the rest."""
    line, broken, rest = content.partition("\n")
    return (line + broken, rest) if broken and _LINE.fullmatch(line) else ("", content)


def read_moves(line: str, language: Language) -> Moves:
    """Return what a line says; what has no known label is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for piece in line.split("|"):
        label, _, said = piece.replace("：", ":").partition(":")
        if label.strip() in _LABELS[language]:
            part = PARTS[_LABELS[language].index(label.strip())]
            named = (one.strip() for one in re.split("[,，、]", said))
            found[part] = tuple(dict.fromkeys(one for one in named if one))
    return Moves(**found)


def sensible(moves: Moves, sheet: Moves, language: Language) -> Moves:
    """Return what a model wrote, less what is not the author's or means nothing."""
    shapes = {*_LENGTHS[language], *(short_name("rules", k, language) for k in rule_kinds())}
    manners = {short_name("tags", name, language) for name in tag_names(language)}
    return Moves(
        words=tuple(one for one in moves.words if one in sheet.words)[: _MOST["words"]],
        shape=tuple(one for one in moves.shape if one in shapes)[: _MOST["shape"]],
        manner=tuple(one for one in moves.manner if one in manners)[: _MOST["manner"]],
    )


def sheet_of(profile: StyleProfile) -> Moves:
    """Return what sets an author apart: words and marks, phrase structure, what sentences do."""
    language = profile.language
    words = [*profile.active_words[: _MOST_IN_SHEET["words"]], *_marks(profile)]
    added = [*profile.added_tags, *(tag.name for tag in telling_tags(profile))]
    return Moves(
        words=tuple(dict.fromkeys(words)),
        shape=tuple(short_name("rules", kind, language) for kind in _kinds(profile))[
            : _MOST_IN_SHEET["shape"]
        ],
        manner=tuple(short_name("tags", name, language) for name in dict.fromkeys(added))[
            : _MOST_IN_SHEET["manner"]
        ],
    )


def moves_between(plain: str, styled: str, profile: StyleProfile) -> Moves:
    """Return what leads from a plain sentence to its author's."""
    language = profile.language
    before, after = (read_sentences([text], language) for text in (plain, styled))
    had, has = set(tokens(plain)), set(tokens(styled))
    words = [word for word in profile.active_words if word in has - had]
    shape = [k for k in _kinds(profile) if k in _found(after) - _found(before)]
    done = _tags(after, language) - _tags(before, language)
    manner = [name for name in tag_names(language) if name in done]
    names = [short_name("rules", kind, language) for kind in shape]
    return Moves(
        words=tuple([*words, *_new_marks(plain, styled, profile)][: _MOST["words"]]),
        shape=tuple([_length(plain, styled, language), *names][: _MOST["shape"]]),
        manner=tuple(short_name("tags", n, language) for n in manner)[: _MOST["manner"]],
    )


def followed(line: str, plain: str, styled: str, profile: StyleProfile) -> float:
    """Return the share of a line's moves that a wording makes, in [0, 1]; 1 where it has none."""
    planned = read_moves(line, profile.language)
    made, said = moves_between(plain, styled, profile), set(tokens(styled))
    kept = [
        *(word in made.words or word in said for word in planned.words),
        *(one in made.shape for one in planned.shape),
        *(one in made.manner for one in planned.manner),
    ]
    return sum(kept) / len(kept) if kept else 1.0


def _length(plain: str, styled: str, language: Language) -> str:
    ratio = count_words(styled, language) / max(1, count_words(plain, language))
    return _LENGTHS[language][(ratio >= _SHORTER) + (ratio > _LONGER)]


def _kinds(profile: StyleProfile) -> list[str]:
    """Return the kinds of phrase structure that the author uses more than others do."""
    found = (rule_kind(rule.name) for rule in profile.active_rules if rule.llr > 0)
    return list(dict.fromkeys(kind for kind in found if kind is not None))


def _found(sentences: Sequence[Sentence]) -> set[str]:
    kinds = (rule_kind(rule) for one in sentences for rule in productions(one))
    return {kind for kind in kinds if kind is not None}


def _tags(sentences: Sequence[Sentence], language: Language) -> set[str]:
    return {tag for sentence in sentences for tag in tags_of(sentence, language)}


def _favoured(profile: StyleProfile) -> list[str]:
    return [habit.name for habit in profile.active_habits if habit.rate > habit.reference_rate]


def _marks(profile: StyleProfile) -> list[str]:
    return [short_mark(name, profile.language) for name in _favoured(profile)]


def _new_marks(plain: str, styled: str, profile: StyleProfile) -> list[str]:
    """Return the author's marks of which the styled sentence has more."""
    more = {m.name for m in MARKS if len([*m.find(styled)]) > len([*m.find(plain)])}
    return [short_mark(name, profile.language) for name in _favoured(profile) if name in more]
