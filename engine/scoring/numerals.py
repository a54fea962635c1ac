"""Numbers in a text, normalised so that 十二, twelve, 12 and full-width １２ are one number."""

import re
import unicodedata

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_EN = {word: value for value, word in enumerate(_ONES.split())} | {
    word: 20 + 10 * place for place, word in enumerate(_TENS.split())
}
_ZH_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_ZH_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_ENGLISH = re.compile(
    r"\b(?P<tens>twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"[- ](?P<ones>one|two|three|four|five|six|seven|eight|nine)\b|\b(?P<plain>[a-z]+)\b"
)
_CHINESE = re.compile(
    r"[零〇一二两三四五六七八九十百千万]*[零〇一二两三四五六七八九十百千万](?P<tenths>成)?"
)
# 一 is mostly "a" or part of a word; alone it says nothing that could be wrong.
_ZH_TOO_COMMON = {"一", "万", "千", "百", "十", "两"}


_DOTTED_TIME = re.compile(r"\b(\d{1,2})\.([0-5]\d)(?=\s*[ap]\.?m\b)")
_WEEKDAY = re.compile("(?:周|週|星期|礼拜)([一二三四五六日天])")


def numbers(text: str, *, spelled: bool = True) -> set[str]:
    """Return the numbers of a text in plain digits; words and Han numerals too when `spelled`.

    Times are 7:30 however they are written, and Chinese weekdays count, as 周六.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    text = _DOTTED_TIME.sub(r"\1:\2", text)
    found = {_plain(match) for match in _DIGITS.findall(text)}
    found |= {"周" + day.replace("天", "日") for day in _WEEKDAY.findall(text)}
    text = _WEEKDAY.sub("", text)
    return found | _english(text) | _chinese(text) if spelled else found


def is_number(token: str) -> bool:
    """Tell whether a token is a number or part of one."""
    return token[0].isdigit() or token in _EN or token in _ZH_DIGITS or token in _ZH_UNITS


def _plain(digits: str) -> str:
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    if re.fullmatch(r"\d{1,2}:00", digits):
        digits = digits[:-3]
    if re.fullmatch(r"\d+\.\d+", digits):
        digits = digits.rstrip("0").rstrip(".")
    return digits.lstrip("0") or "0"


def _english(text: str) -> set[str]:
    found = set()
    for match in _ENGLISH.finditer(text):
        if match["tens"]:
            found.add(str(_EN[match["tens"]] + _EN[match["ones"]]))
        elif match["plain"] in _EN and match["plain"] != "one":
            found.add(str(_EN[match["plain"]]))
    return found


def _chinese(text: str) -> set[str]:
    found = set()
    for match in _CHINESE.finditer(text):
        run = match[0].rstrip("成")
        if run and run not in _ZH_TOO_COMMON:
            value = _han_value(run)
            found.add(str(value * 10 if match["tenths"] else value))
    return found


def _han_value(run: str) -> int:
    """Return the value of a Han numeral below 100 million; digit by digit without units."""
    if not any(c in _ZH_UNITS for c in run):
        return int("".join(str(_ZH_DIGITS[c]) for c in run))
    total, section, digit = 0, 0, 0
    for char in run:
        if char == "万":
            total, section, digit = (total + section + digit) * 10_000 or 10_000, 0, 0
        elif char in _ZH_UNITS:
            section, digit = section + (digit or 1) * _ZH_UNITS[char], 0
        else:
            digit = _ZH_DIGITS[char]
    return total + section + digit
