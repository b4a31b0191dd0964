"""Real grants: Ed25519 over the claims the server signs, by a key of the fake alone."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from andon.grants import TYPE


class SigningKey:
    """A key pair of its own."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self._private = Ed25519PrivateKey.generate()

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """The claims as compact JWS. Members of the header may be given, also wrong ones."""
        head = {"alg": "Ed25519", "kid": self.kid, "typ": TYPE, **header}
        signed = f"{_part(head)}.{_part(claims)}"
        return f"{signed}.{_base64url(self._private.sign(signed.encode()))}"

    def jwks(self) -> dict[str, Any]:
        """The public half, as `/.well-known/jwks.json` serves it."""
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        key = {"kty": "OKP", "crv": "Ed25519", "x": _base64url(raw)}
        return {"keys": [{**key, "kid": self.kid, "use": "sig", "alg": "Ed25519"}]}


def _part(value: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
