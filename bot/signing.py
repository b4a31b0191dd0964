"""Signing keys of grants: Ed25519 files in a directory, never in the database.

The newest signs, all verify. A key is a JWK in a file of its own, made at the first start.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey

from bot.ids import new_id

#: RFC 9864 names the algorithm fully; `EdDSA` would leave the curve open.
ALGORITHM = "Ed25519"


class KeyRing:
    """Implements `approvals.grants.Signer` over a directory. Raises OSError if it is unusable."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = sorted(directory.glob("*.jwk"))
        self._keys = [_read(file) for file in files] or [_make(directory)]

    @property
    def kid(self) -> str:
        """Which key signs now: the newest."""
        return str(self._keys[-1].kid)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as compact JWS."""
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": "andon-grant+jwt"}
        payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False)
        return jws.serialize_compact(header, payload, self._keys[-1], algorithms=[ALGORITHM])

    def jwks(self) -> dict[str, Any]:
        """The public halves, as served at `/.well-known/jwks.json`."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}


def _read(file: Path) -> OKPKey:
    return OKPKey.import_key(json.loads(file.read_text()))


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
    return key
