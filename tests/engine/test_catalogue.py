"""The catalogue's facts hang together, and a wrong one is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from engine.errors import NotFound
from engine.loading import PLANNER_CONTEXT, STYLIST_CONTEXT
from engine.models.catalogue import (
    CONTEXT_TOKENS,
    CatalogueEntry,
    catalogue,
    find_entry,
    models_writing,
    named,
)
from finetune.gguf_lora import REORDERED

BOTH = {"en": "a", "zh": "b"}
FETCHED = [entry for entry in catalogue() if entry.file is not None]


def test_there_is_a_choice_from_135m_to_14b_in_both_languages() -> None:
    sizes = [entry.parameters for entry in catalogue()]

    assert len(catalogue()) >= 12
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.2e9
    assert 13e9 < sizes[-1] < 15e9
    assert len(models_writing("en")) == len(catalogue())
    assert len(models_writing("zh")) >= 5
    assert len({entry.name for entry in catalogue()}) == len(catalogue())


@pytest.mark.parametrize("role", ["planner", "stylist"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_role_has_a_good_model_in_each_language(role: str, language: Any) -> None:
    assert any(getattr(entry, role).fit == "good" for entry in models_writing(language))


@pytest.mark.parametrize("entry", FETCHED, ids=lambda entry: entry.name)
def test_a_file_is_known_by_its_name_and_has_the_size_of_its_model(entry: CatalogueEntry) -> None:
    assert entry.file is not None
    assert find_entry(entry.file.name) == entry
    bits = 8 * entry.file.size / entry.parameters
    low, high = {"Q8_0": (8.4, 8.7), "Q4_K_M": (4.7, 8.0)}[entry.file.quantisation]
    assert low < bits < high
    assert entry.memory(entry.file.size) > 1.05 * entry.file.size


def test_what_is_not_known_is_null_and_not_guessed() -> None:
    unknown = [entry.name for entry in FETCHED if entry.file and entry.file.revision is None]

    assert unknown == ["SmolLM2-1.7B-Instruct", "gemma-2-9b-it"]
    assert all(entry.file and entry.file.sha256 for entry in FETCHED)
    assert len({entry.file.sha256 for entry in FETCHED if entry.file}) == len(FETCHED)


def test_only_models_that_can_learn_here_are_called_good_stylists() -> None:
    good = {entry.architecture for entry in catalogue() if entry.stylist.fit == "good"}

    assert good <= REORDERED.keys()


def test_memory_counts_the_tokens_that_both_roles_really_keep() -> None:
    assert CONTEXT_TOKENS == PLANNER_CONTEXT + STYLIST_CONTEXT
    small = named("SmolLM2-135M-Instruct")
    assert small.memory(98_000_000) - small.memory(0) == 98_000_000
    assert small.memory(0) - 350_000_000 == 9_216 * 23_040  # 22.5 KB a token: docs/MODELS.md


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("qwen2.5 7b", "Qwen2.5-7B-Instruct"), ("SmolLM-360M", "SmolLM2-360M-Instruct")],
)
def test_an_unknown_name_is_answered_with_the_closest(asked: str, meant: str) -> None:
    with pytest.raises(NotFound, match=rf"closest: .*{meant}"):
        named(asked)
    assert named(meant.upper().replace("-", "_")).name == meant


def test_a_name_like_none_points_to_the_list() -> None:
    with pytest.raises(NotFound, match="models list"):
        named("!!!")


@pytest.mark.parametrize(
    "change",
    [
        {"file": None},
        {"embedded": True},
        {"parameters": 0},
        {"languages": []},
        {"licence": " "},
        {"unheard": 1},
        {"planner": {"fit": "best", "why": BOTH, "source": BOTH}},
        {"planner": {"fit": "good", "why": {"en": "a"}, "source": BOTH}},
        {"planner": {"fit": "good", "why": BOTH, "source": {"en": "", "zh": "c"}}},
    ],
)
def test_a_wrong_entry_is_refused(change: dict[str, Any]) -> None:
    right = FETCHED[0].model_dump(mode="json")
    assert CatalogueEntry.model_validate(right) == FETCHED[0]
    with pytest.raises(ValidationError):
        CatalogueEntry.model_validate(right | change)


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "abc"},
        {"revision": "main"},
        {"size": 0},
        {"repository": "no-owner"},
        {"name": "../escaped.gguf"},
        {"name": "model.safetensors"},
        {"name": "model-00001-of-00002.gguf"},
    ],
)
def test_a_wrong_file_is_refused(change: dict[str, Any]) -> None:
    right = FETCHED[0].model_dump(mode="json")
    with pytest.raises(ValidationError):
        CatalogueEntry.model_validate(right | {"file": right["file"] | change})
