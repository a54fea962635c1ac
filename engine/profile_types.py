"""The nouns of a style profile: what was found in the samples, and what the writer changed."""

import hashlib
from typing import Literal

from pydantic import Field

from engine.value import Language, Share, Value

TraitLevel = Literal[1, 2, 3]
"""How much of a trait: a little, clearly, as much as the facts allow."""


class StyleSample(Value):
    """One text by the author; `title` is a file name or the first words."""

    title: str
    text: str

    @property
    def id(self) -> str:
        """The content address of its text, by which adapters name what they learned from."""
        return f"s1-{hashlib.sha256(self.text.encode()).hexdigest()[:32]}"


class SignatureWord(Value):
    """A word the author uses more than others do.

    `pmi` is log2 of p(word | author) / p(word), smoothed; `score` is TF-PMI = (1 + ln count) · pmi
    (Structured Style-Rewrite); `example` is a sentence of the samples that holds the word.
    """

    word: str
    count: int
    pmi: float
    score: float
    example: str


class Habit(Value):
    """A mark, emoji or layout habit: how often per 100 words, against the reference.

    `name` is a stable key ("exclamation", "em_dash", "emoji", "hashtag", "bullet", …).
    """

    name: str
    mark: str
    rate: float
    reference_rate: float
    example: str


class ShapeMetrics(Value):
    """Sentence and paragraph shape. Lengths are in words (Han characters count one each).

    `sentence_lengths` are those of all the samples' sentences, in order, for the plot.
    """

    sentence_mean: float
    sentence_spread: float
    sentence_lengths: tuple[int, ...]
    paragraph_sentences: float
    text_words: float
    question_share: Share
    exclamation_share: Share
    vocabulary_richness: Share
    contraction_rate: float
    first_person_rate: float
    second_person_rate: float


class SyntaxRule(Value):
    """A phrase-structure production, such as "NP → DT JJ NN", that the author over- or underuses.

    `llr` is the log-likelihood ratio against the reference, negative where the author uses the rule
    less; `ratio` is p(rule | head) of the author over the reference's, both given the same head.
    """

    name: str
    count: int
    llr: float
    ratio: float
    example: str


class SyntaxMetrics(Value):
    """The dense metrics of the sentences. None: the language's tools cannot measure it.

    `dependency_distance` is the mean number of words from a word to the one it depends on,
    `verb_noun_ratio` verbs to nouns, `marker_density` the share of sentences that begin or end with
    a discourse marker, `punctuation_rate` marks per 100 words.
    """

    dependency_distance: float | None = None
    verb_noun_ratio: float | None = None
    question_ratio: Share | None = None
    imperative_ratio: Share | None = None
    exclamation_ratio: Share | None = None
    fragment_ratio: Share | None = None
    marker_density: Share | None = None
    sentence_words: float | None = None
    punctuation_rate: float | None = None


class PragmaticTag(Value):
    """What sentences do (ask, order, hedge, thank …): the share of sentences that do it.

    `name` is a stable key; `examples` are sentences of the samples, none where `rate` is 0.
    """

    name: str
    rate: Share
    reference_rate: Share
    examples: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What `struck` calls it: habits have names such as "question" too."""
        return f"tag:{self.name}"


def _is_empty(found: object) -> bool:
    return found is None or found == ()


class TraitWish(Value):
    """A trait that a style, or one rewriting, is to have, and how much of it (engine/trait.py)."""

    name: str
    level: TraitLevel = 2


class StyleProfile(Value):
    """What was found in the samples, and what the writer changed about it.

    `struck` are names of words, habits and rules and keys of tags that the writer struck out,
    `added_words` and `added_tags` (names) what they added, `guidance` a sentence or two of their
    own, `never` what must not come, `trait` what every note is to be; prompt and scorer follow
    them all. `syntax` is None where no parser is at hand.
    `version` counts from 1 for each style; a note keeps the digest of the version it used. What
    came later is left out of the digest while it is empty: older profiles keep their addresses.
    """

    name: str
    version: int = 1
    language: Language
    samples: tuple[StyleSample, ...]
    words: tuple[SignatureWord, ...]
    habits: tuple[Habit, ...]
    shape: ShapeMetrics
    rules: tuple[SyntaxRule, ...] = Field(default=(), exclude_if=_is_empty)
    syntax: SyntaxMetrics | None = Field(default=None, exclude_if=_is_empty)
    tags: tuple[PragmaticTag, ...] = Field(default=(), exclude_if=_is_empty)
    struck: tuple[str, ...] = ()
    added_words: tuple[str, ...] = ()
    added_tags: tuple[str, ...] = Field(default=(), exclude_if=_is_empty)
    guidance: str = ""
    never: tuple[str, ...] = Field(default=(), exclude_if=_is_empty)
    trait: TraitWish | None = Field(default=None, exclude_if=_is_empty)
    confidence: Literal["low", "fair", "good"]

    @property
    def active_words(self) -> tuple[str, ...]:
        """The words in force: those found less those struck out, then those added."""
        found = tuple(w.word for w in self.words if w.word not in self.struck)
        return found + tuple(w for w in self.added_words if w not in found)

    @property
    def active_habits(self) -> tuple[Habit, ...]:
        """The habits in force: those found less those struck out."""
        return tuple(h for h in self.habits if h.name not in self.struck)

    @property
    def active_rules(self) -> tuple[SyntaxRule, ...]:
        """The productions in force: those found less those struck out."""
        return tuple(r for r in self.rules if r.name not in self.struck)

    @property
    def active_tags(self) -> tuple[PragmaticTag, ...]:
        """The tags in force: those found less those struck out."""
        return tuple(t for t in self.tags if t.key not in self.struck)
