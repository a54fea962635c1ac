"""Rules, metrics and tags on the real parser, from sentences whose structure is known."""

import math
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.profile import parsing
from engine.profile.build import advice, build_profile
from engine.profile.clauses import kinds
from engine.profile.likelihood import log_likelihood
from engine.profile.parsing import can_parse, read_sentences
from engine.profile.plain import rule_kind, say_metric, say_rule, say_tag
from engine.profile.pragmatics import tag_names, tags_of
from engine.profile.productions import count_rules, find_rules, productions
from engine.profile.reference import SyntaxReference, load_syntax, parse_syntax
from engine.profile.syntax import METRICS, measure
from engine.types import Language, PragmaticTag, StyleProfile, StyleSample, SyntaxRule

ADJECTIVES = (
    "The old grey boat left the small quiet harbour. A cold hard wind took the worn brown rope.",
    "My tall sad uncle bought a large green lamp. The thin black cat slept on a soft red chair.",
    "We ate a plain hot soup. The long dark evening brought a strange pale light.",
)
ORDERS = (
    "Bring a rake. Leave the gate open. Wear old boots. Perhaps it will rain.",
    "Cut the wood. Stack it by the door. Why would anybody wait? Light the stove.",
    "Wash the cups. Do not run. Put the key under the pot, please.",
)


def profile_of(texts: Sequence[str], language: Language = "en") -> StyleProfile:
    return build_profile(
        [StyleSample(title=f"s{n}", text=text) for n, text in enumerate(texts)], language
    )


def rules_of(text: str) -> list[str]:
    (sentence,) = read_sentences([text], "en")
    return sorted(productions(sentence))


# ------------------------------------------------------------------ productions


def test_productions_of_a_known_sentence() -> None:
    assert rules_of("The old wooden gate closed quickly.") == [
        "ADVP → RB",
        "NP → DT JJ JJ NN",
        "S → NP VP",
        "VP → V ADVP",
    ]


@pytest.mark.parametrize(
    ("text", "rule", "kind"),
    [
        ("We bought apples, pears and plums.", "NP → NP NP CC NP", "list_of_three"),
        ("She sang and he played.", "S → S CC S", "joined_clauses"),
        ("He ate and slept.", "VP → VP CC VP", "actions"),
        ("The cake was eaten by the dog.", "VP → PASS V PP", "passive"),
        ("Close the gate.", "S → VP", "no_subject"),
        ("A quiet harbour.", "FRAG → NP", "noun_sentences"),
        ("Did she leave?", "SQ → AUX NP VP", "asks"),
        ("Because it rained, we stayed.", "SBAR → IN S", "because_if"),
        ("And then it rained.", "S → CC ADVP NP VP", "starts_and"),
        ("She is happy.", "VP → BE ADJP", "is_like"),
        ("The man who came early left.", "NP → DT NN SBAR", "who_which"),
    ],
)
def test_what_a_rule_amounts_to(text: str, rule: str, kind: str) -> None:
    assert rule in rules_of(text)
    assert rule_kind(rule) == kind


def test_marks_do_not_change_the_rules() -> None:
    assert rules_of("On Sunday we rested.") == rules_of("“On Sunday, we rested!”")


def test_a_sentence_as_long_as_a_page_is_read() -> None:
    (sentence,) = read_sentences(["We saw " + "a cow and " * 300 + "a dog."], "en")
    assert "NP → NP NP NP CC NP" in set(productions(sentence))


def test_log_likelihood_by_hand() -> None:
    # 10 of 20 against 10 of 100; expected 3.333 and 16.667 (and 16.667, 83.333 of the rest).
    expected = 2 * (
        10 * math.log(10 / (20 * 20 / 120))
        + 10 * math.log(10 / (100 * 20 / 120))
        + 10 * math.log(10 / (20 * 100 / 120))
        + 90 * math.log(90 / (100 * 100 / 120))
    )
    assert log_likelihood(10, 20, 10, 100) == pytest.approx(expected)
    assert log_likelihood(2, 20, 50, 100) < 0
    assert log_likelihood(2, 20, 10, 100) == pytest.approx(0)
    assert log_likelihood(0, 0, 10, 100) == 0


