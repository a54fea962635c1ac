"""What is measured on an output: small classes, each with a value and a signature.

In the manner of sacreBLEU (Post 2018): a number without its signature cannot be compared. A metric
whose inputs an item lacks gives None, never a default.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

from engine.notebench.samples import BenchItem
from engine.scoring.meaning import GATE
from engine.scoring.overlap import rouge_l
from engine.scoring.support import is_han
from engine.text import ngrams, tokens
from engine.types import Scores

HALLUCINATED_BELOW = 0.5
_REPEATED = 4  # tokens of a run that counts as repeated


class Judged(NamedTuple):
    """An output, the item it answers, and what the scorer found."""

    item: BenchItem
    text: str
    scores: Scores


Parts = tuple[float, ...]
"""What an output adds to a measure of many: sums of it over outputs make that measure."""


class Measured(NamedTuple):
    """The measure of one output, and what it adds to the measure of many."""

    value: float
    parts: Parts


class Metric(Protocol):
    """One measure of outputs. Being made of sums, it can be taken of any resample at once."""

    @property
    def name(self) -> str:
        """The key in reports."""

    @property
    def signature(self) -> str:
        """What the number depends on."""

    def measured(self, judged: Judged) -> Measured | None:
        """Measure one output; None where the item lacks what that needs."""

    def total(self, sums: Sequence[float], count: int) -> float:
        """Return the measure of `count` outputs from the sums of their parts."""


@dataclass(frozen=True)
class Averaged:
    """A metric whose value over many outputs is the mean of its values."""

    name: str
    signature: str
    of: Callable[[Judged], float | None]

    def measured(self, judged: Judged) -> Measured | None:
        """Return the value, which is all that it adds."""
        value = self.of(judged)
        return None if value is None else Measured(value, (value,))

    def total(self, sums: Sequence[float], count: int) -> float:
        """Return the mean."""
        return float(sums[0]) / count


@dataclass(frozen=True)
class Bleu4:
    """Corpus BLEU-4 by sacreBLEU: `zh` where Han characters dominate, else `13a`.

    One output's value is sentence BLEU with effective order, so that short texts do not score 0.
    The parts are the n-gram matches and totals, and the lengths of the output and the reference.
    """

    name: str = "bleu4"

    @property
    def signature(self) -> str:
        """The settings of sacreBLEU."""
        import sacrebleu

        return f"BLEU|tok:13a,zh|smooth:exp|sentence:effective|sacrebleu:{sacrebleu.__version__}"

    def measured(self, judged: Judged) -> Measured | None:
        """Return sentence BLEU in points; matches and totals by order, then the two lengths."""
        gold = list(judged.item.reference)
        if not gold:
            return None
        found = _bleu(_is_chinese(gold[0])).sentence_score(judged.text, gold)
        parts = (*found.counts, *found.totals, found.sys_len, found.ref_len)
        return Measured(float(found.score), parts)

    def total(self, sums: Sequence[float], count: int) -> float:  # noqa: ARG002  (sums are enough)
        """Return corpus BLEU in points."""
        from sacrebleu.metrics.bleu import BLEU

        told = [int(number) for number in sums]
        score = BLEU.compute_bleu(
            correct=told[:4],
            total=told[4:8],
            sys_len=told[8],
            ref_len=told[9],
            smooth_method="exp",
            effective_order=False,
        )
        return float(score.score)


@cache
def _bleu(chinese: bool):  # type: ignore[no-untyped-def]  # sacreBLEU has no types
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize="zh" if chinese else "13a", effective_order=True)


def _is_chinese(text: str) -> bool:
    found = tokens(text)
    return 2 * sum(map(is_han, found)) > len(found)


def _rouge(judged: Judged) -> float | None:
    return max((rouge_l(judged.text, gold) for gold in judged.item.reference), default=None)


def _chrf(judged: Judged) -> float | None:
    gold = list(judged.item.reference)
    return float(_chrf_metric().sentence_score(judged.text, gold).score) if gold else None


@cache
def _chrf_metric():  # type: ignore[no-untyped-def]
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def _hard_vss(judged: Judged) -> float | None:
    """Return VSS as its paper writes it: what lost the meaning is worth nothing."""
    style, kept = judged.scores.style, judged.scores.meaning
    if style is None or kept is None:
        return None
    return style if kept > GATE else 0.0


def _hallucinated(score: float | None) -> float | None:
    return None if score is None else float(score < HALLUCINATED_BELOW)


def _distinct(judged: Judged) -> float | None:
    pairs = list(ngrams(tokens(judged.text), 2))
    return len(set(pairs)) / len(pairs) if pairs else None


def _repeated(judged: Judged) -> float | None:
    runs = list(ngrams(tokens(judged.text), _REPEATED))
    return 1 - len(set(runs)) / len(runs) if runs else None


def metrics() -> tuple[Metric, ...]:
    """Return every metric, in the order of reports."""
    ours = "notewright-scorer"
    halved = f"{ours}|below:{HALLUCINATED_BELOW}"
    return (
        Averaged("rouge_l", "ROUGE-L F1|tok:letters-digits,han-char|best of references", _rouge),
        Bleu4(),
        Averaged("chrf", "chrF2|sacrebleu", _chrf),
        Averaged("style", ours, lambda j: j.scores.style),
        Averaged("meaning", ours, lambda j: j.scores.meaning),
        Averaged("faithful", ours, lambda j: j.scores.faithful),
        Averaged("faithful_hallucination", halved, lambda j: _hallucinated(j.scores.faithful)),
        Averaged("factual_hallucination", halved, lambda j: _hallucinated(j.scores.factual)),
        Averaged("fact_recall", ours, lambda j: j.scores.fact_recall),
        Averaged("copied", ours, lambda j: j.scores.copied),
        Averaged("length_ratio", ours, lambda j: j.scores.length_ratio),
        Averaged("vss", ours, lambda j: j.scores.vss),
        Averaged("vss_hard", f"{ours}|nothing:meaning<={GATE}", _hard_vss),
        Averaged("slop", ours, lambda j: j.scores.slop),
        Averaged("distinct2", "share of different token pairs (Li et al. 2016)", _distinct),
        Averaged("self_repetition", f"share of repeated token {_REPEATED}-grams", _repeated),
    )
