"""Benchmarks in the background: progress, stop, kill and restart, turns, shares, owners."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.bench import BenchSet
from app.benchjobs import BenchJobs, Progress, Seen
from app.benchresults import BenchResults
from app.limits import LimitReached, Limits
from app.settings import Settings
from app.studio import Studio
from engine.errors import InvalidRequest, NotFound
from engine.protocols import never_stop
from tests.app.bench_command import save
from tests.browser.served import SlowStudio
from tests.engine.notebench.made import item, items

ROOT = Path(__file__).parents[2]
CHOSEN = BenchSet("made up", items())
_CHILD = """
import sys, time
from pathlib import Path
from app.bench import choose_items
from app.benchjobs import BenchJobs
from app.settings import Settings
from tests.browser.served import SlowStudio

studio = SlowStudio.open(Settings(data_dir=Path(sys.argv[1]), scripted=True))
studio.delay = 0.002
BenchJobs(studio).start("local", choose_items(Path(sys.argv[2]), "dev"), ["copy-source", "sag"])
time.sleep(120)
"""


def slow(settings: Settings, delay: float = 0.01) -> SlowStudio:
    opened = SlowStudio.open(settings)
    assert isinstance(opened, SlowStudio)
    opened.delay = delay
    return opened


@pytest.fixture
def jobs(studio: Studio) -> Iterator[BenchJobs]:
    """Jobs on the scripted model."""
    made = BenchJobs(studio)
    yield made
    made.close()


@pytest.fixture
def slow_jobs(settings: Settings) -> Iterator[BenchJobs]:
    """Jobs on a model that takes about half a second for an item."""
    with closing(slow(settings)) as studio:
        made = BenchJobs(studio)
        yield made
        made.close()


def until(jobs: BenchJobs, run_id: str, true: Callable[[Seen], bool], owner: str = "local") -> Seen:
    """Wait until a run is seen as it should be."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        seen = jobs.see(owner, run_id)
        if true(seen):
            return seen
        time.sleep(0.01)
    raise AssertionError(f"it never came to that: {seen}")


def is_at_rest(seen: Seen) -> bool:
    return seen.state not in ("waiting", "running")


def some_written(seen: Seen) -> bool:
    return 0 < seen.written < seen.run.count


# ------------------------------------------------------------------ from start to end


def test_a_run_measures_its_systems_and_keeps_their_reports(jobs: BenchJobs) -> None:
    run = jobs.start("local", CHOSEN, ["copy-source", "sag"], seed=3)

    seen = until(jobs, run.id, is_at_rest)

    assert (seen.state, seen.run.why) == ("done", "")
    assert (seen.finished, seen.written) == (("copy-source", "sag"), 12)
    report = jobs.files.report("local", run, "sag")
    assert (report.system, report.data.path, report.settings["seed"]) == ("sag", "made up", 3)
    found = BenchResults(jobs.files).of("local", seen)
    assert found.items == items()
    assert found.systems == ("copy-source", "sag")
    assert found.reports["sag"] == report


def test_progress_names_the_system_and_the_time_left(slow_jobs: BenchJobs) -> None:
    run = slow_jobs.start("local", CHOSEN, ["copy-source", "sag"])

    seen = until(
        slow_jobs,
        run.id,
        lambda s: bool(s.progress and s.progress.system == "sag" and s.progress.done),
    )
    told = seen.progress
    assert told is not None
    assert (told.place, told.systems, told.stage, told.total) == (2, 2, "writing", 6)
    assert told.seconds_left is not None
    assert 0 < told.seconds_left < 60
    assert 0.5 < told.share < 1
    slow_jobs.stop("local", run.id)


def test_progress_never_falls() -> None:
    stages = [("loading", 0), ("writing", 0), ("writing", 6), ("scoring", 1), ("scoring", 6)]
    shares = [
        Progress("s", place, 2, stage, done, 6, None).share  # type: ignore[arg-type]
        for place in (1, 2)
        for stage, done in stages
    ]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_run_that_fails_says_why(jobs: BenchJobs) -> None:
    gone = jobs.start("local", CHOSEN, ["copy-source"])
    until(jobs, gone.id, is_at_rest)
    jobs.files.report_path("local", gone, "copy-source").unlink()
    jobs.files.items_path("local", gone).write_text('{"id": 1}\n')
    jobs.files.save("local", gone.model_copy(update={"end": "stopped"}))
    jobs.resume("local", gone.id)

    seen = until(jobs, gone.id, is_at_rest)

    assert seen.state == "failed"
    assert seen.run.why.startswith("items.jsonl, line 1: the field")


# ------------------------------------------------------------------ stop, kill, restart


