"""The stylist with an adapter: every sentence in its best wording, no fact lost to a whim."""

from collections.abc import Sequence

import pytest

from engine.errors import Stopped
from engine.events import DraftWords
from engine.models.embedder import HashingEmbedder
from engine.models.scripted import Reply, ScriptedModel
from engine.planner import build_plan
from engine.protocols import Conversation, JsonSchema
from engine.restyle import WORDINGS, RestyleStylist, joined, ranked
from engine.restyling import excerpts, is_restyling, opening, restyle_conversation
from engine.stylist import AdaptableStylist, make_stylist
from engine.types import Draft, Generation, Plan, Scores, Span, WritingRequest
from tests.builders import draft, profile, request

FACTS = ("The ferry leaves at 6.", "The cafe opens at 5.")
STEPS = (
    ("The ferry leaves at 6.", "Honestly? The ferry leaves at 6.\n"),
    ("The cafe opens at 5.", "The cafe opens at 5, a dragon says."),
)


def asked(**changes: object) -> WritingRequest:
    return request("The harbour", **{"facts": FACTS, "words": 20, "drafts": 2, **changes})


def drafted(
    reply: Reply | Sequence[str] | None, one: WritingRequest, *, plan: Plan | None = None
) -> list[Draft]:
    stylist = RestyleStylist(ScriptedModel(reply), HashingEmbedder())
    style = profile("Ada", language=one.language)
    events = stylist.draft(one, style, plan or build_plan(one, {}), adapter="ada")
    return [event for event in events if isinstance(event, Draft)]


def revised(reply: Reply, scores: Scores, one: WritingRequest) -> Draft:
    text = joined([styled for _, styled in STEPS], "en")
    stylist = RestyleStylist(ScriptedModel(reply), HashingEmbedder())
    old = draft(text, steps=STEPS, scores=scores)
    *_, last = stylist.revise(one, profile("Ada"), build_plan(one, {}), old, adapter="ada")
    assert isinstance(last, Draft)
    return last


