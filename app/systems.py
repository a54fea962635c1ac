"""What NoteBench can measure here: the systems by name, on the models that are loaded.

Two baselines copy, some systems are parts of the path, `sag` is the whole of it. Those that need
an adapter of their own say how to make it where it is not there. What runs models takes its turn
item by item behind those who write on the page, and makes room for them within one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version as installed
from typing import Any, TypeAlias
from zlib import crc32

from app.benchadapters import UsedAdapter, has_adapter, shipped_adapter, system_adapter
from app.benchprompts import recipe_for, search_settings
from app.planned import PLANNED, VISIBLE, adapter_of
from app.studio import Studio
from engine.errors import InvalidRequest, NotewrightError
from engine.events import NoteReady, PlanReady
from engine.moveplan import PlanningStylist
from engine.notebench.asking import request_for
from engine.notebench.run import System
from engine.notebench.samples import BenchItem
from engine.notebench.scoring import told
from engine.planner import as_sentence, build_plan, compose
from engine.profile.build import build_profile
from engine.prompts.recipe import PromptRecipe
from engine.prompts.render import version
from engine.protocols import Drafter, Embedder, StopCheck, TextModel, never_stop
from engine.restyle import RestyleStylist
from engine.restyling import SHOWN_WORDS, excerpts
from engine.rewrite import Rewriter
from engine.scoring.meaning import meaning
from engine.stylist import make_stylist
from engine.types import (
    MAX_SEED,
    Draft,
    Language,
    ModelCard,
    PlanPoint,
    StyleProfile,
    StyleSample,
    TraitWish,
    WritingRequest,
)
from engine.whole import WholeStylist
from engine.writer import Writer

DRAFTS = 4
_NAMES: dict[Language, str] = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True)
class SystemRow:
    """A system in the list; `missing` says what it lacks here and how that will be got.

    `trained` systems have an adapter of their own, which `script` makes and which may have been
    made or not.
    """

    name: str
    about: str
    trained: bool = False
    script: str = "train_systems"

    @property
    def missing(self) -> str:
        """What the system lacks, empty where it can run."""
        adapter = adapter_of(self.name)
        if self.trained and not has_adapter(adapter):
            return (
                f"It needs its adapter, which `python scripts/{self.script}.py --system {adapter}` "
                "makes."
            )
        return ""


SYSTEMS = (
    SystemRow("copy-source", "The source as it stands, or the facts as sentences. To be beaten."),
    SystemRow("best-sample-copy", "The sample nearest in meaning to what is asked. To be beaten."),
    SystemRow("planner-only", "The planner's model writes alone, in the way that suits its size."),
    SystemRow("frozen-base", "The stylist's model with the stylist's prompt and no adapter."),
    SystemRow("stylist-only", "The stylist, one draft, on a plan that no model made."),
    SystemRow("sag", "The whole path: planner, stylist, four drafts, scores, critic."),
    SystemRow(
        "stylist-vanilla-sft",
        "A stylist fine-tuned on notes as they are, without a plan.",
        trained=True,
    ),
    SystemRow(
        "sag+filter", "The whole path with a stylist trained on filtered pairs.", trained=True
    ),
    SystemRow("sag+filter+dpo", "The same, trained on preferences too.", trained=True),
    *(
        SystemRow(name, about, trained=True, script="train_planned")
        for name, about in PLANNED.items()
    ),
    SystemRow("sag+funnier", "The whole path, its note then made funnier by the planner's prompt."),
    SystemRow(
        "prompt-optimised",
        "The whole path on bare models, with a prompt searched on each author's samples.",
    ),
)


@dataclass(frozen=True)
class Named:
    """A system made of a name, settings and a function."""

    name: str
    settings: Mapping[str, Any]
    of: Callable[[BenchItem], str]

    def write(self, item: BenchItem) -> str:
        """Return the text for an item."""
        return self.of(item)


def make_system(
    name: str,
    studio: Studio,
    items: Sequence[BenchItem],
    *,
    seed: int = 0,
    should_stop: StopCheck = never_stop,
) -> System:
    """Return a system that can answer these items.

    Raises:
        InvalidRequest: there is no such system, it needs what is not there yet, or an item is none
            that it can write; nothing has been done then.
        ModelUnavailable: the models do not load.
    """
    known = {row.name: row for row in SYSTEMS}
    if name not in known:
        raise InvalidRequest(
            f"There is no system {name!r}; the systems are {', '.join(known)}. Texts made "
            "elsewhere come with --outputs FILE."
        )
    if known[name].missing:
        raise InvalidRequest(f"{name} cannot run yet. {known[name].missing}")
    about = {"notewright": installed("notewright"), "seed": seed}
    if name == "copy-source":
        return Named(name, about, copy_source)
    if name == "best-sample-copy":
        embedder = studio.embedder
        told_too = about | {"embedder": embedder.name}
        return Named(name, told_too, lambda item: nearest_sample(item, embedder))
    return _Writing(studio, seed, should_stop).system(name, items, about)


def copy_source(item: BenchItem) -> str:
    """Return the source, else the facts as sentences, else the topic as one."""
    if item.source:
        return item.source
    points = [PlanPoint(text=fact) for fact in item.facts if fact.strip()]
    return compose(points, item.language) or as_sentence(item.topic, item.language)


def nearest_sample(item: BenchItem, embedder: Embedder) -> str:
    """Return the sample that means most nearly what the item asks for."""
    asked = told(item) or item.topic
    return max(item.samples, key=lambda text: meaning(text, asked, item.language, embedder))


def profile_for(samples: tuple[str, ...], language: Language) -> StyleProfile:
    """Return the profile of the author of an item's samples."""
    named = [StyleSample(title=f"sample {i}", text=text) for i, text in enumerate(samples, 1)]
    return build_profile(named, language)


