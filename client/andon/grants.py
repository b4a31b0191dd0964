"""The grant, verified offline: a signed permission for one escalation, digest, option and nonce.

Compact JWS, Ed25519 (RFC 8037, RFC 9864), `typ` andon-grant+jwt. The signature says it is
authentic; that it is the only one is the claim's doing.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from andon.errors import GrantError

ALGORITHM, TYPE, ISSUER = "Ed25519", "andon-grant+jwt", "andon"

#: Seconds that the clocks of server and caller may differ.
SKEW_S = 60

#: Characters of a token; real ones have a tenth of it.
MOST_CHARACTERS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A verified permission to run exactly what was shown."""

    id: str  #: of the grant
    escalation_id: str
    option: str  #: what people chose
    digest: str
    nonce: str
    service: str
    environment: str
    approvers: Sequence[str]
    expires_at: datetime
    rule: str | None = None  #: the proposal whose accepted rule allowed it; None: people did
    token: str = field(repr=False)


def verify_grant(
    token: str,
    *,
    jwks: Mapping[str, Any],
    escalation_id: str,
    digest: str,
    nonce: str,
    service: str | None = None,
    options: Sequence[str] | None = None,
    now: datetime | None = None,
) -> Grant:
    """The grant of a token, if every part of it is as expected. Raises GrantError.

    `options` are the keys that release; a grant for any other is refused.
    """
    claims = _signed(token, jwks)
    expected = {"iss": ISSUER, "sub": escalation_id, "digest": digest, "nonce": nonce}
    if service is not None:
        expected["aud"] = service
    for name, value in expected.items():
        if claims.get(name) != value:
            _refuse(f"its {name} is {claims.get(name)!r}, not {value!r}", escalation_id)
    _check_time(claims, (now or datetime.now(UTC)).timestamp(), escalation_id)
    grant = _grant(token, claims, escalation_id)
    if options is not None and grant.option not in options:
        _refuse(f"it releases {grant.option!r}, which was not offered", escalation_id)
    return grant


def key_ids(jwks: Mapping[str, Any]) -> frozenset[str]:
    """Which keys are known."""
    return frozenset(k["kid"] for k in _keys(jwks) if isinstance(k.get("kid"), str))


def key_id_of(token: str) -> str | None:
    """Which key a token says it was signed with. Raises GrantError for what is no token."""
    kid = _part(_parts(token)[0]).get("kid")
    return kid if isinstance(kid, str) else None


def _signed(token: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The claims, after the signature over them holds."""
    head, payload, signature = _parts(token)
    header = _part(head)
    # The algorithm is ours to say, not the token's: no `none`, no other curve, no extension.
    if header.get("alg") != ALGORITHM or header.get("typ") != TYPE or "crit" in header:
        _refuse(f"its header is not {ALGORITHM} and {TYPE}")
    public = _public_key(jwks, header.get("kid"))
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        key.verify(_bytes(signature), f"{head}.{payload}".encode("ascii"))
    except (InvalidSignature, ValueError):
        _refuse("its signature is wrong")
    return _part(payload)


def _keys(jwks: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    return [k for k in keys if isinstance(k, dict)] if isinstance(keys, list) else []


def _public_key(jwks: Mapping[str, Any], kid: object) -> bytes:
    fitting = [k for k in _keys(jwks) if isinstance(kid, str) and k.get("kid") == kid]
    if len(fitting) != 1:
        _refuse(f"its key {kid!r} is not among the server's keys")
    key = fitting[0]
    is_right = key.get("kty") == "OKP" and key.get("crv") == "Ed25519"
    if not is_right or key.get("use", "sig") != "sig" or key.get("alg", ALGORITHM) != ALGORITHM:
        _refuse(f"its key {kid!r} is no Ed25519 key for signatures")
    if not isinstance(key.get("x"), str):
        _refuse(f"its key {kid!r} has no public part")
    return _bytes(key["x"])


def _check_time(claims: Mapping[str, Any], now: float, escalation_id: str) -> None:
    for name, is_needed in (("exp", True), ("iat", True), ("nbf", False)):
        value = claims.get(name)
        if value is None and not is_needed:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            _refuse(f"its {name} is no time", escalation_id)
        if name == "exp" and value + SKEW_S <= now:
            _refuse("it is over; or the clock of this machine is off", escalation_id)
        if name != "exp" and value - SKEW_S > now:
            _refuse("it is from the future; the clock of this machine is off", escalation_id)


def _grant(token: str, claims: Mapping[str, Any], escalation_id: str) -> Grant:
    names = ("jti", "option", "digest", "nonce", "aud", "environment")
    for name in names:
        if not isinstance(claims.get(name), str) or not claims[name]:
            _refuse(f"it has no {name}", escalation_id)
    people = claims.get("approvers")
    if not isinstance(people, list) or not all(isinstance(p, str) for p in people):
        _refuse("it has no approvers", escalation_id)
    try:
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, OverflowError, OSError):
        _refuse("its exp is no time", escalation_id)
    return Grant(
        id=claims["jti"],
        escalation_id=escalation_id,
        option=claims["option"],
        digest=claims["digest"],
        nonce=claims["nonce"],
        service=claims["aud"],
        environment=claims["environment"],
        approvers=tuple(people),
        expires_at=expires_at,
        rule=claims["rule"] if isinstance(claims.get("rule"), str) else None,
        token=token,
    )


def _parts(token: str) -> list[str]:
    parts = token.split(".") if isinstance(token, str) and len(token) <= MOST_CHARACTERS else []
    if len(parts) != 3 or not all(parts):
        _refuse("it is no signed token")
    return parts


def _part(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(text), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        _refuse("it cannot be read")
    if not isinstance(found, dict):
        _refuse("it cannot be read")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _bytes(text: str) -> bytes:
    """Base64url, in the one way it can be written."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        _refuse("it cannot be read")
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != text:
        _refuse("it cannot be read")
    return found


def _refuse(why: str, id: str | None = None) -> NoReturn:
    raise GrantError(f"The grant does not verify: {why}.", id=id)
