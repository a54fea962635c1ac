"""What NoteBench can measure here: the systems by name, on the models that are loaded.

Two baselines copy, two systems are halves of the path, one is the whole of it. Those that need a
trained adapter are listed too, and say what is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version as installed
from typing import Any
from zlib import crc32

from app.studio import Studio
from engine.errors import InvalidRequest, NotewrightError
from engine.events import NoteReady, PlanReady
from engine.notebench.run import System
from engine.notebench.samples import BenchItem
from engine.notebench.scoring import told
from engine.planner import as_sentence, build_plan, compose
from engine.profile.build import build_profile
from engine.prompts.render import version
from engine.protocols import Embedder, StopCheck, Stylist, TextModel, never_stop
from engine.requests import WORDS, make_request
from engine.scoring.meaning import meaning
from engine.stylist import make_stylist
from engine.text import count_words
from engine.types import (
    MAX_SEED,
    Draft,
    Language,
    ModelCard,
    PlanPoint,
    StyleProfile,
    StyleSample,
    WritingRequest,
)
from engine.whole import WholeStylist

DRAFTS = 4
_LENGTH = 120  # where an item asks for none
_TRAINING = "feedback training makes it (`notewright train`, which is yet to come)"
_NAMES: dict[Language, str] = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True)
class SystemRow:
    """A system in the list; `missing` says what it lacks here and how that will be got."""

    name: str
    about: str
    missing: str = ""


SYSTEMS = (
    SystemRow("copy-source", "The source as it stands, or the facts as sentences. To be beaten."),
    SystemRow("best-sample-copy", "The sample nearest in meaning to what is asked. To be beaten."),
    SystemRow("planner-only", "The planner's model writes the whole note at once."),
    SystemRow("stylist-only", "The stylist, one draft, on a plan that no model made."),
    SystemRow("sag", "The whole path: planner, stylist, four drafts, scores, critic."),
    SystemRow(
        "stylist-vanilla-sft",
        "A stylist fine-tuned on notes as they are, without a plan.",
        f"It needs an adapter trained on plain notes: {_TRAINING}.",
    ),
    SystemRow(
        "sag+filter",
        "The whole path with a stylist trained on filtered pairs.",
        f"It needs an adapter trained on pairs that the style filter passed: {_TRAINING}.",
    ),
    SystemRow(
        "sag+filter+dpo",
        "The same, trained on preferences too.",
        f"It needs the adapter of sag+filter trained further on preferences: {_TRAINING}.",
    ),
    SystemRow(
        "prompt-optimised",
        "The whole path with prompts found by search.",
        "It needs prompts made by `notewright optimize`, which is yet to come.",
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


class _Writing:
    """The systems that run models. Nothing that they write is kept among a person's notes."""

    def __init__(self, studio: Studio, seed: int, should_stop: StopCheck) -> None:
        self._writer, self._models = studio.writer, studio.models
        self._seed, self._stop = seed, should_stop
        self._profile = lru_cache(maxsize=8)(_profile)

    def system(self, name: str, items: Sequence[BenchItem], about: Mapping[str, Any]) -> System:
        models = self._models
        planner, stylist = models.planner_model, models.stylist_model
        used: dict[str, TextModel] = {"planner": planner, "stylist": stylist}
        writes: Callable[[BenchItem], str] = self._sag
        drafts = DRAFTS
        if name == "planner-only":
            del used["stylist"]
            whole = WholeStylist(planner, models.embedder)
            drafts, writes = 1, lambda item: self._drafted(item, whole)
        elif name == "stylist-only":
            del used["planner"]
            alone = make_stylist(stylist, models.embedder)
            drafts, writes = 1, lambda item: self._drafted(item, alone)
        for model in used.values():
            _check_languages(items, model.card)
        for item in items:
            _check_request(item)
        cards = {role: _told_card(model.card) for role, model in used.items()}
        prompts = {each: version(each) for each in _prompts(name, used)}
        told_too = {"models": cards, "embedder": models.embedder.name, "prompts": prompts}
        return Named(name, {**about, **told_too, "drafts": drafts}, writes)

    def _asked(self, item: BenchItem, drafts: int) -> tuple[WritingRequest, StyleProfile]:
        seed = (self._seed + crc32(item.id.encode())) % (MAX_SEED + 1)
        request = request_for(item, drafts=drafts, seed=seed)
        return request, self._profile(item.samples, item.language)

    def _drafted(self, item: BenchItem, stylist: Stylist) -> str:
        request, profile = self._asked(item, 1)
        plan = build_plan(request, {})
        for event in stylist.draft(request, profile, plan, should_stop=self._stop):
            if isinstance(event, Draft):
                return event.text
        return ""

    def _sag(self, item: BenchItem) -> str:
        request, profile = self._asked(item, DRAFTS)
        text = ""
        for planned in self._writer.plan(request, should_stop=self._stop):
            if isinstance(planned, PlanReady):
                for event in self._writer.draft(
                    request, profile, planned.plan, should_stop=self._stop
                ):
                    text = event.note.text if isinstance(event, NoteReady) else text
        return text


def _profile(samples: tuple[str, ...], language: Language) -> StyleProfile:
    named = [StyleSample(title=f"sample {i}", text=text) for i, text in enumerate(samples, 1)]
    return build_profile(named, language)


def request_for(item: BenchItem, *, drafts: int, seed: int) -> WritingRequest:
    """Return the request that an item makes, its length such as can be asked for."""
    facts = sum(count_words(fact, item.language) for fact in item.facts)
    low, high = WORDS
    return make_request(
        topic=item.topic,
        facts=item.facts,
        words=min(max(item.words or _LENGTH, low, -(-facts // 2)), high),
        language=item.language,
        drafts=drafts,
        seed=seed,
        source=item.source,
    )


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
                f"write; add --language {hint}, or set up a model that can."
            )


def _told_card(card: ModelCard) -> dict[str, str]:
    return {"name": card.name, "revision": card.revision, "backend": card.backend}


def _prompts(name: str, used: Mapping[str, TextModel]) -> tuple[str, ...]:
    """Return the prompts that a system may use, by what its models can do."""
    if name == "planner-only":
        return ("whole",)
    way = "whole" if used["stylist"].card.writes_plans else "step"
    if name == "stylist-only":
        return (way,)
    plans = ("plan_full",) if used["planner"].card.writes_plans else ("plan", "plan_points")
    return (*plans, way, "mend", "judge")
