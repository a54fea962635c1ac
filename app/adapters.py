"""Which adapter a note is written with: the writer's word, the one promoted, the general one."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from engine.errors import AdapterUnusable, ModelUnavailable, NotFound
from engine.models import general
from engine.protocols import AdapterHost
from storage.adapters import AdapterShelf

NONE = "none"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chosen:
    """An adapter by the name that the model knows it by; None is the bare base.

    `passed_over` has a sentence for each adapter that should have served and cannot.
    """

    name: str | None
    passed_over: tuple[str, ...] = ()


class AdapterDesk:
    """Chooses an adapter for a note and sees that the model has it.

    Args:
        shelf: where the writers' adapters are.
        host: gives the model that adapters go to, None where it takes none; loads it if need be.
        general_folder: where the general adapter is, in place of the one that ships.
    """

    def __init__(
        self,
        shelf: AdapterShelf,
        host: Callable[[], AdapterHost | None],
        *,
        general_folder: Path | None = None,
    ) -> None:
        """Keep the parts; nothing is loaded yet."""
        self.shelf = shelf
        self._host = host
        self._general = general_folder
        self._known: WeakKeyDictionary[AdapterHost, set[str]] = WeakKeyDictionary()

    def choose(
        self,
        owner: str,
        style: str,
        wanted: str | None = None,
        *,
        host: Callable[[], AdapterHost | None] | None = None,
    ) -> Chosen:
        """Return the adapter to write with; the model knows it when this returns.

        Args:
            owner: whose note it is.
            style: the style's name, empty for samples that belong to none.
            wanted: an adapter's id, "general" or "none"; None takes the one that serves the style,
                else the general one, else none. One that is damaged is passed over for the one that
                served before it.
            host: gives the model of this one note, where that is another.

        Raises:
            NotFound: there is no adapter of the wanted id.
            AdapterUnusable: the wanted one is damaged or was made for another base.
            ModelUnavailable: the stylist is of a kind that takes no adapters.
        """
        if wanted == NONE:
            return Chosen(None)
        taker = (host or self._host)()
        if wanted is None:
            return self._default(owner, style, taker) if taker else Chosen(None)
        if taker is None:
            raise ModelUnavailable(
                "A stylist on a server takes no adapters; say --adapter none, or choose one of "
                "this machine."
            )
        name = wanted if wanted == general.NAME else self.shelf.get(owner, wanted).id
        return Chosen(self._use(name, taker))

    def _default(self, owner: str, style: str, host: AdapterHost) -> Chosen:
        passed_over: list[str] = []
        for name in self._candidates(owner, style, host):
            try:
                return Chosen(self._use(name, host), tuple(passed_over))
            except AdapterUnusable as error:
                _log.warning("Adapter %s is passed over: %s", name, error)
                passed_over.append(str(error))
        return Chosen(None, tuple(passed_over))

    def _candidates(self, owner: str, style: str, host: AdapterHost) -> Iterator[str]:
        """Yield names of adapters, the best first."""
        if style:
            # A note may be finished in a style that was renamed or deleted while it was written.
            with suppress(NotFound):
                for adapter in self.shelf.serving(owner, style, base=host.base.revision):
                    yield adapter.id
        if general.general_fits(host.base, self._general):
            yield general.NAME

    def _use(self, name: str, host: AdapterHost) -> str:
        """See that the model has the adapter; its file is checked before the first time."""
        known = self._known.setdefault(host, set())
        if name not in known:
            if name == general.NAME:
                path = general.general_adapter(host.base, self._general)
            else:
                path = self.shelf.servable(name, host.base)
            host.register_adapter(name, path)
            known.add(name)
        return name
