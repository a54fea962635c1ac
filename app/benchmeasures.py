"""NoteBench's measures as a page shows them: in which order, how exactly, which way is better."""

from typing import Literal, NamedTuple

Way = Literal["higher", "lower", "neither"]
Verdict = Literal["better", "worse", "higher", "lower"]


class Shown(NamedTuple):
    """How a measure is shown: which way is better, its decimals, and the end of its scale."""

    name: str
    better: Way
    digits: int = 2
    top: float = 1.0

    def number(self, value: float | None) -> str:
        """Return a value as it is shown; a dash where there is none."""
        return "–" if value is None else f"{value:.{self.digits}f}"

    def verdict(self, difference: float) -> Verdict:
        """Return what a difference that was shown means."""
        way: Verdict = "higher" if difference > 0 else "lower"
        if self.better == "neither":
            return way
        return "better" if way == self.better else "worse"


MEASURES = (
    Shown("style", "higher"),
    Shown("faithful", "higher"),
    Shown("meaning", "higher"),
    Shown("vss", "higher"),
    Shown("vss_hard", "higher"),
    Shown("fact_recall", "higher"),
    Shown("rouge_l", "higher", 1, 100.0),
    Shown("bleu4", "higher", 1, 100.0),
    Shown("chrf", "higher", 1, 100.0),
    Shown("faithful_hallucination", "lower"),
    Shown("factual_hallucination", "lower"),
    Shown("copied", "lower"),
    Shown("slop", "lower"),
    Shown("length_ratio", "neither"),
    Shown("distinct2", "higher"),
    Shown("self_repetition", "lower"),
)
BY_NAME = {measure.name: measure for measure in MEASURES}
