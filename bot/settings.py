"""Settings: environment or `.env`, one model. Every secret may also be given as `…_FILE`."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.callback_urls import refuse_host

#: Settings that hold secrets.
SECRETS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")

#: What the client reads; a service may run beside us, with the same environment.
CLIENTS = frozenset(
    {"ANDON_URL", "ANDON_KEY", "ANDON_KEY_FILE", "ANDON_JWKS_FILE"}
    | {"ANDON_STATE", "ANDON_ENVIRONMENT"}
)

#: Where settings are read besides the environment.
FILE = ".env"


class SettingsError(ValueError):
    """A setting or a file it names cannot be used. Mend what is named and start again."""


class Settings(BaseSettings):
    """Everything that can be set. Names are the environment variables' own."""

    model_config = SettingsConfigDict(env_file=FILE, extra="ignore", populate_by_name=True)

    database_url: str = Field("sqlite:///andon.db", alias="ANDON_DATABASE_URL")
    host: str = Field("127.0.0.1", alias="ANDON_HOST", min_length=1)
    port: int = Field(8080, alias="ANDON_PORT", ge=0, le=65535)
    policy: str = Field("policy.toml", alias="ANDON_POLICY", min_length=1)
    runbooks: str = Field("", alias="ANDON_RUNBOOKS")
    allowed_callbacks: Annotated[tuple[str, ...], NoDecode] = Field(
        (), alias="ANDON_ALLOWED_CALLBACKS"
    )
    opens_per_minute: int = Field(600, alias="ANDON_OPENS_PER_MINUTE", ge=1)
    requests_per_minute: int = Field(6000, alias="ANDON_REQUESTS_PER_MINUTE", ge=1)
    most_pending: int = Field(1000, alias="ANDON_MOST_PENDING", ge=1)
    most_callbacks: int = Field(1000, alias="ANDON_MOST_CALLBACKS", ge=1)
    signing_keys: str = Field("keys", alias="ANDON_SIGNING_KEYS", min_length=1)
    anchors: str = Field("", alias="ANDON_ANCHORS")
    slack_mode: Literal["socket", "http", "off"] = Field("socket", alias="ANDON_SLACK_MODE")
    slack_api_url: str = Field(
        "https://slack.com/api/", alias="ANDON_SLACK_API_URL", pattern="^https?://.+/$"
    )
    slack_bot_token: SecretStr = Field(SecretStr(""), alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr = Field(SecretStr(""), alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr = Field(SecretStr(""), alias="SLACK_SIGNING_SECRET")

    @field_validator("allowed_callbacks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_callbacks")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [reason for reason in map(refuse_host, value) if reason]
        if wrong:
            raise ValueError(" ".join(wrong))
        return value

    @model_validator(mode="after")
    def _slack_needs_its_secrets(self) -> "Settings":
        needed = {
            "socket": ("slack_bot_token", "slack_app_token"),
            "http": ("slack_bot_token", "slack_signing_secret"),
            "off": (),
        }[self.slack_mode]
        missing = [name.upper() for name in needed if not getattr(self, name).get_secret_value()]
        if missing:
            raise ValueError(
                f"ANDON_SLACK_MODE={self.slack_mode} needs {' and '.join(missing)}; "
                "set ANDON_SLACK_MODE=off to run without Slack."
            )
        return self

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """Slack's signing secrets; several during a rotation."""
        given = self.slack_signing_secret.get_secret_value().split(",")
        return tuple(secret.strip() for secret in given if secret.strip())


def read_settings(**given: Any) -> Settings:
    """The settings in force. Raises SettingsError, one line a mistake."""
    try:
        known: dict[str, Any] = {**_from_files(_environment()), **given}
        return Settings(**known)
    except ValidationError as error:
        lines = (
            f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}".removeprefix(": ")
            .replace("Value error, ", "")
            .replace("Input should be", "should be")
            for e in error.errors(include_url=False, include_input=False)
        )
        raise SettingsError("\n".join(lines)) from None


def unknown_settings(names: Iterable[str] | None = None) -> dict[str, str]:
    """Names that look like settings and are none, with the nearest that is one, or nothing."""
    known = {str(field.alias) for field in Settings.model_fields.values()}
    known |= {f"{name}_FILE" for name in SECRETS} | CLIENTS
    given = _environment() if names is None else names
    ours = (n for n in given if n.startswith(("ANDON_", "SLACK_")) and n not in known)
    return {n: next(iter(difflib.get_close_matches(n, sorted(known), 1)), "") for n in ours}


def file_of_secret(name: str) -> tuple[Path, ...]:
    """The file a secret lies in, where it lies in one of its own."""
    path = _environment().get(f"{name}_FILE")
    return (Path(path),) if path else ()


def secret_of(name: str) -> str | None:
    """What stands for `${NAME}` in the address of a route: NAME, or the text of the file NAME_FILE.

    Raises SettingsError for a file that cannot be read.
    """
    given = _environment()
    if given.get(name) or not given.get(f"{name}_FILE"):
        return given.get(name)
    return _text_of(name, given[f"{name}_FILE"])


def _environment() -> dict[str, str]:
    """The file's lines and the environment's variables, which win."""
    lines = {name: value for name, value in dotenv_values(FILE).items() if value is not None}
    return {**lines, **os.environ}


def _from_files(environment: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name in SECRETS:
        path = environment.get(f"{name}_FILE")
        if not path:
            continue
        if environment.get(name):
            raise SettingsError(f"{name} and {name}_FILE are both given; leave one out.")
        found[name] = _text_of(name, path)
    return found


def _text_of(name: str, path: str) -> str:
    """A secret that lies in a file. Raises SettingsError."""
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"{name}_FILE: {path}: {reason}.") from None
    if not text:
        raise SettingsError(f"{name}_FILE: {path} is empty.")
    return text
