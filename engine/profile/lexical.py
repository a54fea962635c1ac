"""The lexical signature: words the author uses more than others do, by TF-PMI.

Method: Structured Style-Rewrite (arXiv 2603.05933), with two guards of our own against topic words,
which any PMI loves: names and numbers are left out, and where there are three samples or more a
word must stand in two of them, in three where there are nine or more.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from engine.profile.reference import Reference
from engine.text import sentences, tokens
from engine.types import Language, SignatureWord

TOP = 25
AUTHOR_SHARE = 1 / 3
"""Weight of the author in p(word): the reference counts twice the author's size (paper's rule)."""
_MAX_FREQUENCY = 0.1
_MIN_AUTHOR_FREQUENCY = 0.0005
_PARTICLES = frozenset("吧呢啊嘛呀哦啦呗喔哈嗯唉哎咯罢矣焉耳哉乎亦甚颇")
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_SPACES = re.compile(r"\s+")


def words_of(text: str, language: Language) -> list[str]:
    """Return the words of `text`: tokens of English, rjieba's segments of Chinese."""
    if language == "en":
        return tokens(text)
    import rjieba  # loads its dictionary: a second that English writers need not wait

    return [word.lower() for word in rjieba.cut(text) if any(c.isalnum() for c in word)]


def pmi(count: int, total: int, reference_frequency: float) -> float:
    """Return log2 p(word | author) / p(word), p(word) a mixture of author and reference.

    The mixture smooths: a word that the reference lacks gets log2 3 at most.
    """
    own = count / total
    everybody = AUTHOR_SHARE * own + (1 - AUTHOR_SHARE) * reference_frequency
    return math.log2(own / everybody)


def tf_pmi(count: int, value: float) -> float:
    """Return (1 + ln count) · PMI."""
    return (1 + math.log(count)) * value


def signature_words(
    samples: Sequence[str], language: Language, reference: Reference, stop_words: frozenset[str]
) -> list[SignatureWord]:
    """Return the author's words, the most telling first, `TOP` at most."""
    by_sample = [words_of(sample, language) for sample in samples]
    counts = Counter(word for words in by_sample for word in words)
    spread = Counter(word for words in by_sample for word in set(words))
    total = sum(counts.values())
    least = 2 if total < 2_000 else 3
    wide = min(3, max(2, len(samples) // 3)) if len(samples) >= 3 else 1
    names = _names(samples) if language == "en" else frozenset()
    found = []
    for word, count in counts.items():
        if count < least or spread[word] < wide or word in names:
            continue
        if not _may_sign(word, language, stop_words) or count / total < _MIN_AUTHOR_FREQUENCY:
            continue
        usual = reference.frequency(word)
        value = pmi(count, total, usual)
        if usual <= _MAX_FREQUENCY and value > 0:
            found.append((tf_pmi(count, value), word, count, value))
    found.sort(key=lambda row: (-row[0], row[1]))
    examples = _examples(samples, [word for _, word, _, _ in found[:TOP]], language)
    return [
        SignatureWord(
            word=word,
            count=count,
            pmi=round(value, 3),
            score=round(score, 3),
            example=examples[word],
        )
        for score, word, count, value in found[:TOP]
    ]


def _may_sign(word: str, language: Language, stop_words: frozenset[str]) -> bool:
    if word in stop_words | _ORDINALS or any(c.isdigit() for c in word):
        return False
    if language == "zh":
        return len(word) > 1 or word in _PARTICLES
    head, apostrophe, _ = word.partition("'")
    return len(head) > 1 and not (apostrophe and (head in stop_words or head.endswith("n")))


def _names(samples: Sequence[str]) -> frozenset[str]:
    """Return words that are capitalised in the middle of sentences nearly every time."""
    upper: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    for sample in samples:
        for sentence in sentences(sample):
            for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", sentence)[1:]:
                (lower if word[0].islower() or word.isupper() else upper)[tokens(word)[0]] += 1
    return frozenset(word for word, count in upper.items() if count > 2 * lower[word])


def _examples(samples: Sequence[str], words: Sequence[str], language: Language) -> dict[str, str]:
    """Return a short sentence for each word, a different one each time where there are enough."""
    everything = [
        (s, frozenset(words_of(s, language))) for text in samples for s in sentences(text)
    ]
    chosen: dict[str, str] = {}
    for word in words:
        holding = [sentence for sentence, held in everything if word in held]
        # What is too short shows the word without its use.
        holding.sort(key=lambda s: (s in chosen.values(), len(s) < 4 * len(word), len(s)))
        chosen[word] = holding[0] if holding else ""
    return {word: _SPACES.sub(" ", sentence)[:200] for word, sentence in chosen.items()}
