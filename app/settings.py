"""Settings: environment first (NOTEWRIGHT_…), then `settings.toml` in the data directory."""

import os
import tomllib
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from engine.errors import InvalidRequest

UserPath = Annotated[Path, AfterValidator(Path.expanduser)]
OptionalPath = Annotated[UserPath | None, BeforeValidator(lambda value: value or None)]


def default_data_dir() -> Path:
    """Return the platform's place for what a person makes."""
    return user_data_path("notewright", appauthor=False)


class Settings(BaseSettings):
    """Made once in main and passed down."""

    model_config = SettingsConfigDict(env_prefix="NOTEWRIGHT_", frozen=True, extra="forbid")

    data_dir: UserPath = Field(
        default_factory=default_data_dir, description="Where notes, styles and caches are kept."
    )
    database_url: str = Field(
        default="", description="Database to use; SQLite in the data directory when empty."
    )
    host: str = Field(default="127.0.0.1", description="Address the page is served on.")
    port: int = Field(default=7860, ge=0, le=65535, description="Port of the page.")
    threads: int = Field(
        default=0, ge=0, description="Threads for the models; 0 takes the cores we really have."
    )
    planner_gguf: OptionalPath = Field(
        default=None,
        description="A GGUF file to plan with instead of the embedded model.",
    )
    stylist_gguf: OptionalPath = Field(
        default=None,
        description="A GGUF file to write with instead of the embedded model.",
    )
    shared: bool = Field(
        default=False,
        description="Public demo: each visitor sees only their own notes, and limits are lower.",
    )
    open_browser: bool = Field(default=True, description="Open the page when the server starts.")
    scripted: bool = Field(
        default=False,
        description="Use the scripted model instead of a language model (tests and page work).",
    )

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'notewright.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the signature is pydantic's)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, file."""
        file = _data_dir_in_force(init_settings) / "settings.toml"
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)


def _data_dir_in_force(arguments: PydanticBaseSettingsSource) -> Path:
    """Return where `settings.toml` lies: it cannot itself say, so arguments and environment do."""
    given = (
        arguments.init_kwargs.get("data_dir") if isinstance(arguments, InitSettingsSource) else ""
    )
    chosen = given or os.environ.get("NOTEWRIGHT_DATA_DIR")
    return Path(chosen).expanduser() if chosen else default_data_dir()


def load_settings(**arguments: object) -> Settings:
    """Read the settings once, `arguments` over environment over file.

    Raises:
        InvalidRequest: a value cannot be used; the message names it and where it may stand.
    """
    try:
        return Settings(**arguments)  # type: ignore[arg-type]  # checked by pydantic itself
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InvalidRequest(
            f"The setting {name!r} cannot be used: {first['msg']}. It is read from "
            f"NOTEWRIGHT_{name.upper()} or from settings.toml in the data directory; mend it there."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(
            f"settings.toml in the data directory is not valid TOML ({error}); mend or remove it."
        ) from error
