"""The stylist for small models keeps facts whatever the model writes."""

from collections.abc import Callable

from engine.events import DraftWords
from engine.models.embedder import HashingEmbedder
from engine.models.scripted import ScriptedModel
from engine.planner import build_plan
from engine.protocols import Conversation, JsonSchema
from engine.stepwise import StepwiseStylist, step_conversation
from engine.types import Draft, Scores, Span, WritingRequest
from tests.builders import draft, profile, request

FACTS = ("The ferry leaves at 6.", "The cafe opens at 5.")
Reply = Callable[[Conversation, JsonSchema | None, int], str]


def drafted(reply: Reply, asked: WritingRequest) -> list[Draft]:
    stylist = StepwiseStylist(ScriptedModel(reply), HashingEmbedder())
    events = stylist.draft(asked, profile("Ada"), build_plan(asked, {}))
    return [e for e in events if isinstance(e, Draft)]


def asked(**changes: object) -> WritingRequest:
    return request("The harbour", **{"facts": FACTS, "words": 20, "drafts": 2, **changes})


def fact_of(conversation: Conversation) -> str:
    return next(f for f in FACTS if f in conversation[-1].content)


def test_a_rewrite_that_keeps_the_fact_is_kept() -> None:
    texts = drafted(lambda c, _s, _n: "Honestly? " + fact_of(c), asked())
    expected = "Honestly? The ferry leaves at 6. Honestly? The cafe opens at 5."
    assert [d.text for d in texts] == [expected, expected]


def test_a_rewrite_that_loses_a_number_is_said_in_plain_words() -> None:
    texts = drafted(lambda _c, _s, _n: "The ferry leaves at 9, the cafe too.", asked())
    assert [d.text for d in texts] == ["The ferry leaves at 6. The cafe opens at 5."] * 2


def test_a_rewrite_that_copies_a_sample_is_not_taken() -> None:
    copied = "We walked to the harbour before dawn. The gulls were louder than the engines!"
    texts = drafted(lambda c, _s, _n: f"{copied} {fact_of(c)}", asked(drafts=1))
    assert copied not in texts[0].text


def test_short_points_run_on_to_fill_the_length_asked() -> None:
    def reply(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        if chat[-1].role == "assistant":
            return " Nobody minds the early hour, least of all the gulls on the wall."
        return fact_of(chat)

    short, long = (drafted(reply, asked(words=w, drafts=1))[0].text for w in (20, 80))
    assert "Nobody minds" not in short
    assert "Nobody minds" in long


def test_the_chat_shows_the_authors_sentences_as_answers_and_its_start_never_changes() -> None:
    chats = [step_conversation(profile("Ada"), t, HashingEmbedder()) for t in ("tides", "tea")]
    assert [m.role for m in chats[0][:3]] == ["system", "user", "assistant"]
    assert chats[0][2].content in profile("Ada").samples[0].text
    assert chats[0][:3] == chats[1][:3]


def test_a_revision_drops_what_nothing_supports_and_says_what_was_lost() -> None:
    text = "The ferry leaves at 6. A dragon lives there."
    at = text.index("A dragon")
    scores = Scores(
        signature="t",
        spans=(Span(start=at, end=len(text), kind="unsupported", note="name: dragon"),),
    )
    one = asked(drafts=1)
    stylist = StepwiseStylist(ScriptedModel(lambda c, _s, _n: fact_of(c)), HashingEmbedder())
    events = list(
        stylist.revise(one, profile("Ada"), build_plan(one, {}), draft(text, scores=scores))
    )
    assert isinstance(events[0], DraftWords)
    assert isinstance(events[-1], Draft)
    assert events[-1].text == "The ferry leaves at 6. The cafe opens at 5."


def test_a_tag_that_the_writer_added_is_told_to_the_model() -> None:
    style = profile("Ada", added_words=("fog",), added_tags=("humour",), guidance="Be brief.")
    system = step_conversation(style, "The harbour", HashingEmbedder())[0]
    assert system.content.endswith("The author: Be brief. fog Jokes.")


def test_a_phrase_of_the_never_list_is_not_drafted_but_no_fact_is_lost_to_it() -> None:
    def with_delight(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        return f"A delight! {fact_of(chat)}"

    one = asked(drafts=1)
    for never, expected in (
        ("delight", "The ferry leaves at 6. The cafe opens at 5."),
        ("ferry", "The ferry leaves at 6. A delight! The cafe opens at 5."),
    ):
        stylist = StepwiseStylist(ScriptedModel(with_delight), HashingEmbedder())
        events = list(stylist.draft(one, profile("Ada", never=(never,)), build_plan(one, {})))
        assert isinstance(events[-1], Draft)
        assert events[-1].text == expected
        shown = [e.text for e in events if isinstance(e, DraftWords)]
        assert not any("delight" in text for text in shown) or never == "ferry"


def test_a_revision_says_again_what_held_a_phrase_of_the_never_list() -> None:
    text = "A delight: the ferry leaves at 6. The cafe opens at 5."
    scores = Scores(signature="t", spans=(Span(start=2, end=9, kind="never", note="delight"),))
    one = asked(drafts=1)
    stylist = StepwiseStylist(ScriptedModel(lambda c, _s, _n: fact_of(c)), HashingEmbedder())
    *_, last = stylist.revise(
        one, profile("Ada", never=("delight",)), build_plan(one, {}), draft(text, scores=scores)
    )
    assert isinstance(last, Draft)
    assert last.text == "The ferry leaves at 6. The cafe opens at 5."