def test_rules_are_signed_and_both_shares_are_given_the_head() -> None:
    reference = SyntaxReference(
        rules={"NP → DT JJ JJ NN": 2, "NP → DT NN": 50},
        heads={"NP": 100, "VP": 900},
        metrics={},
        tags={},
    )
    sentences = read_sentences(ADJECTIVES, "en")
    counts = count_rules(sentences)
    nouns = sum(n for rule, n in counts.items() if rule.startswith("NP → "))
    found = {rule.name: rule for rule in find_rules(sentences, reference)}

    more, less = found["NP → DT JJ JJ NN"], found["NP → DT NN"]
    assert more.llr > 0 > less.llr
    assert more.ratio == pytest.approx((more.count / nouns) / (2 / 100), abs=0.001)
    assert (less.count, less.ratio, less.example) == (0, 0.0, "")
    assert more.example in " ".join(ADJECTIVES)


def test_the_reference_that_ships_is_sane() -> None:
    english, chinese = load_syntax("en"), load_syntax("zh")
    assert english.rules["PP → IN NP"] > 0.6 * english.heads["PP"]
    assert all(english.heads[rule.split(" → ")[0]] >= n for rule, n in english.rules.items())
    assert set(english.metrics) == set(METRICS)
    assert set(METRICS) - set(chinese.metrics) == {"dependency_distance"}
    assert chinese.rules == {}
    assert set(english.tags) == set(tag_names("en"))
    assert set(chinese.tags) == set(tag_names("zh"))


def test_the_reference_file_is_read_line_by_line() -> None:
    found = parse_syntax(
        "#head\tNP\t9\n#metric\tquestion_ratio\t0.1\n#tag\thumour\t0\nNP → NN\t4\n"
    )
    assert (found.rules, found.heads) == ({"NP → NN": 4}, {"NP": 9})
    assert (found.metrics, found.tags) == ({"question_ratio": 0.1}, {"humour": 0.0})


# ------------------------------------------------------------------ kinds of sentences


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Did the boat leave?", {"question"}),
        ("Why did she leave so early", {"question"}),
        ("I know why she left.", set()),
        ("Close the old gate.", {"imperative"}),
        ("Please keep the dog on a lead.", {"imperative"}),
        ("Let's go home.", {"imperative"}),
        ("Don't run!", {"imperative", "exclamation"}),
        ("They close the gate at six.", set()),
        ("Thank you!", {"exclamation"}),
        ("A quiet, dark harbour.", {"fragment"}),
        ("Not today.", {"fragment"}),
        ("It rained.", set()),
        ("What a day that was!", {"exclamation"}),
    ],
)
def test_kinds_of_english_sentences(text: str, wanted: set[str]) -> None:
    (sentence,) = read_sentences([text], "en")
    assert kinds(sentence, chinese=False) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("你明天来吗？", {"question"}),
        ("你明天来吗", set()),
        ("你为什么不来呢", {"question"}),
        ("请把门关上。", {"imperative"}),
        ("别忘了带伞！", {"imperative", "exclamation"}),
        ("他昨天走了。", set()),
    ],
)
def test_kinds_of_chinese_sentences(text: str, wanted: set[str]) -> None:
    (sentence,) = read_sentences([text], "zh")
    assert kinds(sentence, chinese=True) - {"fragment"} == wanted


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Perhaps it will rain tomorrow.", "hedging"),
        ("You know where the key is.", "direct_address"),
        ("I am grateful for the lamp.", "gratitude"),
        ("Hello from the top of the hill.", "greeting"),
        ("The tenants shall hereby vacate the house.", "formality"),
        ("The goose walked into the church.", "narration"),
        ("It is certainly the best soup.", "certainty"),
        ("Dear heart, I miss you.", "warmth"),
        ("My uncle told a ridiculous joke.", "humour"),
    ],
)
def test_cues_give_tags(text: str, tag: str) -> None:
    (sentence,) = read_sentences([text], "en")
    assert tag in tags_of(sentence, "en")


