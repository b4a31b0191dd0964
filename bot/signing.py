"""Signing keys of grants: Ed25519 files in a directory, never in the database.

The newest signs, all verify. A key is a JWK in a file of its own (`NAME.jwk`), made at the first
start. Names are ordered by time, so the last name is the newest key. To rotate, add a file with a
later name; the old one may lose its private part `d` at once, and goes when its grants are over.
A running server follows (`bot.rotation`). Where several share a database each has keys of its own,
and what they know of one another's decides which may sign (`bot.known_keys`).
"""

import base64
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from approvals.escalation import Json
from approvals.ports import NotSavedError
from bot.durable import sync_folder
from bot.ids import new_id

#: RFC 9864 names the algorithm fully; `EdDSA` would leave the curve open.
ALGORITHM = "Ed25519"

#: `typ` of every grant, so that no other token of the same key can pass for one.
TYPE = "andon-grant+jwt"


class SigningKeysError(OSError):
    """The directory of signing keys cannot be used. The message names the file, never a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What servers on one database know of keys, as far as it concerns one of them."""

    served: tuple[dict[str, Any], ...] = ()  #: the public halves of all, none that is retired
    ripe: frozenset[str] = frozenset()  #: names of those that every cache may know
    retired: frozenset[str] = frozenset()


class KeyRing:
    """Implements `approvals.grants.Signer` over a directory. Raises SigningKeysError."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._keys = _usable(directory, _keys_in)
        self._shared: Shared | None = None
        self._signs: OKPKey | None = None
        self._choose()

    def files(self) -> Sequence[Path]:
        """Where the keys lie."""
        return sorted(self._directory.glob("*.jwk"))

    def read(self) -> list[OKPKey]:
        """The keys as they lie there now, none made. Raises SigningKeysError."""
        return _usable(self._directory, lambda _: [_read(file) for file in self.files()])

    def adopt(self, keys: list[OKPKey]) -> bool:
        """Sign and verify with these from now on; whether any is another."""
        changed = [_print(key) for key in keys] != [_print(key) for key in self._keys]
        self._keys = keys
        self._choose()
        return changed

    def share(self, shared: Shared) -> None:
        """From now on sign only by what every server knows, and serve the keys of all."""
        self._shared = shared
        self._choose()

    def _choose(self) -> None:
        """The newest with a private part signs; among several servers, once it is ripe.

        Until then the one before goes on, also where its file is gone already.
        """
        private = _signing(self._keys)
        if self._shared is None:
            self._signs = self._attests = private[-1]
            return
        may = self._shared.ripe - self._shared.retired
        before = [self._signs] if self._signs is not None else []
        ripe = [key for key in (*before, *private) if key.kid in may]
        live = [key for key in private if key.kid not in self._shared.retired]
        self._signs = ripe[-1] if ripe else None
        self._attests = (live or private)[-1]

    @property
    def may_sign(self) -> bool:
        """Whether a key signs now."""
        return self._signs is not None

    @property
    def kid(self) -> str:
        """Which key signs now: the newest that has a private part. Raises NotSavedError."""
        return str(self._signing_key().kid)

    def _signing_key(self) -> OKPKey:
        if self._signs is None:
            raise NotSavedError("No key of this server may sign yet. Ask again in a few minutes.")
        return self._signs

    def sign(self, claims: Mapping[str, Json]) -> str:
        """The claims as compact JWS, its header naming the key and the type."""
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": TYPE}
        payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        key = self._signing_key()
        return jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])

    def attest(self, text: str) -> tuple[str, str]:
        """Which key signed the text, and its bare Ed25519 signature as base64url.

        The newest, ripe or not: who checks an anchor comes later, and caches nothing.
        """
        private = cast(Ed25519PrivateKey, self._attests.private_key)
        signature = private.sign(text.encode())
        return str(self._attests.kid), base64.urlsafe_b64encode(signature).rstrip(b"=").decode()

    def halves(self) -> dict[str, dict[str, Any]]:
        """The public halves of those in the directory, by name, oldest first."""
        return {str(key.kid): key.as_dict(private=False) for key in self._keys}

    def jwks(self) -> dict[str, Any]:
        """The public halves, as served at `/.well-known/jwks.json`."""
        served = self.halves().values() if self._shared is None else self._shared.served
        return {"keys": list(served)}


def _usable(directory: Path, read: Callable[[Path], list[OKPKey]]) -> list[OKPKey]:
    """What is read, where it can be used. Raises SigningKeysError."""
    try:
        keys = read(directory)
    except SigningKeysError:
        raise
    except OSError as error:
        raise SigningKeysError(
            f"The signing keys in {directory} cannot be used ({error.strerror}). Give the "
            "server's user this directory, or set ANDON_SIGNING_KEYS to another."
        ) from error
    if not _signing(keys):
        raise SigningKeysError(f"No key in {directory} has a private part, so none can sign.")
    return keys


def _signing(keys: Sequence[OKPKey]) -> list[OKPKey]:
    return [key for key in keys if key.is_private]


def _print(key: OKPKey) -> tuple[str, bool]:
    """What tells a key from another, and whether it can sign."""
    return f"{key.kid} {key.thumbprint()}", key.is_private


def public_keys(directory: Path) -> tuple[dict[str, Any], ...]:
    """The public halves of the keys in a directory; makes none. Raises SigningKeysError."""
    return tuple(_read(file).as_dict(private=False) for file in sorted(directory.glob("*.jwk")))


def _keys_in(directory: Path) -> list[OKPKey]:
    """All keys, oldest first; makes the first one."""
    _make_directory(directory)
    return [_read(file) for file in sorted(directory.glob("*.jwk"))] or [_make(directory)]


def new_key(directory: Path) -> str:
    """Lay another key into the directory; its name. Raises SigningKeysError, OSError."""
    _make_directory(directory)
    return str(_make(directory).kid)


def _make_directory(directory: Path) -> None:
    if not directory.exists():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not directory.is_dir():
        raise SigningKeysError(f"{directory} is no directory; set ANDON_SIGNING_KEYS to one.")


def _read(file: Path) -> OKPKey:
    try:
        given = json.loads(file.read_text())
        key = OKPKey.import_key({**given, "use": "sig", "alg": ALGORITHM})
    except (ValueError, TypeError, JoseError) as error:
        # The error's own words could repeat the key.
        raise SigningKeysError(f"{file} is not a JWK: {type(error).__name__}.") from None
    if given.get("crv") != "Ed25519":
        raise SigningKeysError(f"{file} is not an Ed25519 key.")
    key.ensure_kid()
    return key


def _make(directory: Path) -> OKPKey:
    """A new key, whole or not at all: written aside, synced, then renamed."""
    name = new_id("key")
    key = OKPKey.generate_key("Ed25519", {"kid": name, "use": "sig", "alg": ALGORITHM})
    aside = directory / f".{name}"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(key.as_dict(private=True), file)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(directory / f"{name}.jwk")
    sync_folder(directory)  # a grant may be signed at once
    return key
