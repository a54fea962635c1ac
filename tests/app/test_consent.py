"""A no keeps a text out of training; who learned from it before is retired and trained anew."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app as command_line
from app.commands.common import WrongUsage
from app.consent import WITHDRAWN, Consent
from app.studio import LOCAL, Studio
from app.training import Training, trait_method
from engine.errors import InvalidRequest, NotFound
from engine.job_types import OPEN, TrainingJob
from engine.learning_types import Method
from engine.types import TraitWish
from finetune.examples import make_training_set
from finetune.orders import TraitOrder
from finetune.reasons import Reason
from tests.adapters import a_folder
from tests.finetune.scripted import PROGRAM, VARIABLE, Script, rows
from tests.taught import teach


@pytest.fixture
def training(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Training]:
    """Return training whose trainer counts, on a style that was rated and edited."""
    monkeypatch.setattr(Training, "program", ("-m", PROGRAM))
    monkeypatch.setenv(VARIABLE, Script(steps=4).model_dump_json())
    teach(studio.store, LOCAL)
    made = Training(studio)
    yield made
    for job in made.jobs(LOCAL):
        made.ask(LOCAL, job.id, "cancel")
        ended(made, job)


@pytest.fixture
def consent(studio: Studio, training: Training) -> Consent:
    """Return the use cases of consent."""
    return Consent(studio, training)


@pytest.fixture
def texts(training: Training, studio: Studio) -> tuple[str, str, str]:
    """Return the ids of Ada's two samples, and of the note written last."""
    assert training.jobs(LOCAL) == []
    first, second = (sample.id for sample in studio.style(LOCAL, "Ada").samples)
    return first, second, studio.search(LOCAL).notes[0].id


def shelved(training: Training, place: Path, name: str, *ids: str, serves: bool = True) -> str:
    """Add an adapter that learned from these ids, and let it serve."""
    built = a_folder(place / name, name, sources={"user": ids})
    made = training.shelf.add(LOCAL, "Ada", built).id
    if serves:
        training.promote(LOCAL, made)
    return made


def ended(training: Training, job: TrainingJob) -> TrainingJob:
    until = time.monotonic() + 120
    while (job := training.job(LOCAL, job.id)).state in OPEN:
        assert time.monotonic() < until, job
        time.sleep(0.05)
    return job


# ------------------------------------------------------------------ use cases


def test_what_is_refused_is_neither_learned_nor_shown(
    studio: Studio, consent: Consent, texts: tuple[str, str, str]
) -> None:
    first, second, note = texts
    consent.say(LOCAL, note, allowed=False)
    consent.say(LOCAL, first, allowed=False)
    found = make_training_set(
        studio.store.notes(LOCAL), studio.style(LOCAL, "Ada"), refused=consent.refused(LOCAL)
    )
    assert found.shown == (second,)
    assert found.dropped[Reason.REFUSED] == 2
    assert note not in {one for row in found.unpaired for one in row.sources}
    consent.say(LOCAL, first, allowed=True)
    assert consent.refused(LOCAL) == {note}


def test_who_learned_from_it_is_retired_at_once_and_the_style_trained_without(
    training: Training, consent: Consent, texts: tuple[str, str, str], tmp_path: Path
) -> None:
    first, second, note = texts
    clean = shelved(training, tmp_path, "clean", second)
    saw = shelved(training, tmp_path, "saw", note)
    waits = shelved(training, tmp_path, "waits", first, serves=False)
    with pytest.raises(InvalidRequest, match="nothing was changed"):
        consent.forget(LOCAL)
    consent.say(LOCAL, first, allowed=False)
    assert [each.adapter.id for each in consent.overdue(LOCAL, [first])] == [waits]
    assert consent.overdue(LOCAL, [note]) == []
    consent.say(LOCAL, note, allowed=False)

    done = consent.forget(LOCAL)

    assert {adapter.id for adapter in done.retired} == {saw, waits}
    assert {adapter.reason for adapter in done.retired} == {WITHDRAWN}
    serving = training.shelf.current(LOCAL, "Ada")
    assert serving is not None
    assert serving.id == clean
    assert consent.overdue(LOCAL) == []
    (job,) = done.jobs
    assert ended(training, job).state == "done"
    assert training.rollback(LOCAL, "Ada") == serving.model_copy(update={"status": "promoted"})