def vanilla_profile(samples: tuple[str, ...], language: Language) -> StyleProfile:
    """Return the profile that vanilla fine-tuning is shown: the openings that the stylist sees."""
    return profile_for(tuple(excerpts(samples, language, SHOWN_WORDS)), language)


Writes: TypeAlias = Callable[[BenchItem, StopCheck], str]
"""Writes the text for an item, until the check says to unwind."""


@dataclass(frozen=True)
class _Recipe:
    """How a system writes: by one stylist on a plan of code, or by the whole path."""

    models: Mapping[str, TextModel]
    prompts: tuple[str, ...]
    adapter: UsedAdapter | None = None
    alone: Drafter | None = None
    profile: Callable[[tuple[str, ...], Language], StyleProfile] = profile_for
    searched: bool = False
    wish: TraitWish | None = None

    @property
    def drafts(self) -> int:
        """How many drafts it chooses from."""
        return DRAFTS if self.alone is None else 1

    @property
    def name(self) -> str | None:
        """The adapter's name for the model."""
        return self.adapter.name if self.adapter else None


class _Writing:
    """The systems that run models. Nothing that they write is kept among a person's notes."""

    def __init__(self, studio: Studio, seed: int, should_stop: StopCheck) -> None:
        self._studio = studio
        self._writer, self._models = studio.writer, studio.models
        self._turnstile = studio.turnstile
        self._seed, self._stop = seed, should_stop

    def system(self, name: str, items: Sequence[BenchItem], about: Mapping[str, Any]) -> System:
        recipe = self._recipe(name)
        for model in recipe.models.values():
            _check_languages(items, model.card)
        for item in items:
            _check_request(item)
        told_too = {
            "models": {role: _told_card(model.card) for role, model in recipe.models.items()},
            "embedder": self._models.embedder.name,
            "prompts": {each: version(each) for each in recipe.prompts},
            "adapter": recipe.adapter.told if recipe.adapter else None,
            "drafts": recipe.drafts,
        }
        if recipe.searched:
            told_too |= {"search": search_settings()}
        writes = self._writes(recipe, frozenset(item.id for item in items))
        return Named(name, {**about, **told_too}, self._in_turn(writes))

    def _recipe(self, name: str) -> _Recipe:
        planner, stylist = self._models.planner_model, self._models.stylist_model
        embedder = self._models.embedder
        if name == "planner-only":
            bare = make_stylist(planner, embedder)
            return _Recipe({"planner": planner}, (_way(planner),), alone=bare)
        if name == "frozen-base":
            bare = RestyleStylist(stylist, embedder)
            return _Recipe({"stylist": stylist}, ("restyle",), alone=bare)
        if name == "stylist-vanilla-sft":
            return _Recipe(
                {"stylist": stylist},
                ("whole",),
                system_adapter(self._studio, name),
                WholeStylist(stylist, embedder),
                vanilla_profile,
            )
        if name in PLANNED:
            return self._planned(name)
        plans = ("plan_full",) if planner.card.writes_plans else ("plan", "plan_points")
        if name == "prompt-optimised":
            prompts = (*plans, _way(stylist), "mend", "judge", "reflect")
            return _Recipe({"planner": planner, "stylist": stylist}, prompts, searched=True)
        shipped = name in {"sag", "sag+funnier", "stylist-only"}
        adapter = shipped_adapter(self._studio) if shipped else system_adapter(self._studio, name)
        ways = ("restyle",) if adapter else (_way(stylist), "mend")
        if name == "stylist-only":
            alone = make_stylist(stylist, embedder)
            return _Recipe({"stylist": stylist}, ways[:1], adapter, alone)
        prompts = (*plans, *ways, "judge")
        models = {"planner": planner, "stylist": stylist}
        if name == "sag+funnier":
            return _Recipe(models, (*prompts, "trait"), adapter, wish=TraitWish(name="funnier"))
        return _Recipe(models, prompts, adapter)

    def _planned(self, name: str) -> _Recipe:
        """Return a stylist alone with an adapter that learned with moves, or with less of them."""
        stylist, embedder = self._models.stylist_model, self._models.embedder
        visible = name == VISIBLE
        alone = (PlanningStylist if visible else RestyleStylist)(stylist, embedder)
        return _Recipe(
            {"stylist": stylist},
            ("restyle_planned" if visible else "restyle",),
            system_adapter(self._studio, adapter_of(name)),
            alone,
        )

    def _for_trait(
        self, text: str, request: WritingRequest, recipe: _Recipe, stop: StopCheck
    ) -> str:
        """Return a note rewritten for the recipe's trait; as it was where no wording would do."""
        assert recipe.wish is not None
        model, language = self._models.planner_model, request.language
        who = Rewriter(model, self._studio.scorer, recipe.wish, language)
        return who.rewrite(text, seed=request.seed, should_stop=stop).text

    def _writes(self, recipe: _Recipe, measured: frozenset[str]) -> Writes:
        profiles = lru_cache(maxsize=8)(recipe.profile)
        found: dict[tuple[str, ...], PromptRecipe] = {}

        def writer(item: BenchItem, stop: StopCheck) -> Writer:
            if not recipe.searched:
                return self._writer
            if item.samples not in found:
                found[item.samples] = recipe_for(
                    self._studio, item.samples, lambda texts: profiles(texts, item.language),
                    measured, stop,
                )  # fmt: skip
            made = make_stylist(
                self._models.stylist_model, self._models.embedder, found[item.samples]
            )
            return replace(self._writer, stylist=made)

        def write(item: BenchItem, stop: StopCheck) -> str:
            seed = (self._seed + crc32(item.id.encode())) % (MAX_SEED + 1)
            request = request_for(item, drafts=recipe.drafts, seed=seed)
            profile = profiles(item.samples, item.language)
            if recipe.alone is None:
                text = _whole_path(writer(item, stop), request, profile, recipe, stop)
                return self._for_trait(text, request, recipe, stop) if recipe.wish else text
            return _drafted(recipe.alone, request, profile, recipe, stop)

        return write

    def _in_turn(self, writes: Writes) -> Callable[[BenchItem], str]:
        """Return the same, an item at a time between those who write on the page."""
        turnstile, stop = self._turnstile, self._stop
        return lambda item: turnstile.in_background(lambda check: writes(item, check), stop)


