"""The never list: found in any wrapping, never shown, written around by the real model."""

import random
import re
import time

import pytest

from engine.models import llamacpp
from engine.models.llamacpp import LlamaCppModel
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.llamacpp_text import TextStream
from engine.models.machine import available_cores
from engine.models.scripted import ScriptedModel
from engine.models.weights import packaged_weights
from engine.never import NeverList, untold
from engine.types import Delta, Generation, Message, Sampling

real = pytest.mark.real


def held(text: str, *phrases: str) -> list[str]:
    hits = NeverList.of(phrases).find(text)
    return [text[hit.start : hit.end] for hit in hits]


# ------------------------------------------------------------------ finding


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("We delve into it.", "delve", ["delve"]),
        ("DELVE! Delve.", "delve", ["DELVE", "Delve"]),
        ("She delves and delved.", "delve", []),
        ("An art of party carts", "art", ["art"]),
        ("the end: art", "art", ["art"]),
        ("a rich\n  tapestry of", "rich tapestry", ["rich\n  tapestry"]),
        ("I can't, you can.", "can", ["can"]),
        ("I can’t.", "can't", ["can’t"]),
        ("the dogs' can' can", "can", ["can", "can"]),
        ("don't t", "t", ["t"]),
        ("well-being is well", "well", ["well", "well"]),
        ("这不可或缺的一环", "不可或缺", ["不可或缺"]),
        ("用AI赋能", "ai", ["AI"]),
        ("wow! wow", "wow!", ["wow!"]),
        ("a — b", "—", ["—"]),
        ("at the end of the day", "the end of time", []),
        ("in the in the end", "in the end", ["in the end"]),
        ("aab aaab", "aaab", ["aaab"]),
    ],
)
def test_an_entry_is_found_as_a_whole_word_and_han_anywhere(
    text: str, phrase: str, found: list[str]
) -> None:
    assert held(text, phrase) == found


def test_blank_entries_are_none_and_a_longer_entry_does_not_hide_a_shorter_one() -> None:
    assert held("anything at all", "", "  ") == []
    assert held("in the end we won", "in the end of days", "the end") == ["the end"]


def test_what_the_facts_say_may_be_said() -> None:
    assert untold(("robust", "delve", "Vibrant  city"), "A robust pump in a vibrant city") == (
        "delve",
    )


def test_any_text_and_any_list_agree_with_a_plain_search() -> None:
    draw = random.Random(4)
    for _ in range(300):
        text = "".join(draw.choice("ab '一.\n") for _ in range(40))
        phrases = ["".join(draw.choice("ab 一") for _ in range(draw.randint(1, 4))) for _ in "123"]
        expected = any(
            re.search(
                (r"(?<![ab])(?<![ab]')" if p[0] in "ab" else "")
                + re.escape(p).replace(r"\ ", r"\s+")
                + ("(?!'?[ab])" if p[-1] in "ab" else ""),
                text,
            )
            for phrase in phrases
            if (p := " ".join(phrase.split()))
        )
        assert bool(NeverList.of(phrases).find(text)) == expected, (text, phrases)


def test_ten_thousand_entries_cost_as_little_as_ten() -> None:
    draw = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [
        "".join(draw.choice(letters) for _ in range(draw.randint(3, 9))) for _ in range(20_000)
    ]
    text = " ".join(words[:2_000])

    def seconds(count: int) -> float:
        never = NeverList.of(words[5_000 : 5_000 + count])
        best = 9.0
        for _ in range(3):
            started = time.process_time()
            never.watch().feed(text)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(10_000) < 3 * seconds(10) + 0.01


# ------------------------------------------------------------------ streaming


def test_nothing_of_an_entry_is_shown_and_the_token_that_began_it_is_named() -> None:
    stream = TextStream((), ("rich tapestry",))
    shown = [stream.push(piece) for piece in (b"A ri", b"ch", b" tape", b"stry", b" of")]
    assert shown == ["", "", "", "", ""]
    assert stream.caught == 0
    stream.rewind(0)
    assert [stream.push(b"A thin"), stream.push(b" rich")] == ["A thin", ""]
    assert stream.finish() == " rich"
    assert stream.text == "A thin rich"


def test_what_only_looked_like_an_entry_is_shown_in_the_end() -> None:
    stream = TextStream((), ("in the end",))
    pieces = (b"So ", b"in the", b" end", b"less", b" sea")
    assert "".join(stream.push(p) for p in pieces) == "So in the endless sea"


def test_an_entry_at_the_very_end_is_caught_when_the_text_ends() -> None:
    stream = TextStream((), ("cat",))
    assert [stream.push(b"a"), stream.push(b" cat")] == ["a", ""]
    assert stream.finish() == ""
    assert (stream.caught, stream.text) == (1, "a")


