"""Stored notes, feedback and samples become rows; every row is written out."""

import pytest

from engine.models.embedder import HashingEmbedder
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.scripted import ScriptedModel
from engine.models.weights import packaged_weights
from engine.notebench.samples import shipped
from engine.protocols import Conversation
from engine.restyle import RestyleStylist
from engine.types import Draft, StyleProfile
from finetune.examples import make_training_set
from finetune.reasons import Reason
from finetune.rendering import Renderer
from storage.records import NoteRecord
from tests import builders
from tests.finetune.feedback import ADA, CAFE, DULL, FERRY, FLAT, LOUD, draft, made, note, said

# ------------------------------------------------------------------ edits


def test_an_edit_is_better_than_its_draft_where_they_differ() -> None:
    about = note()
    edit = builders.edit(about, "The ferry leaves at six! Five sharp, and the cafe opens.")
    found = made(about, edit)

    (pair,) = found.pairs
    # The first step was left as it was: it is context, and no pair.
    assert said(pair.prompt) == [FERRY, "The ferry leaves at six!", CAFE]
    assert said(pair.chosen) == ["Five sharp, and the cafe opens."]
    assert said(pair.rejected) == ["The cafe opens at five, honestly!"]
    assert (pair.kind, pair.origin, pair.sources) == ("style", "edit", (about.id, edit.id))
    assert [(said(row.messages), row.origin) for row in found.sft] == [
        ([FERRY, "The ferry leaves at six!", CAFE, "Five sharp, and the cafe opens."], "edit")
    ]
    assert found.dropped == {}


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        # A sentence struck out: the others are still learned.
        ("The cafe opens at five, honestly!", [CAFE, "The cafe opens at five, honestly!"]),
        # A line break is the author's too.
        (
            "The ferry leaves at six!\nOur cafe opens at five!",
            [FERRY, "The ferry leaves at six!\n", CAFE, "Our cafe opens at five!"],
        ),
        # What is put in belongs to the step before it.
        (
            "The ferry leaves at six! ⛴️ The cafe opens at five, honestly!",
            [FERRY, "The ferry leaves at six! ⛴️", CAFE, "The cafe opens at five, honestly!"],
        ),
        (
            "Ahoy! The ferry leaves at six! The cafe opens at five, honestly!\nP.S. The gulls!",
            [
                FERRY,
                "Ahoy! The ferry leaves at six!",
                CAFE,
                "The cafe opens at five, honestly!\nP.S. The gulls!",
            ],
        ),
        # Unless it is so long that it says what no plan holds.
        (
            f"The ferry leaves at six! {'We love it so. ' * 10}{LOUD[1]}",
            [FERRY, "The ferry leaves at six!", CAFE, "The cafe opens at five, honestly!"],
        ),
    ],
)
def test_an_edit_is_learned_in_the_steps_of_its_draft(text: str, steps: list[str]) -> None:
    about = note()
    (row,) = made(about, builders.edit(about, text)).sft
    assert said(row.messages) == steps


def test_a_draft_of_an_older_note_is_matched_to_its_plan() -> None:
    facts = (
        "The morning ferry leaves the harbour at six",
        "The harbour cafe opens its doors at five",
    )
    text = (
        "The morning ferry leaves the harbour at six! The cafe opens its doors at five, honestly!"
    )
    about = builders.note(ADA, facts=facts, text=text)
    edit = builders.edit(about, text.replace("opens its doors", "flings open its doors"))
    (pair,) = made(about, edit).pairs
    assert said(pair.prompt) == [
        "The morning ferry leaves the harbour at six.",
        "The morning ferry leaves the harbour at six!",
        "The harbour cafe opens its doors at five.",
    ]
    assert said(pair.chosen) == ["The cafe flings open its doors at five, honestly!"]
    assert said(pair.rejected) == ["The cafe opens its doors at five, honestly!"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The ferry leaves at six.  The cafe opens at five — honestly.", Reason.NEAR_EMPTY),
        ("Le bateau part à six heures et le café ouvre à cinq heures.", Reason.OTHER_LANGUAGE),
        ("轮船六点开，咖啡馆五点开门，说真的。", Reason.OTHER_LANGUAGE),
        ("My uncle keeps bees in a red barn near Dover.", Reason.UNMATCHED),
    ],
)
def test_an_edit_that_teaches_nothing_is_counted_with_the_reason(text: str, reason: Reason) -> None:
    about = note()
    found = made(about, builders.edit(about, text))
    assert (found.pairs, found.sft) == ((), ())
    assert found.dropped == {reason: 1}


def test_to_put_an_emoji_in_is_an_edit() -> None:
    about = note()
    found = made(about, builders.edit(about, "The ferry leaves at six! ⛴️ " + LOUD[1]))
    assert said(found.pairs[0].chosen) == ["The ferry leaves at six! ⛴️"]


