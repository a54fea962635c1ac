"""Several adapters on one running base: each writes what it writes alone, whoever wrote before."""

from pathlib import Path

import pytest

from engine.adapter_files import servable
from engine.errors import AdapterUnusable
from engine.models.llamacpp import LlamaCppModel
from engine.models.llamacpp_library import Configuration, LlamaWeights
from engine.models.weights import packaged_weights
from engine.protocols import Conversation
from engine.types import BaseRef, Generation, Message, Sampling
from finetune.adapters import Made, write_adapter
from finetune.gguf_lora import read_base
from tests.finetune.loras import random_lora

pytestmark = pytest.mark.real

GREEDY = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=6)
STYLE = "You write notes about a harbour. " + " ".join(
    f"On day {n} the boat came in late and nobody minded." for n in range(7)
)


@pytest.fixture(scope="module")
def weights() -> LlamaWeights:
    return LlamaWeights(packaged_weights(), Configuration(threads=1))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return two adapters' folders, as training would leave them."""
    place, base = tmp_path_factory.mktemp("adapters"), read_base(packaged_weights())
    made = Made("Ada", "sft", packaged_weights(), "SmolLM2-135M-Instruct")
    for seed, name in enumerate(("one", "two")):
        saved = random_lora(place / f"saved-{name}", base, seed=seed)
        write_adapter(saved, place / name, made)
    return {name: place / name for name in ("one", "two")}


@pytest.fixture
def model(weights: LlamaWeights, folders: dict[str, Path]) -> LlamaCppModel:
    """Return a model that knows both."""
    made = LlamaCppModel(weights, context_length=1024, parallel=2)
    for name, folder in folders.items():
        made.register_adapter(name, servable(folder, made.base))
    return made


def ask(question: str) -> Conversation:
    return (Message(role="system", content=STYLE), Message(role="user", content=question))


def written(model: LlamaCppModel, adapter: str | None, question: str) -> Generation:
    out = model.generate([ask(question)], GREEDY, adapter=adapter)
    return next(item for item in out if isinstance(item, Generation))


def test_each_adapter_and_the_base_write_in_turns_what_they_write_alone(
    model: LlamaCppModel,
) -> None:
    names, questions = ("one", None, "two"), ("What came in?", "Who minded?")
    alone: dict[tuple[str | None, str], str] = {}
    for name in names:
        for question in questions:
            model.forget()
            alone[name, question] = written(model, name, question).text
    assert len({alone[name, questions[0]] for name in names}) == 3

    model.forget()
    for question in (*questions, questions[0]):
        for name in names:
            assert written(model, name, question).text == alone[name, question]


def test_a_prompt_is_kept_for_each_adapter_and_found_again(model: LlamaCppModel) -> None:
    model.forget()
    first = [written(model, name, "What came in?") for name in ("one", "two", None)]
    again = [written(model, name, "Who minded?") for name in ("one", "two", None)]
    assert [g.cached_tokens for g in first] == [0, 0, 0]
    assert all(g.cached_tokens > 0.8 * g.prompt_tokens for g in again)


def test_a_folder_for_another_base_or_with_a_changed_byte_is_not_served(
    model: LlamaCppModel, folders: dict[str, Path]
) -> None:
    other = BaseRef(name="Qwen2.5-1.5B-Instruct", revision="feedfacefeedface")
    with pytest.raises(
        AdapterUnusable,
        match=rf"made for SmolLM2-135M-Instruct \({model.base.revision[:8]}\), you run Qwen2\.5",
    ):
        servable(folders["one"], other)
    file = folders["two"] / "adapter.gguf"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(AdapterUnusable, match=r"adapter\.gguf is damaged"):
        servable(folders["two"], model.base)
    file.write_bytes(whole)
