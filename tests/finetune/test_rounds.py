"""The style filter in a job: what it writes is filtered, kept, learned; a kill loses no plan."""

import json
import time
from pathlib import Path

import pytest

from engine.learning_types import SFTExample, TrainingSet
from engine.notebench.run import untold
from engine.types import Message, Scores
from finetune.improve import CANDIDATES, Outcome, best_of, fault, write_candidates
from finetune.job import NOTHING_KEPT
from finetune.pace import WRITING_SPEED, Speed, estimate, remember
from finetune.reasons import Reason
from finetune.rounds import PLANS, Author, Round, plans, together
from finetune.train import choose_method
from tests.adaptable import Adaptable
from tests.finetune.lessons import pair
from tests.finetune.office import Office
from tests.finetune.scripted import Script, rows

GOOD = {"style": 0.9, "faithful": 0.9, "meaning": 0.9, "copied": 0.0}


def scores(**changes: float | None) -> Scores:
    return Scores.model_validate({**GOOD, **changes, "signature": "test"})


# ------------------------------------------------------------------ the filter


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"style": 0.4}, Reason.OFF_STYLE),
        ({"faithful": 0.4, "style": 0.1}, Reason.SAYS_MORE),
        ({"meaning": 0.6}, Reason.SAYS_LESS),
        ({"copied": 0.5}, Reason.COPIES),
        ({"style": None}, Reason.OFF_STYLE),
        ({"faithful": None}, Reason.SAYS_MORE),
    ],
)
def test_a_text_is_learned_only_where_every_score_is_known_and_good(
    changes: dict[str, float | None], why: Reason | None
) -> None:
    assert fault(scores(**changes)) == why


def test_of_what_passes_the_best_in_style_is_kept_and_the_others_are_counted() -> None:
    """Each candidate is written on the whole plan; the row's own answers are not shown."""
    model, row = Adaptable(), rows().sft[0]
    said = iter([scores(style=0.6), scores(style=0.8), scores(faithful=0.1), scores(style=0.2)])
    seen: list[tuple[str, str]] = []

    def score(text: str, plain: str) -> Scores:
        seen.append((text, plain))
        return next(said)

    found = best_of(row, model, None, score, "en")
    assert (found.written, dict(found.failed)) == (4, {Reason.SAYS_MORE: 1, Reason.OFF_STYLE: 1})
    assert found.kept is not None
    assert (found.kept.origin, found.kept.sources) == ("gate", row.sources)
    assert seen == [("It rained on day 0.", "It rained on day 0.")] * CANDIDATES


def test_a_chat_without_an_opening_is_asked_as_it_stands() -> None:
    """Rows of one's own need not begin with samples."""
    turns = (Message(role="user", content="下雨了。"), Message(role="assistant", content="雨！"))
    row = SFTExample(messages=turns, origin="user", sources=())
    written = write_candidates(row, Adaptable(), None, "zh", seed=2**31)
    assert {one.messages[0] for one in written} == {turns[0]}
    assert [len(one.messages) for one in written] == [2] * CANDIDATES


# ------------------------------------------------------------------ a round


def author(row: SFTExample, seed: int) -> Outcome:
    if seed % 2:
        return Outcome(written=4, failed={str(Reason.OFF_STYLE): 4})
    kept = row.model_copy(update={"origin": "gate"})
    return Outcome(written=4, kept=kept, failed={str(Reason.COPIES): 1})


def test_a_round_goes_on_after_the_last_whole_line(tmp_path: Path) -> None:
    whole = Round(tmp_path / "whole", 1).write(rows().sft, lambda: author, untold)
    folder, told = tmp_path / "cut", []
    Round(folder, 1).write(rows().sft[:3], lambda: author, untold)
    with (folder / "1.jsonl").open("a") as file:
        file.write('{"written": 4, "ke')

    def on(row: SFTExample, seed: int) -> Outcome:
        told.append(seed % 1_000)
        return author(row, seed)

    assert Round(folder, 1).write(rows().sft, lambda: on, untold) == whole
    assert told == [3, 4, 5]
    assert (folder / "1.jsonl").read_bytes() == (tmp_path / "whole" / "1.jsonl").read_bytes()
    assert json.loads((folder / "1.json").read_text()) == {
        "plans": 6, "written": 24, "kept": 3,
        "failed": {Reason.OFF_STYLE: 12, Reason.COPIES: 3},
    }  # fmt: skip


def test_what_is_written_needs_no_model_again(tmp_path: Path) -> None:
    def unneeded() -> Author:
        raise AssertionError("nothing is left to write")

    kept = Round(tmp_path, 2, seed=5).write(rows().sft, lambda: author, untold)
    assert Round(tmp_path, 2, seed=5).write(rows().sft, unneeded, untold) == kept


def test_odd_line_breaks_in_a_text_are_no_end_of_a_line(tmp_path: Path) -> None:
    odd = rows(1).sft[0].model_copy(update={"sources": ("\u2028 and \x85",)})
    Round(tmp_path, 1).write([odd], lambda: author, untold)
    assert Round(tmp_path, 1).tally().plans == 1


