"""All settings, read once at start from the environment (prefix ``SAQSHY_``) and passed in."""

import os
import re
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.errors import BadSettings

HostPort = tuple[str, int]
PREFIX = "SAQSHY_"


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _host_port(value: str) -> HostPort:
    host, _, port = value.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit():
        raise ValueError(f"{value!r} is not ADDRESS:PORT")
    return host, int(port)


class Settings(BaseSettings):
    """Settings of one installation; every field is described in docs/operations.md."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    data_dir: Path = Path("var")
    database_url: str | None = None

    search_url: str | None = None
    search_index_prefix: str = "saqshy"
    search_api_key: SecretStr | None = None
    search_user: str | None = None
    search_password: SecretStr | None = None
    search_ca_file: Path | None = None

    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)
    public_url: str | None = None
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "localhost")
    claim_seconds: int = Field(default=900, ge=60, le=86_400)
    login_idle_seconds: int = Field(default=1800, ge=60)
    metrics_token: SecretStr | None = Field(default=None, min_length=16)
    login_absolute_seconds: int = Field(default=43_200, ge=60)

    sources_dir: Path | None = None
    user_agent: str = "Saqshy/0.1 (public ads watch; +https://saqshy.example/about; contact@saqshy.example)"
    hh_token: SecretStr | None = None
    vk_token: SecretStr | None = None
    loopback_allow: Annotated[tuple[HostPort, ...], NoDecode] = ()
    host_overrides: Annotated[dict[str, HostPort], NoDecode] = Field(default_factory=dict)
    timestamp_authorities: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    timestamp_roots_dir: Path | None = None
    chromium: Path | None = None
    lease_seconds: int = Field(default=120, ge=5, le=3600)
    entry_days: int = Field(default=90, ge=1, le=366)

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["info", "warning"] = "info"

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        return _split(value)

    @field_validator("loopback_allow", mode="before")
    @classmethod
    def _loopback(cls, value: object) -> object:
        pairs = [_host_port(part) if isinstance(part, str) else part for part in _split(value) or ()]  # type: ignore[attr-defined]
        for address, _ in pairs:
            if not ip_address(address).is_loopback:
                raise ValueError(f"{address} is not a loopback address")
        return tuple(pairs)

    @field_validator("host_overrides", mode="before")
    @classmethod
    def _overrides(cls, value: object) -> object:
        if isinstance(value, str):
            pairs = (part.partition("=") for part in _split(value) or ())  # type: ignore[attr-defined]
            return {name.strip().lower(): _host_port(target.strip()) for name, _, target in pairs}
        return value

    @field_validator("timestamp_authorities", mode="before")
    @classmethod
    def _authorities(cls, value: object) -> object:
        if isinstance(value, str):
            pairs = (part.partition("=") for part in _split(value) or ())  # type: ignore[attr-defined]
            value = {name.strip(): url.strip() for name, _, url in pairs}
        for name, url in value.items():  # type: ignore[attr-defined]
            if not re.fullmatch(r"[a-z0-9-]{1,64}", name) or not url.startswith(("http://", "https://")):
                raise ValueError(f"{name}={url} is not NAME=https://ADDRESS (name: a-z, 0-9, -)")
        return value

    @cached_property
    def sqlalchemy_url(self) -> str:
        """Database address in SQLAlchemy's form; a file in the data folder unless set."""
        if self.database_url is None:
            return f"sqlite:///{(self.data_dir / 'saqshy.sqlite3').resolve()}"
        for plain in ("postgresql://", "postgres://"):
            if self.database_url.startswith(plain):
                return "postgresql+psycopg://" + self.database_url.removeprefix(plain)
        return self.database_url

    @cached_property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is in use."""
        return self.sqlalchemy_url.startswith("sqlite")

    @property
    def evidence_dir(self) -> Path:
        """Folder of the stored bytes, named by their SHA-256."""
        return self.data_dir / "evidence"

    @property
    def authority_roots_dir(self) -> Path:
        """Folder of ``NAME.pem``: the certificates that each time stamp authority is checked against."""
        return self.timestamp_roots_dir or self.data_dir / "timestamp-roots"

    @property
    def artifacts_dir(self) -> Path:
        """Fitted classifiers."""
        return self.data_dir / "artifacts"

    @property
    def index_dir(self) -> Path:
        """Folder of the embedded search index."""
        return self.data_dir / "index"

    @property
    def releases_dir(self) -> Path:
        """Folder of the finished blocking lists."""
        return self.data_dir / "releases"

    @property
    def keys_dir(self) -> Path:
        """Folder of the audit key and the signing key, 0700."""
        return self.data_dir / "keys"

    @property
    def audit_heads_file(self) -> Path:
        """Heads of the audit log, kept outside the database that holds it."""
        return self.keys_dir / "audit-heads.jsonl"


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; keyword arguments win.

    Raises:
        BadSettings: names each setting that is wrong.
    """
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in Settings.model_fields
    )
    if unknown:
        raise BadSettings(f"There is no setting {', '.join(unknown)}. See docs/operations.md for the names.")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        facts = "; ".join(
            f"{PREFIX}{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors()
        )
        raise BadSettings(f"The settings cannot be used: {facts}. See docs/operations.md.") from error
