"""The critic asks in both orders and reports what it measured."""

from engine.critic import ModelCritic, most_different
from engine.models.scripted import ScriptedModel
from engine.protocols import Conversation, StopCheck, never_stop
from tests.builders import draft, plan, profile

NEAR = ["a b c d e f", "a b c d e g", "z y x w v u"]


class Judge(ScriptedModel):
    """Prefers what stands first by `position`, and texts with "good" by `taste`."""

    def __init__(self, *, position: float, taste: float) -> None:
        """Keep the two leanings, added to one half."""
        super().__init__()
        self.position, self.taste = position, taste

    def choose(
        self,
        conversation: Conversation,
        options: object,
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> tuple[float, float]:
        """Answer from the two leanings."""
        del options, adapter, should_stop
        asked = conversation[-1].content
        first_is_good = asked.index("good") < asked.index("Note 2")
        p = 0.5 + self.position + (self.taste if first_is_good else -self.taste)
        return p, 1 - p


def test_the_two_most_different_drafts_are_compared() -> None:
    drafts = [draft(t) for t in NEAR]
    assert most_different(drafts, [0, 1, 2]) in {(0, 2), (1, 2)}
    assert most_different(drafts, [0, 1]) == (0, 1)
    assert most_different(drafts, [1]) is None


def test_asking_in_both_orders_cancels_a_bias_for_position() -> None:
    drafts = [draft("plain words here"), draft("good words there")]
    verdict = ModelCritic(Judge(position=0.3, taste=0.1)).compare(
        profile("Ada"), plan(), drafts, (0, 1)
    )
    assert verdict.chosen == 1
    assert abs(verdict.probability - 0.6) < 1e-9


def test_a_verdict_always_has_a_reason_and_a_signature() -> None:
    drafts = [draft("good one"), draft("another")]
    verdict = ModelCritic(Judge(position=0.0, taste=0.0)).compare(
        profile("Ada"), plan(), drafts, (0, 1)
    )
    assert verdict.reason
    assert verdict.signature.startswith("judge/")
