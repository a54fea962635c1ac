"""The one scorer: every measure of a text behind one call.

It serves the gate now and, later, the style filter, the pair builder, the promotion gate and the
reward of the prompt search. VSS is the Valid Style Score of Structured Style-Rewrite (arXiv
2603.05933) with its soft gate: style, or a tenth of it where the meaning was lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from engine.protocols import ClaimChecker, Embedder
from engine.scoring.copying import RUN, copied
from engine.scoring.facts import find_facts
from engine.scoring.faithfulness import faithful
from engine.scoring.meaning import GATE, meaning
from engine.scoring.never import find_never
from engine.scoring.slop import find_slop, load_phrases
from engine.scoring.striking import without_struck
from engine.scoring.style import style, weights_for
from engine.text import count_words
from engine.types import Language, Scores, Span, StyleProfile, StyleSample

VERSION = "3"
SOFT_GATE = 0.1
READ = 30_000
"""Characters of a text or a sample that style, meaning, faithful and slop read, from the start."""
READ_SOURCE = 100_000
"""Characters of a source or of knowledge that are read."""
STYLE_WORDS = 5
"""A text of fewer words has no style that could be measured."""


@dataclass(frozen=True)
class NoteScorer:
    """Scores notes with classic measures and an embedder; loads no model of its own.

    `phrases` are the stock phrases by language, where they are not the list that ships; `checker`
    reads claims in any language that it knows, where there is one.
    """

    embedder: Embedder
    phrases: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    checker: ClaimChecker | None = None

    def score(
        self,
        text: str,
        *,
        language: Language,
        samples: Sequence[str] = (),
        source: str | None = None,
        facts: Sequence[str] = (),
        words: int | None = None,
        knowledge: str | None = None,
        profile: StyleProfile | None = None,
    ) -> Scores:
        """Return every score whose inputs are given; None for the others.

        A text, source or sample without a word counts as not given.
        """
        titled = _titled([s for s in samples if count_words(s, language)], profile)
        size = count_words(text, language)
        source, knowledge = _told(source, language), _told(knowledge, language)
        whole, text = text, text[:READ]
        told = "\n".join([source or "", *facts])
        share, copies = copied(whole, titled, told, language) if titled and size else (None, ())
        found, places = find_facts(facts, whole)
        supported, claims = self._faithful(text, source, language)
        factual, _ = self._faithful(text, knowledge, language)
        fit = [s.text[:READ] for s in titled] if size >= STYLE_WORDS else []
        closeness = _closeness(text, fit, language, profile)
        slop = find_slop(
            text,
            language,
            self._phrases(language),
            samples=[s.text[:READ] for s in titled],
            told="\n".join(facts),
        )
        banned = find_never(whole, profile.never, facts) if profile else ()
        kept = meaning(text, source, language, self.embedder) if source and size else None
        return Scores(
            style=closeness,
            meaning=kept,
            faithful=supported,
            factual=factual,
            copied=share,
            fact_recall=sum(found) / len(found) if found else None,
            length_ratio=size / words if words else None,
            vss=_valid_style(closeness, kept),
            slop=slop.meter,
            facts_found=found,
            spans=(*places, *copies, *claims, *(f.span for f in slop.findings), *banned),
            signature=self.signature(language),
        )

    def _phrases(self, language: Language) -> tuple[str, ...]:
        return self.phrases[language] if language in self.phrases else load_phrases(language)

    def _faithful(
        self, text: str, source: str | None, language: Language
    ) -> tuple[float | None, tuple[Span, ...]]:
        # No embedder is measured for Chinese (`meaning.py`): it is held to its words.
        if not source or not count_words(text, language):
            return None, ()
        return faithful(text, source, self.embedder if language == "en" else None, self.checker)

    def _held(self, language: Language) -> str:
        if self.checker:
            return f"nli({self.checker.name})"
        return f"words+tokens({self.embedder.name})" if language == "en" else "words"

    def signature(self, language: Language) -> str:
        """Return what the numbers depend on, in the manner of sacreBLEU's signatures."""
        listed = self._phrases(language)
        width = len(weights_for(language).projection)
        meant = self.embedder.name if language == "en" else "character pairs"
        return (
            f"notewright-scorer/{VERSION} lang={language} style=contrast-{width} "
            f"meaning={meant} faithful={self._held(language)}+exact copied={RUN[language]}-grams "
            f"vss=soft{SOFT_GATE}@meaning>{GATE} "
            f"slop={len(listed)}-phrases/{crc32(chr(10).join(listed).encode()):08x} "
            f"read={READ}/{READ_SOURCE}-characters style-from={STYLE_WORDS}-words"
        )


def _told(source: str | None, language: Language) -> str | None:
    return source[:READ_SOURCE] if source and count_words(source, language) else None


def _closeness(
    text: str, samples: Sequence[str], language: Language, profile: StyleProfile | None
) -> float | None:
    """Return the style score, on texts less what the writer struck out of the profile."""
    if not samples:
        return None
    if profile is None or not profile.struck:
        return style(text, samples, language)
    left = [without_struck(sample, profile) for sample in samples]
    return style(without_struck(text, profile), left, language)


def _valid_style(closeness: float | None, kept: float | None) -> float | None:
    if closeness is None or kept is None:
        return None
    return closeness if kept > GATE else SOFT_GATE * closeness


def _titled(samples: Sequence[str], profile: StyleProfile | None) -> tuple[StyleSample, ...]:
    """Return the samples with names for the spans: the profile's, or numbers."""
    if profile is not None and not samples:
        return profile.samples
    names = {s.text: s.title for s in profile.samples} if profile else {}
    return tuple(
        StyleSample(title=names.get(text, f"sample {number}"), text=text)
        for number, text in enumerate(samples, 1)
    )
