"""The grant: a signed permission, bound to one escalation, digest, option and nonce.

The signature says it is authentic; that it is the only one is the claim's doing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from approvals.escalation import Escalation, Json

#: `iss` of every grant.
ISSUER = "andon"


class Signer(Protocol):
    """Signs grants; `bot.signing.KeyRing` is the real one."""

    @property
    def kid(self) -> str:
        """Which key signs now."""

    def sign(self, claims: Mapping[str, Json]) -> str:
        """The claims as compact JWS (Ed25519, RFC 8037 and 9864)."""


def grant_claims(escalation: Escalation, now: datetime) -> dict[str, Json]:
    """The claims of the escalation's grant. Raises ValueError where nothing was claimed."""
    taken, decision = escalation.claim, escalation.decision
    if taken is None or decision is None:
        raise ValueError("A grant needs a decision and a claim.")
    return {
        "iss": ISSUER,
        "aud": escalation.service,
        "sub": escalation.id,
        "environment": escalation.environment,
        "digest": escalation.digest,
        "option": decision.option,
        "nonce": taken.nonce,
        "approvers": list(decision.people),
        **({"rule": decision.rule} if decision.rule else {}),
        "policy": escalation.plan.policy_version,
        "head": decision.head,
        "iat": int(now.timestamp()),
        "exp": int(taken.expires_at.timestamp()),
        "jti": taken.grant_id,
    }
