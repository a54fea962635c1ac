"""Training jobs: one at a time on a machine, and a dead one can be taken up again."""

import os
from threading import Thread

import pytest

from engine.errors import InvalidRequest, NotFound, Stopped, StorageError
from engine.job_types import TrainingJob
from engine.learning_types import TrainingProgress
from storage.jobs import INTERRUPTED, Claim
from storage.store import Store
from tests.builders import profile
from tests.storage.conftest import Program


@pytest.fixture
def stored(store: Store) -> Store:
    for name in ("Ada", "Bob"):
        store.save_profile("me", profile(name))
    return store


def claimed(store: Store, job: TrainingJob) -> Claim:
    claim = store.jobs().claim(job.id)
    assert claim is not None
    return claim


def at(step: int, **values: float) -> TrainingProgress:
    return TrainingProgress(stage="sft", step=step, steps=9, **values)


def test_a_job_waits_runs_and_ends(stored: Store) -> None:
    board = stored.jobs()
    job = board.add("me", "Ada")
    assert (job.state, job.method, job.style, job.wish) == ("waiting", "auto", "Ada", "go")
    claim = claimed(stored, job)
    claim.chosen("dpo", 14)
    claim.enter("training")
    assert claim.report(at(1, loss=2.0, margin=0.1), 8.0) == "go"
    seen = board.get("me", job.id)
    assert (seen.state, seen.stage, seen.step, seen.steps) == ("running", "training", 1, 9)
    assert (seen.method, seen.examples, seen.loss, seen.seconds_left) == ("dpo", 14, 2.0, 8.0)
    assert seen.pid == os.getpid()
    claim.made("a1-it")
    claim.end("done")
    seen = board.get("me", job.id)
    assert (seen.state, seen.adapter, seen.pid, seen.seconds_left) == ("done", "a1-it", None, None)


def test_a_job_is_prepared_before_anybody_can_take_it_up(stored: Store) -> None:
    board, seen = stored.jobs(), []

    def prepare(job_id: str) -> None:
        seen.append((job_id, board.next_waiting()))

    job = board.add("me", "Ada", prepare=prepare)
    assert seen == [(job.id, None)]
    board.ask("me", job.id, "cancel")

    def refused(_: str) -> None:
        raise StorageError("The disk is full.")

    with pytest.raises(StorageError):
        board.add("me", "Ada", prepare=refused)
    assert [each.id for each in board.list("me")] == [job.id]


def test_nobody_sees_or_stops_the_job_of_another(stored: Store) -> None:
    job = stored.jobs().add("me", "Ada")
    for see in (stored.jobs().get, stored.jobs().curve):
        with pytest.raises(NotFound):
            see("you", job.id)
    with pytest.raises(NotFound):
        stored.jobs().ask("you", job.id, "cancel")
    with pytest.raises(NotFound):
        stored.jobs().add("you", "Ada")
    assert stored.jobs().list("you") == []


def test_a_style_has_one_job_at_a_time(stored: Store) -> None:
    board = stored.jobs()
    job = board.add("me", "Ada")
    with pytest.raises(InvalidRequest, match="being trained already"):
        board.add("me", "Ada")
    board.ask("me", job.id, "cancel")
    board.add("me", "Ada")
    with pytest.raises(InvalidRequest, match="being trained already"):
        board.ask("me", job.id, "go")


def test_a_machine_has_one_job_at_work_and_the_next_waits(stored: Store) -> None:
    board = stored.jobs()
    one, two = board.add("me", "Ada"), board.add("me", "Bob")
    assert (board.ahead(one), board.ahead(two)) == (0, 1)
    claim = claimed(stored, one)
    assert board.claim(two.id) is None
    assert board.claim(one.id) is None
    elsewhere = stored.jobs(host="another").claim(two.id)
    assert elsewhere is not None
    elsewhere.end("failed", "No.")
    board.ask("me", two.id, "go")
    claim.end("done")
    assert board.next_waiting() == two.id
    assert board.claim(two.id) is not None


