"""Training jobs in real processes: killed, paused, cancelled, failed; their trainer counts."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.types import TraitWish
from finetune.job import OUT_OF_MEMORY, UNFORESEEN, WITHDRAWN
from finetune.orders import ADAPTERS, JOBS, TraitOrder
from finetune.pace import estimate
from storage.writing_lock import WRITING, WritingLock
from tests.builders import profile
from tests.finetune.bases import random_model, write_base
from tests.finetune.office import Office
from tests.finetune.scripted import SAVE_EVERY, Script, rows

KILLS = 5


def test_a_job_ends_in_an_adapter_that_serves(office: Office) -> None:
    job = office.end(office.new(script=Script()))
    assert (job.state, job.message, job.stage) == ("done", "", "gate")
    assert (job.method, job.examples, job.step, job.steps) == ("sft", 6, 12, 12)
    serving = office.serving()
    assert serving is not None
    assert serving.id == job.adapter
    assert serving.report["decision"] == "promote"
    assert serving.manifest.sources == {"user": tuple(f"f1-{n}" for n in range(6))}
    assert serving.manifest.settings["rows"] == {"sft": 6, "pairs": 0, "unpaired": 0}
    points = office.board.curve("me", job.id)
    assert [point.step for point in points] == list(range(1, 21))
    kept = office.folder(job)
    assert not kept.work.exists()
    assert not kept.built.exists()
    data = kept.data()
    assert data is not None
    assert (len(data.sft), dict(data.dropped)) == (6, {"It is there already.": 3})
    assert estimate(office.place / JOBS, "sft", data).measured
    assert not estimate(office.place / JOBS, "dpo", data).measured


def test_what_the_gate_refuses_is_kept_and_does_not_serve(office: Office) -> None:
    first = office.end(office.new(script=Script(steps=3)))
    second = office.end(office.new(script=Script(steps=3, passes=False)))
    assert (first.state, second.state) == ("done", "done")
    serving = office.serving()
    assert serving is not None
    assert serving.id == first.adapter
    assert second.adapter is not None
    refused = office.shelf.get("me", second.adapter)
    assert (refused.status, refused.report["decision"]) == ("refused", "refuse")
    assert office.shelf.promote("me", refused.id, "I like it.").status == "promoted"


def test_a_job_killed_at_any_moment_goes_on_and_ends_once(office: Office) -> None:
    """kill -9 at random: in training, at the gate, or while the folder is moved."""
    moment, script = random.Random(3), Script(steps=60, delay=0.02, gate_seconds=0.3)
    job = office.new()
    for _ in range(KILLS):
        child = office.start(job, script)
        office.wait(job, lambda seen: seen.state in {"running", "done"})
        time.sleep(moment.uniform(0.0, 0.8))
        child.kill()
        child.wait()
        seen = office.board.get("me", job.id)
        assert office.serving() is None or seen.stage == "gate"
        if seen.state == "done":
            break
        assert (seen.state, seen.pid) == ("stopped", None)
        assert "goes on from its last checkpoint" in seen.message
        office.board.ask("me", job.id, "go")
    office.start(job, script)
    seen = office.end(job)
    assert seen.state == "done"
    serving = office.serving()
    assert serving is not None
    assert serving.id == seen.adapter
    assert len(office.shelf.list("me")) == 1
    assert [p.step for p in office.board.curve("me", job.id)] == list(range(1, 61))


def test_killed_between_the_move_and_the_row_it_makes_the_folder_again(office: Office) -> None:
    job = office.new()
    claim = office.board.claim(job.id)
    assert claim is not None
    claim.made(f"a1-{0:032}")  # its folder stands in its place, and no row says so
    claim.end("stopped")
    office.board.ask("me", job.id, "go")
    office.start(job, Script(steps=2))
    ended = office.end(job)
    assert (ended.state, ended.message) == ("done", "")
    serving = office.serving()
    assert serving is not None
    assert serving.id == ended.adapter


def test_the_real_trainer_goes_on_after_kills_and_the_old_adapter_serves(office: Office) -> None:
    """Before and after a checkpoint; `scripts/kill_training.py` does so at twenty moments."""
    old = office.end(office.new(script=Script(steps=2))).adapter
    base = write_base(office.place / "tiny.gguf", random_model("llama"))
    job, script = office.new(base=base, epochs=60), Script(real=True)
    for step, checkpoints in ((1, []), (60, ["checkpoint-50"])):
        child = office.start(job, script)
        office.wait(job, lambda seen, step=step: seen.step >= step)  # type: ignore[misc]
        child.kill()
        child.wait()
        assert office.board.get("me", job.id).state == "stopped"
        serving = office.serving()
        assert serving is not None
        assert serving.id == old
        kept = sorted(path.name for path in (office.folder(job).work / "sft").glob("checkpoint-*"))
        assert kept[:1] == checkpoints
        office.board.ask("me", job.id, "go")
    office.start(job, script)
    assert office.end(job).state == "done"
    assert [p.step for p in office.board.curve("me", job.id)] == list(range(1, 181))
    assert len(office.shelf.list("me")) == 2


def test_it_goes_on_from_the_last_checkpoint(office: Office) -> None:
    job, script = office.new(), Script(steps=150, delay=0.02)
    told = office.folder(job).work / "starts"  # gone with the work of a job that is done

    def starts() -> list[int]:
        return [int(line) for line in told.read_text().split()]

    child = office.start(job, script)
    office.wait(job, lambda seen: seen.step >= 2 * SAVE_EVERY + 1)
    child.kill()
    child.wait()
    assert starts() == [0]
    office.board.ask("me", job.id, "go")
    office.start(job, script)
    office.wait(job, lambda _: len(starts()) > 1)
    assert starts()[1] >= 2 * SAVE_EVERY
    assert office.end(job).state == "done"


def test_two_servers_that_start_one_job_train_it_once(office: Office) -> None:
    job, script = office.new(), Script(steps=10)
    children = [office.start(job, script) for _ in range(3)]
    assert office.end(job).state == "done"
    assert [child.wait() for child in children] == [0, 0, 0]
    assert len(office.shelf.list("me")) == 1


def test_the_next_job_begins_when_the_first_is_done(office: Office) -> None:
    office.store.save_profile("me", profile("Bob"))
    one, two = office.new(), office.new("Bob")
    first = office.start(one, Script(steps=30))
    office.board.ask("me", one.id, "pause")
    office.wait(one, lambda seen: seen.state == "paused")
    assert office.start(two, Script(steps=30)).wait() == 0
    assert office.board.get("me", two.id).state == "waiting"
    office.board.ask("me", one.id, "go")
    assert office.end(one).state == "done"
    assert office.end(two).state == "done"
    assert first.wait() == 0  # it was the same process


def test_it_stands_still_while_somebody_writes(office: Office) -> None:
    job = office.new(script=Script(steps=80, delay=0.02))
    office.wait(job, lambda seen: seen.step >= 3)
    server = WritingLock(office.place / WRITING)
    server.mark(True)
    seen = office.wait(job, lambda seen: seen.makes_room)
    time.sleep(0.3)
    assert office.board.get("me", job.id).step == seen.step
    server.mark(False)
    office.wait(job, lambda later: later.step > seen.step)
    assert office.end(job).state == "done"


def test_it_makes_room_at_the_gate_too(office: Office) -> None:
    job = office.new(script=Script(steps=2, gate_seconds=1.5))
    office.wait(job, lambda seen: seen.stage == "gate")
    server = WritingLock(office.place / WRITING)
    server.mark(True)
    office.wait(job, lambda seen: seen.makes_room)
    server.mark(False)
    assert office.end(job).state == "done"


def test_a_person_pauses_and_lets_it_go_on(office: Office) -> None:
    job = office.new(script=Script(steps=80, delay=0.02))
    office.wait(job, lambda seen: seen.step >= 3)
    office.board.ask("me", job.id, "pause")
    seen = office.wait(job, lambda seen: seen.state == "paused")
    assert not seen.makes_room
    time.sleep(0.3)
    assert office.board.get("me", job.id).step == seen.step
    office.board.ask("me", job.id, "go")
    assert office.end(job).state == "done"


def test_a_cancelled_job_stops_and_can_be_taken_up(office: Office) -> None:
    job = office.new(script=Script(steps=200, delay=0.02))
    office.wait(job, lambda seen: seen.step >= SAVE_EVERY)
    office.board.ask("me", job.id, "cancel")
    seen = office.end(job)
    assert (seen.state, seen.message) == ("stopped", "")
    assert office.serving() is None
    office.board.ask("me", job.id, "go")
    office.start(job, Script(steps=seen.step + 5))
    assert office.end(job).state == "done"


def test_a_job_is_cancelled_while_it_is_paused_and_at_the_gate(office: Office) -> None:
    job = office.new(script=Script(steps=200, delay=0.02))
    office.wait(job, lambda seen: seen.step >= 1)
    office.board.ask("me", job.id, "pause")
    office.wait(job, lambda seen: seen.state == "paused")
    office.board.ask("me", job.id, "cancel")
    assert office.end(job).state == "stopped"
    job = office.new(script=Script(steps=2, gate_seconds=20.0))
    office.wait(job, lambda seen: seen.stage == "gate")
    office.board.ask("me", job.id, "cancel")
    assert office.end(job).state == "stopped"
    assert office.serving() is None


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (Script(fails_at=3), "The loss became no number; try again with fewer examples."),
        (Script(disk_full_at=3), "No space left on device"),
        (Script(breaks_at=3), UNFORESEEN),
    ],
)
def test_what_goes_wrong_ends_in_a_sentence_and_the_old_adapter_serves(
    office: Office, script: Script, sentence: str
) -> None:
    before = office.end(office.new(script=Script(steps=2)))
    job = office.end(office.new(script=script))
    assert job.state == "failed"
    assert sentence in job.message
    serving = office.serving()
    assert serving is not None
    assert serving.id == before.adapter


def test_what_is_refused_while_it_is_learned_never_serves(office: Office) -> None:
    sample = profile("Ada").samples[0].id
    data = rows().model_copy(update={"shown": (sample,)})
    learning, judged = Script(steps=200, delay=0.02), Script(steps=4, gate_seconds=1.0)
    for script, at in ((learning, "training"), (judged, "gate")):
        job = office.new()
        office.folder(job).write_data(data)
        office.start(job, script)
        office.wait(job, lambda seen, at=at: seen.stage == at)  # type: ignore[misc]
        office.store.set_consent("me", sample, allowed=False)
        if at == "training":
            office.board.ask("me", job.id, "cancel")
            office.end(job)
            office.board.ask("me", job.id, "go")
            office.start(job, script)
        ended = office.end(job)
        assert (ended.state, ended.message) == ("failed", WITHDRAWN)
        assert office.serving() is None
        office.store.set_consent("me", sample, allowed=True)
    (made,) = office.shelf.list("me", "Ada")
    assert made.manifest.sources["shown"] == (sample,)


@pytest.mark.parametrize(
    "told", [{"method": "dpo"}, {"trait": TraitOrder(wish=TraitWish(name="funnier"))}]
)
def test_an_adapter_saw_what_the_one_that_it_goes_on_from_saw(
    office: Office, told: dict[str, object]
) -> None:
    first = office.end(office.new(script=Script())).adapter
    assert first is not None
    job = office.new()
    folder = office.folder(job)
    order = folder.order().model_copy(update={"serving": office.place / ADAPTERS / first})
    folder.write_order(order.model_copy(update=told))
    folder.write_data(rows(1).model_copy(update={"shown": ("s1-shown",)}))
    office.start(job, Script())
    office.end(job)
    made = office.serving()
    assert made is not None
    assert made.manifest.settings["started_from"] == first
    assert made.manifest.sources == {
        "user": ("f1-0",), "shown": ("s1-shown",), "earlier": tuple(f"f1-{n}" for n in range(6))
    }  # fmt: skip


def test_a_base_that_was_replaced_ends_a_job_that_is_resumed(office: Office) -> None:
    """What lies in its checkpoints belongs to the other; the old adapter still serves."""
    before = office.end(office.new(script=Script(steps=2)))
    base = office.place / "base.gguf"
    base.write_bytes(b"GGUF one")
    job = office.new(base=base)
    child = office.start(job, Script(steps=200, delay=0.02))
    office.wait(job, lambda seen: seen.step >= SAVE_EVERY)
    child.kill()
    child.wait()
    base.write_bytes(b"GGUF two")
    assert office.board.get("me", job.id).state == "stopped"
    office.board.ask("me", job.id, "go")
    office.start(job, Script())
    ended = office.end(job)
    assert ended.state == "failed"
    assert ended.message.startswith("The base model was replaced since this training began")
    serving = office.serving()
    assert serving is not None
    assert serving.id == before.adapter


def test_it_goes_behind_everything_else_in_a_session_of_its_own(office: Office) -> None:
    job = office.new()
    child = office.start(job, Script(steps=100, delay=0.02))
    office.wait(job, lambda seen: seen.state == "running")
    stat = Path(f"/proc/{child.pid}/stat")
    if stat.exists():
        fields = stat.read_text().rsplit(")", 1)[1].split()
        nice, session = int(fields[16]), int(fields[3])
        assert (nice, session) == (19, child.pid)
    assert office.board.get("me", job.id).pid == child.pid


def test_a_process_that_cannot_read_its_order_takes_nothing_up(office: Office) -> None:
    job = office.new()
    (office.folder(job).path / "order.json").write_text("{")
    assert office.start(job, Script()).wait() != 0
    assert office.board.get("me", job.id).state == "waiting"


def test_a_full_disk_is_told_whoever_met_it(small_disk: Path) -> None:
    """Checkpoints by torch, adapters by safetensors: the real writers on a real full disk."""
    import torch
    from safetensors.torch import save_file

    from finetune.job import _told

    large = {"a": torch.zeros(1_000_000)}
    writers: tuple[Callable[[], object], ...] = (
        lambda: torch.save(large, small_disk / "optimizer.pt"),
        lambda: save_file(large, small_disk / "adapter.safetensors"),
        lambda: (small_disk / "rows.jsonl").write_bytes(bytes(4_000_000)),
    )
    for write in writers:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            write()
        assert _told(caught.value) == (
            "The disk refused while training (No space left on device); free some space, then "
            "resume."
        )
        for left in small_disk.iterdir():
            left.unlink()


def test_memory_that_is_lacking_is_said_whatever_raised_it() -> None:
    from finetune.job import _told

    assert _told(RuntimeError("CUDA out of memory. Tried to allocate")) == OUT_OF_MEMORY
    assert _told(RuntimeError("DefaultCPUAllocator: can't allocate memory")) == OUT_OF_MEMORY
    assert _told(ValueError("else")) == UNFORESEEN
