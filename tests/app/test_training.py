"""Training as use cases and commands: what there is to learn, rows of one's own, jobs, adapters."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.adapterzip import pack, unpacked
from app.cli import app as command_line
from app.commands.common import WrongUsage
from app.commands.train import TrainingEnded
from app.settings import Settings
from app.studio import LOCAL, Studio
from app.training import NOT_BEGUN, Training, actions
from app.trainrows import read_training_rows
from engine.adapter_types import BaseRef
from engine.errors import AdapterUnusable, InvalidRequest, NotFound
from engine.job_types import OPEN, TrainingJob
from engine.learning_types import TrainingSet
from engine.models.machine import fingerprint
from finetune.orders import ADAPTERS, JOBS, JobFolder
from finetune.train import TrainingFailed
from storage.writing_lock import WRITING, WritingLock
from tests.adapters import a_folder
from tests.builders import note, profile, stars
from tests.finetune.scripted import PROGRAM, VARIABLE, Script, rows
from tests.taught import teach


@pytest.fixture
def training(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Training]:
    """Return training whose trainer counts, on a style that was rated and edited."""
    monkeypatch.setattr(Training, "program", ("-m", PROGRAM))
    script(monkeypatch)
    teach(studio.store, LOCAL)
    made = Training(studio)
    yield made
    for job in made.jobs(LOCAL):
        made.ask(LOCAL, job.id, "cancel")
        ended(made, job)


def script(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    monkeypatch.setenv(VARIABLE, Script.model_validate({"steps": 4} | values).model_dump_json())


def ended(training: Training, job: TrainingJob) -> TrainingJob:
    until = time.monotonic() + 120
    while (job := training.job(LOCAL, job.id)).state in OPEN:
        assert time.monotonic() < until, job
        time.sleep(0.05)
    return job


# ------------------------------------------------------------------ use cases


def test_it_says_what_there_is_and_what_it_allows(training: Training, studio: Studio) -> None:
    found = training.prospect(LOCAL, "Ada")
    assert (dict(found.acts), found.samples) == ({"stars": 12, "edit": 3}, 2)
    assert found.rows > 12
    assert found.method is not None
    assert found.estimate is not None
    assert not found.estimate.measured
    studio.store.save_profile(LOCAL, profile("Bob"))
    nothing = training.prospect(LOCAL, "Bob")
    assert (nothing.method, nothing.estimate) == (None, None)
    assert "too little to learn from" in nothing.lacking
    with pytest.raises(TrainingFailed, match="too little"):
        training.start(LOCAL, "Bob")
    assert training.jobs(LOCAL, "Bob") == []


def test_a_job_ends_in_an_adapter_and_the_next_estimate_is_measured(training: Training) -> None:
    job = ended(training, training.start(LOCAL, "Ada", "kto"))
    assert (job.state, job.message, job.method) == ("done", "", "kto")
    (adapter,) = training.adapters(LOCAL, "Ada")
    assert (adapter.id, adapter.status) == (job.adapter, "promoted")
    assert training.dropped(job) == {"It is there already.": 3}
    assert training.rollback(LOCAL, "Ada") is None
    assert [act.kind for act in training.history(LOCAL, "Ada")] == ["promote", "rollback"]


def test_three_ratings_are_too_little_and_begin_nothing(training: Training, studio: Studio) -> None:
    """The sentence says what to do; what served before still does."""
    job = ended(training, training.start(LOCAL, "Ada", "sft", rows()))
    studio.store.save_profile(LOCAL, profile("Bob"))
    for number, count in enumerate((5, 1, 2)):
        about = note(profile("Bob"), topic=f"Day {number}")
        studio.store.save_note(LOCAL, about)
        studio.store.add_feedback(LOCAL, stars(about, count))
    assert training.prospect(LOCAL, "Bob").acts == {"stars": 3}
    with pytest.raises(TrainingFailed, match="Rate at least eight drafts both ways"):
        training.start(LOCAL, "Bob")
    assert training.jobs(LOCAL, "Bob") == []
    current = training.shelf.current(LOCAL, "Ada")
    assert current is not None
    assert current.id == job.adapter


def test_training_goes_on_from_the_newest_adapter_that_is_whole(
    training: Training, studio: Studio, tmp_path: Path
) -> None:
    made = []
    for name in ("one", "two"):
        made.append(training.shelf.add(LOCAL, "Ada", a_folder(tmp_path / name, name)).id)
        training.promote(LOCAL, made[-1])
    folder = studio.settings.data_dir / ADAPTERS
    (folder / made[1] / "adapter.gguf").write_text("cut")
    job = training.start(LOCAL, "Ada", "dpo")
    order = JobFolder(studio.settings.data_dir / JOBS / job.id).order()
    assert order.serving == folder / made[0]


def test_a_job_whose_folder_is_gone_says_so(
    training: Training, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ended(training, training.start(LOCAL, "Ada", "sft"))
    script(monkeypatch, steps=2_000, delay=0.02)
    again = training.start(LOCAL, "Ada", "sft")
    while training.job(LOCAL, again.id).state == "waiting":
        time.sleep(0.05)
    training.ask(LOCAL, again.id, "cancel")
    ended(training, again)
    shutil.rmtree(studio.settings.data_dir / JOBS / again.id)
    training.ask(LOCAL, again.id, "go")
    seen = training.job(LOCAL, again.id)
    assert seen.state == "failed"
    assert "cannot be started (No such file or directory)" in seen.message
    current = training.shelf.current(LOCAL, "Ada")
    assert current is not None
    assert current.id == job.adapter


def test_auto_goes_on_from_what_it_has_imitated_and_says_why(
    training: Training, studio: Studio, tmp_path: Path
) -> None:
    data = rows(8)
    sources = {"user": tuple(source for row in data.sft for source in row.sources)}
    assert training.choice(LOCAL, "Ada", data).method == "sft"
    made = training.shelf.add(LOCAL, "Ada", a_folder(tmp_path / "made", sources=sources))
    training.promote(LOCAL, made.id)
    choice = training.choice(LOCAL, "Ada", data)
    assert (choice.method, "8 texts already" in choice.why) == ("filter", True)
    job = ended(training, training.start(LOCAL, "Ada", None, data, rounds=2))
    assert (job.state, job.method) == ("done", "filter")
    assert JobFolder(studio.settings.data_dir / JOBS / job.id).order().rounds == 2


def test_a_process_that_cannot_begin_says_so(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Training, "program", ("-c", "raise SystemExit(3)"))
    job = ended(training, training.start(LOCAL, "Ada", "sft", rows()))
    assert (job.state, job.message) == ("failed", NOT_BEGUN)
    assert actions(job) == {"resume"}
    monkeypatch.setattr(Training, "program", ("-m", PROGRAM))
    training.ask(LOCAL, job.id, "go")
    assert ended(training, job).state == "done"


def test_a_job_that_waits_for_nobody_is_started_by_whoever_looks(
    training: Training, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server was killed between adding it and starting its process."""
    monkeypatch.setattr(Training, "program", ("-c", "pass"))
    job = training.start(LOCAL, "Ada", "sft", rows())
    monkeypatch.setattr(Training, "program", ("-m", PROGRAM))
    assert ended(Training(studio), job).state == "done"