def test_a_stopped_run_keeps_what_it_wrote_and_goes_on(slow_jobs: BenchJobs) -> None:
    run = slow_jobs.start("local", CHOSEN, ["sag"])
    until(slow_jobs, run.id, some_written)
    began = time.monotonic()
    slow_jobs.stop("local", run.id)
    stopped = until(slow_jobs, run.id, is_at_rest)
    assert time.monotonic() - began < 3  # in the middle of an item
    assert stopped.state == "stopped"
    assert some_written(stopped)

    slow_jobs.resume("local", run.id)

    done = until(slow_jobs, run.id, is_at_rest)
    assert (done.state, done.written) == ("done", 6)


def test_a_killed_server_leaves_a_run_that_goes_on_without_repeating_an_item(
    settings: Settings, tmp_path: Path
) -> None:
    rows = [item(n, id=f"r{n}") for n in range(24)]
    data = save(tmp_path / "data.jsonl", rows)
    command = [sys.executable, "-c", _CHILD, str(settings.data_dir), str(data)]
    child = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ))
    with closing(Studio.open(settings)) as studio:
        jobs = BenchJobs(studio)
        end = time.monotonic() + 120
        while time.monotonic() < end and not (
            (runs := jobs.seen("local")) and runs[0].written > 24 + 3
        ):
            time.sleep(0.02)
        assert jobs.seen("local")[0].state == "running"  # over there
        child.kill()
        child.wait()

        [found] = jobs.seen("local")
        assert found.state == "interrupted"
        assert found.finished == ("copy-source",)
        partial = jobs.files.report_path("local", found.run, "sag").with_name("sag.json.partial")
        written = [json.loads(line) for line in partial.read_bytes().split(b"\n")[1:-1]]
        assert 3 < len(written) < 24

        jobs.resume("local", found.run.id)
        done = until(jobs, found.run.id, is_at_rest)
        jobs.close()

    assert done.state == "done"
    kept = jobs.files.report("local", done.run, "sag").items
    assert [(each.id, each.text, each.seconds) for each in kept[: len(written)]] == [
        (each["id"], each["text"], each["seconds"]) for each in written
    ]
    assert [each.id for each in kept] == [row.id for row in rows]


def test_of_two_servers_one_works_on_a_run_and_the_other_sees_it(settings: Settings) -> None:
    with closing(slow(settings)) as one, closing(slow(settings)) as two:
        here, there = BenchJobs(one), BenchJobs(two)
        first, second = (here.start("local", CHOSEN, ["sag"]) for _ in range(2))
        until(here, first.id, some_written)
        for run in (first, second):  # the one at work, and the one that waits for it
            assert there.see("local", run.id).state == "running"
            there.resume("local", run.id)
            assert there.see("local", run.id).ahead == 0
            with pytest.raises(InvalidRequest, match="works on this run; stop it there"):
                there.stop("local", run.id)
        here.stop("local", second.id)
        here.stop("local", first.id)
        until(here, first.id, is_at_rest)

        there.resume("local", first.id)
        here.resume("local", first.id)
        here.resume("local", second.id)
        assert here.see("local", first.id).state == "running"
        assert until(there, first.id, is_at_rest).state == "done"
        assert until(here, second.id, is_at_rest).state == "done"
        report = there.files.report("local", first, "sag")
        assert [each.id for each in report.items] == [each.id for each in CHOSEN.items]
        here.close()
        there.close()


def test_a_server_that_closes_lets_go_of_the_runs_that_waited(settings: Settings) -> None:
    with closing(slow(settings)) as one, closing(slow(settings, 0)) as two:
        here, there = BenchJobs(one), BenchJobs(two)
        first, second = (here.start("local", CHOSEN, ["sag"]) for _ in range(2))
        until(here, first.id, some_written)
        here.close()
        for run in (first, second):
            assert there.see("local", run.id).state == "interrupted"
            there.resume("local", run.id)
        assert until(there, second.id, is_at_rest).state == "done"
        assert there.see("local", first.id).state == "done"
        there.close()


def test_a_server_that_ends_leaves_its_run_to_be_taken_up(settings: Settings) -> None:
    with closing(slow(settings)) as studio:
        jobs = BenchJobs(studio)
        run = jobs.start("local", CHOSEN, ["sag"])
        until(jobs, run.id, some_written)
        jobs.close()
    with closing(Studio.open(settings)) as studio:
        again = BenchJobs(studio)
        assert again.see("local", run.id).state == "interrupted"
        again.resume("local", run.id)
        assert until(again, run.id, is_at_rest).state == "done"
        again.close()


# ------------------------------------------------------------------ turns


def test_runs_wait_for_each_other_and_a_waiting_one_can_be_stopped(slow_jobs: BenchJobs) -> None:
    first, second, third = (slow_jobs.start("local", CHOSEN, ["sag"]) for _ in range(3))
    seen = {each.run.id: (each.state, each.ahead) for each in slow_jobs.seen("local")}
    assert seen == {
        first.id: ("running", 0), second.id: ("waiting", 1), third.id: ("waiting", 2)
    }  # fmt: skip
    slow_jobs.stop("local", second.id)
    assert slow_jobs.see("local", second.id).state == "stopped"
    slow_jobs.stop("local", first.id)
    until(slow_jobs, third.id, lambda each: each.state == "running")
    slow_jobs.stop("local", third.id)


