"""Public keys as an auditor has them: the directory of the server, or a JWKS that was pinned.

Of other servers on the same database the directory knows none; the database does.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from approvals.codec import unpadded
from approvals.sharing import KnownKey


class KeysError(ValueError):
    """These are no public keys. Give a JWKS file, or a directory of `*.jwk` files."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}. Give a JWKS file, or a directory of *.jwk files.")


class PublicKeys:
    """Implements `approvals.auditing.Keys`."""

    def __init__(self, keys: dict[str, Ed25519PublicKey]) -> None:
        self._keys = keys

    @classmethod
    def read(cls, path: Path) -> "PublicKeys":
        """The keys of a directory or of a JWKS file. Raises KeysError, OSError."""
        files = sorted(path.glob("*.jwk")) if path.is_dir() else [path]
        found = dict(_key(file, given) for file in files for given in _given(file))
        if not found:
            raise KeysError(path, "no key is in it")
        return cls(found)

    def besides(self, known: Iterable[KnownKey]) -> "PublicKeys":
        """These, and of those known what goes by another name. Raises KeysError."""
        others = dict(_key(Path(key.kid), json.loads(key.jwk)) for key in known)
        return PublicKeys({**others, **self._keys})

    def __len__(self) -> int:
        return len(self._keys)

    def has_signed(self, kid: str, text: str, signature: str) -> bool:
        """Whether that key has signed the text."""
        key = self._keys.get(kid)
        if key is None:
            return False
        try:
            key.verify(unpadded(signature), text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def _given(file: Path) -> list[Any]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise KeysError(file, "it is no JSON") from None
    if isinstance(said, dict) and isinstance(said.get("keys"), list):
        return list(said["keys"])
    return [said]


def _key(file: Path, given: Any) -> tuple[str, Ed25519PublicKey]:
    """A key under its name. The error never repeats what stands there: it may be private."""
    try:
        raw = unpadded(given["x"])
        return str(given.get("kid") or _thumbprint(given["x"])), (
            Ed25519PublicKey.from_public_bytes(raw)
        )
    except (TypeError, KeyError, ValueError, AttributeError, binascii.Error):
        raise KeysError(file, "a key in it is not Ed25519") from None


def _thumbprint(x: str) -> str:
    """The name of a key that says none (RFC 7638), as the server gives it."""
    text = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return base64.urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
