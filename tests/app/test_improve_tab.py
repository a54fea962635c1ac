"""The Improve tab's handlers and HTML on a real studio, with a trainer that counts."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapterzip import pack
from app.consent import Learned
from app.curves import curves
from app.i18n import Texts
from app.improveview import (
    adapter_view,
    compared_view,
    duration,
    job_state,
    job_view,
    prospect_view,
    report_view,
)
from app.tabs.improve import ImproveTab
from app.training import Prospect, Training, actions
from engine.adapter_types import Adapter, AdapterManifest
from engine.job_types import OPEN, JobStep, TrainingJob
from engine.types import BaseRef, utc_now
from finetune.pace import Estimate
from tests.adapters import BASE, a_folder
from tests.app.bench import EN, ZH, Bench, clicked
from tests.finetune.scripted import PROGRAM, VARIABLE, Script, a_report
from tests.taught import teach

T = Texts("en")
HOSTILE = "<script>alert(1)</script>"
NOTHING = Learned({}, {}, frozenset(), 0, 0, 0, 0, continued=False)


def a_job(**changes: object) -> TrainingJob:
    values: dict[str, object] = {
        "id": "j1-0", "owner": "me", "style": "Ada", "method": "dpo", "state": "running",
        "stage": "training", "step": 30, "steps": 120, "examples": 214, "seconds_left": 540.0,
        "created_at": utc_now(), "updated_at": utc_now(),
    }  # fmt: skip
    return TrainingJob.model_validate(values | changes)


# ------------------------------------------------------------------ what it says


def test_it_says_in_words_how_a_job_stands() -> None:
    said = job_state(a_job(), 0, T)
    assert said == "About 9 minutes left, 214 examples. You can close this page."
    gate = a_job(stage="gate", seconds_left=None)
    assert job_state(gate, 0, T) == "Comparing it with what serves now"
    assert "serves now: about 9 minutes" in job_state(a_job(stage="gate"), 0, T)
    writing = a_job(stage="writing", round=2, rounds=3, step=17, steps=40, method="filter")
    assert job_state(writing, 0, T).startswith("Writing texts, of which it keeps the best: about 9")
    assert "round 2 of 3 · text 17 of 40" in job_view(writing, [], 0, T)
    assert "round" not in job_view(a_job(stage="training", round=1, rounds=1), [], 0, T)
    assert job_state(a_job(state="waiting"), 2, T).startswith("Waiting: 2 before it")
    assert "somebody writes" in job_state(a_job(state="paused"), 0, T)
    assert job_state(a_job(state="paused", wish="pause"), 0, T).startswith("Paused.")
    assert job_state(a_job(state="failed", message="It is full."), 0, T) == "It is full."
    assert job_state(a_job(), 0, Texts("zh")) == "还需约 9 分钟，214 个例子。可以关闭本页。"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "less than a minute"), (80, "about a minute"), (540, "about 9 minutes"),
     (5_400, "about 2 hours"), (3_700, "about 62 minutes")],
)  # fmt: skip
def test_times_are_said_in_plain_words(seconds: float, words: str) -> None:
    assert duration(seconds, T) == words


@pytest.mark.parametrize(
    ("changes", "can"),
    [
        ({}, {"pause", "cancel"}),
        ({"wish": "pause", "state": "paused"}, {"resume", "cancel"}),
        ({"state": "paused"}, {"pause", "cancel"}),
        ({"state": "waiting"}, {"cancel"}),
        ({"state": "stopped"}, {"resume"}),
        ({"state": "failed"}, {"resume"}),
        ({"state": "done"}, set()),
    ],
)
def test_only_what_makes_sense_can_be_asked(changes: dict[str, object], can: set[str]) -> None:
    assert actions(a_job(**changes)) == can


def test_curves_are_drawn_with_their_numbers_as_text() -> None:
    points = [JobStep(stage="sft", step=1, loss=9.0)]
    points += [JobStep(stage="dpo", step=n, loss=2.0 / n, margin=n / 10) for n in range(1, 900)]
    drawn = curves(points, 1_000, T)
    assert drawn.count("<svg") == 2
    assert "Loss: from 2.00 to" in drawn
    assert "9.00" not in drawn  # an earlier stage has another scale
    assert len(drawn) < 20_000
    assert curves(points[:1], 10, T) == ""
    assert curves([], 10, T) == ""
    flat = [JobStep(stage="sft", step=n, loss=1.0) for n in (1, 2)]
    assert "nan" not in curves(flat, 2, T).lower()


def test_it_says_what_there_is_and_what_was_left_out_and_why() -> None:
    found = Prospect(
        samples=5, acts={"edit": 14, "stars": 31, "tag": 2}, rows=50, method="dpo",
        dropped={"It is there already.": 3}, estimate=Estimate(540.0, True),
    )  # fmt: skip
    shown = prospect_view(found, T)
    assert "14 edits, 31 star ratings, 5 samples" in shown
    assert "50 examples: enough for learning what you prefer" in shown
    assert "about 9 minutes, measured on this machine" in shown
    assert "3 things are left out" in shown
    assert "It is there already." in shown
    lacking = prospect_view(Prospect(samples=0, lacking="Rate more."), T)
    assert "Nothing to learn from yet" in lacking
    assert "Rate more." in lacking


def test_reports_are_told_in_words_figures_and_texts() -> None:
    shown = report_view(a_report(), T)
    assert "The new version is better" in shown
    assert "+0.10 … +0.28" in shown
    assert "−0.02" in shown
    assert "&lt;b&gt;ferry&lt;/b&gt;" in shown
    assert shown.count('class="before-after"') == 2
    assert "Worse: " in report_view(a_report(passed=False), T)
    for none in ({}, {"format": 99}, {"items": HOSTILE}):
        assert "has not been compared" in report_view(none, T)


def test_an_adapter_says_what_its_rounds_kept_and_why_not_the_rest() -> None:
    failed = {"It copies a sample.": 61, HOSTILE: 1}
    tally = {"plans": 40, "written": 160, "kept": 23, "failed": failed}
    for rounds, said in (
        ([tally, tally | {"failed": {}}], "Round 2: it wrote 160 texts on 40 plans"),
        ([HOSTILE], "has not been compared"),
        (HOSTILE, "has not been compared"),
    ):
        manifest = AdapterManifest.model_validate(
            {
                "style": "Ada", "base": BASE, "base_sha256": "0" * 64, "method": "filter",
                "settings": {"rounds": rounds}, "files": {}, "created_at": utc_now(),
            }
        )  # fmt: skip
        made = Adapter(id=manifest.id, style="Ada", status="candidate", manifest=manifest)
        shown = adapter_view(made, [], NOTHING, T)
        assert said in shown
        assert "<script" not in shown
        assert ("62 texts were not good enough" in shown) == isinstance(rounds[0], dict)


def test_a_failure_is_an_alert_and_hostile_words_stay_words() -> None:
    shown = job_view(a_job(state="failed", message=HOSTILE), [], 0, T)
    assert 'role="alert"' in shown
    assert "<script" not in shown


# ------------------------------------------------------------------ what it does


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bench, ImproveTab]]:
    """The tab of a page of one's own, on a style that was rated and edited."""
    monkeypatch.setattr(Training, "program", ("-m", PROGRAM))
    monkeypatch.setenv(VARIABLE, Script(steps=4).model_dump_json())
    bench = Bench(tmp_path / "page")
    improve = bench.page.improve
    bench.shown |= dict.fromkeys((improve.style, improve.told, improve.pane.opened), "")
    bench.shown |= {improve.rounds: 1}
    bench.shown |= {improve.method: "auto", improve.pane.reason: "", improve.pane.other: None}
    yield bench, improve
    for job in improve.training.jobs(bench.owner):
        improve.training.ask(bench.owner, job.id, "cancel")
        ended(bench, improve, job)
    bench.studio.close()