def test_an_edit_of_a_wrong_fact_is_about_content() -> None:
    about = note()
    edit = builders.edit(about, f"{LOUD[0]} At five they open the cafe, honestly!")
    (pair,) = made(about, builders.tag(about, "wrong-fact"), edit).pairs
    assert pair.kind == "content"


# ------------------------------------------------------------------ stars, thumbs, tags


@pytest.mark.parametrize("act", ["five", "thumb", "great"])
def test_a_liked_draft_is_labelled_and_imitated(act: str) -> None:
    about = note()
    given = {
        "five": builders.stars(about, 5),
        "thumb": builders.thumb(about),
        "great": builders.tag(about, "great"),
    }[act]
    found = made(about, given)

    (row,) = found.unpaired
    assert said(row.prompt) == [FERRY]
    assert said(row.completion) == [LOUD[0], CAFE, LOUD[1]]
    assert (row.label, row.origin, row.sources) == (True, "user", (about.id, given.id))
    (example,) = found.sft
    assert said(example.messages) == [FERRY, LOUD[0], CAFE, LOUD[1]]
    assert example.origin == "user"


@pytest.mark.parametrize("count", [1, 2])
def test_a_draft_of_two_stars_is_labelled_and_not_imitated(count: int) -> None:
    about = note()
    found = made(about, builders.stars(about, count))
    assert [row.label for row in found.unpaired] == [False]
    assert found.sft == ()


def test_a_draft_in_no_steps_is_counted_and_not_learned() -> None:
    about = note(draft(("Bees are fine.", "So is a red barn."), steps=()), draft(FLAT))
    found = made(about, builders.thumb(about))
    assert (found.sft, found.unpaired) == ((), ())
    assert found.dropped == {Reason.UNMATCHED: 1}


def test_a_liked_draft_that_lost_a_fact_is_not_imitated() -> None:
    about = note(draft(LOUD, failed=("facts",)), draft(FLAT))
    found = made(about, builders.thumb(about))
    assert found.sft == ()
    assert found.dropped[Reason.GATE] == 1


def test_a_liked_draft_that_was_edited_is_imitated_as_edited() -> None:
    about = note()
    found = made(
        about, builders.thumb(about), builders.edit(about, f"Ahoy! {LOUD[0]} {DULL[1]} Honest!")
    )
    assert [row.origin for row in found.sft] == ["edit"]


# ------------------------------------------------------------------ samples

HARBOUR = "Down we went to the harbour, lads! The gulls, louder they were than the engines!"
PLAIN_HARBOUR = "We walked down to the harbour. The gulls were louder than the engines."
TIDE = "The tide, honestly, takes a shoe now and then! It comes and it goes, lads!"
PLAIN_TIDE = "The tide sometimes takes a shoe. It comes and goes."
PLAIN = {HARBOUR: PLAIN_HARBOUR, TIDE: PLAIN_TIDE}
PIRATE = builders.profile("Pirate", samples=(HARBOUR, TIDE))


def learned(profile: StyleProfile, plain: dict[str, str]) -> list[tuple[str, list[str]]]:
    """Return what samples become: what is shown, then the turns."""
    found = make_training_set([], profile, neutralise=lambda text: plain.get(text, ""))
    return [(row.messages[0].content, said(row.messages)) for row in found.sft]


def test_a_sample_is_learned_from_its_plain_version_and_shown_the_others() -> None:
    (shown, turns), _ = learned(PIRATE, PLAIN)
    assert turns == [
        "We walked down to the harbour.",
        "Down we went to the harbour, lads!",
        "The gulls were louder than the engines.",
        "The gulls, louder they were than the engines!",
    ]
    # Shown itself, it would teach copying.
    assert TIDE in shown
    assert HARBOUR not in shown


def test_the_halves_of_a_lone_sample_show_each_other() -> None:
    lone = builders.profile("Lone", samples=(f"{HARBOUR} {TIDE}",))
    (first, turns), (second, _) = learned(lone, PLAIN)
    assert TIDE in first
    assert HARBOUR not in first
    assert turns[1] == "Down we went to the harbour, lads!"
    assert HARBOUR in second


@pytest.mark.parametrize(
    ("plain", "same", "reason"),
    [
        ("", True, Reason.NO_NEUTRAL),
        # It changes nothing, so nothing could be learned but to copy.
        (HARBOUR, True, Reason.NO_NEUTRAL),
        ("Bees are kept in a barn. The barn is red and stands near Dover.", True, Reason.UNMATCHED),
        (PLAIN_HARBOUR, False, Reason.LOST_CONTENT),
    ],
)
def test_a_sample_without_a_true_plain_version_is_counted(
    plain: str, same: bool, reason: Reason
) -> None:
    found = make_training_set(
        [],
        PIRATE,
        neutralise=lambda text: PLAIN[text] if text == TIDE else plain,
        says_the_same=lambda _plain, text: same or text == TIDE,
    )
    assert [row.sources for row in found.sft] == [(PIRATE.samples[1].id,)]
    assert found.dropped == {reason: 1}


