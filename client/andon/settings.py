"""Where Andon is and who is calling: arguments first, then the environment.

======================  ===========================================================================
ANDON_URL               where the server is, such as https://andon.example.com
ANDON_KEY               the service's key; or ANDON_KEY_FILE, a file it lies in
ANDON_JWKS_FILE         a pinned copy of the server's `/.well-known/jwks.json`
ANDON_STATE             a folder for the keys of claims under way (default ~/.local/state/andon)
======================  ===========================================================================
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from andon.errors import SettingsError

#: Hosts that plain http is always fine for.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the client goes by."""

    url: str  #: without a slash at its end
    key: str = field(repr=False)
    jwks_file: Path | None = None
    state: Path


def read_settings(
    url: str | None = None,
    key: str | None = None,
    *,
    jwks_file: str | os.PathLike[str] | None = None,
    state: str | os.PathLike[str] | None = None,
    is_pinned: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force. `is_pinned`: the keys of grants are given. Raises SettingsError."""
    env = os.environ if environment is None else environment
    pinned = jwks_file or env.get("ANDON_JWKS_FILE") or None
    return Settings(
        url=_address(url or env.get("ANDON_URL", ""), is_pinned or pinned is not None),
        key=_key(key, env),
        jwks_file=Path(pinned) if pinned else None,
        state=_state(state, env),
    )


def _address(url: str, is_pinned: bool) -> str:
    if not url:
        raise SettingsError("Where is Andon? Set ANDON_URL, such as https://andon.example.com.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise SettingsError(f"ANDON_URL is no address of a server: {url!r}. Write https://HOST.")
    if parts.path.rstrip("/").endswith("/v1"):
        raise SettingsError(f"ANDON_URL is the address of the server, without /v1: {url!r}.")
    if parts.username is not None:
        raise SettingsError("ANDON_URL holds a user name; the key belongs into ANDON_KEY.")
    if parts.scheme == "http" and host not in _LOOPBACK and not is_pinned:
        raise SettingsError(
            f"{url} is not encrypted: anyone on the way could forge a release. Use https, or pin "
            "the server's keys with ANDON_JWKS_FILE."
        )
    return url.rstrip("/")


def _key(key: str | None, env: Mapping[str, str]) -> str:
    given, file = env.get("ANDON_KEY", ""), env.get("ANDON_KEY_FILE", "")
    if key is None and given and file:
        raise SettingsError("ANDON_KEY and ANDON_KEY_FILE are both given; leave one out.")
    found = key if key is not None else given or (_text_of(file) if file else "")
    found = found.strip()
    if not found:
        raise SettingsError(
            "Who is calling? Set ANDON_KEY or ANDON_KEY_FILE to the service's key; "
            "`andon-server service add NAME` prints one."
        )
    if not found.isascii() or not found.isprintable() or " " in found:
        raise SettingsError("The key in ANDON_KEY is no key: it has spaces or odd characters.")
    return found


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"ANDON_KEY_FILE: {path}: {reason}.") from None


def _state(state: str | os.PathLike[str] | None, env: Mapping[str, str]) -> Path:
    given = state or env.get("ANDON_STATE")
    if given:
        return Path(given)
    home = env.get("XDG_STATE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".local" / "state") / "andon"
    except RuntimeError:
        raise SettingsError("There is no home folder here; set ANDON_STATE to a folder.") from None
