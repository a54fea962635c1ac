"""Rating blind: what is shown, what is kept, what is undone, and what the votes say."""

import json
import time
from pathlib import Path

import pytest

from app.contests import Source, address, contests, reports
from app.feedback import chosen_draft
from app.preferences import Results, results
from app.rating import Ballot, cast_vote, progress, rater_name, source_of, undo
from app.studio import LOCAL, Studio
from engine.errors import InvalidRequest
from engine.notebench.votes import Pair
from tests.app.rated import LIVELY, PLAIN, STRANGE, put_note, put_report
from tests.builders import SAMPLES
from tests.engine.notebench.made import SAMPLES as ITEM_SAMPLES
from tests.engine.notebench.made import report


def ballot(
    studio: Studio, rater: str = "Ann", source: Source = "all", owner: str = LOCAL
) -> Ballot:
    found = progress(studio, owner, rater, source).ballot
    assert found is not None
    return found


def vote(
    studio: Studio, chosen: str, rater: str = "Ann", source: Source = "all", owner: str = LOCAL
) -> Ballot:
    """Vote on what comes next, and return what that was."""
    asked = ballot(studio, rater, source, owner)
    assert cast_vote(studio, owner, rater, source, token=asked.token, chosen=chosen, seconds=2.0)
    return asked


def prefer(studio: Studio, maker: str, count: int, rater: str = "Ann") -> None:
    """Vote so often for a system where it stands, and else for neither."""
    for _ in range(count):
        asked = ballot(studio, rater)
        side = {asked.left.maker: "left", asked.right.maker: "right"}.get(maker, "tie")
        vote(studio, side, rater)


def asked_results(studio: Studio, rater: str = "Ann") -> Results:
    return results(studio, LOCAL, rater)


# ------------------------------------------------------------------ what there is to compare


def test_outputs_of_two_systems_and_drafts_of_a_note_are_compared(
    studio: Studio, data_dir: Path
) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    made = put_note(studio)

    assert progress(studio, LOCAL, "Ann", "bench").total == 6
    assert progress(studio, LOCAL, "Ann", "note").total == 2  # two of the three drafts are alike
    assert progress(studio, LOCAL, "Ann", "all").total == 8
    assert ballot(studio, source="bench").samples == ITEM_SAMPLES
    assert ballot(studio, source="note").samples == SAMPLES
    assert ballot(studio, source="note").contest.topic == made.request.topic


def test_equal_outputs_and_other_data_are_not_compared(studio: Studio, data_dir: Path) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "half", [*PLAIN[:4], *LIVELY[4:]])
    put_report(data_dir, "other", LIVELY[:3], folder="bench/fewer")

    assert progress(studio, LOCAL, "Ann", "all").total == 2


def test_runs_of_the_page_are_their_owners_and_deleted_ones_are_gone(
    studio: Studio, data_dir: Path
) -> None:
    put_report(data_dir, "plain", PLAIN, folder="notebench/local/run-1")
    put_report(data_dir, "lively", LIVELY, folder="notebench/local/run-1")
    run = data_dir / "notebench" / "local" / "run-1" / "run.json"
    run.write_text('{"id": "run-1", "deleted": false}')

    assert progress(studio, LOCAL, "Ann", "all").total == 6
    assert progress(studio, "v-stranger", "Ann", "all").total == 0
    run.write_text('{"id": "run-1", "deleted": true}')
    assert progress(studio, LOCAL, "Ann", "all").total == 0


@pytest.mark.parametrize("broken", ["{", '{"system": "x"}', "[]", "\udcff"])
def test_files_that_are_no_reports_are_passed_over(
    studio: Studio, data_dir: Path, broken: str
) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    (data_dir / "bench" / "broken.json").write_text(broken, errors="surrogateescape")

    assert progress(studio, LOCAL, "Ann", "all").total == 6


def test_a_report_whose_items_are_not_at_hand_is_passed_over(
    studio: Studio, data_dir: Path
) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    assert len(reports(data_dir, LOCAL)) == 2
    items = data_dir / "bench" / "items.jsonl"
    rows = [json.loads(line) | {"topic": "another"} for line in items.read_text().splitlines()]
    time.sleep(0.01)  # so that the file's time differs
    items.write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert reports(data_dir, LOCAL) == []
    assert progress(studio, LOCAL, "Ann", "all").total == 0


