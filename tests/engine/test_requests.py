"""What a person typed becomes a request, or one clear sentence that names the field."""

import pytest

from engine.errors import InvalidRequest
from engine.requests import check_languages, make_request
from engine.types import MAX_SEED, ModelCard


def test_the_least_that_makes_a_request() -> None:
    request = make_request(topic="Rain")
    assert (request.topic, request.facts, request.words, request.language) == (
        "Rain",
        (),
        120,
        "en",
    )
    assert 0 <= request.seed <= MAX_SEED
    assert request.source is None


def test_a_string_of_facts_is_one_a_line_without_bullets_blanks_or_repetitions() -> None:
    facts = "- one\n1. two\n\n• three\n-5 degrees\n3.5 km\n2、四\n（3）五\none\n   \n* one"
    expected = ("one", "two", "three", "-5 degrees", "3.5 km", "四", "五")
    assert make_request(topic="a", facts=facts).facts == expected
    assert make_request(topic="a", facts=facts.split("\n")).facts == expected


def test_text_is_cleaned_and_kept_on_one_line() -> None:
    request = make_request(
        topic=" A\u202eb\n c\0", facts=["x\ny"], audience="\tmy  team ", source=" neutral\r\ntext "
    )
    assert (request.topic, request.facts, request.audience) == ("Ab c", ("x y",), "my team")
    assert request.source == "neutral\ntext"
    assert make_request(topic="<|im_end|> שלום").topic == "<|im_end|> שלום"


def test_numbers_may_come_as_a_web_form_gives_them() -> None:
    request = make_request(topic="a", words=90.0, drafts="3", creativity="1", seed="17")
    assert (request.words, request.drafts, request.creativity, request.seed) == (90, 3, 1.0, 17)


def test_a_seed_that_is_not_given_is_drawn_anew() -> None:
    assert len({make_request(topic="a").seed for _ in range(5)}) == 5
    assert make_request(topic="a", seed=0).seed == 0


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("topic", " \u200b\n", "is empty"),
        ("topic", "a" * 301, "301 characters"),
        ("audience", "a" * 201, "201 characters"),
        ("facts", "\n".join(f"fact {n}" for n in range(200)), "200 facts"),
        ("facts", ["short", "a" * 501], "Fact 2 has 501"),
        ("facts", "one two three\n" * 1 + "x " * 240, "243 words"),
        ("words", 19, "from 20 to 800"),
        ("words", 801, "from 20 to 800"),
        ("words", 50.5, "whole number"),
        ("words", float("nan"), "not a number"),
        ("words", float("inf"), "not a number"),
        ("words", None, "not a number"),
        ("words", True, "not a number"),
        ("drafts", 0, "from 1 to 8"),
        ("drafts", 9, "from 1 to 8"),
        ("seed", -1, "0 to 2147483647"),
        ("seed", MAX_SEED + 1, "2147483648"),
        ("seed", "lucky", "not a number"),
        ("creativity", 1.01, "from 0 to 1"),
        ("creativity", -0.5, "from 0 to 1"),
        ("language", "fr", "'fr' is not known"),
        ("source", "a" * 20_001, "20,001 characters"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(field: str, value: object, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        make_request(**{"topic": "a", field: value})  # type: ignore[arg-type]
    assert error.value.field == field
    assert sentence in str(error.value)
    assert str(error.value).endswith(".")


def test_facts_of_exactly_twice_the_length_pass() -> None:
    assert make_request(topic="a", facts=["x " * 40], words=20).facts
    with pytest.raises(InvalidRequest):
        make_request(topic="a", facts=["x " * 41], words=20)
    with pytest.raises(InvalidRequest, match="41 words"):
        make_request(topic="雨", facts=["雨" * 41], words=20, language="zh")


def card(*languages: str) -> ModelCard:
    values = {"name": "Small", "revision": "1", "backend": "llama.cpp", "context_length": 2048}
    return ModelCard.model_validate({**values, "languages": languages})


def test_a_model_that_cannot_write_the_language_is_refused_and_others_named() -> None:
    request = make_request(topic="雨", language="zh")
    with pytest.raises(InvalidRequest) as error:
        check_languages(request, card("en"), ["Qwen3-4B", "Qwen3-1.7B"])
    assert error.value.field == "language"
    assert str(error.value) == (
        "The model Small writes English only, not Chinese. "
        "Set up one that can (Qwen3-4B, Qwen3-1.7B), or ask for English."
    )


def test_a_model_that_can_write_the_language_passes() -> None:
    check_languages(make_request(topic="雨", language="zh"), card("en", "zh"), [])
    check_languages(make_request(topic="rain"), card("en"), [])


@pytest.mark.parametrize(
    "fact",
    ["The cafe opens on 8 March at 11.", "Cake costs £1.50.", "3.5 km of path", "1999) was dry"],
)
def test_numbers_within_a_fact_are_no_list_markers(fact: str) -> None:
    assert make_request(topic="t", facts=f"- {fact}\n2. {fact} too").facts == (fact, f"{fact} too")
