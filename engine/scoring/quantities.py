"""Quantities in a text, normalised: numbers with units, dates, times of day, days of the week.

30 %, thirty percent, 三成 and 百分之三十 are one; so are 5 May, May 5th, 五月五日 and 2026-05-05 less its
year, and half past seven, 7.30 and 19:30 less the half of the day. Figures may be full-width.
"""
# Patterns and sentences are easier to read in one piece.
# ruff: noqa: E501

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from engine.scoring.units import UNIT_OF
from engine.text import words_set

Kind = Literal["number", "date", "month", "time", "weekday", "code", "fraction"]


Read: TypeAlias = Iterator[tuple[Kind, str, str]]


class Quantity(NamedTuple):
    """A quantity: what it is, as one value, in which unit ("" for none), and where it stands."""

    kind: Kind
    value: str
    unit: str
    shown: str
    start: int
    end: int


_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = {word: n for n, word in enumerate(_ONES)} | {w: 10 * n for n, w in enumerate(_TENS, 2)}
_SCALE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "dozen": 12}
_SHORT = {"k": 1000, "bn": 10**9, "mn": 10**6, "m": 10**6, "万": 10**4, "亿": 10**8, "千": 1000}
_ORDINALS = {
    word: n
    for n, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
        ],
        1,
    )
} | {"twentieth": 20, "thirtieth": 30, "fiftieth": 50, "hundredth": 100}
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_HAN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 10**8}
# Runs of Han numerals that are words, not numbers.
_HAN_WORDS = words_set(
    "一 万 千 百 十 两 亿 千万 万一 一一 三三两两 万千 百千 千百 一二 再三 一万一"
)
_MEASURE = "个人名位只张把天次年本块条件间棵杯碗小公岁周场回页支封件斤里枚瓶艘头辆"

_HAN = "零〇一二两三四五六七八九十百千万亿"
_WORD = rf"(?:{'|'.join(sorted([*_SMALL, *_SCALE], key=len, reverse=True))})"
_SPELLED = rf"\b(?:an? (?=hundred|thousand|million|dozen))?{_WORD}(?:[ -]{_WORD}|(?:(?<=hundred)|(?<=thousand)) and {_WORD})*\b"
_FIGURES = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALED = r"(?:\s?(?:hundred|thousand|million|billion|dozen)\b|(?:k|bn|mn)\b|\s?[万亿千])?"
_NUMBER = rf"(?:(?:{_FIGURES}){_SCALED}|{_SPELLED}|[{_HAN}]+)"
_MONTH = rf"(?:{'|'.join(MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
_NTH = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|(?:twenty-|thirty-)?(?:{'|'.join(_ORDINALS)}))"
_LATIN_UNITS = "|".join(
    sorted((re.escape(u) for u in UNIT_OF if u.isascii() and u[0].isalpha()), key=len, reverse=True)
)
_OTHER_UNITS = "|".join(
    sorted((re.escape(u) for u in UNIT_OF if not u[0].isascii() or u == "%"), key=len, reverse=True)
)
_HALF = r"(?P<half>a\.?m\b\.?|p\.?m\b\.?)"
_HAN_NUMBER = rf"(?:\d+|[{_HAN}]+)"
_PART = "(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上|夜里|晚|早)?"