def _whole_path(
    writer: Writer,
    request: WritingRequest,
    profile: StyleProfile,
    recipe: _Recipe,
    stop: StopCheck,
) -> str:
    text = ""
    for planned in writer.plan(request, should_stop=stop):
        if isinstance(planned, PlanReady):
            for event in writer.draft(
                request, profile, planned.plan, adapter=recipe.name, should_stop=stop
            ):
                text = event.note.text if isinstance(event, NoteReady) else text
    return text


def _check_request(item: BenchItem) -> None:
    try:
        request_for(item, drafts=1, seed=0)
    except NotewrightError as error:
        raise InvalidRequest(f"The item {item.id!r} cannot be written: {error}") from error


def _check_languages(items: Sequence[BenchItem], card: ModelCard) -> None:
    """Refuse items that the model cannot write, before anybody waits."""
    for language, name in _NAMES.items():
        count = sum(item.language == language for item in items)
        if count and language not in card.languages:
            hint = next((each for each in card.languages if each != language), "en")
            raise InvalidRequest(
                f"{count} of {len(items)} items are in {name}, which the model {card.name} cannot "
                f"write; choose items in another language (--language {hint}), or set up a model "
                "that can."
            )


def _told_card(card: ModelCard) -> dict[str, str]:
    return {"name": card.name, "revision": card.revision, "backend": card.backend}


def _way(model: TextModel) -> str:
    """Return the prompt by which a model without an adapter writes, by what it can do."""
    return "whole" if model.card.writes_plans else "step"


def _drafted(
    stylist: Drafter,
    request: WritingRequest,
    profile: StyleProfile,
    recipe: _Recipe,
    stop: StopCheck,
) -> str:
    plan = build_plan(request, {})
    for event in stylist.draft(request, profile, plan, adapter=recipe.name, should_stop=stop):
        if isinstance(event, Draft):
            return event.text
    return ""
