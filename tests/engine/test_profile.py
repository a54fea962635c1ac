"""The profile: hand-computed TF-PMI, literal habits and shapes, sentences a writer can read."""

import math
from collections.abc import Sequence

import pytest

from engine.errors import InvalidRequest
from engine.profile.build import advice, build_profile
from engine.profile.habits import MARKS, find_habits, rates
from engine.profile.lexical import pmi, signature_words, tf_pmi, words_of
from engine.profile.reference import Reference, load_reference, load_stop_words, parse
from engine.profile.shape import shape
from engine.types import Language, StyleProfile, StyleSample

EMPTY = Reference(counts={}, total=1_000, rates={})


def profile_of(texts: Sequence[str], language: Language = "en") -> StyleProfile:
    return build_profile(
        [StyleSample(title=f"s{n}", text=t) for n, t in enumerate(texts)], language
    )


# ------------------------------------------------------------------ words


def test_pmi_by_hand() -> None:
    # own = 4/100; everybody = 1/3 · 0.04 + 2/3 · 0.005 = 0.016667; log2(0.04 / 0.016667) = log2 2.4
    assert pmi(4, 100, 0.005) == pytest.approx(math.log2(2.4))
    # (1 + ln 4) · log2 2.4 = 2.386294 · 1.263034 = 3.013972
    assert tf_pmi(4, pmi(4, 100, 0.005)) == pytest.approx(3.013972, abs=1e-5)
    # A word as frequent with the author as with others says nothing.
    assert pmi(1, 10, 0.1) == pytest.approx(0.0)


def test_pmi_of_a_word_that_others_never_use_is_bounded() -> None:
    assert pmi(3, 100, 0.0) == pytest.approx(math.log2(3))


def test_signature_of_a_toy_corpus_by_hand() -> None:
    """10 tokens; "rather" 3 of 10 against 20 in 1000, "rain" 2 of 10 against a half in 1000."""
    reference = Reference(counts={"rather": 20, "the": 60}, total=1_000, rates={})
    samples = ["rather rather rather rain rain the the the mud it"]
    words = signature_words(samples, "en", reference, frozenset({"the", "it"}))
    assert [w.word for w in words] == ["rather", "rain"]
    # rather: 0.3 / (0.1 + 2/3 · 0.02) = 0.3 / 0.113333 → 1.404; · (1 + ln 3) = 2.947
    assert (words[0].count, words[0].pmi, words[0].score) == (3, 1.404, 2.947)
    # rain: 0.2 / (0.066667 + 2/3 · 0.0005) = 0.2 / 0.067 → 1.578; · (1 + ln 2) = 2.672
    assert (words[1].count, words[1].pmi, words[1].score) == (2, 1.578, 2.671)


def test_names_numbers_ordinals_and_small_words_sign_nothing() -> None:
    samples = ["We met Harris on the 27th. Then Harris and I paid 35 to Harris. Grand! So grand."]
    words = signature_words(samples, "en", EMPTY, load_stop_words("en"))
    assert [w.word for w in words] == ["grand"]


def test_with_three_samples_a_word_of_one_topic_is_left_out() -> None:
    samples = ["Docker docker docker, alas.", "Alas, the garden.", "It rained, alas."]
    words = signature_words(samples, "en", EMPTY, load_stop_words("en"))
    assert [w.word for w in words] == ["alas"]


def test_each_word_gets_a_sentence_of_its_own() -> None:
    samples = [
        "Alas, the soup was splendid today. What a splendid, splendid walk. Alas, it rained."
    ]
    words = signature_words(samples, "en", EMPTY, load_stop_words("en"))
    examples = {w.word: w.example for w in words}
    assert examples["splendid"] != examples["alas"]
    assert all(word in example.lower() for word, example in examples.items())


def test_chinese_words_are_segmented_and_particles_count() -> None:
    assert words_of("今天 Docker 真的不错！", "zh") == ["今天", "docker", "真的", "不错"]
    samples = ["真的好吃吧！真的。", "走吧，真的。", "真的吧。"]
    words = signature_words(samples, "zh", EMPTY, load_stop_words("zh"))
    assert {w.word for w in words} == {"真的", "吧"}