# In the order in which they are looked for; what one has taken no later one sees.
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("iso", r"(?<!\d)(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)"),
    ("slash", r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<y>\d{4}|\d{2}))?(?![\d/])"),
    ("date", rf"(?:(?P<y>[\d零〇一二三四五六七八九]{{4}})年)?(?P<m>{_HAN_NUMBER})月(?P<d>{_HAN_NUMBER})[日号]"),
    ("date", rf"(?:\bthe )?\b(?P<d>{_NTH}) (?:of )?(?P<m>{_MONTH})(?:,? (?P<y>\d{{4}})\b)?"),
    ("date", rf"\b(?P<m>{_MONTH}) (?:the )?(?P<d>{_NTH})\b(?!:)(?:,? (?P<y>\d{{4}})\b)?"),
    ("month", rf"(?P<m>{_HAN_NUMBER})月(?:份)?"),
    ("month", rf"\b(?P<m>{_MONTH})(?: (?P<y>\d{{4}})\b)?"),
    ("past", rf"\b(?P<n>half|quarter|{_SPELLED}|\d+)(?: minutes)? (?P<way>past|to) (?P<h>{_SPELLED}|\d{{1,2}})\b"),
    ("time", rf"(?<![\d.:])(?P<h>\d{{1,2}})[:.](?P<n>[0-5]\d)\s?{_HALF}"),
    ("time", r"(?<![\d.:])(?P<h>\d{1,2}):(?P<n>[0-5]\d)(?![\d:])"),
    ("time", rf"\b(?P<h>\d{{1,2}}|{_SPELLED})\s?{_HALF}"),
    ("time", rf"\b(?P<h>\d{{1,2}}|{_SPELLED}) o['’]?clock"),
    ("time", rf"{_PART}(?P<h>{_HAN_NUMBER})[点點时](?!钟头|候|间)(?:钟|整)?(?P<n>半|{_HAN_NUMBER}|[一三]刻)?(?:分(?!钟|之))?"),
    ("noon", r"\b(?P<at>noon|midday|midnight)\b|(?P<han>正午|午夜)"),
    ("weekday", r"(?:周|週|星期|礼拜)(?P<han>[一二三四五六日天])"),
    ("weekday", rf"\b(?P<day>{'|'.join(DAYS)})s?\b"),
    ("share", rf"百分之(?P<v>{_HAN_NUMBER}(?:\.\d+)?)"),
    ("tenths", rf"(?P<v>{_HAN_NUMBER})成(?![为功就立员长熟果都本人])"),
    ("money", rf"(?P<u>[€$£¥])\s?(?P<v>{_FIGURES})(?P<s>\s?(?:million|billion|thousand)\b|(?:k|m|bn|mn)\b)?"),
    ("fraction", r"\b(?:one|two|three|a)[ -](?:half|third|quarter|fifth)s?\b|[一二三四]分之一|一半"),
    ("ordinal", rf"\b(?P<v>\d+)(?:st|nd|rd|th)\b|第(?P<han>{_HAN_NUMBER})"),
    ("ordinal", rf"\b(?P<word>(?:twenty-|thirty-)?(?:{'|'.join(_ORDINALS)}))\b(?!-)"),
    ("code", r"\b[a-z]+-?\d\w*(?:\.\d+)*"),
    ("number", rf"(?P<v>{_NUMBER})(?:(?:[ -]|个)?(?P<u>(?:{_LATIN_UNITS})s?(?![\w'])|{_OTHER_UNITS}))?"),
    ("code", r"\b\d+[a-z]\w*"),
)  # fmt: skip
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _PATTERNS)