def test_who_writes_is_let_in_at_once_and_the_run_goes_on_after_them(settings: Settings) -> None:
    with closing(slow(settings, 0.05)) as studio:  # an item takes several seconds
        jobs = BenchJobs(studio)
        run = jobs.start("local", CHOSEN, ["sag"])
        until(jobs, run.id, lambda seen: bool(seen.progress and seen.progress.stage == "writing"))
        time.sleep(0.3)
        began = time.monotonic()
        list(studio.turnstile.enter(never_stop))
        assert time.monotonic() - began < 1
        assert jobs.see("local", run.id).state == "running"
        studio.turnstile.leave()
        jobs.close()


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("systems", "seed", "said"),
    [
        ([], 0, "Choose at least one system"),
        (["best"], 0, "no system 'best'"),
        (["sag+filter"], 0, "sag\\+filter cannot run yet"),
        (["sag"], -1, "The seed must lie"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_begins(
    jobs: BenchJobs, systems: list[str], seed: int, said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        jobs.start("local", CHOSEN, systems, seed=seed)
    assert jobs.seen("local") == []


def test_a_language_that_the_model_cannot_write_is_refused_at_once(settings: Settings) -> None:
    with closing(slow(settings, 0)) as studio:
        studio.english_only = True
        studio.warm_up()
        studio.room.put(studio.models)
        jobs = BenchJobs(studio)
        chinese = BenchSet("made up", (item(0, language="zh"),))
        with pytest.raises(InvalidRequest, match="in Chinese, which the model"):
            jobs.start("local", chinese, ["sag"])
        jobs.start("local", chinese, ["copy-source"])
        jobs.close()


def test_a_visitor_has_a_share_and_one_run_at_a_time(settings: Settings) -> None:
    with closing(slow(settings)) as studio:
        jobs = BenchJobs(studio, Limits(notes=10))
        with pytest.raises(LimitReached, match="counts as 12 notes"):
            jobs.start("v-ann", CHOSEN, ["sag", "stylist-only"])
        run = jobs.start("v-ann", CHOSEN, ["sag", "copy-source"])
        with pytest.raises(LimitReached, match="at work already"):
            jobs.start("v-ann", CHOSEN, ["copy-source"])
        jobs.start("v-bob", CHOSEN, ["sag"])
        jobs.stop("v-ann", run.id)
        until(jobs, run.id, is_at_rest, "v-ann")
        with pytest.raises(LimitReached, match="you have 4 left"):
            jobs.start("v-ann", CHOSEN, ["sag"])
        jobs.close()


def test_a_visitors_oldest_runs_make_room(jobs: BenchJobs) -> None:
    made = [jobs.start("v-ann", CHOSEN, ["copy-source"]) for _ in range(3)]
    until(jobs, made[-1].id, is_at_rest, "v-ann")
    jobs.files.keep_newest("v-ann", 2)
    assert [seen.run.id for seen in jobs.seen("v-ann")] == sorted(
        (run.id for run in made), reverse=True
    )[:2]


def test_nobody_sees_or_touches_the_runs_of_others(jobs: BenchJobs) -> None:
    run = jobs.start("v-ann", CHOSEN, ["copy-source"])
    assert jobs.seen("v-bob") == []
    for touch in (jobs.see, jobs.resume, jobs.delete, jobs.restore):
        with pytest.raises(NotFound):
            touch("v-bob", run.id)
    for strange in ("../v-ann", "..", "", f"../v-ann/{run.id}", "x" * 300):
        with pytest.raises(NotFound):
            jobs.see("v-bob", strange)
    until(jobs, run.id, is_at_rest, "v-ann")


def test_a_deleted_run_comes_back_until_the_next_begins(jobs: BenchJobs) -> None:
    run = jobs.start("local", CHOSEN, ["copy-source"])
    until(jobs, run.id, is_at_rest)
    jobs.delete("local", run.id)
    assert jobs.seen("local") == []
    jobs.restore("local", run.id)
    assert [each.run.id for each in jobs.seen("local")] == [run.id]
    jobs.delete("local", run.id)
    other = jobs.start("local", CHOSEN, ["copy-source"])
    with pytest.raises(NotFound):
        jobs.restore("local", run.id)
    until(jobs, other.id, is_at_rest)


def test_a_folder_that_is_none_of_ours_does_not_hide_the_runs(jobs: BenchJobs) -> None:
    run = jobs.start("local", CHOSEN, ["copy-source"])
    strange = jobs.files.items_path("local", run).parents[1] / "9-strange"
    strange.mkdir()
    (strange / "run.json").write_text("{")
    assert [each.run.id for each in jobs.seen("local")] == [run.id]
    until(jobs, run.id, is_at_rest)
