"""Numbers in a text, in digits or in the words of any century: 25, twenty-five, five and twenty.

A reader of our own voices, not of people's texts: it takes every way to read a run of number words,
so that a number is missing only where nothing can mean it.
"""

import re

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: value for value, word in enumerate(_ONES.split())}
_WORDS |= {word: 20 + 10 * place for place, word in enumerate(_TENS.split())}
_WORDS |= {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
_WORDS |= {"twice": 2, "thrice": 3, "ninepenny": 9}
_MULTIPLES = {"hundred": 100, "thousand": 1000}
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")


def numbers_told(text: str) -> set[str]:
    """Return every number that a text may be read to tell; times as 7:30."""
    text = text.lower()
    return {_plain(digits) for digits in _DIGITS.findall(text)} | _spelled(text)


def _plain(digits: str) -> str:
    digits = re.sub(r",(?=\d{3})", "", digits)
    return re.sub(r"^0?(\d+)[.:](\d\d)$", r"\1:\2", digits)


def _spelled(text: str) -> set[str]:
    found: set[int] = set()
    thousands = run = 0
    for word in [*re.findall(r"[a-z]+", text), ""]:
        value = _value(word)
        if word == "thousand":
            thousands, run = thousands + max(run, 1) * 1000, 0
        elif word in _MULTIPLES:
            run = max(run, 1) * _MULTIPLES[word]
        elif value is not None:
            found |= {value, thousands + run}
            run = run + value if _goes_on(run % 100, value) else value
        else:
            found.add(thousands + run)
            if word not in {"and", "a"}:
                thousands = run = 0
    return {str(number) for number in found if number}


def _goes_on(below: int, value: int) -> bool:
    """Tell whether a value can follow what stands below the hundred: twenty + five."""
    ones, tens = sorted((below, value))
    return below == 0 or (ones < 10 and tens >= 20 and tens % 10 == 0)


def _value(word: str) -> int | None:
    stem = word.removesuffix("th")
    return next((_WORDS[w] for w in (word, stem, stem[:-2] + "y") if w in _WORDS), None)
