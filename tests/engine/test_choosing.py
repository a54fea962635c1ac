"""The gate and the rule of choice, on literal scores."""

from engine.choosing import choose, gate, needs_revision, survivors, worth
from engine.types import Draft, GateReason, Scores, Span, Verdict
from tests.builders import draft


def scores(**changes: object) -> Scores:
    values: dict[str, object] = {
        "style": 0.5,
        "faithful": 1.0,
        "meaning": 0.8,
        "copied": 0.0,
        "fact_recall": 1.0,
        "length_ratio": 1.0,
        "signature": "t",
    }
    return Scores.model_validate(values | changes)


def scored(failed: tuple[GateReason, ...] = (), **changes: object) -> Draft:
    return draft("Some text.", scores=scores(**changes), failed=failed)


def test_the_gate_names_each_objection() -> None:
    assert gate("text", scores()) == ()
    assert gate("text", scores(copied=0.3)) == ("copied",)
    assert gate("text", scores(length_ratio=0.4)) == ("length",)
    assert gate("text", scores(length_ratio=1.6)) == ("length",)
    assert gate("text", scores(fact_recall=0.75)) == ("facts",)
    assert gate("text", scores(meaning=0.1)) == ("plan",)
    assert gate(" ", scores()) == ("empty",)


def test_worth_is_the_documented_sum() -> None:
    # 0.40·0.5 + 0.25·1 + 0.15·0.8 + 0.20·1 − 0.30·0.1 − 0.10·0.2 = 0.72
    assert abs(worth(scored(copied=0.1, length_ratio=0.8)) - 0.72) < 1e-9


def test_a_draft_that_failed_the_gate_is_not_chosen_while_another_passed() -> None:
    drafts = [scored(failed=("facts",), style=1.0), scored(style=0.3)]
    assert survivors(drafts) == [1]
    assert choose(drafts) == 1


def test_a_phrase_of_the_never_list_fails_the_gate_unless_a_fact_says_it() -> None:
    def failed(kind: str) -> tuple[str, ...]:
        span = Span.model_validate({"start": 0, "end": 4, "kind": kind, "note": "delve"})
        return gate("We delve.", Scores(spans=(span,), signature="s"))

    assert failed("never") == ("never",)
    assert failed("never_told") == ()


def test_slop_counts_against_a_draft_but_less_than_a_clear_lead_in_style() -> None:
    assert choose([scored(slop=0.2), scored(slop=0.0)]) == 1
    assert choose([scored(slop=0.2, style=0.8), scored(slop=0.0, style=0.5)]) == 0


def test_when_all_fail_the_best_of_them_is_chosen() -> None:
    drafts = [scored(failed=("length", "facts")), scored(failed=("length",))]
    assert choose(drafts) == 1


def test_the_critic_decides_between_equals_but_not_against_a_clear_difference() -> None:
    verdict = Verdict(
        criterion="c", first=0, second=1, chosen=1, probability=1.0, reason="r", signature="s"
    )
    assert choose([scored(), scored()]) == 0
    assert choose([scored(), scored()], verdict) == 1
    assert choose([scored(style=0.8), scored(style=0.5)], verdict) == 0


def test_a_revision_is_asked_for_only_where_something_can_be_mended() -> None:
    span = Span(start=0, end=4, kind="unsupported")
    assert not needs_revision(scored())
    assert needs_revision(scored(failed=("facts",)))
    assert needs_revision(scored(spans=(span,)))


def test_scores_of_a_note_from_before_slop_keep_their_address() -> None:
    assert "slop" not in scores().model_dump()
    assert scores(slop=0.1).model_dump()["slop"] == 0.1
    assert Scores.model_validate(scores(slop=0.0).model_dump()).slop == 0.0
