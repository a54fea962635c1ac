"""The gate lets a better candidate through and says why it keeps the others out."""

from collections.abc import Mapping

import pytest

from engine.notebench.samples import BenchItem
from engine.notebench.votes import Label
from engine.types import Feedback, Scores
from finetune.gate import ENOUGH, Side, ask_gate
from finetune.gate_items import GateItem, gate_items
from finetune.gate_report import GateReport, Reason
from storage.records import NoteRecord
from tests.builders import choice, draft, edit, note, profile, thumb

GOOD: dict[str, float | None] = {
    "style": 0.7,
    "faithful": 0.8,
    "meaning": 0.8,
    "fact_recall": 0.9,
    "length_ratio": 1.0,
}
WORDS = "The ferry leaves at six and the harbour wakes"


def items(
    count: int, *, wanted: str = "", preferred: tuple[tuple[str, str], ...] = ()
) -> list[GateItem]:
    """Return items whose notes the writer has edited where `wanted` is told."""
    made = (
        BenchItem(
            id=f"i-{number}",
            topic=f"topic {number}",
            samples=("A sample of the writer.",),
            facts=("The ferry leaves at six",),
            source="The ferry leaves at six.",
            reference=(wanted,) if wanted else (),
        )
        for number in range(count)
    )
    about = {"origin": "feedback" if wanted else "notebench", "preferred": preferred}
    return [GateItem.model_validate({"item": one, **about}) for one in made]


def asked(
    given: list[GateItem],
    after: Mapping[str, float | None],
    *,
    texts: tuple[str, str] = (f"{WORDS}.", f"{WORDS}!"),
    votes: tuple[Label, ...] = (),
) -> GateReport:
    """Ask the gate: texts by a callable, figures by which of the two a text is.

    Every item differs a little, and alike for both.
    """

    def write(_: GateItem, side: Side) -> str:
        return texts[side == "after"]

    def score(item: BenchItem, text: str) -> Scores:
        values = {**GOOD, **after} if text == texts[1] else GOOD
        shift = int(item.id[2:]) % 5 / 100
        moved = {k: v if v is None else v - shift for k, v in values.items()}
        return Scores.model_validate({**moved, "signature": "test"})

    return ask_gate(given, write, score, candidate="new", current="old", language="en", votes=votes)


def test_a_more_stylish_candidate_that_keeps_the_content_is_promoted() -> None:
    """Style rises on every item, nothing else moves."""
    report = asked(items(12), {"style": 0.8})
    assert report.passed
    assert report.reasons == (Reason(kind="better", metric="style"),)
    style = next(change for change in report.changes if change.metric == "style")
    assert (style.n, style.verdict) == (12, "better")
    assert style.before == pytest.approx(0.685, abs=0.01)
    assert style.difference == pytest.approx(0.1)
    assert GateReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    ("worse", "metric"),
    [
        ({"faithful": 0.6}, "faithful"),
        ({"fact_recall": 0.5}, "fact_recall"),
        ({"meaning": 0.7}, "meaning"),
        ({"length_ratio": 1.6}, "length_off"),
        ({"length_ratio": 0.5}, "length_off"),
    ],
)
def test_a_more_stylish_candidate_that_loses_what_is_guarded_is_refused(
    worse: dict[str, float | None], metric: str
) -> None:
    """The reason names the metric beside the gain."""
    report = asked(items(12), {"style": 0.9, **worse})
    assert report.decision == "refuse"
    assert Reason(kind="worse", metric=metric) in report.reasons
    assert Reason(kind="better", metric="style") in report.reasons


def test_a_candidate_that_is_no_better_is_refused() -> None:
    """Other texts with the same figures are no gain."""
    assert asked(items(12), {}).reasons == (Reason(kind="no-gain"),)


def test_equal_texts_are_refused_as_equal() -> None:
    """An adapter that changes nothing does not serve."""
    report = asked(items(12), {}, texts=(WORDS, WORDS))
    assert report.reasons == (Reason(kind="equal", count=12),)
    assert report.decision == "refuse"


@pytest.mark.parametrize("count", [0, 3, ENOUGH - 1])
def test_too_few_items_tell_nothing(count: int) -> None:
    """However large the gain, three items could be luck."""
    report = asked(items(count), {"style": 1.0})
    assert report.reasons == (Reason(kind="too-few", count=count),)
    assert report.decision == "refuse"
    assert all(change.verdict == "unknown" for change in report.changes)


def test_a_candidate_that_writes_nearer_to_the_edits_is_promoted() -> None:
    """Preference alone is enough, with figures as before."""
    texts = ("Something else was said.", f"{WORDS} up.")
    report = asked(items(8, wanted=f"{WORDS}, truly."), {}, texts=texts)
    assert report.reasons == (Reason(kind="better", metric="preference"),)
    assert {one.nearer for one in report.items} == {"after"}


