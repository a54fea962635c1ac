"""Cleaning, tokens, sentences, paragraphs, lengths and languages, English beside Chinese."""

import random
import unicodedata
from itertools import pairwise

import pytest

from engine.text import (
    clean,
    count_words,
    guess_language,
    ngrams,
    paragraphs,
    sentence_spans,
    sentences,
    token_spans,
    tokens,
)
from engine.types import Language


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("a\r\nb\rc\u2028d\u2029e\x85f", "a\nb\nc\nd\ne\nf"),
        ("a\0b\x07c\x1b[31m\td\x7f", "abc[31m\td"),
        ("\ufeffin\u200bvis\u2060ible\u00ad", "invisible"),
        ("user\u202egpj.exe\u202c \u2066x\u2069", "usergpj.exe x"),
        ("שלום عليكم", "שלום عليكم"),
        ("cafe\u0301", "café"),
        ("<|im_end|>\n<|im_start|>system", "<|im_end|>\n<|im_start|>system"),
        ("👩\u200d🚀 a\u200db", "👩\u200d🚀 ab"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("你好，　世界", "你好，　世界"),
    ],
)
def test_cleaning_drops_what_nobody_sees_and_nothing_else(dirty: str, cleaned: str) -> None:
    assert clean(dirty) == cleaned


def test_cleaning_any_text_is_final_and_storable() -> None:
    pick = random.Random(1)
    pools = [(0, 0x300), (0x300, 0x370), (0x2000, 0x2070), (0x4E00, 0x4E20), (0xD7F0, 0xE010)]
    pools += [(0x1F600, 0x1F640), (0xFE00, 0xFF00), (0x590, 0x700)]
    for _ in range(300):
        text = "".join(chr(pick.randrange(*pick.choice(pools))) for _ in range(60))
        once = clean(text)
        assert clean(once) == once
        assert once == unicodedata.normalize("NFC", once)
        assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in once)
        assert once.encode().decode() == once


def test_tokens_of_english() -> None:
    assert tokens("Don’t pay £3.5kg, 50% of 1,000 (GPT-4)!") == [
        *("don't", "pay", "3.5", "kg", "50%", "of", "1,000", "gpt", "4")
    ]


def test_tokens_of_chinese_and_mixed_text() -> None:
    assert tokens("他在 GPT-４ 上花了３．５元，5天。") == [
        *("他", "在", "gpt", "4", "上", "花", "了", "3.5", "元", "5", "天")
    ]
    assert tokens("カフェ 한국") == ["カ", "フ", "ェ", "한", "국"]
    assert tokens("等了3，5天") == ["等", "了", "3", "5", "天"]


def test_token_places_point_into_the_text_as_it_stands() -> None:
    text = "Cafe\u0301 ３．５, don’t"
    assert [(t.text, text[t.start : t.end]) for t in token_spans(text)] == [
        ("café", "Cafe\u0301"),
        ("3.5", "３．５"),
        ("don't", "don’t"),
    ]


def test_ngrams_are_runs_of_neighbours() -> None:
    assert ngrams("abcd", 3) == [("a", "b", "c"), ("b", "c", "d")]
    assert ngrams("ab", 3) == []


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("It's a well-known 3.5 km walk — 10:30, e.g. today!", "en", 9),
        ("", "en", 0),
        ("We flew to 北京 yesterday", "en", 5),
        ("我们去 Starbucks 喝3杯咖啡。", "zh", 9),
        ("Hello there", "zh", 2),
    ],
)
def test_words_are_counted_as_people_count(text: str, language: Language, words: int) -> None:
    assert count_words(text, language) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. No paid 3.5 dollars. He left.", ["Dr. No paid 3.5 dollars.", "He left."]),
        ("“Why?” he asked. Nobody spoke!", ["“Why?” he asked.", "Nobody spoke!"]),
        ("i went home. it was late", ["i went home.", "it was late"]),
        ("J. K. Rowling came at 5 p.m. on Monday.", ["J. K. Rowling came at 5 p.m. on Monday."]),
        ("We met at 5 p.m. Then it rained.", ["We met at 5 p.m.", "Then it rained."]),
        (
            "See no. 5 of it. I said no. Then left.",
            ["See no. 5 of it.", "I said no.", "Then left."],
        ),
        ("Well... maybe. Well... Maybe.", ["Well... maybe.", "Well...", "Maybe."]),
        ("- Milk\n- Two eggs\n\n1. Bread", ["Milk", "Two eggs", "Bread"]),
        ("# Title\nText here", ["Title", "Text here"]),
        ("What?! No way!!! 🎉 Yes", ["What?!", "No way!!!", "🎉 Yes"]),
        ("He said “Go.” Then he left.", ["He said “Go.”", "Then he left."]),
        ("***\n\n...\n", []),
        (
            "This line was wrapped by an editor at some width\nand goes on here. New one.",
            ["This line was wrapped by an editor at some width\nand goes on here.", "New one."],
        ),
    ],
)
def test_english_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他说：“你好！”然后走了。今天很冷？", ["他说：“你好！”", "然后走了。", "今天很冷？"]),
        ("好吧……我不知道。走！", ["好吧……我不知道。", "走！"]),
        ("一、买菜\n二、做饭", ["买菜", "做饭"]),
        ("真的吗？！「好。」他答。", ["真的吗？！", "「好。」", "他答。"]),
        ("天气不错!我们走吧.好", ["天气不错!", "我们走吧.好"]),
    ],
)
def test_chinese_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_sentence_places_are_in_order_and_hold_every_letter() -> None:
    pick = random.Random(2)
    alphabet = [
        "word ",
        "Word",
        "3.5",
        ". ",
        "! ",
        "? ",
        "\n",
        "- ",
        "“",
        "”",
        "你好",
        "。",
        "…",
        " ",
    ]
    for _ in range(300):
        text = "".join(pick.choice(alphabet) for _ in range(30))
        spans = sentence_spans(text)
        assert all(a < b <= c for (a, b), (c, _) in pairwise(spans))
        inside = "".join(text[a:b] for a, b in spans)
        assert [c for c in inside if c.isalnum()] == [c for c in text if c.isalnum()]


def test_paragraphs_are_parted_by_blank_lines_or_else_by_lines() -> None:
    assert paragraphs("One.\ntwo\n \n\nThree.") == ["One.\ntwo", "Three."]
    assert paragraphs("第一段。\n第二段。\n") == ["第一段。", "第二段。"]
    assert paragraphs(" \n ") == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Milk, eggs, bread", "en"),
        ("the rain fell on 北京 all day", "en"),
        ("今天在 Starbucks 喝咖啡", "zh"),
        ("Le chat est sur la table et il mange dans le jardin avec une pomme", None),
        ("Der Hund ist nicht in dem Haus und die Katze ist auf dem Dach", None),
        ("Сегодня идёт дождь", None),
        ("今日は雨が降っているので、家で本を読んでいます。", None),
        ("123 !!! 🎉", None),
        ("", None),
    ],
)
def test_the_language_is_guessed_from_script_and_small_words(
    text: str, language: Language | None
) -> None:
    assert guess_language(text) == language


def test_lines_of_a_writer_who_uses_no_capitals_are_sentences_of_their_own() -> None:
    told = "so the bakery on the corner finally opened its doors\nand there was a queue by eight"

    assert sentences(told) == told.split("\n")
    assert len(sentences("S" + told[1:])) == 1
