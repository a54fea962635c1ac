"""Styled texts are cut where their plain sentences end, or not at all."""

from engine.keeping import likeness
from finetune.alignment import Aligned, align, steps

PLAIN = (
    "The ferry to the island leaves every day at six in the morning. "
    "The cafe on the pier opens its doors at five. "
    "Nobody has to pay for parking before noon."
)


def test_each_plain_sentence_gets_the_authors_words_for_it() -> None:
    styled = (
        "Six in the morning, every day, and the ferry is off to the island. "
        "The cafe on the pier? Open at five! "
        "And parking, before noon, nobody pays for."
    )
    assert align(PLAIN, styled) == (
        Aligned(
            "The ferry to the island leaves every day at six in the morning.",
            "Six in the morning, every day, and the ferry is off to the island.",
        ),
        Aligned(
            "The cafe on the pier opens its doors at five.",
            "The cafe on the pier? Open at five!",
        ),
        Aligned(
            "Nobody has to pay for parking before noon.",
            "And parking, before noon, nobody pays for.",
        ),
    )


def test_sentences_that_the_author_merged_are_cut_at_a_clause() -> None:
    styled = (
        "The ferry unto the island departeth at six in the morning every day, "
        "and the cafe upon the pier openeth its doors at five; "
        "neither payeth any for parking before noon."
    )
    assert [pair.styled for pair in align(PLAIN, styled)] == [
        "The ferry unto the island departeth at six in the morning every day,",
        "and the cafe upon the pier openeth its doors at five;",
        "neither payeth any for parking before noon.",
    ]


def test_a_verse_that_the_author_split_stays_together() -> None:
    plain = [
        "The king sent his servants to the city, and they asked for bread and water.",
        "The people of the city gave them nothing and shut the gates.",
    ]
    styled = (
        "The king sent servants. To the city they went. Bread they asked, and water. "
        "Nothing the people gave. They shut the gates of the city."
    )
    assert [pair.styled for pair in align(plain, styled)] == [
        "The king sent servants. To the city they went. Bread they asked, and water.",
        "Nothing the people gave. They shut the gates of the city.",
    ]


def test_line_breaks_are_places_to_cut() -> None:
    plain = ["Bring a coat and a hat to the harbour.", "Leave the dog with the neighbours."]
    styled = "- coat & hat, to the harbour\n- dog: leave with neighbours"
    assert [pair.styled for pair in align(plain, styled)] == [
        "- coat & hat, to the harbour",
        "- dog: leave with neighbours",
    ]


def test_chinese_is_cut_at_its_own_marks() -> None:
    plain = "渡船每天早上六点从码头开出。码头边的茶馆五点就开门了。中午以前停车不用付钱。"
    styled = "早上六点，渡船天天从码头开走；五点，码头边那家茶馆就开门啦！中午以前停车？不用付钱。"
    assert align(plain, styled) == (
        Aligned("渡船每天早上六点从码头开出。", "早上六点，渡船天天从码头开走；"),
        Aligned("码头边的茶馆五点就开门了。", "五点，码头边那家茶馆就开门啦！"),
        Aligned("中午以前停车不用付钱。", "中午以前停车？不用付钱。"),
    )


def test_texts_that_do_not_say_the_same_are_not_matched() -> None:
    assert align(PLAIN, "Dear Ada, thank you, thank you! Such socks. Such wool. Yours, Tom.") == ()


def test_more_sentences_than_pieces_are_not_matched() -> None:
    assert align(PLAIN, "The ferry leaves at six and the cafe opens at five") == ()


def test_a_piece_many_times_longer_than_its_sentence_is_not_believed() -> None:
    plain = ["The ferry leaves at six.", "The cafe opens."]
    styled = (
        "The ferry leaves at six. The cafe opens" + " and the gulls cry over the pier" * 4 + "."
    )
    assert align(plain, styled) == ()


def test_nothing_is_matched_with_nothing() -> None:
    assert align("", "") == align(PLAIN, "") == align("", PLAIN) == ()


def test_short_sentences_go_with_their_neighbours() -> None:
    assert steps(
        "It rained. The ferry to the island left at six. Nobody came. We waited there."
    ) == ["It rained. The ferry to the island left at six. Nobody came. We waited there."]
    assert steps(PLAIN + " So it goes.")[-1] == (
        "Nobody has to pay for parking before noon. So it goes."
    )
    assert steps("雨很大。渡船每天早上六点从码头开出。茶馆五点就开门了。") == [
        "雨很大。渡船每天早上六点从码头开出。",
        "茶馆五点就开门了。",
    ]


def test_likeness_is_the_share_of_words_of_meaning_endings_aside() -> None:
    assert likeness("The ferry leaves.", "It was the ferry that leaveth") == 1.0
    assert likeness("The ferry leaves at six.", "The ferry sank.") == 2 * 1 / (3 + 2)
    assert likeness("Ferry.", "Gulls cry.") == 0.0
    assert likeness("It is.", "it is") == 1.0  # grammar alone: the same or not
    assert likeness("It is.", "It was.") == 0.0