def test_a_stylist_in_a_folder_is_what_is_trained_in_four_bits_where_they_are_on(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Training, "program", ("-m", PROGRAM))
    script(monkeypatch)
    folder = tmp_path / "Tiny-Instruct"
    folder.mkdir()
    (folder / "model-00001-of-00002.safetensors").write_bytes(b"the first of two")
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"the second")
    for four_bit in (False, True):
        told = Settings(
            data_dir=data_dir, scripted=True, stylist_model=str(folder), four_bit=four_bit
        )
        with closing(Studio.open(told)) as studio:
            teach(studio.store, LOCAL)
            training = Training(studio)
            job = training.start(LOCAL, "Ada", "sft", rows())
            assert ended(training, job).state == "done"
        order = JobFolder(data_dir / JOBS / job.id).order()
        assert order.base == order.models.stylist_folder == folder
        assert order.base_revision == fingerprint(folder / "model-00001-of-00002.safetensors")
        assert order.settings("sft").four_bit == four_bit
        on_a_file = order.model_copy(update={"base": data_dir / "a.gguf"})
        assert not on_a_file.settings("sft").four_bit


def test_strangers_cannot_train_on_a_shared_page(data_dir: Path) -> None:
    shared = Studio.open(Settings(data_dir=data_dir, scripted=True, shared=True))
    teach(shared.store, "v-1")
    with pytest.raises(InvalidRequest, match="Training is off"):
        Training(shared).start("v-1", "Ada")
    shared.close()


def test_writing_a_note_tells_training_to_make_room(studio: Studio) -> None:
    lock = WritingLock(studio.settings.data_dir / WRITING)
    waiting = studio.turnstile.enter(lambda: False)
    assert not lock.somebody_writes()
    assert list(waiting) == []
    assert lock.somebody_writes()
    studio.turnstile.leave()
    assert not lock.somebody_writes()


def test_an_adapter_goes_out_and_comes_back(training: Training, tmp_path: Path) -> None:
    job = ended(training, training.start(LOCAL, "Ada", "sft", rows()))
    assert job.adapter is not None
    folder = training.export(LOCAL, job.adapter, tmp_path / "out")
    with unpacked(pack(folder, tmp_path / "packed")) as found:
        assert training.import_(LOCAL, "Ada", found).id == job.adapter
    other = a_folder(tmp_path / "other", base=BaseRef(name="Qwen", revision="feedfacefeedface"))
    with pytest.raises(AdapterUnusable, match=r"made for Qwen \(feedface\), you run scripted"):
        training.import_(LOCAL, "Ada", other)