@lru_cache(maxsize=4096)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the quantities of a text in order; places are in `plain(text)`."""
    shown, text = _tidy(text), plain(text)
    taken = bytearray(len(text))
    found: list[Quantity] = []
    for name, pattern in _COMPILED:
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            said = shown if len(shown) == len(text) else text
            made = list(_read(name, match, said))
            if made:
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                found += made
    return tuple(sorted(found, key=lambda q: (q.start, q.kind)))


def plain(text: str) -> str:
    """Return a text in lower case with half-width figures and straight apostrophes."""
    return _tidy(text).lower()


def _tidy(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("–", "-")
    return re.sub(r"(?<=ty) - (?=[a-z])", "-", text)


def _read(name: str, match: re.Match[str], shown: str) -> Iterator[Quantity]:
    """Yield what a match says: nothing where it is no quantity after all."""
    for kind, value, unit in _READERS[name](match):
        start, end = match.span()
        yield Quantity(kind, value, unit, shown[start:end].strip(), start, end)


def value_of(said: str) -> float | None:
    """Return the value of a number in figures, English words or Han numerals; None for no number."""
    said = said.strip()
    figures = re.match(_FIGURES, said)
    if figures:
        rest = said[figures.end() :].strip()
        return float(figures[0].replace(",", "")) * (_SCALE | _SHORT).get(rest, 1)
    return float(_han(said)) if said and said[0] in _HAN else _english(said)


def _english(said: str) -> float | None:
    total, section = 0.0, 0.0
    words = [w for w in re.split(r"[ -]+", said) if w not in {"and", "a", "an", ""}]
    for word in words:
        if word in _SMALL:
            section += _SMALL[word]
        elif word in {"hundred", "dozen"}:
            section = (section or 1) * _SCALE[word]
        elif word in _SCALE:
            total, section = total + (section or 1) * _SCALE[word], 0.0
        else:
            return None
    return total + section if words else None


def _han(run: str) -> int:
    """Return the value of a Han numeral; digit by digit without units."""
    if not any(c in _HAN_UNITS for c in run):
        return int("".join(str(_HAN_DIGITS[c]) for c in run))
    total, section, digit = 0, 0, 0
    for char in run:
        if char in "万亿":
            total, section, digit = (total + section + digit or 1) * _HAN_UNITS[char], 0, 0
        elif char in _HAN_UNITS:
            section, digit = section + (digit or 1) * _HAN_UNITS[char], 0
        else:
            digit = _HAN_DIGITS[char]
    return total + section + digit


def written(value: float) -> str:
    """Return a value in figures, as short as it goes."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


# ------------------------------------------------------------------ readers, one a pattern


def _day(said: str) -> int:
    figures = re.match(r"\d+", said)
    return int(figures[0]) if figures else _ordinal(said)


def _ordinal(word: str) -> int:
    tens, _, ones = word.rpartition("-")
    return {"twenty": 20, "thirty": 30}.get(tens, 0) + _ORDINALS[ones]


def _month_number(said: str) -> int:
    value = value_of(said)
    if value is not None:
        return int(value)
    return next(n for n, month in enumerate(MONTHS, 1) if month.startswith(said[:3]))


def _date_parts(month: int, day: int, year: str | None) -> Read:
    if 1 <= month <= 12 and 1 <= day <= 31:
        yield "date", f"{month}-{day}", ""
        if year:
            yield "number", written(value_of(year) or 0), ""


def _read_date(match: re.Match[str]) -> Read:
    said = match["d"]
    day = value_of(said) if said[0] in _HAN else _day(said)
    return _date_parts(_month_number(match["m"]), int(day or 0), match["y"])


def _read_slash(match: re.Match[str]) -> Read:
    first, second, year = int(match["a"]), int(match["b"]), match["y"]
    if year is None and first != second and max(first, second) <= 12:
        return iter(())  # 5/6 may be a date, a score or a share
    month, day = (first, second) if second > 12 else (second, first)
    if first <= 12 and second <= 12 and first != second:
        return iter(())
    return _date_parts(month, day, year)


def _read_month(match: re.Match[str]) -> Read:
    if match[0] in {"may", "march", "mar", "dec", "jan"}:
        # Verbs and names unless a preposition of time stands before them.
        before = match.string[max(0, match.start() - 8) : match.start()]
        if not re.search(r"\b(?:in|of|since|until|by|from|to|and|during|this|last|next) $", before):
            return
    month = _month_number(match["m"])
    if 1 <= month <= 12:
        yield "month", str(month), ""
    if match.groupdict().get("y"):
        yield "number", match["y"], ""


def clock(hours: int, minutes: int, half: str) -> str:
    """Return a time as minutes of half a day, and which half ("" where nobody says)."""
    if hours > 12 or (hours == 0 and not half):
        half = "pm" if hours > 12 else "am"
    return f"{hours % 12 * 60 + minutes}{half}"


