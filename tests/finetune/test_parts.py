"""A training job's gate: the candidate writes against what serves the style, in one process."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine.adapter_types import Adapter
from engine.errors import InvalidRequest, Stopped
from engine.job_types import TrainingJob
from engine.loading import LoadedModels, LoadOptions, load_models
from engine.models import general
from engine.notebench.run import untold
from engine.protocols import StopCheck, never_stop
from finetune import parts
from finetune.gate import ENOUGH
from finetune.gate_items import GateItem, gate_items
from finetune.gate_report import GateReport, Reason
from finetune.holding import parted
from finetune.orders import ADAPTERS, ModelOptions, Order
from finetune.train import TrainingFailed
from storage.adapters import AdapterShelf
from storage.store import Store
from tests.adaptable import SAMPLES, STYLED, Adaptable
from tests.adapters import a_folder
from tests.builders import WHEN, choice, draft, note, profile, vote

JOB = TrainingJob(
    id="j1",
    owner="me",
    style="Ada",
    method="sft",
    state="running",
    created_at=WHEN,
    updated_at=WHEN,
)


class Gate:
    """The real gate of a job in the style Ada, on scripted models of which adapters are felt."""

    def __init__(self, store: Store, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """Put the models in place of those that the order names."""
        self.store, self.folder, self.model = store, folder, Adaptable()
        self.shelf: AdapterShelf = store.adapters(folder / ADAPTERS)
        made = load_models(LoadOptions(cache_dir=folder, scripted=True))
        self.models = replace(
            made, planner_model=self.model, stylist_model=self.model, adapters=self.model
        )
        patch.setattr(parts, "loaded", self._loaded)

    def _loaded(self, _options: ModelOptions) -> LoadedModels:
        return self.models

    def added(self, name: str) -> Adapter:
        """Return a candidate."""
        return self.shelf.add("me", "Ada", a_folder(self.folder / "built" / name, name))

    def ask(self, candidate: Adapter, should_stop: StopCheck = never_stop) -> GateReport:
        """Judge a candidate as a job does."""
        options = ModelOptions(cache_dir=self.folder, scripted=True)
        order = Order(base=self.folder / "base.gguf", base_name="scripted", models=options)
        gate = parts.real_parts(self.store, self.folder).gate
        passed, kept = gate(JOB, candidate, order, should_stop, untold)
        report = GateReport.model_validate(kept)
        assert passed == report.passed
        return report


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Return the gate, without a general adapter and with six items."""
    monkeypatch.setattr(general, "general_folder", lambda: tmp_path / "general")
    with closing(Store.open(f"sqlite:///{tmp_path / 'notes.db'}")) as store:
        store.save_profile("me", profile("Ada", SAMPLES))
        yield Gate(store, tmp_path, monkeypatch)


def fewer(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let the gate judge on so many items."""

    def few(*given: object) -> tuple[GateItem, ...]:
        return gate_items(*given)[:count]  # type: ignore[arg-type]

    monkeypatch.setattr(parts, "gate_items", few)


def test_the_candidate_writes_against_what_serves(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First the bare base, then the general adapter, then the style's own, unless it is damaged."""
    fewer(monkeypatch, 8)
    candidate = gate.added("new")
    gate.model.styled.add(candidate.id)
    bare = gate.ask(candidate)
    assert (bare.current, bare.candidate, len(bare.items)) == (None, candidate.id, 8)
    assert all("Honestly" in one.after and "Honestly" not in one.before for one in bare.items)
    style = next(change for change in bare.changes if change.metric == "style")
    assert style.verdict == "better"
    a_folder(tmp_path / "general", "general", style="")
    assert gate.ask(candidate).current == "general"
    serving = gate.added("old")
    gate.shelf.promote("me", serving.id)
    assert gate.ask(candidate).current == serving.id
    (tmp_path / ADAPTERS / serving.id / "adapter.gguf").write_text("cut")
    assert gate.ask(candidate).current == "general"


def test_an_adapter_that_changes_nothing_is_refused(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same plans and seeds make the same texts."""
    fewer(monkeypatch, 6)
    gate.shelf.promote("me", gate.added("old").id)
    assert gate.ask(gate.added("new")).reasons == (Reason(kind="equal", count=6),)


def test_a_refused_candidate_serves_only_with_a_reason_which_the_history_keeps(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three items are too few; the writer may know better, and has to say why."""
    fewer(monkeypatch, 3)
    candidate = gate.added("new")
    gate.model.styled.add(candidate.id)
    report = gate.ask(candidate)
    assert report.reasons == (Reason(kind="too-few", count=3),)
    gate.shelf.judge("me", candidate.id, report.model_dump(mode="json"), passed=report.passed)
    with pytest.raises(InvalidRequest, match="give a reason"):
        gate.shelf.promote("me", candidate.id)
    assert gate.shelf.current("me", "Ada", base="1") is None
    gate.shelf.promote("me", candidate.id, "I read them all and like them")
    told = [(at.kind, at.about, at.reason) for at in gate.shelf.history("me", "Ada")]
    assert told == [("promote", candidate.id, "I read them all and like them")]
    kept = gate.shelf.get("me", candidate.id)
    assert (kept.status, GateReport.model_validate(kept.report)) == ("promoted", report)


def test_notes_that_training_held_back_are_judged_on_and_no_others(gate: Gate) -> None:
    """About a fifth of the notes; those of other styles are none of it."""
    ada, bea = gate.store.style("me", "Ada"), profile("Bea", SAMPLES)
    gate.store.save_profile("me", bea)
    for number in range(30):
        gate.store.save_note("me", note(ada, topic=f"Boat {number}"))
        gate.store.save_note("me", note(bea, topic=f"Ship {number}"))
    learned = parted(gate.store.notes("me"), "Ada").training
    own = [one for one in gate.ask(gate.added("new")).items if one.origin == "feedback"]
    assert 1 <= len(own) <= 12
    assert all(one.topic.startswith("Boat") for one in own)
    assert not {one.id for one in own} & {record.note.id for record in learned}


def test_blind_votes_on_held_back_notes_promote_what_they_prefer(gate: Gate) -> None:
    """Cast as the Rate tab casts them, read from the database; style alone would not do here."""
    ada = gate.store.style("me", "Ada")
    flat, loud = "The ferry leaves at six.", STYLED.format("The ferry leaves at six")
    for number in range(60):
        about = note(ada, topic=f"Boat {number}", drafts=(draft(flat), draft(loud)))
        gate.store.save_note("me", about)
        ballot = vote(item=about.id, left="draft:00", right="draft:01", chosen="right")
        gate.store.add_vote("me", ballot, choice(about, 1, over=0, rater=ballot.rater))
    candidate = gate.added("new")
    gate.model.styled.add(candidate.id)
    report = gate.ask(candidate)
    told = [one for one in report.items if one.nearer]
    assert len(told) >= ENOUGH
    assert {(one.origin, one.nearer) for one in told} == {("feedback", "after")}
    liked = next(change for change in report.changes if change.metric == "preference")
    assert (liked.verdict, liked.n) == ("better", len(told))
    assert Reason(kind="better", metric="preference") in report.reasons


def test_it_stops_when_it_is_told_and_says_what_it_needs(gate: Gate) -> None:
    """Within an item, not after all of them."""
    candidate = gate.added("new")
    with pytest.raises(Stopped):
        gate.ask(candidate, lambda: len(gate.model.asked) > 2)
    gate.models = replace(gate.models, adapters=None)
    with pytest.raises(TrainingFailed, match="takes no adapters"):
        gate.ask(candidate)