@pytest.mark.parametrize("method", [None, "planned"])
def test_what_is_trained_again_is_trained_in_the_way_it_was_asked_for(
    training: Training, consent: Consent, texts: tuple[str, str, str], method: Method | None
) -> None:
    data = rows().model_copy(update={"shown": texts[:1]})
    first = ended(training, training.start(LOCAL, "Ada", method, data, rounds=2))
    consent.say(LOCAL, texts[0], allowed=False)
    (second,) = consent.forget(LOCAL).jobs
    assert second.id != first.id
    orders = []
    for job in (first, ended(training, second)):
        assert job.adapter is not None
        orders.append(training.order_of(LOCAL, training.shelf.get(LOCAL, job.adapter)))
    one, other = (each and (each.method, each.rounds) for each in orders)
    assert one == other == (method or "auto", 2)


def test_a_trait_is_taught_again_as_a_trait(
    training: Training, consent: Consent, texts: tuple[str, str, str]
) -> None:
    data = rows().model_copy(update={"shown": texts[:1]})
    wish = TraitOrder(wish=TraitWish(name="drier"))
    ended(training, training.start(LOCAL, "Ada", data=data, trait=wish))
    consent.say(LOCAL, texts[0], allowed=False)
    (again,) = consent.forget(LOCAL).jobs
    assert again.method == trait_method(None)