def test_a_cue_is_a_whole_word() -> None:
    (sentence,) = read_sentences(["Thanksgiving brings youthful maybes to high places."], "en")
    assert tags_of(sentence, "en") & {"gratitude", "direct_address", "hedging", "greeting"} == set()


# ------------------------------------------------------------------ metrics


def test_the_distance_of_dependencies_by_hand() -> None:
    # The → dog 1, dog → barked 1, loudly → barked 1; the full stop is no word.
    found = measure(read_sentences(["The dog barked loudly."], "en"), "en")
    assert found is not None
    assert found.dependency_distance == 1.0
    assert found.verb_noun_ratio == 1.0
    assert (found.sentence_words, found.punctuation_rate) == (4.0, 25.0)


def test_what_chinese_tools_cannot_measure_is_absent() -> None:
    profile = profile_of(["今天下雨了。我在家里看书。你来吗？", "请把门关上。他走得很慢。"], "zh")
    assert profile.syntax is not None
    assert profile.syntax.dependency_distance is None
    assert profile.syntax.verb_noun_ratio is not None
    assert profile.syntax.question_ratio == 0.2
    assert profile.rules == ()
    assert {"question", "imperative"} <= {tag.name for tag in profile.tags}


# ------------------------------------------------------------------ the profile and its advice


def test_the_profile_holds_rules_and_tags_with_examples_and_plain_advice() -> None:
    profile = profile_of(ADJECTIVES)
    best = profile.rules[0]
    assert best.name == "NP → DT JJ JJ NN"
    assert best.example
    assert "Often puts two adjectives before a noun." in advice(profile)

    orders = profile_of(ORDERS)
    tags = {tag.name: tag for tag in orders.tags}
    assert tags["imperative"].rate > 0.5 > tags["imperative"].reference_rate
    assert all(example in " ".join(ORDERS) for example in tags["imperative"].examples)
    assert any(line.startswith("Tells the reader what to do: ") for line in advice(orders))


def test_what_is_struck_out_leaves_the_advice() -> None:
    profile = profile_of(ADJECTIVES)
    names = tuple(r.name for r in profile.rules if rule_kind(r.name) == "two_adjectives")
    struck = profile.model_copy(update={"struck": names})
    assert not any("two adjectives" in line for line in advice(struck))
    assert not set(names) & {rule.name for rule in struck.active_rules}

    orders = profile_of(ORDERS).model_copy(update={"struck": ("tag:imperative",)})
    assert not any("what to do" in line for line in advice(orders))
    assert "imperative" not in {tag.name for tag in orders.active_tags}


def test_what_the_writer_adds_comes_into_the_advice() -> None:
    profile = profile_of(ADJECTIVES).model_copy(update={"added_tags": ("humour", "question")})
    assert {"Jokes.", "Asks questions."} <= set(advice(profile))


def test_a_tag_and_a_habit_of_the_same_name_are_struck_apart() -> None:
    profile = profile_of(["Why? Who knows? What now? It rained.", "Where? When? We slept late."])
    struck = profile.model_copy(update={"struck": ("question",)})
    assert "question" not in {habit.name for habit in struck.active_habits}
    assert "question" in {tag.name for tag in struck.active_tags}


def test_the_advice_stays_short() -> None:
    profile = profile_of([" ".join((*ADJECTIVES, *ORDERS))] * 1)
    known = len(advice(profile.model_copy(update={"rules": (), "tags": ()})))
    assert len(advice(profile)) <= known + 5


