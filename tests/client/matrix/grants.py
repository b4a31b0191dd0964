"""Grants that no honest server hands out for this claim: forged, old, or somebody else's."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from andon.grants import TYPE
from andon.testing.signing import SigningKey

from bot.signing import KeyRing


@dataclass(frozen=True, kw_only=True)
class Forger:
    """Somebody who has the server's key, and one of their own."""

    ring: KeyRing
    other: SigningKey

    @classmethod
    def of(cls, keys: Path) -> "Forger":
        """With the keys in that folder."""
        return cls(ring=KeyRing(keys), other=SigningKey("key_of_somebody_else"))

    def signed(self, claims: Mapping[str, Any]) -> str:
        """By the server's own key."""
        return self.ring.sign(claims)

    @property
    def jwks(self) -> dict[str, Any]:
        """The server's public keys."""
        return self.ring.jwks()


def claims_of(token: str) -> dict[str, Any]:
    """What a token says."""
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def _plain(value: Mapping[str, Any]) -> str:
    raw = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_claims(**changes: Any) -> Callable[[Forger, str], str]:
    """Signed by the server's own key, and saying something else."""
    return lambda forger, token: forger.signed({**claims_of(token), **changes})


def expired(forger: Forger, token: str) -> str:
    """Issued and over an hour ago."""
    then = int(time.time()) - 3600
    return forger.signed({**claims_of(token), "iat": then - 300, "exp": then})


def of_tomorrow(forger: Forger, token: str) -> str:
    """Good from tomorrow on."""
    then = int(time.time()) + 24 * 3600
    return forger.signed({**claims_of(token), "iat": then, "nbf": then, "exp": then + 300})


def by_another_key(forger: Forger, token: str) -> str:
    """Signed by a key nobody knows."""
    return forger.other.sign(claims_of(token))


def by_another_key_of_the_same_name(forger: Forger, token: str) -> str:
    """Signed by another key that calls itself the server's."""
    return forger.other.sign(claims_of(token), kid=forger.ring.kid)


def without_algorithm(forger: Forger, token: str) -> str:
    """`alg: none`, as some libraries took it."""
    head = _plain({"alg": "none", "kid": forger.ring.kid, "typ": TYPE})
    return f"{head}.{_plain(claims_of(token))}."


def without_algorithm_but_a_signature(forger: Forger, token: str) -> str:
    """`alg: none`, the signature left in place."""
    head = _plain({"alg": "none", "kid": forger.ring.kid, "typ": TYPE})
    return f"{head}.{_plain(claims_of(token))}.{token.split('.')[2]}"


def by_the_public_key(forger: Forger, token: str) -> str:
    """`alg: HS256`, with the public key as the secret."""
    head = _plain({"alg": "HS256", "kid": forger.ring.kid, "typ": TYPE})
    signed = f"{head}.{_plain(claims_of(token))}"
    public = next(k["x"] for k in forger.jwks["keys"] if k["kid"] == forger.ring.kid)
    secret = base64.urlsafe_b64decode(public + "=" * (-len(public) % 4))
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def edited(forger: Forger, token: str) -> str:
    """The option changed after it was signed."""
    head, _, signature = token.split(".")
    return f"{head}.{_plain({**claims_of(token), 'option': 'leave'})}.{signature}"


def cut_short(forger: Forger, token: str) -> str:
    """Without its last characters."""
    return token[:-6]


def nothing(forger: Forger, token: str) -> str:
    """An empty text."""
    return ""