@pytest.mark.parametrize("damage", ["text", "cut", "flipped"])
def test_a_file_that_is_no_whole_zip_is_told(tmp_path: Path, damage: str) -> None:
    whole = pack(a_folder(tmp_path / "adapter"), tmp_path / "packed").read_bytes()
    middle = whole.index(b"manifest.json") + 40  # of the compressed bytes
    file = tmp_path / "damaged.zip"
    file.write_bytes(
        {
            "text": b"no zip",
            "cut": whole[: len(whole) // 2],
            "flipped": whole[:middle] + b"\xff" * 20 + whole[middle + 20 :],
        }[damage]
    )
    with pytest.raises(AdapterUnusable, match="no zip file that can be read"), unpacked(file):
        pass


# ------------------------------------------------------------------ rows of one's own

CHAT = [{"role": "user", "content": "It rained."}, {"role": "assistant", "content": "Rain!"}]


def written(path: Path, *values: object) -> Path:
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values))
    return path


def test_rows_have_trls_columns(tmp_path: Path) -> None:
    data = read_training_rows(
        written(
            tmp_path / "rows.jsonl",
            {"messages": CHAT},
            {"prompt": "Say it.", "chosen": "Rain!", "rejected": "It rained."},
            {"prompt": CHAT[:1], "completion": CHAT[1:], "label": False},
            {"messages": CHAT, "origin": "edit", "sources": ["f1-1"]},
        )
    )
    assert [row.origin for row in data.sft] == ["user", "edit"]
    assert data.pairs[0].prompt[0].role == "user"
    assert data.pairs[0].chosen[0].role == "assistant"
    assert data.unpaired[0].label is False


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"messages": CHAT, "text": 1}, r"rows.jsonl, line 2: unknown field 'text'; the fields"),
        ({"prompt": "a", "chosen": "b"}, r"line 2: the field 'rejected' is missing"),
        ({"prompt": "a", "completion": "b", "label": "maybe"}, r"line 2: 'label'"),
        ({"messages": []}, r"line 2: 'messages'"),
        ([1], r"line 2: a row is a JSON object"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(tmp_path: Path, row: object, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        read_training_rows(written(tmp_path / "rows.jsonl", {"messages": CHAT}, row))


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="holds no rows"):
        read_training_rows(written(tmp_path / "rows.jsonl"))
    assert TrainingSet() == TrainingSet()


# ------------------------------------------------------------------ commands


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command_line, ["train", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.mark.usefixtures("training")
def test_the_command_trains_shows_and_rolls_back(tmp_path: Path) -> None:
    data = written(tmp_path / "rows.jsonl", *[{"messages": CHAT}] * 3)
    out = tmp_path / "out"
    said = run("--style", "Ada", "--method", "sft", "--data", str(data), "--output", str(out))
    assert "promoted" in said
    assert "The new version is better" in said
    assert (out / "adapter.gguf").is_file()
    shown = json.loads(run("status", "--json"))
    assert [job["state"] for job in shown["jobs"]] == ["done"]
    assert [adapter["status"] for adapter in shown["adapters"]] == ["promoted"]
    address = shown["adapters"][0]["id"]
    assert "No adapter of 'Ada' serves any more." in run("rollback")
    assert f"{address} serves the style 'Ada' now." in run("promote", address)
    assert address in run("status", "--style", "Ada")


@pytest.mark.usefixtures("training")
def test_the_command_says_why_training_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, fails_at=2)
    with pytest.raises(TrainingEnded, match="The loss became no number"):
        run("--style", "Ada", "--method", "sft")
    assert "failed" in run("status")
    with pytest.raises(InvalidRequest, match="is failed: nothing to pause"):
        run("pause")
    script(monkeypatch, passes=False)
    assert "goes on" in run("resume")


@pytest.mark.usefixtures("training")
def test_wrong_usage_is_told_before_anything_begins(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="--style NAME"):
        run("--method", "sft")
    with pytest.raises(WrongUsage, match="no method 'magic'"):
        run("--style", "Ada", "--method", "magic")
    with pytest.raises(WrongUsage, match="Only the style filter goes in rounds"):
        run("--style", "Ada", "--method", "dpo", "--rounds", "2")
    with pytest.raises(WrongUsage, match=r"line 1: unknown field"):
        run("--style", "Ada", "--data", str(written(tmp_path / "a.jsonl", {"txt": "x"})))
    with pytest.raises(WrongUsage, match="holds other things"):
        run("--style", "Ada", "--output", str(tmp_path))
    with pytest.raises(WrongUsage, match="holds other things"):
        run("--style", "Ada", "--output", str(tmp_path / "a.jsonl"))
    with pytest.raises(NotFound, match="no style named 'Nobody'"):
        run("--style", "Nobody")
    with pytest.raises(NotFound, match="Nothing was trained yet"):
        run("pause")
    assert json.loads(run("status", "--json")) == {"jobs": [], "adapters": []}
