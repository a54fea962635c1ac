"""HuggingFaceModel: a batch changes nothing of what is written; what is refused, and how."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.errors import ModelUnavailable, NotFound
from engine.loading import InMemory, LoadOptions, load_models
from engine.models.embedder import HashingEmbedder
from engine.models.huggingface import HuggingFaceModel
from engine.models.huggingface_weights import TorchWeights
from engine.models.torch_sampling import TorchSampler
from engine.protocols import Conversation
from engine.types import Generation, Message, Sampling
from engine.warm import Warm
from tests.engine.models.tiny import write_tiny

if TYPE_CHECKING:
    from transformers import PreTrainedModel

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is:FutureWarning")

GREEDY = Sampling(temperature=0.0, repeat_penalty=1.3, max_tokens=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny-llama")


@pytest.fixture(scope="module")
def base(folder: Path) -> "PreTrainedModel":
    return write_tiny(folder)


@pytest.fixture(scope="module")
def model(folder: Path, base: "PreTrainedModel") -> HuggingFaceModel:
    assert base.num_parameters() > 0
    return HuggingFaceModel(TorchWeights(folder), context_length=512, parallel=3)


def ask(question: str) -> Conversation:
    return (Message(role="user", content=question),)


def texts(
    model: HuggingFaceModel, chats: Sequence[Conversation], adapter: str | None = None
) -> list[str]:
    out = model.generate(chats, GREEDY, adapter=adapter)
    done = [item for item in out if isinstance(item, Generation)]
    return [g.text for g in sorted(done, key=lambda g: g.index)]


def write_lora(folder: Path, model: "PreTrainedModel", seed: int) -> Path:
    """Write a random PEFT adapter that changes much."""
    import copy

    import torch
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(copy.deepcopy(model), LoraConfig(r=4, target_modules="all-linear"))
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_" in name:
                weight.normal_(0, 0.5)
    adapted.save_pretrained(folder)
    return folder


def test_together_as_alone_the_greedy_texts_are_the_same(model: HuggingFaceModel) -> None:
    chats = [ask("Rain."), ask("Rain on a tin roof, " * 9), ask("Wind?"), ask("Sun " * 70)]
    assert texts(model, chats) == [texts(model, [chat])[0] for chat in chats]


def test_what_we_decode_is_what_transformers_itself_decodes(
    model: HuggingFaceModel, base: "PreTrainedModel", folder: Path
) -> None:
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    chat = [{"role": "user", "content": "Rain."}]
    read = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True)
    prompt = torch.tensor([read["input_ids"]])
    told = base.generate(
        prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=12
    )
    plain = GREEDY.model_copy(update={"repeat_penalty": 1.0})
    (done,) = [i for i in model.generate([ask("Rain.")], plain) if isinstance(i, Generation)]
    assert done.text == tokenizer.decode(told[0, prompt.shape[1] :])


def test_control_words_of_people_stay_text(model: HuggingFaceModel, folder: Path) -> None:
    from transformers import AutoTokenizer

    end = AutoTokenizer.from_pretrained(folder, local_files_only=True).eos_token_id
    prompt = model._prompt(ask("One <|im_end|> two"), 0)
    assert prompt.count(end) == 1
    assert model.count_tokens("<|im_end|>") == len("<|im_end|>")


def test_several_adapters_on_one_base_are_switched_and_left_off(
    model: HuggingFaceModel, base: "PreTrainedModel", tmp_path: Path
) -> None:
    for seed, name in enumerate(("ada", "bea")):
        model.register_adapter(name, write_lora(tmp_path / name, base, seed))
    bare = texts(model, [ask("Rain.")])
    ada, bea = (texts(model, [ask("Rain.")], name) for name in ("ada", "bea"))
    assert len({bare[0], ada[0], bea[0]}) == 3
    assert texts(model, [ask("Rain.")], "ada") == ada
    assert texts(model, [ask("Rain.")]) == bare
    with pytest.raises(NotFound, match="no adapter 'cy'"):
        texts(model, [ask("Rain.")], "cy")


def test_an_adapter_of_another_base_is_refused(model: HuggingFaceModel, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    model.register_adapter("bad", tmp_path)
    with pytest.raises(ModelUnavailable, match="does not fit the model"):
        texts(model, [ask("Rain.")], "bad")


def test_a_gpu_that_is_full_is_a_sentence_and_frees_the_model(
    model: HuggingFaceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def full(**_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with monkeypatch.context() as patch:
        patch.setattr(model._weights.model, "forward", full)
        with pytest.raises(ModelUnavailable, match="too little memory for 2 texts"):
            texts(model, [ask("Rain."), ask("Snow.")])
    assert texts(model, [ask("Rain.")])


def test_an_answer_that_is_cut_under_a_schema_is_given_as_it_is(model: HuggingFaceModel) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    *_, done = model.generate([ask("Rain.")], GREEDY, schema=schema)
    assert isinstance(done, Generation)
    assert done.finish == "length"


def test_draws_follow_the_seed_and_the_limits() -> None:
    import torch

    logits = torch.tensor([4.0, 3.9, 3.8, -5.0])
    sampling = Sampling(temperature=1.0, top_k=3, min_p=0.0, top_p=1.0, repeat_penalty=1.0)
    drawn = {TorchSampler(sampling, seed).draw(logits, []) for seed in range(40)}
    assert drawn == {0, 1, 2}
    first = sampling.model_copy(update={"top_p": 0.1})
    assert {TorchSampler(first, seed).draw(logits, []) for seed in range(9)} == {0}
    penalised = Sampling(temperature=0.0, repeat_penalty=2.0)
    assert TorchSampler(penalised, 0).draw(logits, [0, 1]) == 2


def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    import torch

    with pytest.raises(ModelUnavailable, match="holds no model in safetensors"):
        TorchWeights(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        TorchWeights(tmp_path)
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(1 << 42)
    if not torch.cuda.is_available():
        with pytest.raises(ModelUnavailable, match=r"needs about \d+\.\d GB of memory and"):
            TorchWeights(tmp_path)


@pytest.mark.real
def test_a_folder_writes_while_the_embedded_model_plans(
    folder: Path, base: "PreTrainedModel", tmp_path: Path
) -> None:
    assert base.num_parameters() > 0
    models = load_models(LoadOptions(tmp_path, stylist_folder=folder))
    assert models.stylist_model.card.backend == "transformers"
    assert models.planner_model.card.backend == "llama.cpp"
    stylist: object = models.stylist_model
    assert models.adapters is stylist


def test_a_folder_is_loaded_once_for_both_roles_and_all_requests(
    folder: Path, tmp_path: Path
) -> None:
    options = LoadOptions(tmp_path, planner_folder=folder, stylist_folder=folder)
    warm: Warm[InMemory] = Warm()
    first, again = (load_models(options, warm=warm, embedder=HashingEmbedder()) for _ in range(2))
    assert first.planner_model is first.stylist_model is again.stylist_model
