"""A server's faults: each is a sentence that says what to do, and none shows the key."""

import gc
import itertools
import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from types import AsyncGeneratorType

import pytest
from pydantic import SecretStr

from engine.errors import ContextOverflow, InvalidRequest, ModelUnavailable, Stopped
from engine.models.remote import RemoteModel
from engine.models.remote_server import Server, checked_server
from engine.types import Delta, Generation, Message, Sampling
from tests.engine.models.serving import (
    DONE,
    Answer,
    Body,
    Script,
    chunk,
    event,
    refusal,
    serving,
    streamed,
)

KEY = "sk-very-secret-0123456789"
ASK = (Message(role="user", content="Say hello."),)


def failure(script: Script, **server: object) -> str:
    """Return the sentence that a server's answer becomes."""
    with serving(script) as (url, _):
        values = {"model": "m", "key": SecretStr(KEY), "retries": 0, **server}
        model = RemoteModel(Server.model_validate({"url": url, **values}))
        with pytest.raises(ModelUnavailable) as caught:
            list(model.generate([ASK], Sampling(max_tokens=8)))
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


PAGE = "<!DOCTYPE html><html><body>Welcome to nginx</body></html>"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (refusal(401, f"Incorrect API key provided: {KEY}"), r"refused the key \(401\); check"),
        (refusal(403, "no access"), r"refused the key \(403\)"),
        (refusal(404, "The model `m` does not exist"), r"knows no model 'm' .* \(404\)"),
        (Answer([PAGE], 404, "text/html"), r"\(404\)"),
        (refusal(429, f"Rate limit of {KEY}"), r"429: Rate limit of •••\); wait a minute"),
        (refusal(500, "CUDA out of memory"), r"failed \(500: CUDA out of memory\); try again"),
        (Answer([PAGE], 502, "text/html"), r"failed \(502: a web page\)"),
        (refusal(418, "I am a teapot"), r"refused the request \(418: I am a teapot\)"),
        (Answer([PAGE], kind="text/html"), "sent a web page instead of an answer; check its addr"),
        (Answer(["data: {nonsense\n\n"]), "sent something that is no JSON instead"),
        (Answer(["{half"], kind="application/json"), "sent something that is no JSON instead"),
        (Answer([event({"error": {"message": "engine died"}})]), "failed: engine died; try"),
        (Answer([chunk("Hel")]), "broke off in the middle of its answer; try again"),
        (Answer([chunk("Hel")], broken=True), "broke off in the middle of its answer"),
        (Answer([DONE]), "broke off in the middle"),
        (Answer([event(None), event("ping"), event([1]), event(3)]), "broke off in the middle"),
        (Answer(['{"choices": [{'], kind="application/json", broken=True), "broke off in the mid"),
        (Answer(["[" * 5000], kind="application/json"), "sent something that is no JSON instead"),
        (Answer([f"data: {'[' * 5000}\n\n"]), "sent something that is no JSON instead"),
    ],
)
def test_a_fault_is_a_sentence(answer: Answer, sentence: str) -> None:
    said = failure(lambda *_: answer)
    assert re.search(sentence, said), said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
        ("the request exceeds the available context size, try increasing it", None),
        ("`inputs` tokens + `max_new_tokens` must be <= 4096.", None),
    ],
)
def test_what_is_too_long_is_said_so_and_not_tried_in_other_ways(
    words: str, code: str | None
) -> None:
    with serving(lambda *_: refusal(400, words, code=code)) as (url, asked):
        with pytest.raises(ContextOverflow, match="shorten"):
            list(RemoteModel(Server(url=url, model="m")).generate([ASK], Sampling()))
        assert len(asked.bodies) == 1


def test_a_dead_server_is_said_to_be_out_of_reach() -> None:
    with serving(lambda *_: streamed("Hi")) as (url, _):
        pass
    model = RemoteModel(Server(url=url, model="m", retries=0))
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        list(model.generate([ASK], Sampling()))
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        model.look()
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        model.choose(ASK, ["1", "2"])


def test_a_server_that_falls_silent_is_given_up() -> None:
    silent = threading.Event()
    said = failure(lambda *_: Answer([chunk("Hel")], wait=silent), patience=0.2)
    silent.set()
    assert "did not answer within 0.2 seconds" in said


def test_a_server_that_takes_a_request_and_says_nothing_is_not_asked_again() -> None:
    silent = threading.Event()

    def say_nothing(*_: object) -> Answer:
        silent.wait(30)
        return streamed("At last.")

    with serving(say_nothing) as (url, asked):
        model = RemoteModel(Server(url=url, model="m", patience=0.3, retries=2))
        for ask in (
            lambda: list(model.generate([ASK], Sampling(max_tokens=8))),
            model.look,
            lambda: model.choose(ASK, ["1", "2"]),
        ):
            before = len(asked.bodies)
            with pytest.raises(ModelUnavailable, match=r"did not answer within 0\.3 seconds"):
                ask()
            assert len(asked.bodies) == before + 1
        silent.set()


