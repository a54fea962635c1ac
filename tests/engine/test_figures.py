"""Figures of a few texts, recorded before the scorer was made faster: speed must not move them."""

import pytest

from engine.models.embedder import MiniLMEmbedder
from engine.scoring.scorer import NoteScorer
from engine.types import Language, Scores

SAMPLES = (
    "Down to the water before six. Fog, again! I like fog; it keeps the noise out, and the gulls.",
    "Two boats went out. One came back early, which tells you something about the other one.",
)
SOURCE = (
    "The ferry leaves the east quay at six on Monday. Anna Keller sells the tickets for 4 pounds. "
    "Dogs travel free, but bicycles do not. The crossing takes forty minutes."
)
HONEST = (
    "Six o'clock on Monday, east quay: that is the ferry. Anna Keller has the tickets, four pounds "
    "each! Dogs go free; bicycles pay. Forty minutes, and fog."
)
WRONG = (
    "The ferry leaves at nine from the west quay, and Bob sells tickets to nobody. At the end of "
    "the day, dogs pay. I delve into the fog. The crossing is a rich tapestry of waves."
)
CHINESE_SAMPLES = ("天还没亮就下到水边。又是雾！我喜欢雾。", "两条船出去了，一条早早回来。")
CHINESE_SOURCE = "渡船周一早上六点从东码头开出。船票四元，由林小满出售。狗免费，自行车收费。"
CHINESE = "周一六点，东码头开船。票四元，找林小满。狗不要钱，自行车要。雾很大，我喜欢。"
FIGURES = (
    {
        "style": 0.94127449,
        "meaning": 0.88424997,
        "faithful": 0.64675726,
        "copied": 0.0,
        "vss": 0.94127449,
        "slop": 0.0,
    },
    {
        "style": 0.88522095,
        "meaning": 0.48872416,
        "faithful": 0.01983618,
        "copied": 0.0,
        "vss": 0.0885221,
        "slop": 0.25,
    },
    {
        "style": 0.82313763,
        "meaning": 0.88424997,
        "faithful": 0.46605503,
        "copied": 0.0,
        "vss": 0.82313763,
        "slop": 0.87345679,
    },
    {
        "style": 0.99954126,
        "meaning": 0.92202729,
        "faithful": 0.15,
        "copied": 0.0,
        "vss": 0.99954126,
        "slop": 0.0,
    },
)


def scored(
    embedder: MiniLMEmbedder, text: str, language: Language, samples: tuple[str, ...], source: str
) -> Scores:
    return NoteScorer(embedder).score(text, language=language, samples=samples, source=source)


@pytest.mark.real
@pytest.mark.parametrize("threads", [1, 3])
def test_figures_are_what_they_were(threads: int) -> None:
    embedder = MiniLMEmbedder(threads=threads)
    told = (
        scored(embedder, HONEST, "en", SAMPLES, SOURCE),
        scored(embedder, WRONG, "en", SAMPLES, SOURCE),
        scored(embedder, " ".join([HONEST] * 12), "en", SAMPLES, SOURCE),
        scored(embedder, CHINESE, "zh", CHINESE_SAMPLES, CHINESE_SOURCE),
    )

    for scores, figures in zip(told, FIGURES, strict=True):
        found = {name: getattr(scores, name) for name in figures}
        assert found == pytest.approx(figures, abs=1e-6)
    again = scored(embedder, WRONG, "en", SAMPLES, SOURCE)
    assert again == told[1]
