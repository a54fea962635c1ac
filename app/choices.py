"""Which models plan and write: chosen by name, kept in `settings.toml`, and who said so."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from app.options import load_options
from app.settings import Settings, load_settings
from engine.errors import InvalidRequest, NotFound, StorageError
from engine.loading import LoadOptions
from engine.models.catalogue import named
from engine.models.pulled import FOLDER, pulled_model
from engine.types import ModelRole

EMBEDDED = "embedded"
SET = "set:"
"""Before a role: the model that is set for that role."""
ROLES: tuple[ModelRole, ...] = ("planner", "stylist")
_PARTS = ("url", "model", "gguf", "key_file")
_FILE = "settings.toml"

Changes: TypeAlias = dict[str, str | None]
"""Settings and their new values; None takes one out."""


def local_file(settings: Settings, name: str) -> Path | None:
    """Return the GGUF file that a name speaks of; None for the embedded model.

    Raises:
        NotFound: there is no such file, or the catalogue has no such model.
        InvalidRequest: it is not downloaded.
    """
    if name == EMBEDDED:
        return None
    if name.endswith(".gguf") or os.sep in name:
        if name.endswith(".gguf") and (file := _path(name)).is_file():
            return file
        raise NotFound(
            f"There is no model at {name!r}; name a file that ends in .gguf, a folder with "
            "config.json in it, or a server by its whole address."
        )
    entry = named(name)
    path = pulled_model(settings.data_dir / FOLDER, entry.name)
    if path is None and not entry.embedded:
        raise InvalidRequest(f"{entry.name} is not downloaded yet; download it first.")
    return path


def options_for(settings: Settings, planner: str = "", stylist: str = "") -> LoadOptions:
    """Return what to load for one request; empty names are what is set.

    A visitor names what is on this machine: addresses are the operator's to set.

    Raises:
        InvalidRequest: a server is named.
        NotFound: the catalogue has no such model.
    """
    options = set_up = load_options(settings)
    for role, name in zip(ROLES, (planner, stylist), strict=True):
        if name:
            options = replace(options, **_places(settings, set_up, role, name))
    return options


def _places(settings: Settings, set_up: LoadOptions, role: ModelRole, name: str) -> dict[str, Any]:
    """Return where a role's model is to be found, as options to load it by."""
    for other in ROLES:
        if name == f"{SET}{other}":
            places = ("server", "folder", "gguf")
            return {f"{role}_{place}": getattr(set_up, f"{other}_{place}") for place in places}
    if name.startswith(("http://", "https://")):
        raise InvalidRequest(
            "A note cannot name a server; set it with `notewright models use`, or choose a model "
            "on this machine."
        )
    file = local_file(settings, name)
    return {f"{role}_server": None, f"{role}_folder": None, f"{role}_gguf": file}


def changes_for(
    settings: Settings, role: ModelRole, choice: str, *, model: str = "", key_file: str = ""
) -> Changes:
    """Return what must stand in `settings.toml` for a role to use a model.

    Args:
        settings: those in force.
        role: which role.
        choice: "embedded", a pulled model's name, a GGUF file, a folder with a model for
            transformers, or the address of a server.
        model: the model's name at that server.
        key_file: the file with the server's key.

    Raises:
        InvalidRequest: the environment says otherwise, and it comes first.
        NotFound: the catalogue has no such model.
    """
    _check_environment(role)
    found: Changes = dict.fromkeys(_PARTS)
    if choice.startswith(("http://", "https://")):
        # The file on this machine stays: it plans while the server is down.
        del found["gguf"]
        key = str(_path(key_file)) if key_file else None
        found |= {"url": choice, "model": model or None, "key_file": key}
    elif (_path(choice) / "config.json").is_file():
        found["model"] = str(_path(choice))
    else:
        file = local_file(settings, choice)
        found["gguf"] = str(file) if file else None
    return {f"{role}_{part}": value for part, value in found.items()}


def _path(name: str) -> Path:
    """Return a path that holds wherever the next program is started; a stranger's ~ stays."""
    path = Path(name)
    with suppress(RuntimeError):
        path = path.expanduser()
    return path.absolute()


def use(settings: Settings, changes: Changes) -> Settings:
    """Write the changes into `settings.toml`, whole or not at all; return the new settings.

    Everything else in the file stays as it was written.

    Raises:
        InvalidRequest: the file is no TOML, or the new settings cannot be used; nothing changed.
        StorageError: the file cannot be written.
    """
    import tomlkit
    from tomlkit.exceptions import ParseError

    file = settings.data_dir / _FILE
    beside = file.with_name(f".{_FILE}-{os.getpid()}")
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        document = tomlkit.parse(before)
        for name, value in changes.items():
            document.pop(name, None)
            if value is not None:
                document[name] = value
        new = _checked(settings, document)
        file.parent.mkdir(parents=True, exist_ok=True)
        # A key may stand in it: it stays as private as it was.
        beside.touch(mode=0o600)
        if file.exists():
            shutil.copymode(file, beside)
        beside.write_text(tomlkit.dumps(document), encoding="utf-8")
        beside.replace(file)
    except ParseError as error:
        raise InvalidRequest(
            f"settings.toml in the data directory is not valid TOML ({error}); mend or remove it."
        ) from error
    except OSError as error:
        raise StorageError(
            f"settings.toml cannot be written ({error.strerror}); make the data directory "
            "writable, and some room."
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return new


def _checked(settings: Settings, document: Mapping[str, Any]) -> Settings:
    """Return the settings as they would be; options are made to see that they can be used."""
    kept = {name: getattr(settings, name) for name in settings.model_fields_set}
    parts = {f"{role}_{part}" for role in ROLES for part in _PARTS}
    # What the environment says of the other role comes first here too.
    changed = {name for name in parts if not os.environ.get(f"NOTEWRIGHT_{name.upper()}")}
    usual = {name: Settings.model_fields[name].default for name in changed}
    # What is taken out is named too: the file as it was before is still read here.
    new = load_settings(
        **{name: value for name, value in kept.items() if name not in changed},
        **(usual | {name: str(value) for name, value in document.items() if name in changed}),
    )
    load_options(new)
    return new


def in_force(settings: Settings) -> tuple[str, ...]:
    """Return a line for each role: what is set for it, and who said so."""
    return tuple(
        f"{role.capitalize()}: {_said(settings, role)}, {origin(settings, role)}" for role in ROLES
    )


def _said(settings: Settings, role: ModelRole) -> str:
    url, model, file = (getattr(settings, f"{role}_{part}") for part in ("url", "model", "gguf"))
    if url:
        return f"{model or 'the model'} at {url}"
    return model or (file.name if file else EMBEDDED)


def _check_environment(role: ModelRole) -> None:
    for part in _PARTS:
        variable = f"NOTEWRIGHT_{role.upper()}_{part.upper()}"
        if os.environ.get(variable):
            raise InvalidRequest(
                f"{variable} is set and says which model is used; unset it to choose here."
            )


def origin(settings: Settings, role: ModelRole) -> str:
    """Return where the choice for a role comes from, in words."""
    names = [f"{role}_{part}" for part in _PARTS]
    given = [f"NOTEWRIGHT_{n.upper()}" for n in names if os.environ.get(f"NOTEWRIGHT_{n.upper()}")]
    if given:
        return f"from the environment ({', '.join(given)})"
    if any(getattr(settings, name) for name in names):
        return "from settings.toml"
    return "by default"