def test_a_job_that_learns_from_it_begins_again_and_another_goes_on(
    studio: Studio, training: Training, consent: Consent, texts: tuple[str, str, str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    first, second, _ = texts
    monkeypatch.setenv(VARIABLE, Script(steps=400, delay=0.05).model_dump_json())
    data = rows().model_copy(update={"shown": (first,)})
    job = training.start(LOCAL, "Ada", "sft", data)
    while training.job(LOCAL, job.id).stage != "training":
        time.sleep(0.02)
    shelved(training, tmp_path, "one", second)
    consent.say(LOCAL, second, allowed=False)
    assert [each.id for each in consent.forget(LOCAL).jobs] == [job.id]
    shelved(training, tmp_path, "two", first)
    consent.say(LOCAL, first, allowed=False)
    (fresh,) = consent.forget(LOCAL).jobs
    assert fresh.id != job.id
    assert training.job(LOCAL, job.id).state == "stopped"
    assert studio.store.withdrawn(LOCAL, "Ada") == {first, second}


def test_a_deleted_style_loses_its_adapters_and_is_not_trained(
    studio: Studio, training: Training, consent: Consent, texts: tuple[str, str, str],
    tmp_path: Path,
) -> None:  # fmt: skip
    saw = shelved(training, tmp_path, "saw", texts[1])
    studio.delete_style(LOCAL, "Ada")
    assert [each.adapter.id for each in consent.overdue(LOCAL)] == [saw]
    done = consent.forget(LOCAL)
    assert ([a.id for a in done.retired], done.jobs, done.not_begun) == ([saw], [], {})


def test_too_little_that_is_left_is_said_and_the_adapter_is_retired_all_the_same(
    studio: Studio, training: Training, consent: Consent, tmp_path: Path
) -> None:
    notes = studio.search(LOCAL).notes
    shelved(training, tmp_path, "saw", notes[0].id)
    for note in notes:
        studio.delete_note(LOCAL, note.id)
    done = consent.forget(LOCAL)
    assert len(done.retired) == 1
    assert "too little to learn from" in done.not_begun["Ada"]
    assert training.shelf.current(LOCAL, "Ada") is None


def test_what_an_adapter_learned_from_is_told_in_titles_and_counts(
    studio: Studio, training: Training, consent: Consent, texts: tuple[str, str, str],
    tmp_path: Path,
) -> None:  # fmt: skip
    first, second, note = texts
    other = studio.search(LOCAL).notes[1]
    sources = {
        "user": (note, other.id, "f1-a", "f1-b", "n1-elsewhere"),
        "sample": (first, second),
        "earlier": (note, "row 3"),
    }
    built = a_folder(tmp_path / "made", sources=sources)
    adapter = training.shelf.add(LOCAL, "Ada", built)
    studio.delete_note(LOCAL, note)
    studio.remove_sample(LOCAL, "Ada", first)
    consent.say(LOCAL, other.id, allowed=False)
    told = consent.learned(LOCAL, adapter)
    assert dict(told.notes) == {other.id: other.title}
    assert dict(told.samples) == {second: "sample 2"}
    assert told.refused == {other.id}
    assert (told.acts, told.deleted, told.taken_out, told.elsewhere) == (2, 1, 1, 2)
    assert told.continued


def test_a_sample_is_taken_out_and_brought_back(
    studio: Studio, texts: tuple[str, str, str]
) -> None:
    first, second, _ = texts
    shorter = studio.remove_sample(LOCAL, "Ada", first)
    assert ([s.id for s in shorter.samples], shorter.version) == ([second], 2)
    with pytest.raises(InvalidRequest, match="needs a sample: add another"):
        studio.remove_sample(LOCAL, "Ada", second)
    with pytest.raises(NotFound, match="no sample 's1-none' in the style"):
        studio.remove_sample(LOCAL, "Ada", "s1-none")
    assert len(studio.restore_sample(LOCAL, "Ada", first).samples) == 2
    with pytest.raises(NotFound, match="never had the sample"):
        studio.restore_sample(LOCAL, "Ada", "s1-none")


# ------------------------------------------------------------------ commands


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command_line, [*arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_the_commands_refuse_tell_and_forget(
    training: Training, texts: tuple[str, str, str], tmp_path: Path
) -> None:
    first, second, note = texts
    saw = shelved(training, tmp_path, "saw", first, note)
    said = run("styles", "consent", "Ada", "1", "--refuse")
    assert "kept out of training from now on" in said
    assert "1 adapter learned from it already. `notewright train forget` retires it" in said
    assert "sample 1  (kept out of training)" in run("styles", "show", "Ada")
    shown = json.loads(run("styles", "show", "Ada", "--json"))["samples"]
    assert [(each["id"], each["consent"]) for each in shown] == [(first, False), (second, True)]
    assert "It may be learned from." in run("styles", "consent", "Ada", first, "--allow")
    told = json.loads(run("notes", "consent", note, "--refuse", "--json"))
    assert told == {"id": note, "consent": False, "overdue": [saw]}
    assert json.loads(run("notes", "show", note, "--json"))["consent"] is False
    assert "train forget" in run("notes", "delete", note)
    assert "train forget" in run("styles", "remove", "Ada", "1")
    assert "The sample is back." in run("styles", "restore", "Ada", first)

    done = json.loads(run("train", "forget", "--json"))
    assert (done["retired"], done["not_begun"]) == ([saw], {})
    assert len(done["jobs"]) == 1
    with pytest.raises(InvalidRequest, match="nothing was changed"):
        run("train", "forget")


@pytest.mark.usefixtures("training")
def test_a_word_must_be_said_and_a_sample_must_be_there() -> None:
    with pytest.raises(WrongUsage, match="give a number from 1 to 2, or an id"):
        run("styles", "consent", "Ada", "7", "--refuse")
    assert CliRunner().invoke(command_line, ["styles", "consent", "Ada", "1"]).exit_code == 2
    with pytest.raises(NotFound, match="no note"):
        run("notes", "consent", f"n1-{'0' * 32}", "--refuse")
