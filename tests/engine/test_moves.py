"""Moves say how a plain sentence becomes the author's; a stylist writes them, then follows them."""

from collections.abc import Sequence

import pytest

from engine.models.embedder import HashingEmbedder
from engine.models.scripted import ScriptedModel
from engine.moveplan import MovePlanner, PlanningStylist
from engine.moves import (
    SIGN,
    Moves,
    answer,
    followed,
    moves_between,
    part_answer,
    read_moves,
    sheet_of,
    unsigned,
)
from engine.planner import build_plan
from engine.profile.build import build_profile
from engine.protocols import Conversation, JsonSchema
from engine.restyle import RestyleStylist, ranked
from engine.types import Draft, Language, Plan, StyleProfile, StyleSample
from tests.builders import profile, request

NOTES = (
    "Honestly, the tide took my shoe! Gone. Honestly, what a morning — and not a gull in sight!",
    "The ferry? Late, honestly! We waited — we waited! Then it came. Honestly!",
    "Rain again! Honestly — bring a coat, dear reader. Bring two!",
)
FACTS = ("The ferry leaves at 6.", "The cafe opens at 5.")


@pytest.fixture(scope="module")
def ada() -> StyleProfile:
    """Return the profile of somebody who exclaims."""
    samples = [StyleSample(title=str(n), text=text) for n, text in enumerate(NOTES)]
    return build_profile(samples, "en", name="Ada")


def plan_of(*moves: str) -> Plan:
    plan = build_plan(request("The harbour", facts=FACTS), {})
    points = [p.model_copy(update={"moves": m}) for p, m in zip(plan.points, moves, strict=True)]
    return plan.model_copy(update={"points": tuple(points)})


# ------------------------------------------------------------------ the line


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_line_says_all_three_and_is_read_back(language: Language) -> None:
    moves = Moves(words=("a", "b"), shape=("c",), manner=("d", "e"))
    assert read_moves(moves.line(language), language) == moves
    for part in ("words", "shape", "manner"):
        less = moves.without([part])
        assert getattr(less, part) == ()
        assert read_moves(less.line(language), language) == less
    assert Moves().line(language) == ""


def test_an_answer_is_parted_where_its_moves_end() -> None:
    assert part_answer(answer("words: aye", "Six!\n")) == ("~ words: aye\n", "Six!\n")
    for bare in ("Six!\n", "~ 40 came.\nAll wet.", "~ words: aye"):
        assert part_answer(bare) == ("", bare)
    assert answer("", "Six!") == "Six!"


def test_a_point_that_begins_with_the_sign_is_no_line_of_moves() -> None:
    assert unsigned("  ~ shape: shorter ") == "shape: shorter"
    assert unsigned("~ 40 are expected.") is None


# ------------------------------------------------------------------ off the profile


def test_the_sheet_has_the_authors_words_and_marks(ada: StyleProfile) -> None:
    sheet = sheet_of(ada)
    assert {"honestly", "exclamation"} <= set(sheet.words)
    assert sheet.shape
    struck = ada.model_copy(update={"struck": ("honestly", "exclamation")})
    assert not {"honestly", "exclamation"} & set(sheet_of(struck).words)


def test_moves_say_what_was_put_in_and_not_what_was_there(ada: StyleProfile) -> None:
    moves = moves_between("The ferry leaves at six.", "Six, honestly!", ada)
    assert moves.words == ("honestly", "exclamation", "comma")
    assert moves.shape[0] == "shorter"
    assert "exclamation" in moves.manner
    same = moves_between("Six, honestly!", "Six, honestly!", ada)
    assert same == Moves(shape=("same length",))


def test_length_is_said_in_the_authors_language() -> None:
    chinese = profile("Ada", language="zh", words=(), habits=())
    assert moves_between("渡船六点开。", "渡船嘛，六点整就开走了。", chinese).shape[0] == "更长"


# ------------------------------------------------------------------ visible


