"""Which prompt a note is written by: the one in use for its style, else the plain one."""

from contextlib import suppress
from dataclasses import replace

from app.adapters import NONE, AdapterDesk
from engine.errors import AdapterUnusable, NotFound
from engine.loading import LoadedModels
from engine.models import general
from engine.stylist import make_stylist
from engine.writer import Writer
from storage.searches import SearchBoard


class PromptDesk:
    """Chooses adapter and prompt for a note; a prompt found by search is for one adapter or none.

    Args:
        board: where the prompts in use are.
        adapters: chooses the adapter.
    """

    def __init__(self, board: SearchBoard, adapters: AdapterDesk) -> None:
        """Keep the parts."""
        self.board = board
        self._adapters = adapters

    def writing(
        self, owner: str, style: str, wanted: str | None, writer: Writer, models: LoadedModels
    ) -> tuple[str | None, Writer]:
        """Return the adapter to write with on these models, and the writer.

        A prompt in use steps aside where an adapter was asked for by name, where another one serves
        than when it was taken into use (what was promoted later is meant), and where its own was
        retired or is damaged.
        """

        def choose(name: str | None) -> str | None:
            return self._adapters.choose(owner, style, name, host=lambda: models.adapters).name

        chosen = choose(wanted)
        if wanted is not None or not style:
            return chosen, writer
        # A note may be finished in a style that was renamed or deleted while it was written.
        with suppress(NotFound, AdapterUnusable):
            used = self.board.in_use(owner, style)
            if used is not None and used.over == chosen and self._writes(owner, used.adapter):
                found = choose(used.adapter or NONE)
                stylist = make_stylist(models.stylist_model, models.embedder, used.recipe)
                return found, replace(writer, stylist=stylist)
        return chosen, writer

    def _writes(self, owner: str, adapter: str | None) -> bool:
        """Tell whether an adapter may still write: one that was retired saw what was taken back."""
        if adapter in {None, general.NAME}:
            return True
        return self._adapters.shelf.get(owner, adapter).status != "retired"
