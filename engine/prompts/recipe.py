"""What may be different about a stylist's prompt: a frozen value that the stylists render by.

The plain recipe renders every prompt byte for byte as its template has it. All else was put
together by a search (engine/optimize), a strategy at a time; no weight is touched by it.
"""

import re
from typing import Annotated

from pydantic import Field

from engine.profile.advice import say_habit, say_length
from engine.types import StyleProfile
from engine.value import Value

_SIGNATURE_WORDS = 8
_PLACE = re.compile(r"\{(words|shape|habits)\}")
_PLAN_ENDS = re.compile(r"^\s*---+\s*$", re.MULTILINE)


class PromptRecipe(Value):
    """How a prompt departs from its template.

    `lead` comes before the instruction, `task` takes its place where there is one, `rules` follow
    it, or end the last turn where they come `last`; `closing` always ends the last turn. They hold
    sentences, in the language of the samples, in which {words}, {shape} and {habits} stand for what
    the profile says; a sentence whose place has nothing to say is left out. `shown` is how much of
    the samples is shown, as a share of what is usual. With `plan` the model writes a plan before a
    line of dashes, which is cut off again; with `split` a model that could write a note at once is
    asked point by point.
    """

    lead: tuple[str, ...] = ()
    task: str = ""
    rules: tuple[str, ...] = ()
    last: bool = False
    closing: tuple[str, ...] = ()
    shown: Annotated[float, Field(ge=0.1, le=3.0)] = 1.0
    plan: bool = False
    split: bool = False


PLAIN = PromptRecipe()
"""Today's prompt."""


def instruction(template: str, recipe: PromptRecipe, profile: StyleProfile | None) -> str:
    """Return a system template, its part before "$advice" as the recipe would have it said.

    The templates' own $names stay to be filled; a dollar sign of a recipe is no name.
    """
    if recipe == PLAIN:
        return template
    own, advice, rest = template.partition("$advice")
    said = [*_filled(recipe.lead, profile), recipe.task.replace("$", "$$") or own]
    said += () if recipe.last else _filled(recipe.rules, profile)
    return " ".join(said) + advice + rest


def ending(recipe: PromptRecipe, profile: StyleProfile | None) -> str:
    """Return what ends the last turn, on a line of its own; empty for the plain recipe."""
    rules = recipe.rules if recipe.last else ()
    said = " ".join(_filled((*rules, *recipe.closing), profile))
    return f"\n{said}" if said else ""


def marked(version: str, recipe: PromptRecipe) -> str:
    """Return a prompt's version with the recipe's address, so that a note tells both."""
    return version if recipe == PLAIN else f"{version}+{recipe.digest()[:8]}"


def after_plan(text: str, recipe: PromptRecipe) -> str:
    """Return a text without the plan that was asked for before it."""
    return _PLAN_ENDS.split(text)[-1].strip() if recipe.plan else text


def _filled(sentences: tuple[str, ...], profile: StyleProfile | None) -> list[str]:
    values = _values(profile) if profile else {}
    return [
        _PLACE.sub(lambda place: values.get(place[1], ""), sentence).replace("$", "$$")
        for sentence in sentences
        if all(values.get(name) for name in _PLACE.findall(sentence))
    ]


def _values(profile: StyleProfile) -> dict[str, str]:
    """Return what a profile says of words, sentence shape and habits."""
    joint = "、" if profile.language == "zh" else ", "
    habits = [say_habit(habit, profile.language) for habit in profile.active_habits[:4]]
    return {
        "words": joint.join(profile.active_words[:_SIGNATURE_WORDS]),
        "shape": say_length(profile),
        "habits": ("" if profile.language == "zh" else " ").join(habits),
    }