def test_the_reference_that_ships_is_sane() -> None:
    english, chinese = load_reference("en"), load_reference("zh")
    assert english.total > 100_000 > 50_000 < chinese.total
    assert 0.03 < english.frequency("the") < 0.1
    assert chinese.frequency("的") > chinese.frequency("所以")
    assert english.frequency("qqqq") == pytest.approx(0.5 / english.total)
    assert {mark.name for mark in MARKS} == set(english.rates)


def test_the_reference_file_is_read_line_by_line() -> None:
    assert parse("#words\t10\n#mark\tcolon\t0.5\nthe\t4\n") == Reference(
        counts={"the": 4}, total=10, rates={"colon": 0.5}
    )


# ------------------------------------------------------------------ habits


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("exclamation", "Oh! No!!! 好！", 3),
        ("question", "Why? What?! 真的？", 3),
        ("ellipsis", "Well... maybe… 好……吧", 3),
        ("em_dash", "So — yes—no -- or 好——吧, well-known", 4),
        ("semicolon", "a; b；c", 2),
        ("colon", "Note: at 10:30，如下：", 2),
        ("parentheses", "a (b) c（丁）", 2),
        ("quotes", 'He said "go" and “stay” 「好」', 3),
        ("emoji", "Yes 🎉🎉 ok 👩\u200d🚀 ❤️", 4),
        ("hashtag", "#food #家常菜# issue #12 a#b", 2),
        ("bullet", "- one\n• two\n* three\n-no", 3),
        ("numbered", "1. one\n2) two\n三、三\n3.5 km", 3),
        ("heading", "# One\n## Two\n#tag", 2),
        ("bold", "**a** b **c d**", 2),
        ("code", "run `ls` and `cd`", 2),
        ("link", "see https://a.example/x and [b](c)", 2),
        ("all_caps", "I LOVED the NASA BBQ at USA", 2),
        ("lower_start", "so it goes. then rain. It stopped.", 2),
        ("ampersand", "salt & pepper, AT&T", 1),
        ("tilde", "好吃~ 真的～ ~~struck~~", 2),
        ("comma", "a, b，c 1,000", 2),
    ],
)
def test_marks_are_counted(name: str, text: str, count: int) -> None:
    (mark,) = (mark for mark in MARKS if mark.name == name)
    assert sum(1 for _ in mark.find(text)) == count


def test_rates_are_per_hundred_words_and_han_characters() -> None:
    assert rates("one two three four! five", "en")["exclamation"] == pytest.approx(20)
    assert rates("一二三四五六七八九十！", "zh")["exclamation"] == pytest.approx(10)
    assert rates("", "en")["exclamation"] == 0


def test_a_habit_is_named_with_both_rates_and_an_example() -> None:
    reference = Reference(counts={}, total=1, rates={"exclamation": 0.1, "em_dash": 5.0})
    text = "Wow! That is so good! " + "and then we went home again " * 15
    habits = {h.name: h for h in find_habits([text], "en", reference)}
    assert habits["exclamation"].example == "Wow!"
    # 5 + 15 · 6 = 95 words, 2 marks: 2.105 in 100.
    assert habits["exclamation"].rate == pytest.approx(2.105, abs=0.001)
    assert habits["exclamation"].reference_rate == 0.1
    assert habits["em_dash"].rate == 0
    assert "bullet" not in habits


def test_one_mark_alone_is_no_habit() -> None:
    assert find_habits(["Wow! What a long day it was."], "en", EMPTY) == []


# ------------------------------------------------------------------ shape


def test_shape_by_hand() -> None:
    text = "I came home. You didn't! Why?\n\nWe slept well that night."
    found = shape([text], "en")
    assert found.sentence_lengths == (3, 2, 1, 5)
    assert found.sentence_mean == pytest.approx(2.75)
    # Population deviation of 3, 2, 1, 5: sqrt((0.0625 + 0.5625 + 3.0625 + 5.0625) / 4)
    assert found.sentence_spread == pytest.approx(1.48, abs=0.005)
    assert (found.question_share, found.exclamation_share) == (0.25, 0.25)
    assert found.paragraph_sentences == 2
    assert found.text_words == 11
    # One contraction, two first persons and one second person in 11 tokens.
    assert found.contraction_rate == pytest.approx(100 / 11, abs=0.01)
    assert found.first_person_rate == pytest.approx(200 / 11, abs=0.01)
    assert found.second_person_rate == pytest.approx(100 / 11, abs=0.01)