def test_a_server_that_is_busy_is_asked_again_however_long_it_thinks_then() -> None:
    refused = iter([refusal(429, "one moment"), refusal(503, "one moment")])

    def answer(*_: object) -> Answer:
        # Together longer than the patience: but it speaks.
        time.sleep(0.3)
        return next(refused, streamed("At last."))

    with serving(answer) as (url, _):
        model = RemoteModel(Server(url=url, model="m", patience=0.5, retries=2))
        done = list(model.generate([ASK], Sampling(max_tokens=8)))[-1]
        assert isinstance(done, Generation)
        assert done.text == "At last."


def test_an_answer_without_end_is_cut_where_nobody_asked_for_more() -> None:
    with serving(lambda *_: itertools.repeat(chunk("on and " * 100))) as (url, asked):
        items = list(
            RemoteModel(Server(url=url, model="m")).generate([ASK], Sampling(max_tokens=8))
        )
        done = items[-1]
        assert isinstance(done, Generation)
        assert done.finish == "length"
        assert len(done.text) < 1500
        assert asked.left_early.wait(10)


def test_an_answer_left_in_the_middle_leaves_nothing_open_for_the_collector() -> None:
    def open_streams() -> list[object]:
        # By its very type: to ask some libraries' objects for theirs is to be warned.
        return [found for found in gc.get_objects() if type(found) is AsyncGeneratorType]

    with serving(lambda *_: itertools.repeat(chunk("on and on. "))) as (url, _):
        model = RemoteModel(Server(url=url, model="m"))
        gc.collect()
        before = open_streams()
        gc.disable()
        try:
            list(model.generate([ASK] * 2, Sampling(stop=("and",))))
            assert [found for found in open_streams() if found not in before] == []
        finally:
            gc.enable()


def test_thoughts_without_end_are_ended_by_the_clock() -> None:
    thought = event({"choices": [{"delta": {"reasoning": "hm"}}]})
    forever = threading.Event()
    said = failure(lambda *_: Answer([thought] * 5, wait=forever), longest=0.3)
    forever.set()
    assert "was not done after 0.3 seconds" in said


def test_thoughts_that_take_more_than_was_asked_for_are_no_empty_answer() -> None:
    said = failure(lambda *_: Answer([chunk("<think>" + "hm " * 200)]))
    assert "used up its answer with thinking" in said


@pytest.mark.parametrize("body", ["[]", "null", "<html>", '{"data": null}', '{"data": [null, {}]}'])
def test_an_answer_at_once_that_is_none_of_the_protocol_is_a_sentence(body: str) -> None:
    with serving(lambda *_: Answer([body], kind="application/json")) as (url, _):
        with pytest.raises(ModelUnavailable, match=r"does not list its models|serves no model"):
            RemoteModel(Server(url=url)).look()
        assert RemoteModel(Server(url=url, model="m")).choose(ASK, ["1", "2"]) is None


def test_json_without_bottom_is_cut_or_asked_for_again() -> None:
    """Small models repeat a brace without end; Python's reader gives up at a thousand."""
    deep = streamed('{"a":' * 1500)
    with serving(lambda *_: deep) as (url, asked):
        model = RemoteModel(Server(url=url, model="m"))
        with pytest.raises(ModelUnavailable, match="does not keep to the form"):
            list(model.generate([ASK], Sampling(max_tokens=2000), schema={"type": "object"}))
    assert len(asked.bodies) == 3


def test_a_busy_server_is_asked_again_and_what_was_shown_is_never_taken_back() -> None:
    answers = [refusal(429, "slow down"), refusal(503, "loading"), streamed("Hello")]
    with serving(lambda *_: answers.pop(0)) as (url, asked):
        items = list(RemoteModel(Server(url=url, model="m", retries=2)).generate([ASK], Sampling()))
    assert [i.text for i in items if isinstance(i, Generation)] == ["Hello"]
    assert len(asked.bodies) == 3


def test_an_answer_that_broke_before_its_first_word_is_asked_for_again() -> None:
    answers = [Answer([chunk("")], broken=True), streamed("Hello")]
    with serving(lambda *_: answers.pop(0)) as (url, _):
        items = list(RemoteModel(Server(url=url, model="m", retries=1)).generate([ASK], Sampling()))
    assert "".join(i.text for i in items if isinstance(i, Delta)) == "Hello"


