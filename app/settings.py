"""Settings: environment first (NOTEWRIGHT_…), then `settings.toml` in the data directory."""

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


def default_data_dir() -> Path:
    """Return the platform's place for what a person makes."""
    return user_data_path("notewright", appauthor=False)


class Settings(BaseSettings):
    """Made once in main and passed down."""

    model_config = SettingsConfigDict(env_prefix="NOTEWRIGHT_", frozen=True, extra="forbid")

    data_dir: Path = Field(
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
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, file."""
        file = TomlConfigSettingsSource(settings_cls, default_data_dir() / "settings.toml")
        return init_settings, env_settings, file
