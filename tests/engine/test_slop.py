"""Stock phrases, loops and repetition: found in both languages, and not in how people write."""

from pathlib import Path

import pytest

from engine.scoring.slop import find_slop, load_phrases, parse_phrases
from engine.types import Language

PLAIN: dict[Language, str] = {
    "en": "We mended the gate on Tuesday. Anna held the ladder while it rained. The hinge had "
    "rusted through, so Piet drove to town for another and came back with two. It shuts now, "
    "more or less, and the goats have noticed.",
    "zh": "星期二我们修好了院门。安娜扶着梯子，雨一直下。合页锈断了，老皮开车进城买了一副，"
    "结果带回来两副。现在门能关上了，山羊也发现了。",
}


def found(text: str, language: Language = "en", **more: object) -> list[tuple[str, str]]:
    report = find_slop(text, language, load_phrases(language), **more)  # type: ignore[arg-type]
    return [(f.kind, text[f.start : f.end]) for f in report.findings]


def meter(text: str, language: Language = "en") -> float:
    return find_slop(text, language, load_phrases(language)).meter


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_plain_text_and_no_text_are_free_of_slop(language: Language) -> None:
    assert found(PLAIN[language], language) == []
    assert meter(PLAIN[language], language) == meter("", language) == meter("…!", language) == 0.0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_lists_that_ship_are_long_and_each_entry_finds_itself(language: Language) -> None:
    phrases = load_phrases(language)
    assert len(phrases) >= {"en": 120, "zh": 60}[language]
    for phrase in phrases:
        said = phrase.replace("*", "").replace("...", "some words").replace("…", "几个字")
        assert find_slop(f"– {said} –", language, (phrase,)).findings, phrase


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("We will DELVE into it, delving on.", "DELVE"),
        ("It’s  important\nto note the hour.", "It’s  important\nto note"),
        ("Not only was it wet, but also cold.", "Not only was it wet, but also"),
        ("A state of the art gate.", "state of the art"),
    ],
)
def test_a_phrase_is_found_in_any_wrapping(text: str, phrase: str) -> None:
    assert found(text)[0] == ("phrase", phrase)


def test_a_phrase_is_no_part_of_a_word_and_gaps_do_not_cross_sentences_in_chinese() -> None:
    assert found("Overalls were worn. The hidden gems lay there.") == []
    assert found("门不仅修好了，更是换了漆。", "zh") == [("phrase", "不仅修好了，更是")]
    assert found("这不仅难。他更是走了。", "zh") == []


def test_what_the_author_or_the_facts_say_is_no_slop() -> None:
    text = "Overall, the pump works. It is cutting-edge."
    assert [said for _, said in found(text)] == ["Overall", "cutting-edge"]
    assert found(text, samples=["overall it rained"], told="a cutting edge pump") == []


def test_loops_are_found_and_ways_of_speaking_are_not() -> None:
    looped = "the gate was wet and the gate was wet and the gate was wet and"
    assert found(f"He said {looped} then left.")[0] == ("loop", looped)
    assert found("really really really good")[0][0] == "loop"
    assert found("No, no! It came nearer and nearer and stopped. Ha ha.") == []
    assert found("门修好了，门修好了，门修好了。", "zh")[0][0] == "loop"
    assert found("我们慢慢走，好好研究研究。", "zh") == []


def test_a_run_that_comes_again_later_is_marked_where_it_comes_again() -> None:
    text = "Anna held the wooden ladder in rain. It held. Anna held the wooden ladder in rain."
    ((kind, said),) = found(text)
    assert (kind, said) == ("repeat", "Anna held the wooden ladder in rain")
    assert text.rindex(said) == find_slop(text, "en", ()).findings[0].start
    again = "院门上的合页锈断了。安娜去看。院门上的合页锈断了。"
    assert [kind for kind, _ in found(again, "zh")] == ["repeat"]


def test_names_and_grammar_may_come_again() -> None:
    assert found("The Saturday Park Crew met. Join the Saturday Park Crew on time.") == []
    assert found("It was at the end of it. She was at the end of it.") == []


def test_openings_that_are_all_alike_are_marked_unless_the_author_opens_so() -> None:
    text = "We are glad it rained. We are here at six. We are tired of mud. Bring a spade."
    assert [kind for kind, _ in found(text)] == ["opening"] * 3
    assert found(text, samples=["We are off. We are late. We are wet."]) == []


def test_the_meter_is_the_share_of_words_and_a_text_that_loops_is_nearly_all_of_it() -> None:
    assert meter("Overall it rained on us") == pytest.approx(0.2)
    assert meter("the door is shut and " * 20) > 0.9


def test_a_writers_own_list_is_used_in_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "slop_en.txt").write_text("# mine\nmore  or less\n\nmore or less\n", "utf-8")
    assert load_phrases("en", tmp_path) == ("more or less",) == parse_phrases("more or less")
    assert load_phrases("zh", tmp_path) == load_phrases("zh")
    assert find_slop(PLAIN["en"], "en", load_phrases("en", tmp_path)).findings[0].kind == "phrase"
