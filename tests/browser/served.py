"""The application in a process of its own, on the scripted model, as `notewright serve` starts it.

The scripted model can be made slow, so that a test can see words grow, press Stop, or come too
early: `python -m tests.browser.served DATA PORT [--delay S] [--load S] [--shared] [--english]
[--training] [--catalogue FOLDER]`.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.modelroom import Models
from app.server import free_port, start
from app.settings import load_settings
from app.studio import Studio
from app.training import Training
from engine.loading import LoadedModels, LoadOptions, load_models
from engine.models.scripted import ScriptedModel
from engine.types import ModelCard
from storage.store import Store
from tests.children import answering

HOST = "127.0.0.1"


class EnglishOnly(ScriptedModel):
    """A scripted model that, like the embedded one, writes English only."""

    @property
    def card(self) -> ModelCard:
        """What the model is."""
        return super().card.model_copy(update={"languages": ("en",)})


class Named(ScriptedModel):
    """A scripted model that goes by another's name."""

    def __init__(self, name: str, delay: float = 0.0) -> None:
        """Take the name."""
        super().__init__(delay=delay)
        self._card = self._card.model_copy(update={"name": name})


class SlowStudio(Studio):
    """The studio, whose scripted model takes its time to load and to write.

    Where a note names its models, the scripted one writes by those names.
    """

    delay = 0.0
    load_seconds = 0.0
    english_only = False

    @property
    def models(self) -> LoadedModels:
        """The scripted models, after a while; or what somebody put in their place."""
        if self.room.ready is None:
            self.room.put(self._slow())
        return self.room.models()

    def loaded(self, models: Models) -> LoadedModels:
        """The scripted models, by the names that a note asks for."""
        found = super().loaded(models)
        if models.planner:
            found = replace(found, planner_model=Named(models.planner, self.delay))
        if models.stylist:
            found = replace(found, stylist_model=Named(models.stylist, self.delay))
        return found

    def _slow(self) -> LoadedModels:
        time.sleep(self.load_seconds)
        loaded = load_models(LoadOptions(cache_dir=self.settings.data_dir, scripted=True))
        model = (EnglishOnly if self.english_only else ScriptedModel)(delay=self.delay)
        return replace(loaded, planner_model=model, stylist_model=model)


@dataclass(frozen=True)
class Served:
    """A running application."""

    url: str
    data_dir: Path
    port: int


@contextmanager
def served(data_dir: Path, *flags: str, port: int = 0, hub: str | None = None) -> Iterator[Served]:
    """Run the application until the block ends; its address answers when the block begins.

    `hub` is the address of a model hub on this machine; without one it is offline.
    """
    port = port or free_port(HOST)
    command = [sys.executable, "-m", "tests.browser.served", str(data_dir), str(port), *flags]
    environment = {"GRADIO_HEARTBEAT_INTERVAL": "1", "HF_HUB_OFFLINE": "1"}
    if hub is not None:
        environment |= {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": hub}
    url = f"http://{HOST}:{port}/"
    with answering(command, url, data_dir.with_suffix(".log"), environment):
        yield Served(url, data_dir, port)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--load", type=float, default=0.0)
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--english", action="store_true")
    parser.add_argument("--training", action="store_true", help="training only counts")
    parser.add_argument("--catalogue", type=Path, help="the folder of another catalogue.json")
    asked = parser.parse_args()
    if asked.catalogue:
        from tests.engine.hub_server import read_catalogue_from

        read_catalogue_from(asked.catalogue)
    settings = load_settings(
        data_dir=asked.data,
        port=asked.port,
        scripted=True,
        open_browser=False,
        shared=asked.shared,
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if asked.training:
        Training.program = ("-m", "tests.finetune.scripted")
    studio = SlowStudio(settings, Store.open(settings.url))
    studio.delay, studio.load_seconds = asked.delay, asked.load
    studio.english_only = asked.english
    server = start(settings, studio)
    server.page.block_thread()


if __name__ == "__main__":
    main()
