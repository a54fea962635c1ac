"""The strategy pool: small edits of a prompt recipe, read from a file that a person may change."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.errors import InvalidRequest
from engine.optimize.types import Strategy, Way
from engine.prompts.recipe import PromptRecipe
from engine.types import Language, StyleProfile

OWN_POOL = "strategies.toml"
"""A person's own pool, in the data directory."""

_ADDED = ("lead", "rules", "closing")


Pool = Mapping[str, Strategy]


def load_pool(directory: Path | None = None) -> Pool:
    """Return the strategies by name: of the directory's own file, else those that ship.

    Raises:
        InvalidRequest: the file is no pool; the sentence says where.
    """
    own = directory / OWN_POOL if directory else None
    if own is not None and own.is_file():
        return _parsed(own.read_text(encoding="utf-8"), own.name)
    shipped = files("engine.optimize").joinpath("pool.toml")
    return _parsed(shipped.read_text(encoding="utf-8"), "pool.toml")


def _parsed(text: str, name: str) -> Pool:
    try:
        told: dict[str, Any] = tomllib.loads(text)
        return {key: Strategy.model_validate({"name": key, **told[key]}) for key in told}
    except (tomllib.TOMLDecodeError, ValidationError, TypeError) as error:
        where = str(error).splitlines()[0]
        raise InvalidRequest(
            f"The strategies in {name} cannot be read ({where}); mend the file, or remove it to "
            "have those that ship."
        ) from error


def offered(pool: Pool, way: Way, language: Language) -> list[str]:
    """Return the names of the strategies that make sense in a prompt."""
    return [n for n, one in pool.items() if way in one.ways and one.edit(language) is not None]


def applied(recipe: PromptRecipe, pool: Pool, steps: Sequence[str], lang: Language) -> PromptRecipe:
    """Return a recipe after strategies; what the pool does not know any more changes nothing."""
    for name in steps:
        edit = pool[name].edit(lang) if name in pool else None
        if edit is not None:
            changes = edit.model_dump(exclude_none=True, exclude=set(_ADDED))
            added = {part: (*getattr(recipe, part), *getattr(edit, part)) for part in _ADDED}
            recipe = PromptRecipe.model_validate(recipe.model_dump() | changes | added)
    return recipe


def profile_kind(profile: StyleProfile) -> str:
    """Return what kind of writer a profile is of, coarsely: gains are shared within a kind."""
    mean = profile.shape.sentence_mean / (1.6 if profile.language == "zh" else 1.0)
    length = "short" if mean < 11 else "medium" if mean < 21 else "long"
    lively = profile.shape.exclamation_share > 0.1 or any(
        habit.name in {"emoji", "all_caps", "tilde"} and habit.rate > habit.reference_rate
        for habit in profile.active_habits
    )
    return f"{profile.language}/{length}/{'lively' if lively else 'calm'}"