def echo(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
    return f"Honestly? {chat[-1].content}"


# ------------------------------------------------------------------ drafts


def test_drafts_differ_and_each_keeps_all_facts() -> None:
    first, second = drafted(None, asked())
    assert first.text != second.text
    for one in (first, second):
        assert all(fact in one.text for fact in FACTS)
        assert one.text not in {" ".join(FACTS), ""}
        assert one.generation.adapter == "ada"
        assert one.generation.prompt_version == "restyle/1"


def test_a_sentence_that_no_wording_keeps_is_said_in_plain_words() -> None:
    for lost in (
        "The ferry leaves at 9.",  # another number
        "Somebody said something at 6 and 5.",  # no word of meaning
        "The ferry leaves at 6, says Bosun Pike, the cafe opens at 5.",  # an invented name
        "We walked to the harbour before dawn: the ferry leaves at 6, the cafe opens at 5.",
    ):
        assert [d.text for d in drafted([lost], asked())] == [" ".join(FACTS)] * 2, lost


def test_a_wording_that_runs_on_is_not_taken() -> None:
    def runs_on(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        return chat[-1].content + " It was so" * 6 + "."

    assert drafted(runs_on, asked(drafts=1))[0].text == " ".join(FACTS)


def test_a_sentence_is_drawn_once_more_before_it_is_said_in_plain_words() -> None:
    calls: list[int] = []

    def second_time(chat: Conversation, _schema: JsonSchema | None, seed: int) -> str:
        calls.append(seed)
        return "No." if len(calls) <= WORDINGS else f"Aye: {chat[-1].content}"

    one = asked(facts=FACTS[:1], drafts=1)
    assert drafted(second_time, one)[0].text == "Aye: The ferry leaves at 6."
    assert len(calls) == len(set(calls)) == 2 * WORDINGS


def test_each_sentence_sees_what_the_first_draft_said_before() -> None:
    chats: list[Conversation] = []

    def watched(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        chats.append(chat)
        return f"Honestly? {chat[-1].content}"

    drafted(watched, asked())
    assert [m.role for m in chats[0]] == ["system", "user"]
    assert [m.content for m in chats[-1][1:]] == [
        FACTS[0],
        f"Honestly? {FACTS[0]}",
        FACTS[1],
    ]
    assert len(chats) == 2 * WORDINGS


def test_line_breaks_are_kept_and_no_space_stands_around_them() -> None:
    def broken(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        return f"- {chat[-1].content}\n"

    [one] = drafted(broken, asked(drafts=1))
    assert one.text == "- The ferry leaves at 6.\n- The cafe opens at 5."
    assert joined(["One.\n\n", "Two.", "\nThree."], "en") == "One.\n\nTwo.\nThree."


def test_chinese_sentences_are_joined_without_spaces() -> None:
    one = request("渡船", facts=("渡船6点开。", "茶馆5点开门。"), language="zh", drafts=2)
    texts = [d.text for d in drafted(None, one)]
    assert texts[0] != texts[1]
    for text in texts:
        assert " " not in text
        assert "渡船6点开" in text
        assert "茶馆5点开门" in text


def test_the_steps_are_stored_with_a_draft() -> None:
    [one] = drafted(echo, asked(drafts=1))
    assert one.steps == tuple((fact, f"Honestly? {fact}") for fact in FACTS)
    assert Draft.model_validate_json(one.model_dump_json()).steps == one.steps


def test_a_draft_without_steps_has_the_address_that_it_had_before_there_were_steps() -> None:
    bare = draft("The ferry leaves at six.")
    assert "steps" not in bare.model_dump()
    assert bare.digest() == draft("The ferry leaves at six.", steps=()).digest()
    assert bare.digest() != draft("The ferry leaves at six.", steps=STEPS).digest()


def test_the_draft_is_seen_while_it_grows() -> None:
    stylist = RestyleStylist(ScriptedModel(echo), HashingEmbedder())
    events = list(stylist.draft(asked(), profile("Ada"), build_plan(asked(), {}), adapter="ada"))
    shown = [e.text for e in events if isinstance(e, DraftWords) and e.index == 1]
    assert shown[0] == "Honestly?"
    assert shown[-1] == f"Honestly? {FACTS[0]} Honestly? {FACTS[1]}"
    assert {e.index for e in events if isinstance(e, DraftWords)} == {0, 1}


def test_stopped_passes_through() -> None:
    answers = iter([False] * 9)
    stylist = RestyleStylist(ScriptedModel(), HashingEmbedder())
    with pytest.raises(Stopped):
        list(
            stylist.draft(
                asked(),
                profile("Ada"),
                build_plan(asked(), {}),
                adapter="ada",
                should_stop=lambda: next(answers, True),
            )
        )


# ------------------------------------------------------------------ revisions


def test_a_revision_says_again_only_what_the_scorer_marked() -> None:
    text = joined([styled for _, styled in STEPS], "en")
    at = text.index("a dragon")
    marked = Span(start=at, end=at + 8, kind="unsupported", note="name: dragon")
    last = revised(echo, Scores(signature="t", spans=(marked,)), asked())
    assert last.text == "Honestly? The ferry leaves at 6.\nHonestly? The cafe opens at 5."


def test_a_mark_says_its_own_place_not_every_sentence_with_those_words() -> None:
    steps = (("It is 5.", "It is 5 and 16."), ("We are 16.", "We are 16."))
    one = asked(facts=("It is 5.", "We are 16."))
    at = len("It is 5 and ")
    scores = Scores(signature="t", spans=(Span(start=at, end=at + 2, kind="unsupported"),))
    stylist = RestyleStylist(
        ScriptedModel(lambda c, *_: f"Aye. {c[-1].content}"), HashingEmbedder()
    )
    old = draft("It is 5 and 16. We are 16.", steps=steps, scores=scores)
    *_, last = stylist.revise(one, profile("Ada"), build_plan(one, {}), old, adapter="ada")
    assert isinstance(last, Draft)
    assert last.text == "Aye. It is 5. We are 16."


def test_a_mark_across_two_sentences_blames_both() -> None:
    text = joined([styled for _, styled in STEPS], "en")
    span = Span(start=text.index("at 6"), end=text.index("opens"), kind="unsupported")
    last = revised(
        lambda c, *_: f"Aye. {c[-1].content}", Scores(signature="t", spans=(span,)), asked()
    )
    assert last.text == "Aye. The ferry leaves at 6. Aye. The cafe opens at 5."


def test_a_fact_that_the_scorer_did_not_find_is_said_again_and_kept_well() -> None:
    def vague(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        return "The cafe: 5." if "cafe" in chat[-1].content else chat[-1].content

    scores = Scores(signature="t", facts_found=(True, False))
    assert drafted(vague, asked(drafts=1))[0].text.endswith("The cafe: 5.")
    assert revised(vague, scores, asked()).text == (
        "Honestly? The ferry leaves at 6.\nThe cafe opens at 5."
    )


def test_a_revision_of_an_old_draft_without_steps_says_everything_again() -> None:
    stylist = RestyleStylist(ScriptedModel(echo), HashingEmbedder())
    plan = build_plan(asked(), {})
    *_, last = stylist.revise(asked(), profile("Ada"), plan, draft("Old words."), adapter="ada")
    assert isinstance(last, Draft)
    assert last.text == " ".join(f"Honestly? {fact}" for fact in FACTS)


# ------------------------------------------------------------------ which wording is best


def test_a_wording_that_loops_comes_last() -> None:
    plain = "The ferry leaves at six in the morning."
    good = "At six in the morning the ferry leaves."
    loops = "The ferry leaves at six, the ferry leaves at six, the ferry leaves at six."
    assert ranked(plain, [loops, good])[0] == good


def test_a_wording_that_lost_the_words_of_meaning_comes_last() -> None:
    plain = "The ferry leaves at six in the morning."
    kept, lost = (
        "The ferry goes off at six of a morning.",
        "It goes off about then, of that I am sure.",
    )
    assert ranked(plain, [lost, kept]) == [kept, lost]


def test_among_equals_the_wording_that_agrees_with_the_others_comes_first() -> None:
    plain = "It rained."
    odd, one, other = "Wet, wet, wet!", "Rain fell all day.", "Rain fell all night."
    assert ranked(plain, [odd, one, other])[-1] == odd


def test_no_wording_and_one_wording_are_ranked_too() -> None:
    assert ranked("It rained.", []) == []
    assert ranked("It rained.", ["Rain."]) == ["Rain."]


# ------------------------------------------------------------------ the chat


def test_excerpts_are_whole_sentences_of_three_samples_within_the_words_allowed() -> None:
    sample = "One two three four five. Six seven eight nine ten. Eleven twelve."
    shown = excerpts([sample, " ", sample, sample, "A fourth."], "en", 15)
    assert shown == ["One two three four five."] * 3
    assert excerpts([sample], "en", 6) == ["One two three four five. Six seven eight nine ten."]


def test_what_a_short_sample_leaves_the_next_may_use() -> None:
    sample = "One two three four five. Six seven eight nine ten. Eleven twelve."
    assert excerpts(["Fog.", sample], "en", 10) == [
        "Fog.",
        "One two three four five. Six seven eight nine ten.",
    ]


def test_an_opening_of_a_text_that_is_shorter_is_the_text() -> None:
    assert opening("Fog. Rain", "en", 50) == "Fog. Rain"
    assert opening("雾很大。雨也大。", "zh", 3) == "雾很大。"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_chat_is_known_from_others(language: str) -> None:
    style = profile("Ada", language="zh" if language == "zh" else "en")
    chat = restyle_conversation(["雾。"], [], style.language)
    assert is_restyling(chat)
    assert not is_restyling(chat[1:])
    assert not is_restyling([chat[0].model_copy(update={"content": "You write notes."})])


# ------------------------------------------------------------------ two ways on one model


def test_with_an_adapter_a_stylist_restyles_and_without_one_it_does_as_before() -> None:
    chats: list[Conversation] = []

    def watched(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        chats.append(chat)
        return FACTS[0]

    one = asked(facts=FACTS[:1], drafts=1)
    stylist = make_stylist(ScriptedModel(watched), HashingEmbedder())
    assert isinstance(stylist, AdaptableStylist)
    assert stylist.card.name == "scripted"
    found: dict[str | None, tuple[bool, Generation]] = {}
    for adapter in (None, "ada"):
        chats.clear()
        *_, last = stylist.draft(one, profile("Ada"), build_plan(one, {}), adapter=adapter)
        assert isinstance(last, Draft)
        again = list(
            stylist.revise(one, profile("Ada"), build_plan(one, {}), last, adapter=adapter)
        )
        assert isinstance(again[-1], Draft)
        assert bool(again[-1].steps) == (adapter == "ada")
        found[adapter] = (is_restyling(chats[0]), last.generation)
    assert [restyles for restyles, _ in found.values()] == [False, True]
    assert [made.adapter for _, made in found.values()] == [None, "ada"]