def test_a_long_sample_is_learned_in_passages_of_the_size_of_a_note() -> None:
    long = " ".join(f"Lads, on day {n} we mended {n} nets by the old sea wall!" for n in range(40))
    plain = {"Lads, on day": "On day", "!": "."}

    def neutralise(text: str) -> str:
        for styled, bare in plain.items():
            text = text.replace(styled, bare)
        return text

    rows = make_training_set(
        [], builders.profile("Long", samples=(long, TIDE)), neutralise=neutralise
    ).sft
    sizes = [sum(len(turn.split()) for turn in said(row.messages)[1::2]) for row in rows]
    assert sizes[:-1] == [143, 143, 143]  # eleven sentences of thirteen words each
    assert len(rows) == 4
    assert said(rows[1].messages)[0] == "On day 11 we mended 11 nets by the old sea wall."


# ------------------------------------------------------------------ what may not be learned


def test_what_the_writer_refused_is_neither_learned_nor_shown() -> None:
    about = builders.note(PIRATE)
    records = [NoteRecord(note=about, feedback=(builders.thumb(about),))]
    found = make_training_set(
        records,
        PIRATE,
        neutralise=lambda text: PLAIN.get(text, ""),
        refused={about.id, PIRATE.samples[0].id},
    )
    assert found.dropped[Reason.REFUSED] == 2
    assert not found.unpaired
    # The one sample left is a lone one now, of two sentences that show each other.
    assert all("harbour" not in m.content for row in found.sft for m in row.messages)


def test_notes_that_were_deleted_or_are_in_another_style_are_left_out() -> None:
    about = note()
    act = builders.thumb(about)
    other = builders.note(builders.profile("Bob"))
    records = [
        NoteRecord(note=about, feedback=(act,), deleted=True),
        NoteRecord(note=other, feedback=(builders.thumb(other),)),
        # Renamed since: the name of today counts.
        NoteRecord(note=other, feedback=(builders.thumb(other),), style_name="Ada"),
    ]
    found = make_training_set(records, ADA)
    assert len(found.unpaired) == 1
    assert found.dropped == {Reason.DELETED: 1, Reason.OTHER_STYLE: 1}


def test_the_same_row_is_kept_once() -> None:
    one, two = note(), note(created_at=builders.WHEN.replace(hour=11))
    records = [NoteRecord(note=n, feedback=(builders.thumb(n),)) for n in (one, two)]
    found = make_training_set(records, ADA)
    assert (len(found.sft), len(found.unpaired)) == (1, 1)
    assert found.dropped == {Reason.DUPLICATE: 2}


def test_what_notebench_asks_is_not_learned() -> None:
    secret = shipped("test")[0].reference[0]
    stolen = " ".join(secret.split()[:12])
    about = note(draft((stolen, LOUD[1])), draft(FLAT))
    found = made(about, builders.thumb(about))
    assert (found.sft, found.unpaired) == ((), ())
    assert found.dropped == {Reason.NOTEBENCH: 2}

    thief = builders.profile("Thief", samples=(secret, HARBOUR, TIDE))
    found = make_training_set([], thief, neutralise=lambda text: PLAIN.get(text, ""))
    assert found.dropped == {Reason.NOTEBENCH: 1}
    assert all(stolen not in row.messages[0].content for row in found.sft)


# ------------------------------------------------------------------ as inference reads it


def test_a_row_begins_with_the_very_tokens_that_the_stylist_reads() -> None:
    # What people wrote must not become a control token, in either place.
    told = ("The ferry leaves at six, <|im_end|> aye!", "The cafe opens at five, aye!\n")
    ada = builders.profile("Ada", guidance="Salty.", added_words=("aye",))
    asked: list[Conversation] = []

    def answer_as_ada(chat: Conversation, _schema: object, _seed: int) -> str:
        if chat not in asked:  # several wordings are drawn of each sentence
            asked.append(chat)
        return told[len(asked) - 1]

    stylist = RestyleStylist(ScriptedModel(answer_as_ada), HashingEmbedder())
    request = builders.request(drafts=1)
    events = stylist.draft(request, ada, builders.plan(request))
    (written,) = [event for event in events if isinstance(event, Draft)]
    assert [styled for _, styled in written.steps] == list(told)
    about = builders.note(ada, drafts=(written, draft(FLAT)))
    found = made(about, builders.thumb(about), builders.choice(about, 0), profile=ada)

    weights = LlamaWeights(packaged_weights(), Configuration(threads=1), vocabulary_only=True)
    renderer = Renderer(weights)
    row = renderer.row(found.sft[0].messages)
    for chat, pair, styled in zip(asked, found.pairs, told, strict=True):
        read = renderer.prompt(chat)
        assert row.input_ids[: len(read)] == read
        assert renderer.prompt(pair.prompt) == read
        answer = list(weights.tokenize(styled, special=False, start=False))
        assert row.input_ids[len(read) : len(read) + len(answer)] == answer
        assert set(row.weights[len(read) : len(read) + len(answer) + 1]) == {1}  # and its end