def ended(bench: Bench, tab: ImproveTab, job: TrainingJob) -> TrainingJob:
    until = time.monotonic() + 120
    while (job := tab.training.job(bench.owner, job.id)).state in OPEN:
        assert time.monotonic() < until
        time.sleep(0.05)
    return job


def trained(bench: Bench, tab: ImproveTab) -> Adapter:
    bench.see(tab.begin(bench.shown, EN))
    job = ended(bench, tab, tab.training.jobs(bench.owner, "Ada")[0])
    assert (job.state, job.message) == ("done", "")
    bench.see(tab.watch(bench.shown, EN))
    assert job.adapter is not None
    return tab.training.shelf.get(bench.owner, job.adapter)


def test_somebody_without_a_style_is_told_where_to_begin(tab: tuple[Bench, ImproveTab]) -> None:
    bench, improve = tab
    answer = bench.see(improve.shown(bench.shown, EN))
    assert answer[improve.body]["visible"] is False
    assert "Save a style first" in bench.shown[improve.welcome]
    bench.see(improve.begin(bench.shown, ZH))
    assert "is-error" in bench.shown[improve.said]


def test_the_time_is_told_for_what_was_chosen_rounds_and_all(
    tab: tuple[Bench, ImproveTab],
) -> None:
    bench, improve = tab
    teach(bench.studio.store, bench.owner)
    bench.see(improve.shown(bench.shown, EN))
    said = []
    for method, rounds in (("auto", 1), ("filter", 1), ("filter", 3)):
        bench.shown |= {improve.method: method, improve.rounds: rounds}
        answer = bench.see(improve.foretell(bench.shown, EN))
        assert answer[improve.rounds]["visible"] == (method == "filter")
        said.append(bench.shown[improve.prospect])
    assert len(set(said)) == 3
    assert "imitating its own best drafts" in said[1]
    bench.shown[improve.rounds] = 99
    bench.see(improve.begin(bench.shown, EN))
    assert "one to three rounds" in bench.shown[improve.said]