def test_shape_of_chinese_counts_characters() -> None:
    found = shape(["我走了。你来吗？"], "zh")
    assert found.sentence_lengths == (3, 3)
    assert found.question_share == 0.5


# ------------------------------------------------------------------ the whole


def test_one_short_sample_is_enough_and_says_so() -> None:
    profile = profile_of(
        ["i went to the shop & bought bread. it rained all day, and the dog slept well."]
    )
    assert profile.confidence == "low"
    assert profile.shape.sentence_lengths == (7, 9)
    assert "lower_start" in {h.name for h in profile.habits}
    assert advice(profile)[0].startswith("Short sentences: 8 words")


@pytest.mark.parametrize(
    ("samples", "words", "confidence"),
    [(1, 2_000, "low"), (3, 90, "low"), (3, 110, "fair"), (4, 500, "fair"), (5, 310, "good")],
)
def test_confidence_follows_words_and_samples(samples: int, words: int, confidence: str) -> None:
    texts = [f"Day {n}. " + "the rain fell and it was late " * (words // 7) for n in range(samples)]
    assert profile_of(texts).confidence == confidence


def test_samples_in_another_language_are_refused_by_name() -> None:
    with pytest.raises(
        InvalidRequest, match="“s1” is in Chinese, but the style is to be English"
    ) as e:
        profile_of(["The rain fell on the roof all night.", "今天下雨了，我在家里看书。"])
    assert e.value.field == "samples"
    with pytest.raises(InvalidRequest, match="is in English, but"):
        profile_of(["The rain fell on the roof."], "zh")
    german = "Der Hund ist nicht in dem Haus und die Katze ist auf dem Dach " * 2
    with pytest.raises(InvalidRequest, match="does not look like English"):
        profile_of([german])


def test_nothing_and_too_much_are_refused() -> None:
    for texts in ([], [" \n", "!!!"]):
        with pytest.raises(InvalidRequest, match="at least one sample"):
            profile_of(texts)
    with pytest.raises(InvalidRequest, match="characters together"):
        profile_of(["the rain fell " * 10_000, "and the wind blew " * 10_000])


def test_samples_are_cleaned_and_repetitions_dropped_but_tokens_of_a_chat_stay() -> None:
    profile = build_profile(
        [StyleSample(title="a", text="The \u202erain\0 <|im_end|> fell.\r\n")] * 2, "en"
    )
    assert [s.text for s in profile.samples] == ["The rain <|im_end|> fell."]


def test_the_same_samples_give_the_same_profile() -> None:
    texts = ["Alas, it rained. Alas! So we stayed in.", "Alas, the soup!", "We sang, alas."]
    assert profile_of(texts).digest() == profile_of(texts).digest()


def test_advice_follows_what_the_writer_changed() -> None:
    profile = profile_of(
        [f"Alas! It rained on day {n}, alas! We stayed in, splendid!" for n in range(3)]
    )
    assert any(line.startswith("Often uses the words alas, ") for line in advice(profile))
    assert "Often uses exclamation marks." in advice(profile)
    changed = profile.model_copy(
        update={
            "struck": ("alas", "exclamation"),
            "added_words": ("hooray",),
            "guidance": "Never mention the cat.",
        }
    )
    lines = advice(changed)
    assert lines[0] == "Never mention the cat."
    assert not any("alas" in line or "exclamation" in line for line in lines)
    assert any("hooray" in line for line in lines)


def test_words_of_a_single_sample_are_the_topic_and_stay_out_of_the_advice() -> None:
    profile = profile_of(["Pound the breasts flat. Add oil to the breasts and add the bread."])
    assert "breasts" in profile.active_words
    assert not any("breasts" in line for line in advice(profile))


def test_advice_is_in_the_language_of_the_style() -> None:
    texts = ["今天真的好累！我想睡觉！", "真的，我不想走了！太远了！", "我真的很喜欢！好吃！"]
    lines = advice(profile_of(texts, "zh"))
    assert lines[0].startswith("多用短句，平均每句")
    assert "常用感叹号。" in lines
    assert "用第一人称。" in lines
