"""The gate, the critic and the scores tell drafts apart, where no person says otherwise."""

from typing import Any

import pytest

from engine.types import Draft, Feedback, Note, Scores, Span, Verdict
from finetune.reasons import Reason
from tests import builders
from tests.finetune.feedback import CAFE, DULL, FERRY, FLAT, LOUD, draft, made, note, said


def scores(**found: Any) -> Scores:
    return Scores(**{"style": 0.5, "meaning": 0.8, "signature": "test"} | found)


def pairs(about: Note, *acts: Feedback) -> list[tuple[str, ...]]:
    """Return (kind, plain, better, worse) of each pair."""
    return [
        (pair.kind, said(pair.prompt)[-1], *said(pair.chosen), *said(pair.rejected))
        for pair in made(about, *acts).pairs
    ]


# ------------------------------------------------------------------ content


def test_a_lost_fact_stands_beside_the_sentence_of_a_draft_that_has_it() -> None:
    lost = draft(
        ("The ferry, honestly!", FLAT[1]),
        failed=("facts",),
        scores=scores(facts_found=(False, True), fact_recall=0.5),
    )
    about = note(draft(LOUD, scores=scores(facts_found=(True, True))), lost)
    # Only the sentence at fault: the draft's other one says its fact.
    assert pairs(about) == [("content", FERRY, LOUD[0], "The ferry, honestly!")]
    assert made(about).pairs[0].origin == "gate"
    assert made(about).pairs[0].sources == (about.id,)


@pytest.mark.parametrize(
    ("kind", "about_what"), [("unsupported", "content"), ("copied", "content"), ("never", "style")]
)
def test_a_marked_sentence_stands_beside_the_same_one_without_a_mark(
    kind: str, about_what: str
) -> None:
    text = " ".join(FLAT)
    start = text.index("cafe")
    span = Span.model_validate({"start": start, "end": start + 9, "kind": kind})
    marked = draft(FLAT, scores=scores(spans=(span,)))
    about = note(draft(LOUD, scores=scores()), marked)
    assert pairs(about) == [(about_what, CAFE, LOUD[1], FLAT[1])]


def test_no_draft_that_failed_or_has_the_same_fault_is_a_model() -> None:
    span = Span(start=0, end=5, kind="unsupported")
    both = note(
        draft(LOUD, scores=scores(spans=(span,))), draft(FLAT, scores=scores(spans=(span,)))
    )
    assert pairs(both) == []
    assert made(both).dropped == {Reason.NO_RIVAL: 2}
    failed = note(
        draft(LOUD, scores=scores(), failed=("length",)), draft(FLAT, scores=scores(spans=(span,)))
    )
    assert pairs(failed) == []
    assert made(failed).dropped == {Reason.NO_RIVAL: 1, Reason.NO_PLACE: 1}


def test_the_best_draft_that_passed_is_the_model() -> None:
    span = Span(start=0, end=5, kind="unsupported")
    about = note(
        draft(DULL, scores=scores(faithful=0.2)),
        draft(FLAT, scores=scores(faithful=0.9)),
        draft(LOUD, scores=scores(spans=(span,), faithful=0.1)),
    )
    assert pairs(about) == [("content", FERRY, FLAT[0], LOUD[0])]


def test_a_draft_that_strayed_from_the_plan_is_to_blame_in_every_sentence() -> None:
    stray = draft(FLAT, scores=scores(meaning=0.2), failed=("plan",))
    about = note(draft(LOUD, scores=scores()), stray)
    assert pairs(about) == [
        ("content", FERRY, LOUD[0], FLAT[0]),
        ("content", CAFE, LOUD[1], FLAT[1]),
    ]


# ------------------------------------------------------------------ style


def styled(*style: float, **changes: Any) -> Note:
    """Return a note of drafts with these style scores: a loud one, a flat one, a dull one."""
    texts = (LOUD, FLAT, DULL)
    drafts = [draft(t, scores=scores(style=s)) for t, s in zip(texts, style, strict=False)]
    return note(*drafts, **changes)


def test_the_style_score_makes_pairs_of_the_most_different_drafts() -> None:
    # The dull one is lower in style, the flat one shares fewer runs of words with the loud one.
    assert pairs(styled(0.9, 0.6, 0.5)) == [
        ("style", FERRY, LOUD[0], FLAT[0]),
        ("style", CAFE, LOUD[1], FLAT[1]),
    ]


def test_drafts_about_as_near_to_the_author_make_no_pair() -> None:
    assert pairs(styled(0.55, 0.5)) == []


@pytest.mark.parametrize(
    ("worse", "why"),
    [
        (draft(FLAT, scores=scores(style=0.2, meaning=0.67)), "its meaning is below 0.85 of 0.8"),
        (draft(FLAT, scores=scores(style=0.2), failed=("length",)), "it failed the gate"),
        (draft((FLAT[0] * 2, FLAT[1] * 2), scores=scores(style=0.2)), "it is twice as long"),
    ],
)
def test_a_style_pair_differs_in_nothing_but_style(worse: Draft, why: str) -> None:
    assert pairs(note(draft(LOUD, scores=scores(style=0.9)), worse)) == [], why
    allowed = draft(FLAT, scores=scores(style=0.2, meaning=0.69))
    assert len(pairs(note(draft(LOUD, scores=scores(style=0.9)), allowed))) == 2


def verdict(chosen: int, probability: float = 0.9) -> Verdict:
    return Verdict(
        criterion="style",
        first=0,
        second=1,
        chosen=chosen,
        probability=probability,
        reason="louder",
        signature="test",
    )


def test_the_critic_makes_style_pairs_where_it_is_sure() -> None:
    about = styled(0.5, 0.5, verdict=verdict(1))
    assert pairs(about) == [
        ("style", FERRY, FLAT[0], LOUD[0]),
        ("style", CAFE, FLAT[1], LOUD[1]),
    ]
    assert {pair.origin for pair in made(about).pairs} == {"critic"}
    assert pairs(styled(0.5, 0.5, verdict=verdict(1, probability=0.55))) == []


def test_critic_and_score_against_each_other_say_nothing() -> None:
    found = made(styled(0.9, 0.5, verdict=verdict(1)))
    assert found.pairs == ()
    assert found.dropped == {Reason.WRITER_OTHERWISE: 2}


def test_a_person_overrules_the_program() -> None:
    about = styled(0.9, 0.5, verdict=verdict(0))
    choice = builders.choice(about, 1)
    found = made(about, choice)
    assert {(said(p.chosen)[0], p.origin) for p in found.pairs} == {
        (FLAT[0], "user"),
        (FLAT[1], "user"),
    }
    assert found.dropped == {Reason.WRITER_OTHERWISE: 2}


def test_a_person_overrules_the_gate() -> None:
    span = Span(start=0, end=5, kind="unsupported")
    about = note(draft(LOUD, scores=scores()), draft(FLAT, scores=scores(spans=(span,))))
    found = made(about, builders.choice(about, 1))
    assert {pair.origin for pair in found.pairs} == {"user"}