def test_from_the_button_to_an_adapter_in_use(tab: tuple[Bench, ImproveTab]) -> None:
    bench, improve = tab
    teach(bench.studio.store, bench.owner)
    bench.see(improve.shown(bench.shown, EN))
    assert "12 star ratings" in bench.shown[improve.prospect]
    answer = bench.see(improve.begin(bench.shown, EN))
    assert answer[improve.start]["interactive"] is False
    assert answer[improve.timer].active is True
    bench.see(improve.begin(bench.shown, EN))
    assert "being trained already" in bench.shown[improve.said]
    ended(bench, improve, improve.training.jobs(bench.owner)[0])
    answer = bench.see(improve.watch(bench.shown, EN))
    assert answer[improve.timer].active is False
    assert "Done." in bench.shown[improve.job]
    assert "in use" in bench.shown[improve.list]
    assert "Five, and the cafe is open." in bench.shown[improve.pane.view]


def test_a_page_opened_again_watches_the_job(tab: tuple[Bench, ImproveTab]) -> None:
    bench, improve = tab
    teach(bench.studio.store, bench.owner)
    teach(bench.studio.store, bench.owner, "Aaron")
    bench.shown[improve.style] = "Ada"
    bench.see(improve.begin(bench.shown, EN))
    bench.see(improve.pause_job(bench.shown, EN))
    answer = bench.see(improve.restore(bench.owner, T))
    assert bench.shown[improve.style] == "Ada"
    assert answer[improve.timer].active is True
    assert answer[improve.actions]["visible"] is True
    bench.see(improve.resume_job(bench.shown, EN))
    bench.see(improve.cancel_job(bench.shown, EN))
    ended(bench, improve, improve.training.jobs(bench.owner)[0])


