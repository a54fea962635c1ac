"""The critic as NoteBench's judge: two reports on the same items, item by item, in both orders."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from app.contests import items_of
from app.studio import Studio
from engine.critic import ModelCritic
from engine.errors import InvalidRequest, ModelUnavailable, NotFound
from engine.notebench.asking import request_for
from engine.notebench.pairwise import PairwiseReport, judge_pairs, pairwise_report
from engine.notebench.report import BenchReport
from engine.notebench.samples import BenchItem
from engine.planner import build_plan
from engine.profile.build import build_profile
from engine.types import Language, StyleProfile, StyleSample


class CriticJudge:
    """Asks the critic which of two texts answers an item better, in the order given."""

    def __init__(self, critic: ModelCritic) -> None:
        """Keep the critic."""
        self._critic = critic
        self._profile = lru_cache(maxsize=8)(_profile)

    @property
    def name(self) -> str:
        """The critic's prompt and model."""
        return self._critic.name

    def prefers_first(self, item: BenchItem, first: str, second: str) -> float:
        """Return how likely the first is the better one.

        Raises:
            ModelUnavailable: the model does not say how likely its answers are.
        """
        plan = build_plan(request_for(item, drafts=1, seed=0), {})
        profile = self._profile(item.samples, item.language)
        chance = self._critic.prefers_first(profile, plan, (first, second))
        if chance is None:
            raise ModelUnavailable(
                f"The model {self._critic.model.card.name} does not say how likely its answers "
                "are, so it cannot judge; choose another planner."
            )
        return chance


def judged(
    studio: Studio,
    first: BenchReport,
    second: BenchReport,
    data: Path | None,
    *,
    tell: Callable[[int, int], None],
) -> PairwiseReport:
    """Let the studio's critic judge two reports.

    Raises:
        InvalidRequest: they are on different items, or not on these data.
    """
    if first.data.sha256 != second.data.sha256:
        raise InvalidRequest(
            "The two reports are on different items; run both systems on the same data with the "
            "same options."
        )
    try:
        items = items_of(first, *([data] if data else []))
    except NotFound as error:
        raise InvalidRequest(
            "The reports' items are not in these data; name the file that they were made with "
            "by --data FILE."
        ) from error
    judge = CriticJudge(ModelCritic(studio.models.planner_model))
    texts = [{row.id: row.text for row in report.items} for report in (first, second)]
    one, two = ([rows.get(item.id, "") for item in items] for rows in texts)
    pairs = judge_pairs(judge, items, (one, two), tell=tell)
    return pairwise_report((first.system, second.system), judge.name, first.data, pairs)


def _profile(samples: tuple[str, ...], language: Language) -> StyleProfile:
    named = [StyleSample(title=f"sample {i}", text=text) for i, text in enumerate(samples, 1)]
    return build_profile(named, language)
