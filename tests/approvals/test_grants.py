"""The grant: what is signed names exactly what was approved and who asked for it."""

import pytest

from approvals.grants import grant_claims
from tests.approvals.memory.ruled import Ruled
from tests.approvals.stories import approved, claimed, pending


def test_a_grant_says_what_was_approved_by_whom_for_whom() -> None:
    """Everything a service must compare before it runs."""
    e = claimed().e
    assert e.decision is not None
    assert grant_claims(e, e.created_at) == {
        "iss": "andon",
        "aud": "svc",
        "sub": e.id,
        "environment": "production",
        "digest": e.digest,
        "option": "go",
        "nonce": "c1",
        "approvers": ["ben"],
        "policy": e.plan.policy_version,
        "head": e.decision.head,
        "iat": 1794517200,
        "exp": 1794517500,
        "jti": "gnt_c1",
    }


def test_a_grant_that_a_rule_allowed_names_it_and_no_people() -> None:
    town = Ruled()
    proposal = town.accepted()
    e = town.ask()
    town.claim(e)
    said = grant_claims(town.e(e.id), town.now)
    assert (said["approvers"], said["rule"]) == ([], proposal.id)


def test_without_a_claim_there_is_no_grant() -> None:
    """Neither while it waits nor when it is merely approved."""
    for scene in (pending(), approved()):
        with pytest.raises(ValueError, match="needs a decision and a claim"):
            grant_claims(scene.e, scene.now)
