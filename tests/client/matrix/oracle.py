"""Whether what was delivered was a verified grant: judged apart from the client's own code."""

import base64
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.client.matrix.proxy import Delivered
from tests.client.matrix.server import SERVICE

#: Seconds two clocks may differ.
SKEW_S = 60


def grants(
    delivered: Iterable[Delivered], opened: Mapping[str, Any], jwks: Mapping[str, Any], digest: str
) -> set[str]:
    """The ids of grants that verify, for what truly was opened and truly would run."""
    found = (_grant(each, opened, jwks, digest) for each in delivered)
    return {grant for grant in found if grant is not None}


def _grant(
    each: Delivered, opened: Mapping[str, Any], jwks: Mapping[str, Any], digest: str
) -> str | None:
    asked, now = opened.get(each.escalation_id), time.time()
    claims = _signed(each.answer.get("grant"), jwks)
    if asked is None or claims is None:
        return None
    releasing = {o["key"] for o in asked["options"] if o["effect"] == "release"}
    is_right = (
        claims["iss"] == "andon"
        and claims["aud"] == SERVICE
        and claims["sub"] == asked["id"]
        and claims["digest"] == asked["digest"] == digest
        and claims["nonce"] == each.nonce
        and claims["option"] in releasing
        and claims["option"] == each.answer.get("option")
        and claims["iat"] - SKEW_S <= now < claims["exp"] + SKEW_S
    )
    return str(claims["jti"]) if is_right else None


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
