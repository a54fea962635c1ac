"""What the engine needs to know of the settings; the keys of model servers are read here."""

from pathlib import Path

from pydantic import SecretStr

from app.settings import Settings
from engine.errors import InvalidRequest
from engine.loading import LoadOptions
from engine.models.remote_server import Server, checked_server
from engine.types import ModelRole

_LONGEST_KEY = 4_096


def load_options(settings: Settings) -> LoadOptions:
    """Return what the engine needs to know of the settings to load the models.

    Raises:
        InvalidRequest: a server's address, key or key file cannot be used.
    """
    return LoadOptions(
        cache_dir=settings.data_dir / "cache",
        threads=settings.threads,
        scripted=settings.scripted,
        planner_gguf=settings.planner_gguf,
        stylist_gguf=settings.stylist_gguf,
        planner_server=_server(settings, "planner"),
        stylist_server=_server(settings, "stylist"),
        planner_folder=_folder(settings.planner_url, settings.planner_model),
        stylist_folder=_folder(settings.stylist_url, settings.stylist_model),
        four_bit=settings.four_bit,
        embedder=settings.embedder,
        checker=settings.checker,
    )


def _server(settings: Settings, role: ModelRole) -> Server | None:
    url, model = getattr(settings, f"{role}_url"), getattr(settings, f"{role}_model")
    if not url:
        return None
    server = Server(url=url, model=model, key=_key(settings, role), patience=settings.patience)
    return checked_server(server)


def _folder(url: str, model: str) -> Path | None:
    return Path(model).expanduser() if model and not url else None


def _key(settings: Settings, role: ModelRole) -> SecretStr:
    """Return the key for a role's server: from the environment, or from its file."""
    given: SecretStr | None = getattr(settings, f"{role}_key")
    file: Path | None = getattr(settings, f"{role}_key_file")
    if given or file is None:
        return given or SecretStr("")
    try:
        with file.open(encoding="utf-8") as text:
            return SecretStr(text.read(_LONGEST_KEY).strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidRequest(
            f"The key file {file.name!r} of the {role}'s server cannot be read ({reason}); check "
            f"NOTEWRIGHT_{role.upper()}_KEY_FILE."
        ) from None