def test_a_report_scored_anew_keeps_its_address_and_another_text_does_not() -> None:
    made = report(PLAIN, "plain")
    rescored = made.model_copy(
        update={"items": tuple(row.model_copy(update={"scores": {}}) for row in made.items)}
    )

    assert address(made) == address(rescored)
    assert address(made) != address(report(LIVELY, "plain")) != address(report(LIVELY, "x"))


# ------------------------------------------------------------------ voting


def test_votes_are_kept_and_a_rater_goes_on_where_they_were(studio: Studio, data_dir: Path) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    seen = [vote(studio, chosen) for chosen in ("left", "right", "tie")]

    again = Studio.open(studio.settings)
    assert progress(again, LOCAL, "Ann", "all").voted == 3
    assert ballot(again).contest.pair not in {one.contest.pair for one in seen}
    assert progress(again, LOCAL, "Bo", "all").voted == 0
    kept = [row.vote for row in again.store.votes(LOCAL)]
    assert [each.chosen for each in kept] == ["left", "right", "tie"]
    assert [each.left for each in kept] == [one.left.key for one in seen]
    assert {each.seconds for each in kept} == {2.0}
    again.close()


def test_all_raters_get_the_same_pairs_on_sides_of_their_own(
    studio: Studio, data_dir: Path
) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    seen = {
        rater: [vote(studio, "left", rater) for _ in range(6)]
        for rater in ("Ann", "Bo", "Cy", "Di")
    }

    order, *others = [[one.contest.pair for one in ballots] for ballots in seen.values()]
    assert all(other == order for other in others)
    lefts = [[one.left.maker for one in ballots] for ballots in seen.values()]
    assert all(each.count("plain") == 3 for each in lefts)
    assert len({tuple(each) for each in lefts}) > 1


def test_a_key_pressed_twice_votes_once(studio: Studio, data_dir: Path) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    asked = vote(studio, "left")

    assert not cast_vote(studio, LOCAL, "Ann", "all", token=asked.token, chosen="left", seconds=0.1)
    assert len(studio.store.votes()) == 1
    with pytest.raises(InvalidRequest, match="left, right or neither"):
        cast_vote(studio, LOCAL, "Ann", "all", token=asked.token, chosen="undone", seconds=0.1)


def test_the_last_vote_is_undone_and_its_texts_come_again(studio: Studio, data_dir: Path) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    assert not undo(studio, LOCAL, "Ann", "all")
    vote(studio, "left")
    second = vote(studio, "left")

    assert undo(studio, LOCAL, "Ann", "all")
    assert ballot(studio) == second
    assert progress(studio, LOCAL, "Ann", "all").voted == 1
    vote(studio, "right")
    assert asked_results(studio).votes == 2


def test_a_vote_on_drafts_becomes_feedback_and_changes_nothing_else(studio: Studio) -> None:
    made = put_note(studio)
    asked = vote(studio, "left")
    record = studio.note(LOCAL, made.id)

    (act,) = record.feedback
    assert (act.kind, act.rater) == ("choice", "Ann")
    assert {act.draft, act.over} == {int(asked.left.key[-2:]), int(asked.right.key[-2:])}
    assert record.note.drafts[act.draft].text == asked.left.text
    assert chosen_draft(record) == made.chosen


def test_a_preference_that_is_undone_is_withdrawn(studio: Studio) -> None:
    made = put_note(studio)
    vote(studio, "right")
    undo(studio, LOCAL, "Ann", "all")
    vote(studio, "tie")
    undo(studio, LOCAL, "Ann", "all")

    said, gone = studio.note(LOCAL, made.id).feedback
    assert not said.withdrawn
    assert gone.withdrawn
    assert (gone.draft, gone.over, gone.rater) == (said.draft, said.over, said.rater)


def test_votes_on_outputs_are_no_feedback(studio: Studio, data_dir: Path) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    made = put_note(studio)
    for _ in range(6):
        vote(studio, "left", source="bench")

    assert studio.note(LOCAL, made.id).feedback == ()


def test_names_and_filters_from_a_page_are_checked() -> None:
    assert rater_name("  Ann \n Lee ") == "Ann Lee"
    assert rater_name(None) == rater_name("\u200b ") == "writer"
    assert len(rater_name("x" * 10_000)) == 60
    assert source_of("bench") == "bench"
    with pytest.raises(InvalidRequest):
        source_of("everybody's")


