"""Where pulled models lie, and which of them the settings name; `app.choices` changes that."""

from pathlib import Path

from app.settings import Settings, load_settings
from engine.errors import InvalidRequest
from engine.models.catalogue import Role, catalogue
from engine.models.pulled import FOLDER
from engine.models.remote_server import Server, checked_server


def models_folder(settings: Settings) -> Path:
    """Return where pulled models lie."""
    return settings.data_dir / FOLDER


def embedded_name() -> str:
    """Return what the model is called that comes with Notewright."""
    return next(entry.name for entry in catalogue() if entry.embedded)


def names_in(settings: Settings) -> dict[Role, str]:
    """Return what each role's model is called: in the catalogue, by its file, or by its server."""
    folder = models_folder(settings)
    pulled = {folder / entry.file.name: entry.name for entry in catalogue() if entry.file}

    def name(role: Role) -> str:
        url, model, path = (
            getattr(settings, f"{role}_{part}") for part in ("url", "model", "gguf")
        )
        if url:
            return str(model) or _host(url)
        if model:
            return Path(model).name
        return embedded_name() if path is None else pulled.get(path, path.name)

    return {"planner": name("planner"), "stylist": name("stylist")}


def in_settings(settings: Settings) -> dict[Role, str]:
    """Return the names of those that the environment and the file ask for at this moment."""
    return names_in(load_settings(data_dir=settings.data_dir))


def _host(url: str) -> str:
    """Return the name of a server; of an address that may hold a password or a key, nothing."""
    try:
        return checked_server(Server(url=url)).host
    except InvalidRequest:
        return "–"
