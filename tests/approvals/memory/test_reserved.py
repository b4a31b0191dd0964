"""What no accepted rule ever decides: each kind, each reason, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.categories import CATEGORIES
from approvals.escalation import Money, Operation, Option
from approvals.memory.reserved import reserved
from approvals.words import Effect, Friction, Kind, Severity

SYNC = Operation(name="sync", arguments={"argv": ["sync"]})
GO = Option(key="go", label="Go", effect=Effect.RELEASE)


def why(**changes: Any) -> str | None:
    """Why people decide about something that a rule may decide but for the changes."""
    given: dict[str, Any] = {
        "kind": Kind.APPROVAL,
        "category_slug": "retries_exhausted",
        "environment": "production",
        "severity": Severity.HIGH,
        "operation": SYNC,
        "option": GO,
        **changes,
    }
    return reserved(**given)


def test_these_kinds_are_left_to_rules_and_no_others() -> None:
    assert why() is None
    assert {slug for slug in CATEGORIES if why(category_slug=slug) is None} == {
        "retries_exhausted",
        "pattern_change",
        "resource_exhaustion",
        "service_health",
        "service_outage",
        "other",
    }


@pytest.mark.parametrize(
    ("slug", "says"),
    [
        ("data_migration", "data migration decisions"),
        ("schema_migration", "schema changes"),
        ("api_change", "breaking API changes"),
        ("deployment", "production deployment approvals"),
        ("security", "security incident response"),
        ("architecture", "architecture decisions"),
    ],
)
def test_the_seeds_list_is_named_in_its_words(slug: str, says: str) -> None:
    """ "Manual Recovery Required For"."""
    assert why(category_slug=slug) == says


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ("production", "production deployment approvals"),
        ("Prod", "production deployment approvals"),
        ("staging", None),
    ],
)
def test_a_deployment_elsewhere_is_not_reserved(environment: str, says: str | None) -> None:
    assert why(category_slug="deployment", environment=environment) == says


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": Kind.INCIDENT}, "nothing is held"),
        ({"operation": None}, "nothing is held"),
        ({"severity": Severity.CRITICAL}, "it is critical"),
        (
            {"operation": replace(SYNC, money=Money(amount_minor=1, currency="EUR"))},
            "money never moves by itself",
        ),
        (
            {"operation": replace(SYNC, arguments={"sql": "VACUUM"})},
            "people read a statement before it runs",
        ),
        ({"operation": replace(SYNC, redacted=("/arguments/x",))}, "a value of it is hidden"),
        ({"option": None}, "nothing is released"),
        ({"option": replace(GO, effect=Effect.ABORT)}, "nothing is released"),
        ({"option": replace(GO, irreversible=True)}, "it cannot be undone"),
        ({"option": replace(GO, friction=Friction.REASON)}, "it cannot be undone"),
        (
            {"option": replace(GO, arguments={"sql": "VACUUM"})},
            "people read a statement before it runs",
        ),
        ({"option": replace(GO, arguments={"argv": ["go"]})}, None),
    ],
)
def test_what_people_decide_whatever_its_kind(changes: dict[str, Any], says: str | None) -> None:
    assert why(**changes) == says