def test_stop_leaves_a_silent_server_at_once_with_signs_of_life_until_then() -> None:
    silent = threading.Event()
    looks = iter([False] * 4)
    with serving(lambda *_: Answer([": hello\n\n"], wait=silent)) as (url, _):
        out = RemoteModel(Server(url=url, model="m")).generate(
            [ASK], Sampling(), should_stop=lambda: next(looks, True)
        )
        came: list[Delta | Generation] = []
        with pytest.raises(Stopped):
            came.extend(out)
        silent.set()
    assert came == [Delta()] * 4


def test_one_failed_draft_ends_the_call_and_its_neighbours() -> None:
    def script(_: str, body: Body) -> Answer:
        return refusal(500, "boom") if body["seed"] == 1 else Answer([chunk("on ")] * 5000)

    with serving(script) as (url, _):
        model = RemoteModel(Server(url=url, model="m", retries=0))
        with pytest.raises(ModelUnavailable, match="boom"):
            list(model.generate([ASK] * 3, Sampling(max_tokens=100_000)))


def test_the_key_goes_to_the_server_and_nowhere_else(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server(url="http://127.0.0.1:1/v1", key=SecretStr(KEY))
    with serving(lambda *_: streamed("Hi")) as (url, asked):
        model = RemoteModel(server.model_copy(update={"url": url, "model": "m"}))
        items = list(model.generate([ASK], Sampling()))
    assert asked.keys == [f"Bearer {KEY}"]
    shown = [repr(server), str(server), server.model_dump_json(), repr(model), repr(model.card)]
    out = "".join(capfd.readouterr())
    assert KEY not in json.dumps([*shown, caplog.text, out, *map(repr, items)])


@pytest.mark.parametrize(
    ("url", "key", "words"),
    [
        ("localhost:8000", "", "must begin with http"),
        ("ftp://host/v1", "", "must begin with http"),
        ("http://[::1/v1", "", "must begin with http"),
        (f"https://user:{KEY}/x@host/v1", "", "must begin with http"),
        (f"https://user:{KEY}@host/v1", "", "must hold no key"),
        (f"https://host/v1?api-key={KEY}", "", "must hold no key"),
        ("https://host/v1", f"{KEY}\nsecond line", "must be one line"),
    ],
)
def test_an_address_or_key_that_cannot_be_used_is_refused_without_showing_it(
    url: str, key: str, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words) as caught:
        checked_server(Server(url=url, key=SecretStr(key)))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        ("https://host/openai/v1/", "https://host/openai/v1"),
    ],
)
def test_an_address_without_a_path_means_v1(url: str, base: str) -> None:
    assert Server(url=url).base_url == base


def test_a_server_that_serves_one_at_a_time_is_asked_one_after_another() -> None:
    inside, most = [0], [0]
    lock = threading.Lock()

    def one_at_a_time(_: str, body: Body) -> Iterator[str]:
        """Leave a request at its first piece as soon as another waits."""
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        try:
            time.sleep(0.2)
            if inside[0] > 1:
                yield DONE
                return
            yield from streamed(f"{body['seed']}").parts  # type: ignore[misc]
        finally:
            with lock:
                inside[0] -= 1

    with serving(one_at_a_time) as (url, asked):
        model = RemoteModel(Server(url=url, model="m", retries=0), parallel=3)
        first = list(model.generate([ASK] * 4, Sampling(seed=5)))
        assert most[0] == 3
        most[0] = 0
        again = list(model.generate([ASK] * 4, Sampling(seed=5)))
        assert most[0] == 1
        assert len(asked.bodies) <= 11
    for items in (first, again):
        done = {item.index: item.text for item in items if isinstance(item, Generation)}
        assert done == {0: "5", 1: "6", 2: "7", 3: "8"}


def test_a_server_that_breaks_off_unseen_is_asked_for_its_reason() -> None:
    def late(_: str, body: Body) -> Answer:
        too_long = refusal(400, "maximum context length is 8 tokens")
        return Answer([], broken=True) if body.get("stream") else too_long

    with (
        serving(late) as (url, asked),
        pytest.raises(ContextOverflow, match="shorten"),
    ):
        list(RemoteModel(Server(url=url, model="m", retries=0)).generate([ASK], Sampling()))
    assert asked.bodies[-1]["max_tokens"] == 1


def test_an_answer_that_breaks_off_in_sight_is_not_asked_for_again() -> None:
    with serving(lambda *_: Answer([chunk("Hel"), DONE])) as (url, asked):
        model = RemoteModel(Server(url=url, model="m", retries=2))
        with pytest.raises(ModelUnavailable, match="broke off"):
            list(model.generate([ASK], Sampling()))
    assert len(asked.bodies) == 1
