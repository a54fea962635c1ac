"""What sentences do (ask, order, address, hedge, joke …), by weighted cues that anybody can read.

Four tags come from the form of the sentence (clauses.py), the rest from the cue lists that ship
(data/cues_LANGUAGE.toml, where each tag says what it means and how cues are weighed). A sentence
may bear several tags or none. The second dimension of Structured Style-Rewrite is a trained
classifier of invented characters' moods; ours is plainer, and shows why it says what it says.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from engine.profile.clauses import kinds
from engine.profile.likelihood import LIKELY, log_likelihood
from engine.profile.parsing import Sentence
from engine.types import Language, PragmaticTag

FORMS = ("question", "imperative", "exclamation", "fragment")
_NEEDS_PARSER = frozenset({"imperative", "fragment"})
_ENOUGH = 2
_EXAMPLES = 2
_TWICE = 2
_EXPECTED = 3
"""A tag that never comes is listed when so many sentences should have had it."""
REFERENCE_SENTENCES = 10_000
"""As how many sentences a reference share counts: about what the corpora have."""


@cache
def _cues(language: Language) -> Mapping[str, tuple[tuple[re.Pattern[str], int], ...]]:
    """Return for each tag its cues as patterns, with their points."""
    data = files("engine.profile") / "data" / f"cues_{language}.toml"
    lists = tomllib.loads(data.read_text(encoding="utf-8"))
    return {
        tag: (
            (_pattern(lists[tag]["strong"], language), 2),
            (_pattern(lists[tag]["weak"], language), 1),
        )
        for tag in lists
    }


def _pattern(cues: Iterable[str], language: Language) -> re.Pattern[str]:
    return re.compile("|".join(_expression(cue, language) for cue in cues))


def _expression(cue: str, language: Language) -> str:
    bare = cue.removeprefix("^").removesuffix("$")
    words = re.escape(bare).replace("\\ ", r"\s+")
    if language == "en":
        words = (r"(?<!\w)" if bare[0].isalnum() else "") + words
        words += r"(?![\w'])" if bare[-1].isalnum() else ""
    before = r"^\W*" if cue.startswith("^") else ""
    return before + words + (r"\W*$" if cue.endswith("$") else "")


def tag_names(language: Language) -> tuple[str, ...]:
    """Return the stable keys of all tags."""
    return (*FORMS, *_cues(language))


def tags_of(sentence: Sentence, language: Language) -> frozenset[str]:
    """Return the tags that a sentence bears."""
    text = sentence.text.lower().replace("’", "'")
    found = {
        tag
        for tag, lists in _cues(language).items()
        if sum(points * len(cue.findall(text)) for cue, points in lists)
        + (2 if tag == "narration" and _tells(sentence) else 0)
        >= _ENOUGH
    }
    return kinds(sentence, chinese=language == "zh") | found


def _tells(sentence: Sentence) -> bool:
    """Tell whether the main verb is in the past tense; only a parser knows."""
    roots = (w for k, w in enumerate(sentence.words) if sentence.is_parsed and w.head == k)
    return any(root.tag == "VBD" for root in roots)


def rates(sentences: Sequence[Sentence], language: Language) -> dict[str, float]:
    """Return the share of sentences that bear each tag; tags that need a parser only with one."""
    borne = [tags_of(sentence, language) for sentence in sentences]
    return {
        tag: sum(tag in each for each in borne) / max(1, len(borne))
        for tag in _measurable(sentences, language)
    }


def _measurable(sentences: Sequence[Sentence], language: Language) -> list[str]:
    tagged = any(sentence.words for sentence in sentences)
    return [tag for tag in tag_names(language) if tagged or tag not in _NEEDS_PARSER]


def find_tags(
    sentences: Sequence[Sentence], language: Language, reference: Mapping[str, float]
) -> list[PragmaticTag]:
    """Return the tags with their shares, those that set the author apart most first.

    A tag that never comes is listed only where others would have had it in three sentences.
    """
    borne = [tags_of(sentence, language) for sentence in sentences]
    found = []
    for tag in _measurable(sentences, language):
        bearing = [s.text for s, each in zip(sentences, borne, strict=True) if tag in each]
        usual = reference.get(tag, 0.0)
        if not bearing and usual * len(sentences) < _EXPECTED:
            continue
        examples = sorted(bearing, key=lambda text: (len(text) < 15, len(text)))[:_EXAMPLES]
        found.append(
            PragmaticTag(
                name=tag,
                rate=round(len(bearing) / len(sentences), 4),
                reference_rate=round(usual, 4),
                examples=tuple(" ".join(text.split())[:200] for text in examples),
            )
        )
    return sorted(found, key=lambda tag: (-abs(evidence(tag, len(sentences))), tag.name))


def evidence(tag: PragmaticTag, sentences: int) -> float:
    """Return the log-likelihood ratio of a tag in so many sentences, negative where it is rarer."""
    usual = tag.reference_rate * REFERENCE_SENTENCES
    return log_likelihood(tag.rate * sentences, sentences, usual, REFERENCE_SENTENCES)


def stands_out(tag: PragmaticTag, sentences: int) -> bool:
    """Tell whether a tag's share is unlikely to be chance, and far enough from the usual one."""
    if tag.rate > tag.reference_rate and round(tag.rate * sentences) < _TWICE:
        return False
    far = not 2 / 3 < (tag.rate + 0.01) / (tag.reference_rate + 0.01) < 3 / 2
    return far and abs(evidence(tag, sentences)) >= LIKELY
