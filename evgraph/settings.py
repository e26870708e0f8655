"""Settings: environment variables named EVGRAPH_..., each with a default that serves a garage. A secret may be read
from a file instead: EVGRAPH_DATABASE_URL_FILE names the file that holds EVGRAPH_DATABASE_URL."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

_PREFIX = "EVGRAPH_"
_SECRET_FIELDS = ("database_url",)
# What single commands read (doctor, simulate), and what tests and benchmarks do.
_OF_COMMANDS = ("EVGRAPH_TOKEN", "EVGRAPH_TOKEN_FILE", "EVGRAPH_PANEL")
_OF_TESTS = ("EVGRAPH_TEST_", "EVGRAPH_BENCHMARK_", "EVGRAPH_STORIES", "EVGRAPH_SHRINK")


class BadSecretFile(ValueError):
    """A file that should hold a secret cannot be read. The message names the variable and the file, not the secret."""


class _SecretFiles(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return secret_of_file(f"{_PREFIX}{field_name.upper()}"), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: secret_of_file(f"{_PREFIX}{name.upper()}") for name in _SECRET_FIELDS}
        return {name: secret for name, secret in found.items() if secret is not None}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls)

    database_url: str = Field(
        "sqlite://var/evgraph.sqlite3",
        description="sqlite://PATH (two slashes and a relative path, three and an absolute one) or"
        " postgresql://USER:PASSWORD@HOST:PORT/NAME.",
    )
    database_pool_size: int = Field(10, ge=1, description="PostgreSQL connections at the most.")
    database_timeout_s: float = Field(
        10.0, ge=1, description="PostgreSQL's time for a connection, a statement, a lock, or a commit; then it is cut."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    web_dist: Path = Field(Path(__file__).parent.parent / "web" / "dist", description="The built web app, served at /.")
    heartbeat_interval_s: int = Field(300, ge=10, description="Told to a charge point when it boots (B1).")
    ping_interval_s: float = Field(20.0, gt=0, description="Between two WebSocket pings; two missed is offline (C4).")
    call_timeout_s: float = Field(30.0, gt=0, description="A charge point's time to answer a CALL (C5).")
    boot_wait_s: float = Field(5.0, gt=0, description="After connecting, before statuses are asked for (B5).")
    max_frame_bytes: int = Field(
        1024 * 1024, ge=64 * 1024, le=16 * 1024 * 1024, description="Longest frame of a charge point, in bytes (C6)."
    )
    start_window_s: float = Field(180.0, gt=0, description="An accepted start waits so long for its vehicle (S4).")
    stop_wait_s: float = Field(15.0, gt=0, description="A checkout waits so long for a session's end.")
    forgotten_after_s: float = Field(
        300.0, gt=0, description="A connector that is Available so long ends a session nobody speaks of (T7)."
    )
    simulated_speed: int = Field(
        1, ge=1, description="So many times faster than their stamps tell do simulated chargers deliver (M5)."
    )
    upkeep_every_s: float = Field(1.0, gt=0, description="Between two looks for what has run out of time.")
    frames_kept_days: int = Field(
        30, ge=0, description="Every OCPP frame is kept so long, to look up and to derive bills from (C10); 0: none."
    )
    samples_kept_whole_days: int = Field(
        90, ge=0, description="Meter samples older than this are thinned to one a minute; 0: never."
    )
    tls_cert: Path | None = Field(None, description="Certificate to serve TLS with (PEM); needs tls_key.")
    tls_key: Path | None = Field(None, description="Its key (PEM, without a password).")
    client_ca: Path | None = Field(None, description="Who signs client certificates; ca.pem of ca_dir if there is one.")
    ca_dir: Path = Field(Path("var/ca"), description="The operator's certificate authority (evgraph ca).")
    trusted_proxies: str = Field(
        "", description="Addresses or networks of proxies that end TLS and whose X-Forwarded headers are true."
    )
    client_certificate_header: str = Field(
        "", description="Header in which a trusted proxy passes on the client certificate that it verified."
    )
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def secret_of_file(variable: str) -> str | None:
    """What the file holds that `variable`_FILE names, without the line break at its end; None where that is not set.
    Raises BadSecretFile."""
    name = f"{variable}_FILE"
    path = os.environ.get(name)
    if not path:
        return None
    if os.environ.get(variable):
        raise BadSecretFile(f"Both {variable} and {name} are set. Set one of them.")
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as failure:
        why = failure.strerror if isinstance(failure, OSError) else "it is not text"
        raise BadSecretFile(f"{name}: cannot read {path} ({why}).") from failure
    if not secret:
        raise BadSecretFile(f"{name}: {path} is empty.")
    return secret


def misspelled(environment: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """The EVGRAPH_ variables that nothing reads, each with the nearest name that something does."""
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    known |= {f"{_PREFIX}{name.upper()}_FILE" for name in _SECRET_FIELDS}
    known.update(_OF_COMMANDS)
    return [
        (name, next(iter(get_close_matches(name.upper(), known, n=1)), None))
        for name in sorted(environment)
        if name.upper().startswith(_PREFIX) and name.upper() not in known and not name.startswith(_OF_TESTS)
    ]