def _read_past(match: re.Match[str]) -> Read:
    minutes = {"half": 30.0, "quarter": 15.0}.get(match["n"], value_of(match["n"]))
    hours = value_of(match["h"])
    if minutes is None or hours is None or minutes >= 60 or hours > 12:
        return
    if match["way"] == "to":
        if match["n"] != "quarter" and match["h"].isdigit():
            return  # 5 to 10 is a range
        if match["n"] not in {"quarter", "ten", "five", "twenty", "twenty-five"}:
            return
        hours, minutes = (hours - 1) % 12, 60 - minutes
    yield "time", clock(int(hours) or 12, int(minutes), ""), ""


_PARTS = {"凌晨": "am", "早上": "am", "上午": "am", "早": "am"}


def _read_time(match: re.Match[str]) -> Read:
    parts = match.groupdict()
    hours, said = value_of(match["h"]), parts.get("n")
    if said in {"半", "一刻", "三刻"}:
        minutes = {"半": 30.0, "一刻": 15.0, "三刻": 45.0}[said]
    else:
        minutes = (value_of(said) if said else 0.0) or 0.0
    if hours is None or hours > 24 or minutes >= 60 or match["h"] == "一":
        return
    half = (parts.get("half") or "").replace(".", "")
    if parts.get("part"):
        half = _PARTS.get(parts["part"] or "", "pm")
    yield "time", clock(int(hours), int(minutes), half), ""


def _read_weekday(match: re.Match[str]) -> Read:
    parts = match.groupdict()
    if parts.get("han"):
        yield "weekday", DAYS["一二三四五六日".index(match["han"].replace("天", "日"))], ""
    else:
        yield "weekday", match["day"], ""


def _read_number(match: re.Match[str]) -> Read:
    said, unit = match["v"], match["u"]
    after = match.string[match.end("v") : match.end("v") + 1]
    wordy = said in _HAN_WORDS or (said == "四" and after in "处周面季")
    if said[0] in _HAN and wordy and not (said == "两" and after and after in _MEASURE):
        return
    if said[0].isdigit() and unit is None and re.match(r"[a-z]", after):
        return  # 12b is a code
    value = value_of(said)
    if value is not None:
        yield "number", written(value), _unit(unit) if value < 1000 or unit != "年" else ""


def _unit(said: str | None) -> str:
    if said is None:
        return ""
    return UNIT_OF.get(said) or UNIT_OF.get(said.removesuffix("s"), "")


def _read_money(match: re.Match[str]) -> Read:
    scale = (_SCALE | _SHORT).get((match["s"] or "").strip(), 1)
    yield "number", written((value_of(match["v"]) or 0.0) * scale), UNIT_OF[match["u"]]


def _read_ordinal(match: re.Match[str]) -> Read:
    parts = match.groupdict()
    said = parts.get("v") or parts.get("han")
    value = value_of(said) if said else float(_ordinal(match["word"]))
    if value is not None:
        yield "number", written(value), "th"


def _read_share(match: re.Match[str]) -> Read:
    value = value_of(match["v"])
    if value is not None:
        yield "number", written(value), "%"


def _read_tenths(match: re.Match[str]) -> Read:
    value = value_of(match["v"])
    if value is not None and value <= 10:
        yield "number", written(10 * value), "%"


_READERS: dict[str, Callable[[re.Match[str]], Read]] = {
    "iso": lambda m: _date_parts(int(m["m"]), int(m["d"]), m["y"]),
    "slash": _read_slash,
    "date": _read_date,
    "month": _read_month,
    "past": _read_past,
    "time": _read_time,
    "noon": lambda m: iter([("time", "0am" if m["at"] == "midnight" or m["han"] == "午夜" else "0pm", "")]),
    "weekday": _read_weekday,
    "share": _read_share,
    "tenths": _read_tenths,
    "money": _read_money,
    "fraction": lambda m: iter([("fraction", m[0], "")]),
    "ordinal": _read_ordinal,
    "code": lambda m: iter([("code", m[0].replace("-", ""), "")]),
    "number": _read_number,
}  # fmt: skip
