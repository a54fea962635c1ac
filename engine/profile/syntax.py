"""The dense metrics of Structured Style-Rewrite's second version, as far as the tools go.

The mean dependency distance needs a parser, which Chinese has none of here: it stays None there.
"""

import statistics
from collections.abc import Callable, Sequence

from engine.profile import clauses
from engine.profile.parsing import Sentence
from engine.text import count_words, words_set
from engine.types import Language, SyntaxMetrics

METRICS = tuple(SyntaxMetrics.model_fields)

# Words that steer the talk where they open a sentence (in Chinese also where they close it).
_MARKERS_EN = (
    words_set(
        "well so now then anyway anyhow still besides however meanwhile therefore thus hence "
        "moreover furthermore also actually honestly frankly indeed perhaps finally first next "
        "oh ah yes no okay ok right look see listen alas"
    ),
    words_set("though anyway right eh too either then okay ok"),
)
_MARKERS_ZH = (
    words_set("那么 于是 然而 不过 所以 因此 其实 总之 当然 然后 后来 另外 而且 盖 夫 嗯 哎 唉"),
    words_set("吧 呢 啊 嘛 呀 哦 啦 呗 喔 哈 罢 矣 焉 耳 哉 乎 也 了"),
)


def measure(sentences: Sequence[Sentence], language: Language) -> SyntaxMetrics | None:
    """Return the metrics of the sentences; None where nothing could tag them."""
    if not sentences or not any(sentence.words for sentence in sentences):
        return None
    chinese = language == "zh"

    def share(holds: Callable[[Sentence], bool]) -> float:
        return round(sum(map(holds, sentences)) / len(sentences), 4)

    found = [clauses.kinds(sentence, chinese=chinese) for sentence in sentences]
    ratios = {
        f"{kind}_ratio": round(sum(kind in each for each in found) / len(sentences), 4)
        for kind in ("question", "imperative", "exclamation", "fragment")
    }
    lengths = [count_words(sentence.text, language) for sentence in sentences]
    marks = sum(word.is_mark for sentence in sentences for word in sentence.words)
    return SyntaxMetrics(
        dependency_distance=_distance(sentences),
        verb_noun_ratio=_verbs_to_nouns(sentences, chinese=chinese),
        marker_density=share(lambda sentence: has_marker(sentence, chinese=chinese)),
        sentence_words=round(statistics.fmean(lengths), 2),
        punctuation_rate=round(100 * marks / max(1, sum(lengths)), 2),
        **ratios,
    )


def _distance(sentences: Sequence[Sentence]) -> float | None:
    """Return the mean distance between a word and its head, marks not counted."""
    distances = []
    for sentence in sentences:
        if not sentence.is_parsed:
            continue
        # Places among the words alone, so that a comma makes nothing more distant.
        order = {
            place: rank
            for rank, place in enumerate(k for k, w in enumerate(sentence.words) if not w.is_mark)
        }
        distances += [
            abs(order[place] - order[sentence.words[place].head])
            for place in order
            if sentence.words[place].head in order and sentence.words[place].head != place
        ]
    return round(statistics.fmean(distances), 3) if distances else None


def _verbs_to_nouns(sentences: Sequence[Sentence], *, chinese: bool) -> float | None:
    tags = [word.tag for sentence in sentences for word in sentence.spoken]
    verbs, nouns = (
        sum(tag.startswith(start) for tag in tags)
        for start in (("v", "n") if chinese else ("VB", "NN"))
    )
    return round(verbs / nouns, 3) if nouns else None


def has_marker(sentence: Sentence, *, chinese: bool) -> bool:
    """Tell whether a discourse marker opens or closes a sentence."""
    spoken = [word.lower for word in sentence.spoken]
    if not spoken:
        return False
    opening, closing = _MARKERS_ZH if chinese else _MARKERS_EN
    if chinese:
        return "".join(spoken).startswith(tuple(opening)) or spoken[-1] in closing
    return spoken[0] in opening or (len(spoken) > 1 and spoken[-1] in closing)
