"""A trait that a writer names: checked, counted, rewritten for, judged in both orders."""

from collections.abc import Sequence

import pytest

from engine.errors import InvalidRequest
from engine.models.embedder import HashingEmbedder
from engine.models.scripted import ScriptedModel
from engine.profile.advice import advice
from engine.protocols import Conversation, StopCheck, never_stop
from engine.rewrite import Fault, Rewriter
from engine.scoring.scorer import NoteScorer
from engine.scoring.traits import measure_of
from engine.stepwise import traits
from engine.trait import bare, refuses, rewriting_of, trait_name
from engine.trait_critic import CountingCritic, ModelTraitCritic, bias, judge
from engine.types import TraitWish
from tests.builders import profile

TEXT = "The ferry leaves at six, and the cafe on the pier opens an hour before it."
SHORT = "The ferry leaves at six. The cafe on the pier opens an hour before it."


class Mute(ScriptedModel):
    """A model whose backend shows no probabilities."""

    def choose(
        self,
        conversation: Conversation,
        options: Sequence[str],
        *,
        adapter: str | None = None,
        should_stop: StopCheck = never_stop,
    ) -> None:
        """Show none."""


def rewriter(*replies: str, trait: str = "funnier") -> Rewriter:
    scorer = NoteScorer(HashingEmbedder())
    return Rewriter(ScriptedModel(replies), scorer, TraitWish(name=trait), "en")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Say what the text is to be"),
        ("  …!? ", "Say what the text is to be"),
        ("word " * 200, "8 words and 60 characters at most"),
        ("有" * 200, "8 words and 60 characters at most"),
        ("x" * 5_000_000, "8 words and 60 characters at most"),
        ("more racist", "would hurt somebody"),
        ("更侮辱人", "would hurt somebody"),
    ],
)
def test_what_is_no_trait_gets_a_sentence(typed: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        trait_name(typed)
    assert trait_name(" shorter \n sentences ") == "shorter sentences"
    assert trait_name("更幽默") == "更幽默"


def test_a_refusal_is_known_in_both_languages_and_a_text_that_begins_so_is_none() -> None:
    for answer in (
        "I'm sorry, but I can't do that.",
        "I cannot help with this.",
        "As an AI language model, I",
        "抱歉，我不能这样写。",
        "我无法改写这段文字。",
    ):
        assert refuses(answer), answer
    assert not refuses("I can't believe the ferry left at six!")
    assert not refuses("I'm sorry that the ferry left.", "I'm sorry: the ferry left.")


def test_an_answer_is_freed_of_what_was_not_asked() -> None:
    assert bare('Here is the text:\n"The ferry leaves."') == "The ferry leaves."
    assert bare("1. The ferry leaves.") == "The ferry leaves."
    assert bare("Wanted: clear.\n\nThe ferry leaves.") == "The ferry leaves."
    assert bare("I wanted it.\nThe rewritten text is: The ferry.") == "The ferry."
    assert bare("Wanted: The ferry leaves.") == "The ferry leaves."
    assert bare("Your answer:\n\nThe ferry leaves.") == "The ferry leaves."
    assert bare("I'll give you the rewritten text:\nThe ferry leaves.") == "The ferry leaves."
    assert bare("This is a rewritten sentence.\n\nThe ferry leaves.") == "The ferry leaves."
    assert bare("I'll just rephrase it.\n\nThe ferry leaves.") == "The ferry leaves."
    own = "We are rewriting the timetable.\n\nThe ferry leaves at six."
    assert bare(own, own) == own
    assert bare("Ferries:\nOne leaves.", "Ferries\nOne left.") == "Ferries:\nOne leaves."
    assert bare("1. The ferry leaves.", "1. It leaves.") == "1. The ferry leaves."


def test_code_counts_what_it_can_and_says_where_it_cannot() -> None:
    shorter, warmer = measure_of("Shorter sentences"), measure_of("更温暖")
    assert shorter is not None
    assert warmer is not None
    assert shorter.amount(SHORT, "en") > shorter.amount(TEXT, "en")
    assert warmer.amount("谢谢大家，欢迎再来。", "zh") > warmer.amount("会议结束。", "zh") == 0.0
    assert measure_of("funnier") is None


def test_the_wish_of_a_style_stands_in_both_ways_of_asking() -> None:
    wished = profile("Ada", trait=TraitWish(name="funnier", level=1))
    assert "Wanted: funnier, a little." in traits(wished)
    assert "Wanted: funnier, a little." in advice(wished)
    assert profile("Ada").digest() == profile("Ada", trait=None).digest()
    assert "trait" not in profile("Ada").model_dump()


def test_only_a_rewriting_that_says_the_same_is_taken() -> None:
    who = rewriter("The ferry, at six!")
    assert who.fault(TEXT, "I'm sorry, I can't help with that.") == Fault.REFUSED
    assert who.fault(TEXT, "Quite another thing was said here about gulls and boats.") == (
        Fault.UNFAITHFUL
    )
    assert who.fault(TEXT, TEXT.replace("six", "seven")) == Fault.UNFAITHFUL
    assert who.fault(TEXT, TEXT) == Fault.SAME
    assert who.fault(TEXT, "Ferry.") == Fault.LENGTH
    assert who.fault(TEXT, f"Well now: {TEXT}") is None
    assert who.fault(TEXT, f"The Funnier, clearly. {TEXT}") == Fault.SAID_BACK
    assert who.fault(f"It is funnier now. {TEXT}", f"Well: it is funnier now. {TEXT}") is None
    counted = rewriter(trait="shorter sentences")
    assert counted.fault(TEXT, f"Well now: {TEXT}") == Fault.NO_MORE
    assert counted.fault(TEXT, SHORT) is None


def test_a_text_is_rewritten_and_what_no_wording_keeps_stays() -> None:
    done = rewriter(f"Well now: {TEXT}").rewrite(TEXT)
    assert (done.text, done.changed, done.refused) == (f"Well now: {TEXT}", 1, False)
    lost = rewriter("Gulls, gulls, gulls and more gulls all over the place, nothing but gulls.")
    assert lost.rewrite(TEXT).text == TEXT
    assert rewriter("I'm sorry, I can't help.").rewrite(TEXT).refused
    counted = rewriter(f"Well now: {TEXT}", SHORT, trait="shorter sentences").rewrite(TEXT)
    assert counted.text == SHORT


def test_the_scripted_model_knows_the_chat() -> None:
    assert rewriting_of(rewriter("x").chat("One.\n\nTwo.")) == "One.\n\nTwo."
    assert rewriting_of([]) is None


def test_both_orders_are_asked_and_a_turned_verdict_is_none() -> None:
    always_one = ModelTraitCritic(ScriptedModel(["Because."], choices=(0.9, 0.1)), "funnier", "en")
    verdicts = [judge(always_one, TEXT, ("A joke.", "A text.")) for _ in range(5)]
    assert {verdict.chosen for verdict in verdicts} == {None}
    assert always_one.calls == 10
    found = bias(verdicts)
    assert (found.pairs, found.turned, found.favourite, found.useless) == (5, 5, 1, True)
    always_two = ModelTraitCritic(ScriptedModel(choices=(0.1, 0.9)), "funnier", "en")
    assert bias([judge(always_two, TEXT, ("A", "B"))]).favourite == 2


def test_a_backend_without_probabilities_votes() -> None:
    critic = ModelTraitCritic(Mute(["1.", "Answer: 2", "1"]), "funnier", "en")
    assert critic.prefers_first(TEXT, "A joke.", "A text.") == pytest.approx(2 / 3)
    assert critic.calls == 3
    silent = ModelTraitCritic(Mute(["Both are fine."]), "funnier", "en")
    assert silent.prefers_first(TEXT, "A", "B") == 0.5


def test_a_count_is_a_critic_without_bias_and_gives_its_figures() -> None:
    measure = measure_of("shorter sentences")
    assert measure is not None
    critic = CountingCritic(measure, "en")
    verdict = judge(critic, TEXT, (TEXT, SHORT))
    assert (verdict.chosen, verdict.mean) == (1, 0.0)
    assert verdict.reason == "sentence: 16.0 → 7.5"
    assert not bias([verdict] * 8).useless
