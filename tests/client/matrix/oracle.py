"""Whether what was delivered was a verified grant, or a record of what runs by itself: judged apart
from the client's own code.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from approvals.canonical import operation_digest
from tests.client.matrix.proxy import Delivered, Recorded
from tests.client.matrix.server import SERVICE

#: Seconds two clocks may differ.
SKEW_S = 60


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What truly was the case, whatever the caller was told."""

    opened: Mapping[str, Any]  #: what the server has of this caller, by id
    jwks: Mapping[str, Any]  #: keys the caller had every reason to trust
    is_changed: bool  #: what would run is not what people were shown
    now: float  #: by the caller's clock

    def grants(self, delivered: Iterable[Delivered]) -> set[str]:
        """The ids of the grants that verify."""
        found = (self._grant(each) for each in delivered)
        return {grant for grant in found if grant is not None}

    def _grant(self, each: Delivered) -> str | None:
        asked = self.opened.get(each.escalation_id)
        claims = _signed(each.answer.get("grant"), self.jwks)
        if asked is None or claims is None or self.is_changed:
            return None
        try:
            return str(claims["jti"]) if self._holds(claims, each, asked) else None
        except (KeyError, TypeError):
            return None

    def _holds(self, claims: Mapping[str, Any], each: Delivered, asked: Mapping[str, Any]) -> bool:
        releasing = {o["key"] for o in asked["options"] if o["effect"] == "release"}
        return (
            claims["iss"] == "andon"
            and claims["aud"] == SERVICE
            and claims["sub"] == asked["id"]
            and claims["digest"] == asked["digest"]
            and claims["nonce"] == each.nonce
            and claims["option"] in releasing
            and claims["option"] == each.answer.get("option")
            and claims["iat"] - SKEW_S <= self.now < claims["exp"] + SKEW_S
        )


def records(opened: Mapping[str, Any], delivered: Iterable[Recorded]) -> set[str]:
    """The ids of what the server truly has on record, and has told so, before it ran."""
    return {
        each.answer["id"]
        for each in delivered
        if each.answer.get("id") in opened
        and each.answer["kind"] == opened[each.answer["id"]]["kind"] == "automation"
        and each.answer["digest"] == operation_digest(each.asked["operation"], [])
        and each.answer["operation"]["state"] == "released"
    }


def _signed(token: Any, jwks: Mapping[str, Any]) -> dict[str, Any] | None:
    """What it says, if one of these keys signed it as grants are signed."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return None
    try:
        head, claims = (json.loads(_raw(part)) for part in parts[:2])
        key = next(k for k in jwks["keys"] if k["kid"] == head["kid"])
        public = Ed25519PublicKey.from_public_bytes(_raw(key["x"]))
        public.verify(_raw(parts[2]), f"{parts[0]}.{parts[1]}".encode())
    except (ValueError, KeyError, StopIteration, InvalidSignature):
        return None
    is_grant = (head["alg"], head["typ"]) == ("Ed25519", "andon-grant+jwt")
    return dict(claims) if is_grant else None


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
