"""Which models one note may be planned and written with: by name, on this machine or set here.

What a visitor sends is looked up in a list of ours. It is never a path or an address.
"""

from app.choices import EMBEDDED, SET
from app.modelroom import Models
from app.models_use import embedded_name, models_folder, names_in
from app.settings import Settings
from engine.errors import InvalidRequest, NotFound
from engine.models.catalogue import catalogue
from engine.models.pulled import PulledModels
from engine.types import ModelRole


def model_names(settings: Settings) -> tuple[str, ...]:
    """Return the models that a note may ask for: the embedded, the downloaded, those that are set.

    A server is called by its model's name, or its host where none is set; a file by its name.
    """
    pulled = PulledModels(models_folder(settings))
    here = [entry.name for entry in catalogue() if entry.embedded or pulled.path(entry)]
    return tuple(dict.fromkeys([*here, *names_in(settings).values()]))


def note_models(settings: Settings, planner: object = "", stylist: object = "") -> Models:
    """Return the models of one note; an empty name is what is set for its role.

    Raises:
        InvalidRequest: a name is no text.
        NotFound: there is no such model here; the message names those that are.
    """
    return Models(_chosen(settings, "planner", planner), _chosen(settings, "stylist", stylist))


def _chosen(settings: Settings, role: ModelRole, name: object) -> str:
    if not isinstance(name, str):
        raise InvalidRequest(f"{role!r} must be text.", field=role)
    set_up = names_in(settings)
    wanted = embedded_name() if name == EMBEDDED else name
    if wanted in {"", set_up[role]}:
        return ""
    for other, named in set_up.items():
        if wanted == named:
            return f"{SET}{other}"
    known = model_names(settings)
    if wanted not in known:
        raise NotFound(f"There is no model {name[:80]!r} here; choose one of: {', '.join(known)}.")
    return EMBEDDED if wanted == embedded_name() else wanted
