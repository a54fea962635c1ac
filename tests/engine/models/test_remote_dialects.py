"""What OpenAI, vLLM, Ollama, TGI and others were seen to do, played back: each is understood."""

import json
from collections.abc import Callable

import pytest

from engine.errors import ContextOverflow, ModelUnavailable
from engine.models.remote import RemoteModel
from engine.models.remote_server import Server
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

ASK = (Message(role="user", content="Say hello."),)
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "minLength": 1, "maxLength": 10}},
    "required": ["title"],
    "additionalProperties": False,
}
TITLE = '{"title": "Rain"}'
EXTRAS = ("top_k", "min_p", "repeat_penalty", "repetition_penalty", "chat_template_kwargs")


def ask(
    script: Script, times: int = 1, schema: dict[str, object] | None = None, **sampling: object
) -> tuple[list[list[Delta | Generation]], list[Body]]:
    """Ask a server `times` times; return what came, and what it was sent."""
    with serving(script) as (url, asked):
        model = RemoteModel(Server(url=url, model="m", retries=0))
        settings = Sampling.model_validate(sampling)
        came = [list(model.generate([ASK], settings, schema=schema)) for _ in range(times)]
    return came, asked.bodies


def text_of(items: list[Delta | Generation]) -> str:
    done = items[-1]
    assert isinstance(done, Generation)
    shown = "".join(item.text for item in items if isinstance(item, Delta))
    assert shown == done.text
    return done.text


def unless(wrong: Callable[[Body], bool], answer: Answer, otherwise: Answer) -> Script:
    return lambda _, body: answer if wrong(body) else otherwise


# ------------------------------------------------------------------ what may be asked


def test_openai_refuses_the_sampling_of_others_once_and_is_not_asked_for_it_again() -> None:
    words = "Unrecognized request arguments supplied: min_p, top_k"
    script = unless(lambda b: "top_k" in b, refusal(400, words), streamed("Hel", "lo"))
    came, bodies = ask(script, times=2)
    assert [text_of(items) for items in came] == ["Hello", "Hello"]
    assert [bool(set(EXTRAS) & body.keys()) for body in bodies] == [True, False, False]
    assert bodies[-1]["temperature"] == 0.7


def test_openais_newer_models_want_another_name_for_the_limit_and_no_temperature() -> None:
    def script(_: str, body: Body) -> Answer:
        if "max_tokens" in body:
            return refusal(
                400,
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                param="max_tokens",
                code="unsupported_parameter",
            )
        if "temperature" in body:
            return refusal(
                400,
                "Unsupported value: 'temperature' does not support 0.7 with this model. Only the "
                "default (1) value is supported.",
                param="temperature",
            )
        return streamed("Hello")

    came, bodies = ask(script, max_tokens=9)
    assert text_of(came[0]) == "Hello"
    assert bodies[-1]["max_completion_tokens"] == 9
    assert bodies[-1].keys().isdisjoint({"max_tokens", "temperature"})
    assert bodies[-1]["top_p"] == 0.95


def test_every_draw_is_a_request_of_its_own_with_its_own_seed() -> None:
    with serving(lambda _, body: streamed(f"seed {body['seed']}")) as (url, _):
        model = RemoteModel(Server(url=url, model="m"))
        items = list(model.generate([ASK] * 3, Sampling(seed=40)))
    texts = {i.index: i.text for i in items if isinstance(i, Generation)}
    assert texts == {0: "seed 40", 1: "seed 41", 2: "seed 42"}


# ------------------------------------------------------------------ how answers look


def test_counts_come_in_a_chunk_without_choices_and_the_model_says_its_full_name() -> None:
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 20},
    }
    last = event({"model": "m-2026", "choices": [], "usage": usage})
    came, bodies = ask(
        lambda *_: Answer([chunk("Hi"), chunk(finish="stop"), last, DONE]),
    )
    done = came[0][-1]
    assert isinstance(done, Generation)
    assert (done.prompt_tokens, done.completion_tokens, done.cached_tokens) == (30, 2, 20)
    assert (done.model, done.revision) == ("m", "m-2026")
    assert bodies[0]["stream_options"] == {"include_usage": True}


def test_azure_begins_with_a_chunk_that_has_no_choices_and_vllm_with_a_role_alone() -> None:
    first = event({"choices": [], "prompt_filter_results": []})
    role = event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]})
    came, _ = ask(lambda *_: Answer([first, role, chunk("Hi"), chunk(finish="stop"), DONE]))
    assert text_of(came[0]) == "Hi"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("eos_token", "stop"), ("stop_sequence", "stop"), ("end_turn", "stop"), ("length", "length")],
)
def test_tgi_and_others_end_in_their_own_words(reason: str, finish: str) -> None:
    came, _ = ask(lambda *_: streamed("Hi", finish=reason))
    done = came[0][-1]
    assert isinstance(done, Generation)
    assert done.finish == finish