def test_of_many_that_claim_at_once_one_has_the_job(stored: Store, url: str) -> None:
    job = stored.jobs().add("me", "Ada")
    claims: list[Claim | None] = []

    def claim() -> None:
        other = Store.open(url)
        claims.append(other.jobs().claim(job.id))
        other.close()

    threads = [Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each is not None for each in claims) == 1


def test_the_process_is_told_what_is_wanted(stored: Store) -> None:
    board = stored.jobs()
    job = board.add("me", "Ada")
    claim = claimed(stored, job)
    board.ask("me", job.id, "pause")
    assert claim.wish() == claim.beat() == "pause"
    claim.pause(paused=True)
    seen = board.get("me", job.id)
    assert (seen.state, seen.makes_room) == ("paused", False)
    board.ask("me", job.id, "go")
    assert board.get("me", job.id).makes_room
    board.ask("me", job.id, "cancel")
    assert claim.report(at(2), None) == "cancel"
    claim.end("stopped")
    assert board.get("me", job.id).wish == "go"


def test_a_step_taken_again_takes_its_old_place_on_the_curve(stored: Store) -> None:
    board = stored.jobs()
    job = board.add("me", "Ada")
    claim = claimed(stored, job)
    for step, loss in ((1, 3.0), (2, 2.5), (3, 2.4), (2, 2.6), (3, 2.3)):
        claim.report(at(step, loss=loss), None)
    claim.report(at(4), None)
    assert [(p.step, p.loss) for p in board.curve("me", job.id)] == [(1, 3.0), (2, 2.6), (3, 2.3)]


KILLED = """
import sys
from storage.store import Store
claim = Store.open(sys.argv[1]).jobs().claim(sys.argv[2])
print("mine", flush=True)
sys.stdin.read()
"""


def test_a_dead_job_is_stopped_after_a_while_and_can_be_taken_up(
    stored: Store, url: str, program: Program
) -> None:
    job = stored.jobs().add("me", "Ada")
    child = program(KILLED, url, job.id)
    assert child.stdout is not None
    child.stdout.readline()
    impatient = stored.jobs(patience=0.0)
    assert impatient.get("me", job.id).state == "running"  # its process is there
    child.kill()
    child.wait()
    assert stored.jobs().get("me", job.id).state == "running"  # its heart beat just now
    seen = impatient.get("me", job.id)
    assert (seen.state, seen.message, seen.pid) == ("stopped", INTERRUPTED, None)
    impatient.ask("me", job.id, "go")
    assert claimed(stored, job).job.state == "running"


def test_whoever_lost_the_job_can_change_nothing(stored: Store) -> None:
    job = stored.jobs().add("me", "Ada")
    lost = claimed(stored, job)
    stored.jobs(host="another", patience=-1.0).ask("me", job.id, "go")  # takes it for dead
    held = claimed(stored, job)
    for change in (lost.beat, lost.wish, lambda: lost.end("done"), lambda: lost.report(at(1), 1.0)):
        with pytest.raises(Stopped, match="taken this training up"):
            change()
    held.end("done")


def test_a_job_that_never_began_says_why(stored: Store) -> None:
    board = stored.jobs()
    job = board.add("me", "Ada")
    board.not_begun(job.id, "It did not start.")
    seen = board.get("me", job.id)
    assert (seen.state, seen.message) == ("failed", "It did not start.")
    board.ask("me", job.id, "go")
    claim = claimed(stored, job)
    board.not_begun(job.id, "Too late.")
    assert board.get("me", job.id).state == "running"
    claim.end("done")


def test_a_job_follows_its_style_when_it_is_renamed(stored: Store) -> None:
    job = stored.jobs().add("me", "Ada")
    stored.rename_style("me", "Ada", "Ada L.")
    assert stored.jobs().get("me", job.id).style == "Ada L."
    assert [each.id for each in stored.jobs().list("me", "Ada L.")] == [job.id]
