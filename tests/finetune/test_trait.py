"""Teacher and critic: what is learned, what is not, and going on after a kill."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine.learning_types import Method, TrainingSet
from engine.loading import LoadedModels, LoadOptions, load_models
from engine.models.embedder import HashingEmbedder
from engine.models.scripted import ScriptedModel
from engine.protocols import Conversation, JsonSchema, never_stop
from engine.rewrite import Fault, Rewriter
from engine.scoring.scorer import NoteScorer
from engine.scoring.traits import measure_of
from engine.trait import rewriting_of
from engine.types import TraitWish
from finetune.job import Judged, Parts
from finetune.lines import read_lines
from finetune.orders import (
    CriticKind,
    JobFolder,
    ModelOptions,
    Order,
    TraitOrder,
    learned_from,
)
from finetune.rounds import Author
from finetune.student import JudgedPair, PairReason, Sampled, judged, preferences
from finetune.teacher import TraitText, imitation, taught
from finetune.train import TrainingFailed, TrainingSettings, Watch
from finetune.trait_parts import Roll, trait_parts, trait_texts
from finetune.trait_record import read_record
from storage.store import Store
from tests.builders import profile
from tests.taught import teach

WISH = TraitWish(name="shorter sentences")
TEXTS = tuple(
    TraitText(id=f"s{n}#0", text=f"Ferry number {n} leaves the pier, and the cafe opens after it.")
    for n in range(12)
)


def said(chat: Conversation, _schema: JsonSchema | None, seed: int) -> str:
    """Say a text mostly in two sentences, at times in one, with or without a word before it."""
    text = rewriting_of(chat) or chat[-1].content
    cut = text if seed % 4 == 0 else text.replace(", and the", ". The")
    return ("", "Well, ", "So, now, ")[seed % 3] + cut


def stubborn(_chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
    return "I'm sorry, but I can't help with that."


class Reading(ScriptedModel):
    """Chooses the longer text, wherever it stands."""

    def choose(self, conversation, *_, **__):  # type: ignore[no-untyped-def]
        """Compare both rewritings."""
        texts = conversation[-1].content.partition("Rewriting 1:")[2]
        first, _, second = texts.partition("Wanted:")[0].partition("Rewriting 2:")
        return (0.9, 0.1) if len(first.strip()) > len(second.strip()) else (0.1, 0.9)


def rewriter(model: ScriptedModel) -> Rewriter:
    return Rewriter(model, NoteScorer(HashingEmbedder()), WISH, "en", profile("Ada"))


def nobody(*_: object) -> Author:
    raise AssertionError("no trait is learned from candidates of the style filter")


class School:
    """A job on a trait whose trainer only notes what it was given."""

    def __init__(self, folder: Path, store: Store, model: ScriptedModel) -> None:
        """Keep the parts."""
        self.folder, self.store, self.model = folder, store, model
        self.stages: list[tuple[str, Method, TrainingSet, Path | None]] = []
        self.loads = 0
        teach(store, "me")
        plain = Parts(
            examples=lambda *_: TrainingSet(),
            train=self._trained,
            author=nobody,
            gate=lambda *_: Judged(True, {}),
            export=lambda *_: None,
            withdrawn=lambda _: frozenset(),
        )
        self.parts = trait_parts(plain, store, folder, load=self._load)
        self.job = store.jobs().add("me", "Ada", "dpo")

    def _load(self, _order: Order) -> LoadedModels:
        self.loads += 1
        loaded = load_models(LoadOptions(cache_dir=self.folder, scripted=True))
        return replace(
            loaded, planner_model=self.model, stylist_model=self.model, adapters=self.model
        )

    def _trained(
        self,
        settings: TrainingSettings,
        data: TrainingSet,
        base: Path,  # noqa: ARG002
        output: Path,
        watch: Watch,  # noqa: ARG002
        *,
        start: Path | None = None,
    ) -> Path:
        self.stages.append((output.name, settings.method, data, start))
        made = output / "adapter"
        made.mkdir(parents=True, exist_ok=True)
        (made / "adapter.gguf").touch()
        return made

    def learn(
        self,
        *,
        method: Method = "dpo",
        critic: CriticKind = "auto",
        wish: TraitWish = WISH,
        rounds: int = 1,
    ) -> JobFolder:
        """Run examples and training as a job does."""
        trait = TraitOrder(
            wish=wish, texts=tuple(t.text for t in TEXTS), critic=critic, rounds=rounds
        )
        models = ModelOptions(cache_dir=self.folder, scripted=True)
        order = Order(
            method=method, base=self.folder, base_name="scripted", models=models, trait=trait
        )
        folder = JobFolder(self.folder / "training" / self.job.id)
        folder.write_order(order)
        data = self.parts.examples(self.job, order, never_stop)
        settings = TrainingSettings(method=method)
        self.parts.train(settings, data, order.base, folder.work, lambda _: "go")
        return folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'notes.db'}")) as opened:
        yield opened


@pytest.fixture
def school(tmp_path: Path, store: Store) -> School:
    """Return a job whose critic always says "1"."""
    return School(tmp_path, store, ScriptedModel(said, choices=(0.9, 0.1)))


# ------------------------------------------------------------------ the teacher


def test_the_teachers_texts_become_rows_in_the_students_chat(tmp_path: Path) -> None:
    lessons = taught(TEXTS, rewriter(ScriptedModel(said)), tmp_path / "log", seed=1)
    data = imitation(lessons, profile("Ada"), WISH)
    assert {row.origin for row in data.sft} == {"teacher"}
    assert data.sft[0].sources == ("s0",)
    assert "Wanted: shorter sentences" in data.sft[0].messages[0].content
    assert data.sft[0].messages[-2].content == TEXTS[0].text
    assert data.dropped["The rewriting has no more of the trait than the text."] > 0


def test_what_was_refused_is_not_shown_and_all_that_was_seen_is_named(
    tmp_path: Path, store: Store
) -> None:
    school = School(tmp_path, store, ScriptedModel(lambda chat, *_: rewriting_of(chat) or ""))
    kept, refused = store.style("me", "Ada").samples
    store.set_consent("me", refused.id, allowed=False)
    trait = TraitOrder(wish=WISH)
    models = ModelOptions(cache_dir=tmp_path, scripted=True)
    order = Order(base=tmp_path, base_name="s", models=models, trait=trait)
    folder = JobFolder(tmp_path / "training" / school.job.id)
    folder.write_order(order)
    data = school.parts.examples(school.job, order, never_stop)
    assert data.sft == ()  # the teacher changed nothing, but the student will rewrite them all
    assert Roll.kept(folder.path).profile.samples == (kept,)
    (seen,) = learned_from(data).values()
    assert kept.id in seen
    assert refused.id not in seen
    assert any(one.startswith("n1-") for one in seen)


def test_a_teacher_that_refuses_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="refuses to make texts 'shorter sentences'"):
        taught(TEXTS, rewriter(ScriptedModel(stubborn)), tmp_path / "log")


def test_what_was_taught_before_a_kill_is_not_asked_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    first = taught(TEXTS[:6], rewriter(ScriptedModel(said)), log, seed=1)
    with log.open("ab") as file:
        file.write(b'{"id": "s6#0", "te')  # the process was killed while it wrote
    short = TEXTS[6].text.replace(", and the", ". The")
    again = taught(TEXTS[:7], rewriter(ScriptedModel([short])), log, seed=1)
    assert again[:6] == first
    assert again[6].kept == (short,)


# ------------------------------------------------------------------ student and critic


def test_a_critic_that_always_says_one_is_found_out_and_a_count_stands_in(school: School) -> None:
    folder = school.learn()
    assert [(name, method) for name, method, _, _ in school.stages] == [
        ("warm", "sft"),
        ("round-1", "dpo"),
    ]
    pairs = school.stages[1][2].pairs
    assert len(pairs) >= 8
    shorter = measure_of(WISH.name)
    assert shorter is not None
    assert all(
        shorter.amount(pair.chosen[0].content, "en")
        > shorter.amount(pair.rejected[0].content, "en")
        for pair in pairs
    )
    record = read_record(folder.work)
    assert record is not None
    useless, counted = record.rounds[0].critics
    assert useless.bias.useless
    assert (useless.bias.pairs, useless.bias.turned) == (8, 8)
    assert counted.name == "count -sentence"
    assert not counted.bias.useless
    assert record.calls == useless.calls == 16


def test_where_nothing_can_be_counted_nothing_is_trained_on_positions(school: School) -> None:
    with pytest.raises(TrainingFailed, match="chose text 1 whatever stood there in 8 of 8 pairs"):
        school.learn(wish=TraitWish(name="funnier"))
    assert school.stages == []  # found out on the teacher's texts, before anything was trained
    with pytest.raises(TrainingFailed, match="No count sees whether a text is 'funnier'"):
        school.learn(wish=TraitWish(name="funnier"), critic="count")


def test_the_critic_is_asked_anew_each_round_and_each_starts_from_the_last(
    school: School,
) -> None:
    school.learn(critic="count", rounds=2, method="brio-dpo")
    names = [(name, method) for name, method, _, _ in school.stages]
    assert names == [
        ("warm", "sft"),
        ("teacher-brio", "brio"),
        ("round-1", "dpo"),
        ("round-2", "dpo"),
    ]
    starts = [start and start.parent.name for *_, start in school.stages]
    assert starts == [None, "warm", "teacher-brio", "round-1"]


def test_a_critic_that_is_tried_first_has_its_calls_counted(school: School) -> None:
    """A model that goes by the texts judges a trait that no count sees."""
    school.model = Reading(said)
    record = read_record(school.learn(wish=TraitWish(name="funnier")).work)
    assert record is not None
    (first,) = record.first_critics
    assert first.calls > 0
    assert not first.bias.useless
    assert record.calls == first.calls + sum(c.calls for r in record.rounds for c in r.critics)


def test_a_killed_job_keeps_its_samples_and_verdicts(school: School) -> None:
    school.learn(critic="count")
    first = school.stages[-1][2].pairs
    school.model = ScriptedModel(stubborn)  # whoever is asked again would answer otherwise
    school.learn(critic="count")
    assert school.stages[-1][2].pairs == first


def test_imitation_alone_asks_no_critic(school: School) -> None:
    folder = school.learn(method="sft")
    record = read_record(folder.work)
    assert record is not None
    assert (record.rounds, record.warm_start, record.calls) == ((), True, 0)


def test_too_few_texts_are_told(tmp_path: Path, store: Store) -> None:
    store.save_profile("me", profile("Bob"))
    assert len(trait_texts(store, "me", "Bob")) < 8
    school = School(tmp_path, store, ScriptedModel(said))
    school.job = store.jobs().add("me", "Bob", "dpo")
    trait = TraitOrder(wish=WISH)
    order = Order(
        base=tmp_path,
        base_name="s",
        models=ModelOptions(cache_dir=tmp_path, scripted=True),
        trait=trait,
    )
    JobFolder(tmp_path / "training" / school.job.id).write_order(order)
    with pytest.raises(TrainingFailed, match="pieces of text to rewrite, and 8 are needed"):
        school.parts.examples(school.job, order, never_stop)


def test_a_job_without_a_trait_is_none_of_ours(school: School, tmp_path: Path) -> None:
    order = Order(
        base=tmp_path, base_name="s", models=ModelOptions(cache_dir=tmp_path, scripted=True)
    )
    assert school.parts.examples(school.job, order, never_stop) == TrainingSet()
    assert school.loads == 0


def test_a_better_text_that_is_the_text_itself_is_no_pair(tmp_path: Path) -> None:
    from engine.trait_critic import CountingCritic

    measure = measure_of(WISH.name)
    assert measure is not None
    text = TEXTS[0]
    long = text.text.replace(".", ", as it does each day of the week.")
    pairs = [Sampled(id=text.id, text=text.text, pair=(text.text, long))]
    found = judged(pairs, CountingCritic(measure, "en"), rewriter(ScriptedModel()), tmp_path / "l")
    assert [one.why for one in found] == [Fault.SAME]
    assert preferences(list(found), profile("Ada"), WISH) == ()
    kept = read_lines(tmp_path / "l", JudgedPair)
    assert [one.why for one in kept] == [Fault.SAME]


def test_reasons_are_told_in_words() -> None:
    assert all(str(reason).endswith(".") for reason in PairReason)