def test_plain_words_for_more_and_less() -> None:
    rule = SyntaxRule(name="NP → DT JJ JJ NN", count=4, llr=9.0, ratio=3.0, example="x")
    assert say_rule(rule, "zh") == "常在名词前连用两个形容词。"
    assert say_rule(rule.model_copy(update={"llr": -9.0}), "en").startswith("Seldom puts two")
    assert say_rule(rule.model_copy(update={"name": "INTJ → UH"}), "en") == ""
    tag = PragmaticTag(name="imperative", rate=0.25, reference_rate=0.05)
    assert say_tag(tag, "en") == "Tells the reader what to do: every fourth sentence."
    assert (
        say_tag(tag.model_copy(update={"rate": 0.0}), "en") == "Never tells the reader what to do."
    )
    assert say_tag(tag, "zh") == "常用祈使句：约每四句一次。"
    assert say_metric("sentence_words", 8.0, 19.0, "en") == "Write shorter sentences."
    assert say_metric("sentence_words", 18.0, 19.0, "en") == ""


def test_every_tag_and_metric_has_its_words() -> None:
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        for name in tag_names("en"):
            assert "_" not in say_tag(PragmaticTag(name=name, rate=1, reference_rate=0), language)
        assert all(say_metric(name, 9, 1, language) for name in METRICS)


def test_one_short_sample_works_and_claims_little() -> None:
    profile = profile_of(["It rained all day and the old dog slept well."])
    assert profile.confidence == "low"
    assert profile.syntax is not None
    assert len(advice(profile)) <= 2


def test_a_text_without_sentences_has_neither_rules_nor_tags() -> None:
    assert read_sentences(["!!! ???"], "en") == ()
    assert measure((), "en") is None


# ------------------------------------------------------------------ without the parser


def test_without_the_parser_the_profile_says_nothing_of_syntax(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parsing, "MODEL", "no_such_parser")
    assert not can_parse("en")
    profile = profile_of(ORDERS)
    assert (profile.syntax, profile.rules) == (None, ())
    names = {tag.name for tag in profile.tags}
    assert {"question", "hedging"} <= names
    assert not {"imperative", "fragment"} & names
    assert can_parse("zh")


def test_a_profile_stored_before_there_was_syntax_still_loads() -> None:
    now = profile_of(ADJECTIVES)
    stored = now.model_dump(mode="json", exclude={"rules", "syntax", "tags", "never"})
    old = StyleProfile.model_validate(stored)
    assert (old.rules, old.syntax, old.tags, old.never) == ((), None, (), ())
    assert advice(old)


def test_new_fields_survive_json() -> None:
    profile = profile_of(ORDERS)
    assert StyleProfile.model_validate_json(profile.model_dump_json()) == profile


def test_six_samples_are_read_in_half_a_second() -> None:
    profile_of(ORDERS)  # loads the parser
    texts = [" ".join((*ADJECTIVES, *ORDERS, f"Day {n}.")) * 2 for n in range(6)]
    started = time.process_time()
    profile_of(texts)
    assert time.process_time() - started < 1.0  # half a second on a quiet core


def test_the_parser_that_is_loaded_is_the_one_that_was_checked(tmp_path: Path) -> None:
    """One byte more in one file, and it would be another."""
    assert parsing.digest_of(parsing.model_folder()) == parsing.DIGEST

    copy = tmp_path / "copy"
    shutil.copytree(parsing.model_folder(), copy)
    assert parsing.digest_of(copy) == parsing.DIGEST
    with (copy / "parser" / "cfg").open("ab") as file:
        file.write(b" ")
    assert parsing.digest_of(copy) != parsing.DIGEST


def test_other_files_under_the_parser_s_name_are_not_loaded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(parsing, "DIGEST", "0" * 64)
    parsing.load_parser.cache_clear()
    try:
        [found] = parsing.read_sentences(["Gulls sang at dawn."], "en")
    finally:
        parsing.load_parser.cache_clear()

    assert not found.is_parsed
    assert "not those of version" in caplog.text