def test_a_server_that_does_not_stream_is_understood() -> None:
    body = {
        "model": "m",
        "choices": [{"message": {"content": "Whole."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2},
    }
    came, _ = ask(lambda *_: Answer([json.dumps(body)], kind="application/json"))
    assert text_of(came[0]) == "Whole."


def test_comments_between_events_are_no_text() -> None:
    came, _ = ask(
        lambda *_: Answer([": keep-alive\n\n", chunk("Hi"), ": x\n\n", chunk(finish="stop"), DONE])
    )
    assert text_of(came[0]) == "Hi"


def test_ollamas_thoughts_at_the_beginning_are_not_shown() -> None:
    came, _ = ask(lambda *_: streamed("<th", "ink>The user wants", " hi.</think>\n", "\nHello"))
    assert text_of(came[0]) == "Hello"


def test_what_only_begins_like_a_thought_is_shown() -> None:
    came, _ = ask(lambda *_: streamed("<t", "in> is a metal"))
    assert text_of(came[0]) == "<tin> is a metal"


def test_a_model_that_only_thought_says_so() -> None:
    thought = event({"choices": [{"delta": {"reasoning_content": "Hm, hello?"}}]})
    with pytest.raises(ModelUnavailable, match="used up its answer with thinking"):
        ask(lambda *_: Answer([thought, chunk(finish="length"), DONE]))


def test_a_filter_that_cuts_an_answer_is_named() -> None:
    with pytest.raises(ModelUnavailable, match="filter of the model server"):
        ask(lambda *_: streamed("Once", finish="content_filter"))


def test_sentences_of_the_never_list_are_left_out_while_it_streams() -> None:
    said = ("Rain fell. It was a testa", "ment to spring. ", "The roof sang.")
    came, _ = ask(lambda *_: streamed(*said), never=["testament"])
    assert text_of(came[0]) == "Rain fell. The roof sang."


def test_stops_hold_even_where_the_server_forgets_them() -> None:
    came, _ = ask(lambda *_: streamed("one EN", "D two"), stop=["END"])
    assert text_of(came[0]) == "one "


# ------------------------------------------------------------------ schemas


def test_openai_refuses_limits_in_a_schema_and_gets_it_without_them() -> None:
    def limited(body: Body) -> bool:
        return "maxLength" in json.dumps(body["response_format"])

    words = "Invalid schema for response_format 'answer': 'minLength' is not permitted."
    came, bodies = ask(unless(limited, refusal(400, words), streamed(TITLE)), 2, SCHEMA)
    assert [text_of(items) for items in came] == [TITLE, TITLE]
    assert len(bodies) == 3
    assert bodies[-1]["response_format"]["json_schema"]["strict"] is True


def test_a_server_with_json_objects_only_gets_the_schema_in_words() -> None:
    """As llama-cpp-python's own server words it, and DeepSeek's: down to the plain object."""

    def script(_: str, body: Body) -> Answer:
        form = body["response_format"]
        if form["type"] == "json_schema":
            return refusal(422, "[{'loc': ('body','response_format','type'), 'input': 'x'}]")
        if "schema" in form:
            return refusal(400, "This response_format is unavailable now")
        return streamed(TITLE)

    came, bodies = ask(script, 1, SCHEMA)
    assert text_of(came[0]) == TITLE
    assert bodies[-1]["response_format"] == {"type": "json_object"}
    assert "must fit this JSON schema" in bodies[-1]["messages"][0]["content"]


def test_a_server_that_knows_no_formats_is_asked_in_words() -> None:
    script = unless(
        lambda b: "response_format" in b,
        refusal(400, "Unknown field response_format"),
        streamed("Here it is:\n```json\n", TITLE, "\n```\nAnything else?"),
    )
    came, bodies = ask(script, 2, SCHEMA)
    assert [text_of(items) for items in came] == [TITLE, TITLE]
    assert len(bodies) == 6


def test_a_server_that_ignores_the_schema_is_told_what_was_wrong() -> None:
    """As older Ollama does: prose first, then after a word about it what was asked for."""

    def script(_: str, body: Body) -> Answer:
        told = "That cannot be used" in body["messages"][-1]["content"]
        return streamed(TITLE if told else '{"heading": "Rain"}')

    came, bodies = ask(script, 1, SCHEMA)
    assert text_of(came[0]) == TITLE
    assert "lacks title" in bodies[1]["messages"][-1]["content"]
    assert "must fit this JSON schema" in bodies[1]["messages"][0]["content"]


def test_a_model_that_cannot_keep_to_a_schema_is_named() -> None:
    with pytest.raises(ModelUnavailable, match=r"'m' at .* does not keep to the form"):
        ask(lambda *_: streamed("I would rather not."), 1, SCHEMA)


def test_what_is_too_long_for_its_schema_is_cut() -> None:
    came, _ = ask(lambda *_: streamed('{"title": "A long rain, ', 'with wind", "x": 1}'), 1, SCHEMA)
    assert json.loads(text_of(came[0])) == {"title": "A long rai"}


def test_once_a_server_kept_to_a_schema_its_answers_are_shown_as_they_come() -> None:
    came, _ = ask(lambda *_: streamed('{"title": ', '"Rain"}'), 2, SCHEMA)
    pieces = [[i.text for i in items if isinstance(i, Delta) and i.text] for items in came]
    assert pieces == [['{"title": "Rain"}'], ['{"title": ', '"Rain"}']]


# ------------------------------------------------------------------ choices and names


def test_chances_are_read_from_the_first_words_logprobs() -> None:
    listed = [{"token": " 2", "logprob": -0.1}, {"token": "1", "logprob": -2.4}]
    reply = {"choices": [{"logprobs": {"content": [{"top_logprobs": listed}]}}]}
    with serving(lambda *_: Answer([json.dumps(reply)], kind="application/json")) as (url, asked):
        found = RemoteModel(Server(url=url, model="m")).choose(ASK, ["1", "2"])
    assert found == pytest.approx((0.0911, 0.9089), abs=1e-3)
    assert asked.bodies[0]["max_tokens"] == 1


def test_fewer_alternatives_are_asked_for_where_twenty_are_too_many_and_none_is_none() -> None:
    silent = Answer([json.dumps({"choices": [{"logprobs": None}]})], kind="application/json")

    def script(_: str, body: Body) -> Answer:
        return (
            refusal(400, "top_logprobs must be at most 5") if body["top_logprobs"] > 5 else silent
        )

    with serving(script) as (url, asked):
        model = RemoteModel(Server(url=url, model="m"))
        assert model.choose(ASK, ["1", "2"]) is None
        assert model.choose(ASK, ["1", "2"]) is None
    assert [body["top_logprobs"] for body in asked.bodies] == [20, 5, 5]


def test_chances_survive_a_server_that_wants_another_name_for_the_limit() -> None:
    listed = [{"token": "1", "logprob": -0.1}]
    reply = {"choices": [{"logprobs": {"content": [{"top_logprobs": listed}]}}]}

    def script(_: str, body: Body) -> Answer:
        if "max_tokens" in body:
            return refusal(400, "'max_tokens' is not supported; use 'max_completion_tokens'.")
        return Answer([json.dumps(reply)], kind="application/json")

    with serving(script) as (url, asked):
        assert RemoteModel(Server(url=url, model="m")).choose(ASK, ["1", "2"]) is not None
    assert [body["top_logprobs"] for body in asked.bodies] == [20, 20]


def models(*listed: dict[str, object]) -> Answer:
    return Answer([json.dumps({"data": list(listed)})], kind="application/json")


def test_a_server_with_one_model_needs_no_name_and_vllm_says_its_context() -> None:
    def script(path: str, _: Body) -> Answer:
        return models({"id": "only", "max_model_len": 64}) if "models" in path else streamed("Hi")

    with serving(script) as (url, asked):
        model = RemoteModel(Server(url=url))
        list(model.generate([ASK], Sampling(max_tokens=8)))
        assert (model.card.name, model.card.context_length) == ("only", 64)
        with pytest.raises(ContextOverflow, match="can hold 64"):
            list(model.generate([ASK], Sampling(max_tokens=80)))
    assert asked.bodies[-1]["model"] == "only"


def test_a_server_with_several_models_wants_one_named() -> None:
    with (
        serving(lambda *_: models({"id": "a"}, {"id": "b"})) as (url, _),
        pytest.raises(ModelUnavailable, match="serves a, b; name the one"),
    ):
        list(RemoteModel(Server(url=url)).generate([ASK], Sampling()))


def test_a_server_that_does_not_list_its_models_is_asked_all_the_same() -> None:
    def script(path: str, _: Body) -> Answer:
        return refusal(404, "no such route") if "models" in path else streamed("Hi")

    with serving(script) as (url, _):
        model = RemoteModel(Server(url=url, model="m"))
        assert model.look() == ()
        assert text_of(list(model.generate([ASK], Sampling()))) == "Hi"


def test_a_request_that_a_server_finds_invalid_with_500_is_asked_for_in_a_simpler_form() -> None:
    wrong = refusal(500, "1 validation error: ('body', 'response_format', 'type') is no 'text'")
    (items,), bodies = ask(
        unless(lambda body: body["response_format"]["type"] == "json_schema", wrong,
               streamed(TITLE)), schema=SCHEMA,
    )  # fmt: skip
    assert json.loads(text_of(items)) == {"title": "Rain"}
    assert [body["response_format"]["type"] for body in bodies][-1] == "json_object"


def test_a_guessed_length_is_no_more_than_was_allowed() -> None:
    (items,), _ = ask(lambda *_: streamed("incomprehensibilities", finish="length"), max_tokens=3)
    done = items[-1]
    assert isinstance(done, Generation)
    assert done.completion_tokens == 3