def test_an_entry_before_a_stop_string_is_caught_and_the_stop_is_undone() -> None:
    stream = TextStream(("\n",), ("猫",))
    shown = stream.push("有".encode()) + stream.push("猫".encode())
    assert (shown, stream.caught) == ("有", 1)
    stream.rewind(1)
    assert stream.push("狗\n更多".encode()) == "狗"
    assert stream.stopped
    assert stream.caught is None


def test_a_character_of_several_tokens_is_taken_back_whole() -> None:
    stream = TextStream((), ("猫",))
    first, *rest = [bytes([byte]) for byte in "猫".encode()]
    assert stream.push(b"ok") == "ok"
    assert [stream.push(first), *(stream.push(byte) for byte in rest)] == ["", "", ""]
    assert stream.caught == 1


def test_giving_up_ends_with_the_last_whole_sentence() -> None:
    stream = TextStream((), ("cat",))
    stream.push(b'It rains. He said "no." The black cat sat')
    assert stream.caught is not None
    stream.text = 'It rains. He said "no." The black '
    stream.end_cleanly()
    assert stream.text == 'It rains. He said "no."'


# ------------------------------------------------------------------ models


def answer(
    model: LlamaCppModel | ScriptedModel, asked: str, sampling: Sampling, copies: int = 1
) -> tuple[list[str], list[Generation]]:
    """Return what was shown of each conversation, and the finished texts."""
    chat = (
        Message(role="system", content="You answer briefly."),
        Message(role="user", content=asked),
    )
    shown = [""] * copies
    done: list[Generation] = []
    for item in model.generate([chat] * copies, sampling):
        if isinstance(item, Delta):
            shown[item.index] += item.text
        else:
            done.append(item)
    return shown, sorted(done, key=lambda g: g.index)


def test_the_scripted_model_leaves_out_sentences_that_hold_an_entry() -> None:
    model = ScriptedModel(["It rains. We delve deep. Good night."])
    shown, done = answer(model, "Say.", Sampling(never=("Delve",)))
    assert shown == [done[0].text] == ["It rains. Good night."]


def test_a_dump_of_sampling_does_not_carry_the_list() -> None:
    assert Sampling(never=("a",)).model_dump() == Sampling().model_dump()


@pytest.fixture(scope="module")
def model() -> LlamaCppModel:
    weights = LlamaWeights(packaged_weights(), Configuration(threads=available_cores()))
    return LlamaCppModel(weights, context_length=1024, parallel=4)


GREEDY = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=24)
CAT = "Describe a cat in one sentence."


@real
def test_very_probable_words_are_written_around_and_never_shown(model: LlamaCppModel) -> None:
    free, _ = answer(model, CAT, GREEDY)
    assert "lovable cat with a fluffy" in free[0]
    banned = ("cat", "cats", "feline", "a fluffy", "A")
    shown, done = answer(model, CAT, GREEDY.model_copy(update={"never": banned}), copies=2)
    for text, generation in zip(shown, done, strict=True):
        assert not re.search(r"\b(cats?|feline|a)\b", text, re.IGNORECASE)
        assert text == generation.text
        words = text.lower().split()
        assert len(words) >= 6
        assert len(set(words)) > 0.6 * len(words)


@real
def test_a_list_that_nothing_meets_changes_no_token_whatever_its_length(
    model: LlamaCppModel,
) -> None:
    words = tuple(f"zq{n}x" for n in range(10_000))
    free = answer(model, CAT, GREEDY)[1][0]
    listed = answer(model, CAT, GREEDY.model_copy(update={"never": words}))[1][0]
    assert listed.text == free.text


@real
def test_the_same_list_and_seed_give_the_same_text(model: LlamaCppModel) -> None:
    sampling = Sampling(temperature=0.9, max_tokens=12, seed=3, never=("rain", "the", "a"))
    first = answer(model, "Write a line about rain.", sampling, copies=2)[1]
    model.forget()
    again = answer(model, "Write a line about rain.", sampling, copies=2)[1]
    assert [g.text for g in first] == [g.text for g in again]
    assert not any(NeverList.of(sampling.never).find(g.text) for g in first)


@real
def test_at_the_limit_the_text_ends_and_the_next_one_is_whole(
    model: LlamaCppModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llamacpp, "LEAST_TURNS", 0)
    sampling = GREEDY.model_copy(update={"never": ("fluffy",), "max_tokens": 3})
    shown, done = answer(model, CAT, sampling)
    assert (shown[0], done[0].text, done[0].finish) == ("A", "", "stop")
    assert "fluffy" in answer(model, CAT, GREEDY)[0][0]