def test_a_round_writes_on_plans_from_all_over_and_learns_nothing_twice() -> None:
    many = rows(100)
    chosen = plans(many.sft)
    assert (len(chosen), chosen[0], chosen[20]) == (PLANS, many.sft[0], many.sft[50])
    assert plans(many.sft[:3]) == list(many.sft[:3])
    again = [many.sft[0].model_copy(update={"origin": "gate"}), *rows(101).sft[100:]]
    assert len(together(many, again).sft) == 101


def test_the_estimate_holds_the_writing_of_every_round(tmp_path: Path) -> None:
    data = rows(20)
    remember(tmp_path, {"filter": Speed(100.0, 60.0), "sft": Speed(100.0, 60.0)})
    assert not estimate(tmp_path, "filter", data).measured
    remember(tmp_path, {WRITING_SPEED: Speed(10.0, 60.0)})
    once, thrice = (estimate(tmp_path, "filter", data, rounds) for rounds in (1, 3))
    assert once.measured
    assert once.seconds > estimate(tmp_path, "sft", data).seconds + 20 * CANDIDATES * 5 / 10
    assert thrice.seconds - 60 == pytest.approx(3 * (once.seconds - 60))


def test_auto_goes_on_with_its_own_best_where_everything_was_imitated() -> None:
    data = rows(8)
    learned = {source for row in data.sft for source in row.sources}
    choice = choose_method(data, learned)
    assert choice.method == "filter"
    assert "learned these 8 texts already" in choice.why
    assert choose_method(data, learned - {"f1-7"}).method == "sft"
    assert choose_method(rows(7), learned).method == "sft"
    unnamed = tuple(row.model_copy(update={"sources": ()}) for row in data.sft)
    assert choose_method(TrainingSet(sft=unnamed), learned).method == "sft"
    judged = TrainingSet(sft=data.sft, pairs=(pair(),) * 8)
    assert choose_method(judged, learned).method == "dpo"


# ------------------------------------------------------------------ the job


def written(place: Office) -> list[str]:
    """Return whom the rounds asked, with which seeds."""
    return (place.place / "authors").read_text().splitlines()


def test_a_job_of_two_rounds_learns_what_it_kept_beside_its_own(office: Office) -> None:
    job = office.end(office.new(script=Script(steps=3), method="filter", rounds=2))
    assert (job.state, job.method, job.message) == ("done", "filter", "")
    assert job.examples == 9
    assert [line.split()[1] for line in written(office)] == ["serving"] * 6 + ["round-1"] * 6
    assert len({line.split()[0] for line in written(office)}) == 12
    curve = office.board.curve("me", job.id)
    assert [(point.stage, point.step) for point in curve] == [
        (f"round {number}", step) for number in (1, 2) for step in (1, 2, 3)
    ]
    serving = office.serving()
    assert serving is not None
    assert serving.manifest.settings["rows"] == {"sft": 9, "pairs": 0, "unpaired": 0}
    tallies = serving.manifest.settings["rounds"]
    assert isinstance(tallies, list)
    assert [json.loads((office.folder(job).rounds / f"{n}.json").read_text()) for n in (1, 2)] == (
        tallies
    )
    assert tallies[0] == {
        "plans": 6, "written": 24, "kept": 3,
        "failed": {Reason.OFF_STYLE: 12, Reason.COPIES: 3},
    }  # fmt: skip
    assert set(serving.manifest.sources) == {"user", "gate"}


def test_killed_between_and_within_rounds_it_writes_no_plan_twice(office: Office) -> None:
    job, script = office.new(method="filter", rounds=2), Script(steps=20, delay=0.02)
    for stage, number, step in (("writing", 1, 2), ("training", 1, 6), ("writing", 2, 3)):
        child = office.start(job, script)
        office.wait(
            job,
            lambda s, at=(stage, number, step): (s.stage, s.round) == at[:2] and s.step >= at[2],  # type: ignore[misc]
        )
        child.kill()
        child.wait()
        assert office.board.get("me", job.id).state == "stopped"
        assert office.serving() is None
        office.board.ask("me", job.id, "go")
    office.start(job, script)
    assert office.end(job).state == "done"
    seeds = [line.split()[0] for line in written(office)]
    assert len(set(seeds)) == 12
    assert len(seeds) <= 14  # a plan that was being written when it was killed
    assert not office.folder(job).work.exists()


def test_a_job_is_paused_and_cancelled_while_it_writes(office: Office) -> None:
    job = office.new(script=Script(writing=0.3), method="filter")
    office.wait(job, lambda seen: seen.stage == "writing" and seen.step >= 1)
    office.board.ask("me", job.id, "pause")
    office.wait(job, lambda seen: seen.state == "paused")
    many = len(written(office))
    time.sleep(0.6)
    assert len(written(office)) == many < 6
    office.board.ask("me", job.id, "cancel")
    assert office.end(job).state == "stopped"


def test_a_filter_that_keeps_nothing_says_what_to_do(office: Office) -> None:
    job = office.end(office.new(script=Script(keeps=False), method="filter"))
    assert (job.state, job.message) == ("failed", NOTHING_KEPT)
    tally = json.loads((office.folder(job).rounds / "1.json").read_text())
    assert (tally["kept"], tally["failed"]) == (0, {Reason.OFF_STYLE: 24})
    job = office.new(method="filter")
    office.folder(job).write_data(TrainingSet())
    office.start(job, Script())
    assert "nothing to learn from by 'filter'; rate" in office.end(job).message
