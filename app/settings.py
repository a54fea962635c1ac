"""Settings: environment first (NOTEWRIGHT_…), then `settings.toml` in the data directory."""

import os
import tomllib
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
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
OptionalNumber = Annotated[
    int | None, BeforeValidator(lambda value: None if value == "" else value)
]
_SHARED_NOTES_PER_HOUR = 20


def default_data_dir() -> Path:
    """Return the platform's place for what a person makes."""
    return user_data_path("notewright", appauthor=False)


class Settings(BaseSettings):
    """Made once in main and passed down."""

    model_config = SettingsConfigDict(
        env_prefix="NOTEWRIGHT_",
        # Who starts containers hands empty variables on: they say nothing about the file's value.
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

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
    planner_url: str = Field(
        default="",
        description="A server that speaks OpenAI's language, to plan on; while it is down the "
        "planner on this machine plans.",
    )
    planner_model: str = Field(
        default="",
        description="The planner's name at the server of `NOTEWRIGHT_PLANNER_URL`; without "
        "one the folder of a model for transformers.",
    )
    planner_key: SecretStr | None = Field(
        default=None,
        description="The key for `NOTEWRIGHT_PLANNER_URL`, where it wants one.",
    )
    planner_key_file: OptionalPath = Field(
        default=None, description="A file with that key in it, and nothing else."
    )
    stylist_url: str = Field(
        default="",
        description="A server that speaks OpenAI's language, to write on.",
    )
    stylist_model: str = Field(
        default="",
        description="The stylist's name at the server of `NOTEWRIGHT_STYLIST_URL`; without "
        "one the folder of a model for transformers.",
    )
    stylist_key: SecretStr | None = Field(
        default=None,
        description="The key for `NOTEWRIGHT_STYLIST_URL`, where it wants one.",
    )
    stylist_key_file: OptionalPath = Field(
        default=None, description="A file with that key in it, and nothing else."
    )
    patience: float = Field(
        default=60.0, gt=0, description="Seconds that a model server may be silent."
    )
    four_bit: bool = Field(
        default=False,
        description="Hold models for transformers in four bits, while they are trained too; needs "
        "the package bitsandbytes (extra `four-bit`).",
    )
    model_memory: float = Field(
        default=0.0,
        ge=0,
        description="Gigabytes for model files in memory, the least recently used going first; 0 "
        "takes what is free.",
    )
    embedder: str = Field(
        default="",
        description="A sentence-transformers model (a folder or a name on the Hugging Face Hub) to "
        "use instead of the embedded one.",
    )
    checker: str = Field(
        default="",
        description="An NLI cross-encoder (a folder or a name on the Hugging Face Hub) that checks "
        "claims against their source; word and token checks when empty.",
    )
    shared: bool = Field(
        default=False,
        description="Public demo: each visitor sees only their own notes, and limits are lower.",
    )
    notes_per_hour: OptionalNumber = Field(
        default=None,
        ge=0,
        description="Notes that one visitor may begin in an hour, 0 for no limit; when empty, "
        f"{_SHARED_NOTES_PER_HOUR} on a shared page and no limit elsewhere.",
    )
    login: SecretStr | None = Field(
        default=None,
        description="`user:password` that the page asks for; it asks for nothing when empty.",
    )
    login_file: OptionalPath = Field(
        default=None,
        description="A file with one `user:password` a line; everybody sees their own notes only.",
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

    @property
    def notes_limit(self) -> int:
        """Notes that one visitor may begin in an hour; 0 for no limit."""
        if self.notes_per_hour is not None:
            return self.notes_per_hour
        return _SHARED_NOTES_PER_HOUR if self.shared else 0

    @property
    def named_owners(self) -> bool:
        """Whether the name that a person logged in with says whose notes they see."""
        return self.login_file is not None or (self.shared and bool(self.login))

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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"settings.toml in the data directory is not valid TOML ({error}); mend or remove it."
        ) from error
