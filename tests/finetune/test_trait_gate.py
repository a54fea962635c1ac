"""The gate of a trait: more of it than what serves and than the text, and each judge's bias."""

from collections.abc import Callable
from dataclasses import replace

from engine.models.scripted import ScriptedModel
from engine.scoring.traits import measure_of
from engine.trait_critic import CountingCritic, ModelTraitCritic
from finetune.gate_report import GateReport
from finetune.teacher import TraitText
from finetune.trait_gate import TraitJudges, ask_trait_gate
from tests.finetune.test_trait import TEXTS, WISH, rewriter, said


class Shortening(ScriptedModel):
    """Splits sentences where it has the adapter "better"."""

    adapter: str | None = None

    def generate(self, *given, adapter=None, **named):  # type: ignore[no-untyped-def]
        """Remember the adapter."""
        self.adapter = adapter
        return super().generate(*given, adapter=adapter, **named)


def test_the_gate_promotes_more_of_the_trait_and_names_each_judges_bias() -> None:
    model = Shortening(
        lambda chat, _schema, _seed: (
            said(chat, None, 3) if model.adapter == "better" else said(chat, None, 0)
        )
    )
    measure = measure_of(WISH.name)
    assert measure is not None
    judges = TraitJudges(
        (
            ModelTraitCritic(ScriptedModel(choices=(0.9, 0.1)), WISH.name, "en"),
            CountingCritic(measure, "en"),
        )
    )

    def asked(after: str, texts: tuple[TraitText, ...] = TEXTS) -> GateReport:
        plain = rewriter(model)
        return ask_trait_gate(
            texts,
            teacher=plain,
            before=replace(plain, adapter="old"),
            after=replace(plain, adapter=after),
            judges=judges,
            candidate="a1-x",
            current="old",
        )

    report = asked("better")
    assert report.decision == "promote"
    useless, *_, counted, text = report.judges
    assert (useless.useless, useless.turned, useless.ties) == (True, 12, 12)
    assert (counted.against, counted.wins, counted.losses) == ("teacher", 12, 0)
    assert (text.against, text.wins) == ("text", 12)
    assert counted.win_tie == 1.0
    assert GateReport.model_validate(report.model_dump(mode="json")) == report
    assert [r.kind for r in asked("same").reasons] == ["equal"]
    assert [r.kind for r in asked("better", TEXTS[:3]).reasons] == ["too-few"]


def gate(written: Callable[[str], str]) -> GateReport:
    """Ask about an adapter that writes so; what serves rambles, and a count judges."""
    model = Shortening(
        lambda chat, _schema, _seed: (
            written(chat[-1].content)
            if model.adapter == "new"
            else chat[-1].content.replace(".", ", and so on and on.")
        )
    )
    measure = measure_of(WISH.name)
    assert measure is not None
    plain = rewriter(model)
    return ask_trait_gate(
        TEXTS,
        teacher=plain,
        before=replace(plain, adapter="old"),
        after=replace(plain, adapter="new"),
        judges=TraitJudges((CountingCritic(measure, "en"),)),
        candidate="a1-x",
        current="old",
    )


def test_who_only_repeats_the_text_is_not_promoted_over_one_that_rambles() -> None:
    """A stylist that served had longer sentences than the text: saying the text back beat it."""
    report = gate(lambda text: text)
    assert report.decision == "refuse"
    assert [(r.kind, r.metric, r.count) for r in report.reasons] == [
        ("better", "trait", None),
        ("no-more", "trait_over_text", 12),
    ]


def test_nonsense_in_shorter_sentences_is_not_preferred() -> None:
    report = gate(lambda _: "I am here. You are there. It rains.")
    assert report.decision == "refuse"
    assert all(judged.wins == 12 for judged in report.judges), "a count prefers it"
    trait, over_text = report.changes[:2]
    assert over_text.after == 0.0, "what was said beats it"
    assert trait.after is not None
    assert trait.after <= 0.5
    assert ("no-gain", "trait") in [(r.kind, r.metric) for r in report.reasons]
