"""Settings: a TOML file named by --config, overridden by the environment; unknown keys are errors."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from iot_gateway.map_settings import MapSettings

ENV_PREFIX: Final = "SHOUWANG_"


class ConfigError(Exception):
    """A setting is wrong; the message is one line that names it."""


class MqttSettings(BaseModel):
    """Where the broker is, and how much may wait for the core."""

    model_config = ConfigDict(extra="forbid")
    url: str = "mqtt://127.0.0.1:1883"
    client_id: str = "_gateway"
    canary_url: str | None = None  # default: `url`, if that names nobody
    keepalive_s: int = Field(default=15, ge=5, le=1200)
    # 50,000: about 20 s of a reconnect storm's rate; beyond it positions are thinned.
    queue_limit: int = Field(default=50_000, ge=100)

    @field_validator("url", "canary_url")
    @classmethod
    def _mqtt_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.port == 0:
            raise ValueError("must look like mqtt://user:pass@host:1883")
        return url

    @property
    def canary(self) -> str | None:
        """Where the canary sings; None: the broker wants names, and it has none."""
        if self.canary_url is None and urlsplit(self.url).username is None:
            return self.url
        return self.canary_url


class StoreSettings(BaseModel):
    """Where facts are kept. Only SQLite in this version."""

    model_config = ConfigDict(extra="forbid")
    url: str | None = None  # default: sqlite in data_dir
    # Raw readings and quarantined input are kept this long; alarms and the journal stay.
    readings_days: float = Field(default=30, gt=0)
    # A second copy of the alarm journal, best on another disk: written before a device hears its `ack`.
    second_journal: Path | None = None

    @field_validator("url")
    @classmethod
    def _sqlite_url(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith("sqlite:///"):
            raise ValueError(
                f"this store cannot be used: {urlsplit(url).scheme or url!r} (only sqlite:///path)"
            )
        if url is not None and url.removeprefix("sqlite:///") in {"", ":memory:"}:
            raise ValueError("this store cannot be used: it has no file (sqlite:///path)")
        return url


class HttpSettings(BaseModel):
    """Where the api listens."""

    model_config = ConfigDict(extra="forbid")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    session_hours: float = Field(default=12, gt=0)


class WatchdogSettings(BaseModel):
    """How the watchdog shouts; without a command and a webhook `shouwang run` starts none."""

    model_config = ConfigDict(extra="forbid")
    url: str | None = None  # default: our own api
    command: str | None = None
    webhook: str | None = None
    silence_s: float = Field(default=15, ge=5)
    repeat_s: float = Field(default=300, ge=15)

    @field_validator("url", "webhook")
    @classmethod
    def _http_url(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
            raise ValueError("must look like https://host:port/path")
        return url

    @property
    def has_voice(self) -> bool:
        return self.command is not None or self.webhook is not None


class Settings(BaseSettings):
    """All settings of the service."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        nested_model_default_partial_update=True,
    )
    data_dir: Path = Path("shouwang-data")
    policy: Path | None = None
    mqtt: MqttSettings = MqttSettings()
    store: StoreSettings = StoreSettings()
    http: HttpSettings = HttpSettings()
    map: MapSettings = MapSettings()
    watchdog: WatchdogSettings = WatchdogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @property
    def database(self) -> Path:
        """The path of the SQLite file."""
        if self.store.url is None:
            return self.data_dir / "shouwang.sqlite"
        return Path(self.store.url.removeprefix("sqlite:///"))


def load(config: Path | None = None) -> Settings:
    """The settings in force.

    Raises:
        ConfigError: the file cannot be read, a key is unknown or a value wrong.
    """
    values: dict[str, Any] = {}
    if config is not None:
        try:
            values = tomllib.loads(config.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{config}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{config}: not TOML: {error}") from error
    _refuse_unknown_environment()
    try:
        return Settings(**values)
    except SettingsError as error:  # a whole section in one variable, and that is no JSON
        raise ConfigError(str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        said = (
            "unknown setting"
            if first["type"] == "extra_forbidden"
            else first["msg"].removeprefix("Value error, ")
        )
        raise ConfigError(f"{key}: {said}") from error


def _refuse_unknown_environment() -> None:
    """A SHOUWANG_ variable that names no setting is a mistake someone should hear of."""
    import os

    known = {"DATA_DIR", "POLICY", "PASSWORD", "REQUIRE_ALL", "EXAMPLES"}
    sections: dict[str, type[BaseModel]] = {
        "MQTT": MqttSettings,
        "STORE": StoreSettings,
        "HTTP": HttpSettings,
        "MAP": MapSettings,
        "WATCHDOG": WatchdogSettings,
    }
    for section, model in sections.items():
        known |= {f"{section}__{name.upper()}" for name in model.model_fields} | {section}
    for name in os.environ:
        if name.startswith(ENV_PREFIX) and name.removeprefix(ENV_PREFIX) not in known:
            raise ConfigError(f"{name}: unknown setting")