def test_the_planner_asks_for_each_dimension_and_keeps_what_is_the_authors(
    ada: StyleProfile,
) -> None:
    chats: list[Conversation] = []
    said = {"words:": " honestly, zebra", "shape:": " shorter, wobbly", "manner:": " exclamation"}

    def reply(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        chats.append(chat)
        asked = chat[-1].content.split()[-1]
        return said[asked] if "ferry" in chat[1].content else " I do not know."

    planned = MovePlanner(ScriptedModel(reply), "ada").plan(plan_of("", ""), ada)
    first, second = planned.points
    assert first.moves == "words: honestly | shape: shorter | manner: exclamation"
    assert second.moves == ""
    assert [p.text for p in planned.points] == list(FACTS)
    assert [chat[-1].content for chat in chats if "ferry" in chat[1].content] == [
        "~ words:",
        "~ words: honestly | shape:",
        "~ words: honestly | shape: shorter | manner:",
    ]
    assert all(chat[-1].role == "assistant" for chat in chats)
    assert sheet_of(ada).line("en") in chats[0][0].content


def drafted(plan: Plan, replies: Sequence[str] | None = None) -> tuple[Draft, list[Conversation]]:
    chats: list[Conversation] = []

    def reply(chat: Conversation, _schema: JsonSchema | None, _seed: int) -> str:
        chats.append(chat)
        asked = next(m.content for m in reversed(chat) if m.role == "user")
        return f"Honestly? {asked}"

    stylist = RestyleStylist(ScriptedModel(replies or reply), HashingEmbedder())
    one = request("The harbour", facts=FACTS, words=20, drafts=1)
    *_, draft = stylist.draft(one, profile("Ada"), plan, adapter="ada")
    assert isinstance(draft, Draft)
    return draft, chats


def test_a_point_with_moves_is_said_as_an_answer_that_opens_with_them() -> None:
    draft, chats = drafted(plan_of("shape: shorter", "manner: question"))
    assert chats[0][-1].content == "~ shape: shorter\n"
    assert chats[-1][2].content == f"~ shape: shorter\nHonestly? {FACTS[0]}"
    assert chats[-1][-1].content == "~ manner: question\n"
    assert SIGN not in draft.text
    assert draft.steps[0] == (FACTS[0], f"Honestly? {FACTS[0]}")
    assert draft.generation.prompt_version == "restyle_planned/1"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("~ shape: shorter\nAt 6 the ferry leaves.", "At 6 the ferry leaves."),
        ("~ ferry, 6", FACTS[0]),  # moves alone are no wording
    ],
)
def test_moves_that_a_point_was_not_given_never_reach_the_note(said: str, kept: str) -> None:
    stylist = RestyleStylist(ScriptedModel([said]), HashingEmbedder())
    one = request("The harbour", facts=FACTS, words=20, drafts=1)
    plan = plan_of("", "shape: shorter")
    *grown, draft = stylist.draft(one, profile("Ada"), plan, adapter="ada")
    assert isinstance(draft, Draft)
    assert draft.steps[0] == (FACTS[0], kept)
    assert not any(SIGN in event.text for event in (*grown, draft))


def test_the_wording_that_does_what_was_planned_comes_first(ada: StyleProfile) -> None:
    plain = "The ferry leaves at six."
    both = ["The ferry leaves at six.", "Honestly, the ferry leaves at six!"]
    line = "words: honestly | manner: exclamation"
    follow = [followed(line, plain, text, ada) for text in both]
    assert follow == [0.0, 1.0]
    assert ranked(plain, both)[0] == both[0]
    assert ranked(plain, both, follow)[0] == both[1]
    assert followed("", plain, both[1], ada) == 1.0


def test_without_moves_nothing_is_asked_otherwise_than_before() -> None:
    draft, chats = drafted(plan_of("", ""))
    assert all(chat[-1].role == "user" for chat in chats)
    assert "First say how" not in chats[0][0].content
    assert draft.generation.prompt_version == "restyle/1"


def test_the_visible_stylist_plans_and_then_writes() -> None:
    stylist = PlanningStylist(ScriptedModel(), HashingEmbedder())
    one = request("The harbour", facts=FACTS, words=20, drafts=1)
    *_, draft = stylist.draft(one, profile("Ada"), build_plan(one, {}), adapter="ada")
    assert isinstance(draft, Draft)
    assert draft.generation.prompt_version == "restyle_planned/1"
    assert all(fact in draft.text for fact in FACTS)
