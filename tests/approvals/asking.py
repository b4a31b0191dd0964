"""A small policy and a request it is asked about: what the tests of the plan are made of."""

from typing import Any

from approvals.escalation import Option, Requester
from approvals.people import People
from approvals.policy.asking import Ask
from approvals.policy.load import parse_policy
from approvals.policy.model import Policy
from approvals.policy.plan import Planned, plan
from approvals.refusals import FieldError
from approvals.words import Effect, Kind
from tests.approvals.world import START

HEAD = """
[people]
ana = { name = "Ana", accounts = ["UANA"] }
ben = { name = "Ben", accounts = ["UBEN", "UBEN2"], emails = ["Ben@Example.com"] }
cem = { name = "Cem", accounts = ["UCEM"] }
own = { name = "Own", accounts = ["UOWN"], emails = ["own@example.com"] }
[owners]
payments = ["own"]
[groups]
dba = { members = ["ana", "ben", "own"] }
sec = { members = ["cem"] }
[channels]
open = { id = "COPEN" }
closed = { id = "CCLOSED", private = true }
"""
RULE = '[[rules]]\nname = "it"\nrequirements = [{{ group = "dba", needed = {needed} }}]\n{more}\n'

GO = Option(key="go", label="Go", effect=Effect.RELEASE)
NO = Option(key="no", label="No", effect=Effect.ABORT)


def policy(more: str = "", needed: int = 1) -> Policy:
    """People, groups and one rule for everything."""
    return parse_policy(HEAD + RULE.format(needed=needed, more=more))


def asked(**changes: Any) -> Ask:
    """A request that Ana stands behind."""
    given: dict[str, Any] = {
        "service": "payments",
        "kind": Kind.APPROVAL,
        "category": "deployment",
        "environment": "production",
        "operation_name": "deploy 41",
        "requester": Requester(id="ana"),
        "options": (GO, NO),
        **changes,
    }
    return Ask(**given)


def known(by: Policy) -> People:
    """Everybody, as the file says."""
    return by.file_people(START)


def planned(by: Policy, **changes: Any) -> Planned:
    """What it needs."""
    found = plan(by, asked(**changes), known(by))
    assert isinstance(found, Planned), found
    return found


def refused(by: Policy, **changes: Any) -> tuple[FieldError, ...]:
    """Why it cannot be asked."""
    found = plan(by, asked(**changes), known(by))
    assert not isinstance(found, Planned)
    return found
