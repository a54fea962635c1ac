"""The studio's models: loaded at the first use, kept warm, changed while others still write."""

import threading
from collections.abc import Callable, Hashable
from typing import NamedTuple

from app.choices import EMBEDDED, options_for
from app.options import load_options
from app.settings import Settings
from engine.critic import ModelCritic
from engine.errors import ModelUnavailable
from engine.fallback import Chain, FallbackCritic, FallbackPlanner
from engine.loading import InMemory, LoadedModels, LoadOptions, load_models, size_of
from engine.models.machine import available_memory
from engine.planner import ModelPlanner
from engine.protocols import Critic, Planner, Scorer
from engine.stylist import make_stylist
from engine.warm import Warm
from engine.writer import Writer


class Models(NamedTuple):
    """The models of one request by name; an empty name is what is set."""

    planner: str = ""
    stylist: str = ""


USUAL = Models()


class ModelRoom:
    """Gives out models and writers; who has one keeps it to the end, whatever is chosen meanwhile.

    Args:
        settings: which models write where nobody says.
        scorer: gives what measures drafts.
    """

    def __init__(self, settings: Settings, scorer: Callable[[], Scorer]) -> None:
        """Load nothing yet."""
        self._settings = settings
        self._scorer = scorer
        self._loading = threading.RLock()
        self._default: LoadedModels | None = None
        self._writer: tuple[LoadedModels, Writer] | None = None
        budget = int(settings.model_memory * 1e9)
        self._warm: Warm[InMemory] = Warm(budget, available_memory)

    @property
    def ready(self) -> LoadedModels | None:
        """The models that are set, where they are in memory."""
        return self._default

    def put(self, models: LoadedModels) -> None:
        """Use models that somebody loaded, where nobody says."""
        self._default = models

    def models(self, planner: str = "", stylist: str = "") -> LoadedModels:
        """Return the models that are set, or those of one request (seconds where they are new).

        Raises:
            NotFound: no model of that name is on this machine.
            ModelUnavailable: one cannot be loaded, or needs more memory than is free.
        """
        # Who writes on what is set does not wait while somebody's own choice is loaded.
        if not (planner or stylist) and (ready := self._default) is not None:
            return ready
        with self._loading:
            if self._default is None:
                options = load_options(self._settings)
                self._default = load_models(options, warm=self._warm)
                self._warm.pin(self._warm.keys)
            if not (planner or stylist) or self._settings.scripted:
                return self._default
            options = options_for(self._settings, planner, stylist)
            self._make_room(options)
            return load_models(options, warm=self._warm, embedder=self._default.embedder)

    def _make_room(self, options: LoadOptions) -> None:
        """Refuse what does not fit: what is set and what is being written must go on."""
        places = set()
        if options.planner_server is None:
            places.add(options.planner_folder or options.planner_gguf)
        if options.stylist_server is None:
            places.add(options.stylist_folder or options.stylist_gguf)
        sizes: dict[Hashable, int] = {place: size_of(place) for place in places}
        if not self._warm.room_for(sizes):
            names = " and ".join(sorted(place.stem if place else EMBEDDED for place in places))
            raise ModelUnavailable(
                f"There is not enough memory free to load {names} "
                f"(about {sum(sizes.values()) / 1e9:.1f} GB); choose a smaller model, or try "
                "again when others are done."
            )

    def writer(self, models: LoadedModels) -> Writer:
        """Return the path from request to note on these models; one that is set keeps its own."""
        if (known := self._writer) is not None and known[0] is models:
            return known[1]
        with self._loading:
            if self._writer is None or self._writer[0] is not models:
                made = models, self._made(models)
                if models is not self._default:
                    return made[1]
                self._writer = made
            return self._writer[1]

    def change(self, settings: Settings) -> None:
        """Use other models from the next request on; those of before stay while they are used."""
        with self._loading:
            self._settings = settings
            self._default, self._writer = None, None
            self._warm.pin(())

    def _made(self, models: LoadedModels) -> Writer:
        planner: Planner = ModelPlanner(models.planner_model)
        # The better judge is the larger model; between equals the planner's.
        larger = models.stylist_model.card.writes_plans > models.planner_model.card.writes_plans
        critic: Critic = ModelCritic(models.stylist_model if larger else models.planner_model)
        if models.spare_planner is not None:
            chain = Chain(models.planner_model, models.spare_planner)
            planner = FallbackPlanner(chain)
            critic = critic if larger else FallbackCritic(chain)
        return Writer(
            planner=planner,
            stylist=make_stylist(models.stylist_model, models.embedder),
            critic=critic,
            scorer=self._scorer(),
            embedder=models.embedder,
        )
