"""Judges which of two drafts is better: a forced choice, asked in both orders.

After Small But Funny (arXiv 2402.18113): the two most different candidates by n-gram edit distance,
multiple-choice prompting, both orders averaged against position bias.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from engine.prompts.render import message, version, wording
from engine.prompts.rough import pieces
from engine.protocols import Conversation, StopCheck, TextModel, never_stop
from engine.text import ngrams, tokens
from engine.types import Draft, Language, Plan, StyleProfile, Verdict

_OPTIONS = ("1", "2")
_EVEN = 0.02  # a mean probability this near one half is a draw, and said to be one


def most_different(drafts: Sequence[Draft], among: Sequence[int]) -> tuple[int, int] | None:
    """Return the two drafts farthest apart by edit distance of word bigrams; None for under two."""
    pairs = [(i, j) for n, i in enumerate(among) for j in among[n + 1 :]]
    return farthest({i: drafts[i].text for i in among}, pairs)


def farthest(texts: Mapping[int, str], pairs: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the pair of texts farthest apart by edit distance of word bigrams; None of none."""
    grams = {i: ngrams(tokens(text), 2) for i, text in texts.items()}
    return max(
        pairs,
        key=lambda p: (Indel.normalized_distance(grams[p[0]], grams[p[1]]), -p[0]),
        default=None,
    )


@dataclass(frozen=True)
class ModelCritic:
    """Asks a TextModel; uses its probabilities where it shows them, else the scores' order."""

    model: TextModel

    def compare(
        self,
        profile: StyleProfile,
        plan: Plan,
        drafts: Sequence[Draft],
        pair: tuple[int, int],
        *,
        should_stop: StopCheck = never_stop,
    ) -> Verdict:
        """Return the choice between two drafts; a backend without probabilities gives a draw."""
        first, second = pair
        texts = (drafts[first].text, drafts[second].text)
        forward = self.prefers_first(profile, plan, texts, should_stop=should_stop)
        backward = self.prefers_first(profile, plan, texts[::-1], should_stop=should_stop)
        mean = 0.5 if forward is None or backward is None else (forward + 1 - backward) / 2
        chosen, other = (first, second) if mean >= 0.5 else (second, first)
        sure = max(mean, 1 - mean)
        return Verdict(
            criterion="style and plan",
            first=first,
            second=second,
            chosen=chosen,
            probability=sure,
            reason=_reason(drafts[chosen], drafts[other], sure, profile.language),
            signature=f"{self.name} orders=2",
        )

    @property
    def name(self) -> str:
        """The prompt and the model, for signatures."""
        return f"{version('judge')} {self.model.card.name}"

    def prefers_first(
        self,
        profile: StyleProfile,
        plan: Plan,
        texts: tuple[str, str],
        *,
        should_stop: StopCheck = never_stop,
    ) -> float | None:
        """Return how likely the first of two texts is the better, asked in this order alone.

        None where the backend shows no probabilities.
        """
        chat = judge_conversation(profile, plan, *texts)
        answer = self.model.choose(chat, _OPTIONS, should_stop=should_stop)
        return None if answer is None else answer[0]


def judge_conversation(profile: StyleProfile, plan: Plan, first: str, second: str) -> Conversation:
    """Return the chat of one forced choice."""
    words = wording("judge", profile.language)
    sample = " ".join(pieces(profile.samples[0].text, profile.language)[:3])
    return [
        message("system", words["system"]),
        message(
            "user", words["user"], sample=sample, summary=plan.summary, first=first, second=second
        ),
    ]


_NAMES: dict[Language, dict[str, str]] = {
    "en": {
        "style": "sounds more like the author",
        "faithful": "keeps closer to the plan",
        "fact_recall": "keeps more of the facts",
        "copied": "copies less",
    },
    "zh": {
        "style": "更像作者的口吻",
        "faithful": "更忠实于提纲",
        "fact_recall": "保留的事实更多",
        "copied": "照抄更少",
    },
}


def _reason(chosen: Draft, other: Draft, sure: float, language: Language) -> str:
    """Say what the chosen draft has over the other, from measured differences only."""
    names = _NAMES[language]
    gains: list[tuple[float, str]] = []
    for key, name in names.items():
        a, b = (getattr(d.scores, key, None) for d in (chosen, other))
        if a is not None and b is not None:
            gain = b - a if key == "copied" else a - b
            gains.append((gain, name))
    best = max(gains, default=(0.0, ""))
    if best[0] > 0.02:
        return best[1]
    if sure - 0.5 < _EVEN:
        return "no clear difference" if language == "en" else "没有明显差别"
    return "preferred when read side by side" if language == "en" else "两篇对读时更受偏好"
