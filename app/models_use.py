"""Where pulled models lie, and which of them the settings name; `app.choices` changes that."""

from pathlib import Path

from app.settings import Settings, load_settings
from engine.models.catalogue import Role, catalogue
from engine.models.pulled import FOLDER


def models_folder(settings: Settings) -> Path:
    """Return where pulled models lie."""
    return settings.data_dir / FOLDER


def embedded_name() -> str:
    """Return what the model is called that comes with Notewright."""
    return next(entry.name for entry in catalogue() if entry.embedded)


def in_settings(settings: Settings) -> dict[Role, str]:
    """Return what each role's model is called: in the catalogue, by its file, or by its server."""
    found, folder = load_settings(data_dir=settings.data_dir), models_folder(settings)
    pulled = {folder / entry.file.name: entry.name for entry in catalogue() if entry.file}

    def name(role: Role) -> str:
        url, model, path = (getattr(found, f"{role}_{part}") for part in ("url", "model", "gguf"))
        if url or model:
            return str(model or url)
        return embedded_name() if path is None else pulled.get(path, path.name)

    return {"planner": name("planner"), "stylist": name("stylist")}