def test_a_candidate_that_leans_to_the_drafts_that_people_prefer_is_promoted() -> None:
    """As near to the one as to the other is no preference; an edit says more than both."""
    loud, flat = f"{WORDS}, honestly!", f"{WORDS}, as is known."
    texts = (f"{WORDS}, as known.", f"{WORDS}, honest!")
    report = asked(items(8, preferred=((loud, flat),)), {}, texts=texts)
    assert report.reasons == (Reason(kind="better", metric="preference"),)
    worse = asked(items(8, preferred=((flat, loud),)), {}, texts=texts)
    assert {one.nearer for one in worse.items} == {"before"}
    both = asked(items(8, preferred=((loud, flat), (flat, loud))), {}, texts=texts)
    assert {one.nearer for one in both.items} == {"tie"}
    edited = items(8, wanted=flat, preferred=((loud, flat),))
    assert {one.nearer for one in asked(edited, {}, texts=texts).items} == {"before"}


def test_votes_for_the_candidate_count_as_preference() -> None:
    """People's choices do without edits; as many against it do not."""
    assert asked(items(8), {}, votes=("second",) * 9 + ("tie",)).passed
    assert not asked(items(8), {}, votes=("second", "first") * 6).passed
    assert not asked(items(8), {}, votes=("second",) * 3).passed


def test_a_candidate_that_falls_silent_is_refused() -> None:
    """Nothing can be measured on an empty text, which must not hide it."""
    report = asked(items(8), {"style": None, "meaning": None, "faithful": None}, texts=(WORDS, ""))
    assert Reason(kind="silent", count=8) in report.reasons
    assert report.decision == "refuse"


def test_what_was_not_measured_is_not_taken_for_good() -> None:
    """Without faithfulness there is no promotion; without facts there may be."""
    report = asked(items(8), {"style": 0.9, "faithful": None})
    assert Reason(kind="unmeasured", metric="faithful", count=0) in report.reasons
    assert report.decision == "refuse"
    assert asked(items(8), {"style": 0.9, "fact_recall": None}).passed


def test_items_are_dev_topics_in_the_writers_style_and_held_back_notes() -> None:
    """Half of the budget are notes, those with an edit first, and the last edit is wanted."""
    me = profile("Ada")
    notes = [note(me, topic=f"Rain {number}") for number in range(8)]
    edits = [
        Feedback(note_id=one.id, draft=0, kind="edit", edited_text=text)
        for one in notes[:3]
        for text in ("First try.", "It rained, honestly!")
    ]
    records = [NoteRecord(one, [e for e in edits if e.note_id == one.id]) for one in notes]
    dev = [one.item for one in items(20)]
    chosen = gate_items(dev, records, me, budget=12)
    held = [one for one in chosen if one.origin == "feedback"]
    assert [len(chosen), len(held)] == [12, 6]
    assert [one.item.reference for one in held[:3]] == [("It rained, honestly!",)] * 3
    assert held[0].plan == notes[0].plan
    assert {one.item.samples for one in chosen} == {tuple(s.text for s in me.samples)}
    assert len(gate_items(dev, [], me, budget=12)) == 12
    assert len(gate_items(dev[:2], records, me, budget=12)) == 10


def test_what_people_said_of_held_back_notes_goes_with_them() -> None:
    """Edited notes first, then judged ones; what was taken back or contradicted says nothing."""
    me = profile("Ada")
    two = (draft("Flat it rained."), draft("Loud, it rained!"), draft("Dull: it rained."))
    notes = [note(me, topic=f"Rain {number}", drafts=two) for number in range(5)]
    said = [
        [],
        [choice(notes[1], 1, over=0)],
        [choice(notes[2], 1, over=0), choice(notes[2], 1, over=0, withdrawn=True)],
        [thumb(notes[3], draft=1), thumb(notes[3], "down", draft=2, rater="bob")],
        [edit(notes[4], "It rained, honestly!")],
    ]
    records = [NoteRecord(one, acts) for one, acts in zip(notes, said, strict=True)]
    chosen = gate_items([], records, me, budget=3)
    assert [one.item.topic for one in chosen] == ["Rain 4", "Rain 1", "Rain 3"]
    assert [one.preferred for one in chosen] == [
        (),
        (("Loud, it rained!", "Flat it rained."),),
        (("Loud, it rained!", "Dull: it rained."),),
    ]
    assert len(gate_items([], records, me)) == 5


def test_notes_of_another_language_are_left_out() -> None:
    """The gate of an English style judges English items."""
    me = profile("Ada", language="zh")
    assert gate_items([one.item for one in items(4)], [], me) == ()