# ------------------------------------------------------------------ what the votes say


def test_a_system_that_is_preferred_leads_and_the_rest_is_not_told_apart(
    studio: Studio, data_dir: Path
) -> None:
    for name, texts in (("plain", PLAIN), ("lively", LIVELY), ("strange", STRANGE)):
        put_report(data_dir, name, texts)
    prefer(studio, "lively", 18)

    (table,) = asked_results(studio).tables
    first, *rest = table.ranking.standings
    assert (first.name, first.won, first.best, first.worst) == ("lively", 12, 1, 1)
    assert {(row.best, row.worst) for row in rest} == {(2, 3)}
    assert [set(group) for group in table.ranking.together] == [{"plain", "strange"}]
    assert table.items == 6


def test_whether_the_style_score_agrees_with_people_is_said(studio: Studio) -> None:
    """The livelier draft scores .9 in style, the others .2."""
    for number in range(8):
        put_note(studio, topic=f"Harbour {number}")
    for _ in range(16):
        asked = ballot(studio)
        vote(studio, "left" if "tide" in asked.left.text else "right")

    (style,) = asked_results(studio).metrics
    assert (style.metric, style.share.value, style.n) == ("style", 1.0, 16)
    assert 0.5 < style.share.low < 1


def test_for_copying_less_is_better(studio: Studio, data_dir: Path) -> None:
    put_report(data_dir, "copier", [f"{ITEM_SAMPLES[0]} {n}" for n in range(6)])
    put_report(data_dir, "plain", PLAIN)
    prefer(studio, "copier", 6)

    shares = {row.metric: row.share.value for row in asked_results(studio).metrics}
    assert shares["copied"] == 0


def test_agreement_between_raters_is_counted_on_what_they_share(
    studio: Studio, data_dir: Path
) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    prefer(studio, "lively", 6, "Ann")
    assert asked_results(studio).agreement is None
    prefer(studio, "lively", 3, "Bo")
    prefer(studio, "plain", 1, "Bo")

    found = asked_results(studio).agreement
    assert found is not None
    assert (found.pairs, found.share.value) == (4, 0.75)
    assert found.kappa is not None
    assert found.alpha is not None
    prefer(studio, "plain", 1, "Cy")
    of_three = asked_results(studio).agreement
    assert of_three is not None
    assert of_three.kappa is None


def test_a_rater_who_votes_at_odds_with_all_others_weighs_less(
    studio: Studio, data_dir: Path
) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    for rater in ("Ann", "Bo", "Cy"):
        prefer(studio, "lively", 6, rater)
    prefer(studio, "plain", 6, "Troll")

    found = asked_results(studio)
    weights = {row.name: row.trust.weight for row in found.raters}
    assert weights["Ann"] == 1
    assert weights["Troll"] < 0.2
    assert found.raters[0].you
    assert found.raters[0].name == "Ann"


def test_strangers_count_for_systems_without_a_name_and_never_for_notes(
    studio: Studio, data_dir: Path
) -> None:
    put_report(data_dir, "plain", PLAIN)
    put_report(data_dir, "lively", LIVELY)
    put_note(studio, "v-other")
    for source in ("bench", "note"):
        for _ in range(2):
            vote(studio, "left", "Secret", source, "v-other")
    vote(studio, "left")

    found = asked_results(studio)
    assert found.votes == 3
    assert sorted((row.name, row.you) for row in found.raters) == [("", False), ("Ann", True)]
    with pytest.raises(AssertionError):
        ballot(studio, source="note")


def test_two_reports_of_one_system_are_told_apart(studio: Studio, data_dir: Path) -> None:
    put_report(data_dir, "sag", PLAIN)
    put_report(data_dir, "sag", LIVELY, folder="bench/again")
    vote(studio, "left")

    (table,) = asked_results(studio).tables
    names = {row.name for row in table.ranking.standings}
    assert len(names) == 2
    assert all(name.startswith("sag (") for name in names)


def test_many_notes_and_reports_come_fast_enough_to_vote(studio: Studio, data_dir: Path) -> None:
    """Only the newest notes are looked at, whoever has thousands."""
    for number in range(60):
        put_note(studio, topic=f"Harbour {number}")

    found = contests(studio.store, data_dir, LOCAL, "note")
    assert len({pair.item for pair in found}) == 50
    assert all(isinstance(pair, Pair) for pair in found)
