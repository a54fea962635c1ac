"""Rough notes of an author's own sentence: the question to which that sentence is the answer.

Shown before each of the author's sentences, they teach a small model by example to turn notes into
this author's prose (the pairs are made by code, since a small model cannot be trusted to make a
neutral version; compare the neutral-to-styled pairs of Structured Style-Rewrite).
"""

import re

from engine.keeping import GRAMMAR_WORDS
from engine.text import count_words, sentences
from engine.types import Language

_GRAMMAR_ZH = re.compile("[的了着过吗呢吧啊呀嘛就也都还又很把被在是与和及]")
_WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")
_PIECE_WORDS = (8, 45)


def rough_notes(text: str, language: Language) -> str:
    """Return the content words of a text in order, comma-separated, each once."""
    if language == "zh":
        clauses = re.split(r"[，。！？；：、,.!?;:\s“”「」『』]+", text)
        return "，".join(dict.fromkeys(c for c in (_GRAMMAR_ZH.sub("", x) for x in clauses) if c))
    words = (w for w in _WORD.findall(text) if w.lower() not in GRAMMAR_WORDS)
    return ", ".join(dict.fromkeys(words))


def pieces(sample: str, language: Language) -> list[str]:
    """Cut a sample into runs of one or two sentences, 8 to 45 words each."""
    least, most = _PIECE_WORDS
    joint = "" if language == "zh" else " "
    found: list[str] = []
    current = ""
    for sentence in sentences(sample):
        longer = f"{current}{joint}{sentence}" if current else sentence
        if current and count_words(longer, language) > most:
            found.append(current)
            longer = sentence
        current = longer
        if count_words(current, language) >= least * 2:
            found.append(current)
            current = ""
    if current and (not found or count_words(current, language) >= least):
        found.append(current)
    return [p for p in found if count_words(p, language) <= most * 2]
