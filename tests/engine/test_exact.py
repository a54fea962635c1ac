"""Exact checks: one wrong number, name, unit or negation never scores high; honest notes pass."""
# Patterns and sentences are easier to read in one piece.
# ruff: noqa: E501

import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pytest

from engine.models.embedder import MiniLMEmbedder
from engine.scoring.faithfulness import faithful
from engine.scoring.quantities import quantities
from tests.engine.faithful_notes import CHINESE, ENGLISH, Told

_OTHER_NAMES = ("Mira", "Gregor", "Quentin", "Salome", "Brandt", "Yusuf", "Delphine", "Corwin")
_OTHER_HAN = {"王老师": ("赵老师", "孙老师", "钱老师"), "张医生": ("刘医生", "陈医生", "吴医生"),
              "李阿姨": ("周阿姨", "何阿姨", "马阿姨"), "《晨雾》": ("《夜雨》", "《春雪》", "《晚风》")}  # fmt: skip
_UNITS = (
    ("km", "miles"), ("miles", "km"), ("euros", "dollars"), ("minutes", "hours"), ("hours", "days"),
    ("kg", "pounds"), ("metres", "feet"), ("tonnes", "kilos"), ("days", "weeks"), ("£", "$"),
    ("$", "€"), (" g ", " kg "), ("30%", "30 euros"), ("公里", "英里"), ("元", "欧元"), ("分钟", "小时"),
    ("斤", "公斤"),
)  # fmt: skip
_SPELLED = ("three", "four", "six", "nine", "forty", "seven")
_HAN_SPELLED = ("六", "九", "十二", "两")
_CHANGES = 5


def _numbers(note: str) -> list[re.Match[str]]:
    spelled = "|".join((*_SPELLED, *_HAN_SPELLED))
    return list(
        re.finditer(rf"\d+(?:,\d{{3}})*|\b(?:{'|'.join(_SPELLED)})\b|(?:{spelled})(?=[元斤])", note)
    )


def _values(word: str) -> set[str]:
    return {q.value for q in quantities(word if word.isascii() else word + "斤")}


def _other_number(said: str, draw: random.Random, source: str) -> str:
    known = {q.value for q in quantities(source)} | set(re.findall(r"\d+", source))
    if not said[0].isdigit():
        pool = _HAN_SPELLED if said[0] >= "\u4e00" else _SPELLED
        told = {q.value for q in quantities(source)}
        return draw.choice([w for w in pool if not told & _values(w)])
    value = int(said.replace(",", ""))
    near = [value + step for step in (-9, -4, -3, -2, -1, 1, 2, 3, 5, 7, 10)]
    free = [n for n in near if n > 1 and str(n) not in known and n % 12 != value % 12]
    return str(draw.choice(free or [value + 13]))


def _changed(told: Told, draw: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (kind, note) with one thing wrong in each."""
    note = told.note
    found = _numbers(note)
    for match in found:
        for _ in range(_CHANGES):
            other = _other_number(match[0], draw, told.source)
            yield "number", note[: match.start()] + other + note[match.end() :]
    for one, two in combinations(found, 2):
        swapped = note[: one.start()] + two[0] + note[one.end() : two.start()] + one[0]
        yield "swap", swapped + note[two.end() :]
    for name in told.names:
        for other in draw.sample(_OTHER_HAN.get(name, _OTHER_NAMES), 3):
            yield "name", note.replace(name, other)
    if len(told.names) == 2:
        first, second = told.names
        yield "exchange", note.replace(first, "\0").replace(second, first).replace("\0", second)
    for old, new in _UNITS:
        if old in note:
            yield "unit", note.replace(old, new, 1)
    yield from (("negation", note.replace(old, new)) for old, new in told.turned)


def _perturbed() -> list[tuple[str, str, Told]]:
    draw = random.Random(11)
    made = {
        (kind, note, told) for told in (*ENGLISH, *CHINESE) for kind, note in _changed(told, draw)
    }
    return sorted(row for row in made if row[1] != row[2].note)


def test_one_wrong_detail_scores_low_however_true_the_rest_is() -> None:
    every = _perturbed()
    passed = [
        (kind, note, told.source)
        for kind, note, told in every
        if faithful(note, told.source, None)[0] >= 0.5
    ]

    assert len(every) >= 500
    assert len(passed) <= 0.05 * len(every), passed
    # Of no kind are more than a third missed.
    counts, missed = Counter(kind for kind, *_ in every), Counter(kind for kind, *_ in passed)
    assert {kind: n for kind, n in missed.items() if 3 * n > counts[kind]} == {}


def test_faithful_notes_have_nothing_to_object_to() -> None:
    wrong = {
        told.note: found
        for told in (*ENGLISH, *CHINESE)
        if (found := faithful(told.note, told.source, None)[1])
        and any(":" in span.note or span.note == "negation" for span in found)
    }
    assert len(ENGLISH) + len(CHINESE) >= 40
    assert wrong == {}


@pytest.mark.real
def test_faithful_notes_score_high() -> None:
    embedder = MiniLMEmbedder(threads=1)
    scores = [faithful(t.note, t.source, embedder)[0] for t in ENGLISH]
    scores += [faithful(t.note, t.source, None)[0] for t in CHINESE]
    assert sum(score >= 0.5 for score in scores) >= 0.9 * len(scores)
