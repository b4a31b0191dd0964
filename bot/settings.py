"""Settings: environment or `.env`, one model. Every secret may also be given as `…_FILE`."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

#: Settings that hold secrets.
SECRETS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")


class SettingsError(ValueError):
    """A setting or a file it names cannot be used. Mend what is named and start again."""


class Settings(BaseSettings):
    """Everything that can be set. Names are the environment variables' own."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    database_url: str = Field("sqlite:///andon.db", alias="ANDON_DATABASE_URL")
    host: str = Field("127.0.0.1", alias="ANDON_HOST")
    port: int = Field(8080, alias="ANDON_PORT", ge=0, le=65535)
    policy: str = Field("policy.toml", alias="ANDON_POLICY")
    allowed_callbacks: Annotated[tuple[str, ...], NoDecode] = Field(
        (), alias="ANDON_ALLOWED_CALLBACKS"
    )
    signing_keys: str = Field("keys", alias="ANDON_SIGNING_KEYS")
    slack_mode: Literal["socket", "http", "off"] = Field("socket", alias="ANDON_SLACK_MODE")
    slack_api_url: str = Field("https://slack.com/api/", alias="ANDON_SLACK_API_URL")
    slack_bot_token: SecretStr = Field(SecretStr(""), alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr = Field(SecretStr(""), alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr = Field(SecretStr(""), alias="SLACK_SIGNING_SECRET")

    @field_validator("allowed_callbacks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
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
                "set ANDON_SLACK_MODE=off to run without Slack"
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
        known: dict[str, Any] = {**_from_files(), **given}
        return Settings(**known)
    except ValidationError as error:
        lines = (
            f"{'.'.join(str(p) for p in e['loc']) or 'settings'}: {e['msg']}"
            for e in error.errors(include_url=False, include_input=False)
        )
        raise SettingsError("\n".join(lines)) from None


def _from_files() -> dict[str, str]:
    found = {}
    for name in SECRETS:
        path = os.environ.get(f"{name}_FILE")
        if path and name not in os.environ:
            try:
                found[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{name}_FILE: {path}: {error.strerror}") from error
    return found