def test_what_did_not_pass_needs_a_reason(
    tab: tuple[Bench, ImproveTab], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, improve = tab
    monkeypatch.setenv(VARIABLE, Script(steps=2, passes=False).model_dump_json())
    teach(bench.studio.store, bench.owner)
    bench.shown[improve.style] = "Ada"
    assert trained(bench, improve).status == "refused"
    pane = improve.pane
    bench.see(pane.use(bench.shown, EN))
    assert "The gate refused this adapter; give a reason" in bench.shown[pane.said]
    bench.shown[pane.reason] = f"I like it. {HOSTILE}"
    bench.see(pane.use(bench.shown, EN))
    assert "It writes from now on." in bench.shown[pane.said]
    assert "<script" not in bench.shown[pane.view]
    bench.see(improve.changed(bench.shown, EN))
    assert "is-promoted" in bench.shown[improve.list]
    bench.see(pane.go_back(bench.shown, EN))
    assert "None of this style" in bench.shown[pane.said]


def test_rolling_back_is_about_the_open_adapter_whatever_serves_on_another_base(
    tab: tuple[Bench, ImproveTab], tmp_path: Path
) -> None:
    bench, improve = tab
    teach(bench.studio.store, bench.owner)
    shelf, made = improve.training.shelf, []
    for revision in ("1", "2"):
        folder = a_folder(tmp_path / revision, base=BaseRef(name="Qwen", revision=revision))
        made.append(shelf.add(bench.owner, "Ada", folder).id)
        shelf.promote(bench.owner, made[-1])
    bench.shown |= {improve.style: "Ada", improve.pane.opened: made[0]}
    bench.see(improve.pane.go_back(bench.shown, EN))
    assert [shelf.get(bench.owner, one).status for one in made] == ["retired", "promoted"]


def test_two_adapters_are_compared_on_the_same_plans(tab: tuple[Bench, ImproveTab]) -> None:
    bench, improve = tab
    teach(bench.studio.store, bench.owner)
    bench.shown[improve.style] = "Ada"
    one, two = trained(bench, improve), trained(bench, improve)
    bench.see(improve.pick(bench.shown, clicked(one.id), EN))
    assert bench.shown[improve.pane.opened] == one.id
    bench.shown[improve.pane.other] = two.id
    bench.see(improve.pane.compare(bench.shown, EN))
    assert bench.shown[improve.pane.compared].count('class="before-after"') == 2
    bare = one.model_copy(update={"report": {}})
    assert "not tried on the same plans" in compared_view(bare, two, T)
    assert "has not been compared" in adapter_view(bare, (), NOTHING, T)


def test_an_adapter_of_another_base_is_refused_with_the_reason(
    tab: tuple[Bench, ImproveTab], tmp_path: Path
) -> None:
    bench, improve = tab
    teach(bench.studio.store, bench.owner)
    bench.shown[improve.style] = "Ada"
    for base, said in (("feedfacefeedface", "you run scripted"), ("1", "not in use yet")):
        folder = a_folder(tmp_path / base, base=BaseRef(name="Qwen", revision=base))
        bench.shown[improve.file] = str(pack(folder, tmp_path / f"zip-{base}"))
        bench.see(improve.take_file(bench.shown, EN))
        assert said in bench.shown[improve.said]
        assert not (tmp_path / f"zip-{base}.zip").exists()
    assert len(improve.training.adapters(bench.owner, "Ada")) == 1


def test_an_adapter_is_packed_for_download(tab: tuple[Bench, ImproveTab]) -> None:
    bench, improve = tab
    teach(bench.studio.store, bench.owner)
    bench.shown[improve.style] = "Ada"
    trained(bench, improve)
    bench.see(improve.pane.pack_up(bench.shown, EN))
    packed = Path(bench.shown[improve.pane.file])
    assert packed.suffix == ".zip"
    assert packed.is_file()
