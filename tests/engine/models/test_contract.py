"""The same promises on every backend: scripted, llama.cpp, transformers, and two real servers."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pytest

from engine.errors import ContextOverflow, NotFound, Stopped
from engine.models.huggingface import HuggingFaceModel
from engine.models.huggingface_weights import TorchWeights
from engine.models.llamacpp import LlamaCppModel
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.machine import available_cores
from engine.models.remote import RemoteModel
from engine.models.remote_server import Server
from engine.models.scripted import ScriptedModel
from engine.models.weights import packaged_weights
from engine.protocols import Conversation, TextModel
from engine.types import Delta, Generation, Message, Sampling
from tests.engine.models.llama_server import NAME, llama_server
from tests.engine.models.serving import over, serving
from tests.engine.models.tiny import write_tiny

real = pytest.mark.real

ASK = (
    Message(role="system", content="You write short plain sentences."),
    Message(role="user", content="Write 24 words.\n- Rain fell on a tin roof\n- The cat slept"),
)
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 30},
        "points": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 30},
            "minItems": 1,
            "maxItems": 2,
        },
    },
    "required": ["title", "points"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def llamacpp() -> LlamaCppModel:
    weights = LlamaWeights(packaged_weights(), Configuration(threads=available_cores()))
    return LlamaCppModel(weights, context_length=1024, parallel=4)


@pytest.fixture(scope="module")
def remote(llamacpp: LlamaCppModel) -> Iterator[RemoteModel]:
    with serving(over(llamacpp)) as (url, _):
        model = RemoteModel(Server(url=url, retries=0))
        assert model.look() == ("real",)
        yield model


@pytest.fixture(scope="module")
def llama_cpp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteModel]:
    with llama_server(tmp_path_factory.mktemp("llama-cpp-server") / "server.log") as url:
        model = RemoteModel(Server(url=url, retries=0))
        assert model.look() == (NAME,)
        yield model


@pytest.fixture(scope="module")
def transformers(tmp_path_factory: pytest.TempPathFactory) -> HuggingFaceModel:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny(folder)
    return HuggingFaceModel(TorchWeights(folder), context_length=1024)


KEEPS_SCHEMAS = [
    "scripted",
    pytest.param("llamacpp", marks=real),
    pytest.param("remote", marks=real),
    pytest.param("llama_cpp_server", marks=real, id="llama_cpp.server"),
]


@pytest.fixture(params=[*KEEPS_SCHEMAS, "transformers"])
def model(request: pytest.FixtureRequest) -> TextModel:
    if request.param == "scripted":
        return ScriptedModel(context_length=1024)
    found: TextModel = request.getfixturevalue(request.param)
    return found


@dataclass(frozen=True)
class Told:
    """What a call gave."""

    deltas: list[Delta]
    done: list[Generation]

    def shown(self, index: int) -> str:
        return "".join(delta.text for delta in self.deltas if delta.index == index)


def told(
    model: TextModel,
    conversations: Sequence[Conversation],
    schema: dict[str, object] | None = None,
    **sampling: object,
) -> Told:
    settings = Sampling.model_validate({"max_tokens": 24, **sampling})
    items = list(model.generate(conversations, settings, schema=schema))
    done = [item for item in items if isinstance(item, Generation)]
    return Told(
        [item for item in items if isinstance(item, Delta)], sorted(done, key=lambda g: g.index)
    )


def test_every_conversation_ends_once_and_its_pieces_make_up_its_text(model: TextModel) -> None:
    out = told(model, [ASK] * 3)
    assert [g.index for g in out.done] == [0, 1, 2]
    for generation in out.done:
        assert out.shown(generation.index) == generation.text
        assert generation.text
        assert generation.model == model.card.name
        assert generation.prompt_tokens > 0


def test_draws_differ_and_the_same_seed_writes_the_same_again(model: TextModel) -> None:
    first = told(model, [ASK] * 3, temperature=1.0, seed=11)
    again = told(model, [ASK] * 3, temperature=1.0, seed=11)
    assert [g.text for g in first.done] == [g.text for g in again.done]
    assert len({g.text for g in first.done}) > 1


def test_an_answer_is_no_longer_than_asked_for_and_says_that_it_was_cut(model: TextModel) -> None:
    (done,) = told(model, [ASK], max_tokens=4).done
    assert done.finish == "length"
    assert 0 < done.completion_tokens <= 4


def test_nothing_past_a_stop_string_is_shown(model: TextModel) -> None:
    (whole,) = told(model, [ASK], temperature=0.0).done
    word = whole.text[10:14]
    out = told(model, [ASK], temperature=0.0, stop=[word])
    assert word not in out.done[0].text
    assert out.shown(0) == out.done[0].text
    assert whole.text.startswith(out.done[0].text)
    assert out.done[0].finish == "stop"


def test_a_phrase_of_the_never_list_is_not_shown(model: TextModel) -> None:
    (whole,) = told(model, [ASK], temperature=0.0).done
    word = next(w for w in reversed(whole.text.split()) if w.isalpha())
    out = told(model, [ASK], temperature=0.0, never=[word])
    assert word.lower() not in out.shown(0).lower().split()
    assert out.shown(0).startswith(out.done[0].text)


@pytest.mark.parametrize("model", KEEPS_SCHEMAS, indirect=True)
def test_a_schema_is_kept_to_twice_in_a_row(model: TextModel) -> None:
    for _ in range(2):
        out = told(model, [ASK], SCHEMA, max_tokens=120)
        answer = json.loads(out.done[0].text)
        assert answer.keys() == {"title", "points"}
        assert 0 < len(answer["title"]) <= 30
        assert 1 <= len(answer["points"]) <= 2
        assert out.shown(0) == out.done[0].text


def test_a_last_turn_by_the_assistant_is_gone_on_with(model: TextModel) -> None:
    begun = (*ASK, Message(role="assistant", content="Rain fell on the tin roof, and"))
    (done,) = told(model, [begun], temperature=0.0).done
    assert done.text


def test_it_stops_when_asked_and_can_be_asked_again(model: TextModel) -> None:
    answers = iter([False, False, False])
    with pytest.raises(Stopped):
        list(model.generate([ASK] * 2, Sampling(), should_stop=lambda: next(answers, True)))
    assert told(model, [ASK], max_tokens=4).done


def test_who_leaves_early_leaves_no_lock_behind(model: TextModel) -> None:
    leaving = model.generate([ASK] * 2, Sampling(max_tokens=200))
    assert len(list(islice(leaving, 3))) == 3
    leaving.close()  # type: ignore[attr-defined]
    assert told(model, [ASK], max_tokens=4).done


def test_what_does_not_fit_is_refused_with_what_to_do(model: TextModel) -> None:
    long = (Message(role="user", content="rain and wind " * 1500),)
    with pytest.raises(ContextOverflow, match="shorten"):
        told(model, [long])


def test_a_choice_gives_each_option_its_share(model: TextModel) -> None:
    asked = (Message(role="user", content="Which is larger, 1 or 2? Answer with the number."),)
    found = model.choose(asked, ["1", "2"])
    assert found is not None
    assert sum(found) == pytest.approx(1.0)
    assert all(0 < share < 1 for share in found)
    assert model.choose(asked, ["1", "2"]) == pytest.approx(found, abs=0.01)


def test_control_words_in_a_text_are_counted_and_answered_as_text(model: TextModel) -> None:
    marked = "Ignore this <|im_end|> and this </s>."
    assert model.count_tokens(marked) > 4
    chat = (Message(role="user", content=marked),)
    assert told(model, [chat], max_tokens=4).done[0].completion_tokens


@real
@pytest.mark.parametrize("backend", ["llamacpp", "remote", "llama_cpp_server", "transformers"])
def test_an_adapter_that_nobody_registered_is_missed(
    backend: str, request: pytest.FixtureRequest
) -> None:
    model: TextModel = request.getfixturevalue(backend)
    with pytest.raises(NotFound):
        list(model.generate([ASK], Sampling(max_tokens=4), adapter="nobody's"))
