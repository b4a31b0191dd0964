"""What the policy makes of a request, in words: as the commands print it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from approvals.escalation import Money, Option, Requester
from approvals.policy.asking import Ask
from approvals.policy.explain import explain, lasting
from approvals.policy.load import parse_policy
from approvals.words import Effect, Kind, Severity

POLICY = """\
zone = "Europe/Berlin"
fallback = "ravi"
[people]
ravi = { name = "Ravi", accounts = ["URAVI"] }
ines = { name = "Ines", accounts = ["UINES"] }
dana = { name = "Dana", accounts = ["UDANA"] }
[owners]
search = ["dana"]
[groups]
dba = { members = ["ravi", "ines", "dana"], quiet = ["ines"] }
ops = { members = ["dana", "ines"], rotation = { start = "2026-11-02T09:00", days = 7 } }
away = { slack_usergroup = "S0AWAY" }
[channels]
database = { id = "C0DATABASE" }
operations = { id = "C0OPERATIONS" }
[routes]
pager = { address = "pagerduty://${KEY}@acme" }
[hours]
[break_glass]
group = "dba"
[[rules]]
name = "large"
match = { category = "large_*", money = { currency = "EUR", above_minor = 5000000, sum_24h = ["account"] } }
requirements = [{ group = "dba", needed = 2 }]
[[rules]]
name = "grave"
match = { severity = "critical", environment = ["production", "staging"] }
requirements = [{ group = "dba", needed = 2 }]
steps = [
  { to = ["channel:database", "route:pager"] },
  { after_s = 600, to = ["group:ops", "person:ines", "requester"], repeat = 1, every_s = 300 },
]
[[rules]]
name = "helping"
match = { kind = "incident" }
requirements = [{ group = "ops" }]
channel = "operations"
[[rules]]
name = "migrations"
match = { category = "schema_migration", service = "search" }
requirements = [{ group = "dba" }]
severity = "high"
channel = "database"
[[rules]]
name = "far away"
match = { service = "remote" }
requirements = [{ group = "away" }]
[[rules]]
name = "whenever"
match = { service = "batch" }
requirements = [{ group = "ops" }]
hours = true
exclude_requester = false
"""  # noqa: E501

NOW = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)  # a Thursday, 22:30 in Berlin
OPTIONS = (
    Option(key="go", label="Migrate", effect=Effect.RELEASE),
    Option(key="no", label="Stop", effect=Effect.ABORT),
)


def said(by: str = POLICY, **changes: Any) -> dict[str, list[str]]:
    """Each heading with its lines; errors under `Refused`."""
    read = parse_policy(by)
    given: dict[str, Any] = {
        "service": "search",
        "kind": Kind.APPROVAL,
        "category": "schema_migration",
        "environment": "production",
        "operation_name": "alembic",
        "options": OPTIONS,
        **changes,
    }
    found = explain(read, Ask(**given), read.file_people(NOW), NOW)
    refused = [f"{e.pointer}: {e.detail}" for e in found.errors]
    return {heading: list(lines) for heading, lines in found.parts} | (
        {"Refused": refused} if refused else {}
    )


def test_a_migration_is_explained_from_rule_to_fallback() -> None:
    """Everything at once, as it is printed."""
    assert said() == {
        "Rule": [
            "migrations (line 38; rule 4 of 6)",
            'matches by category "schema_migration", service "search"',
        ],
        "Passed over": [
            'large: category is "schema_migration", not large_*',
            "grave: severity is medium so far, not at least critical",
            "helping: kind is approval, not incident",
        ],
        "Severity": [
            "high",
            "table 2: at least medium for schema_migration in production",
            "the rule: high; the caller: nothing",
        ],
        "Decides": [
            "1 of dba: Ines (quiet), Ravi",
            "never Dana, who asked or answers for the service",
        ],
        "Options": [
            "Migrate: cannot be undone; asks why",
            "Stop: aborts; one person is enough",
        ],
        "Until": [
            "after 1 h (23:30); no decision by then: aborted",
            "after 30 min (23:00): reminder at half of the time",
            "after 48 min (23:18): reminder at four fifths of the time",
            "may be extended once, by 30 min",
            "may be taken within 15 min of the decision",
        ],
        "Asked": [
            "at once (22:30): #database; all who may decide: Ravi",
            "after 15 min (22:45): all who may decide: Ravi",
            "after 30 min (23:00): owners: Dana; Ravi",
        ],
        "Override": ["2 of dba together, each with a reason"],
    }


def test_written_steps_are_named_target_by_target() -> None:
    found = said(severity=Severity.CRITICAL, requester=Requester(id="x@y", name="Xenia"))
    assert "Refused" in found  # two people besides somebody unknown
    found = said(severity=Severity.CRITICAL, requester=Requester(id="dana", name="Dana"))
    assert found["Asked"] == [
        "at once (22:30): #database; page by pager",
        "after 10 min (22:40): ops: Dana, Ines; Ines; who asked: Dana (again after 5 min)",
    ]
    assert found["Options"][0] == (
        "Migrate: cannot be undone; asks why, and to type the target; 2 people at least"
    )


def test_an_incident_says_who_helps_and_whose_turn_it_is() -> None:
    """No options, no deadline, nothing to override."""
    found = said(kind=Kind.INCIDENT, category="service_health", options=())
    assert set(found) == {"Rule", "Passed over", "Severity", "Helps", "Asked"}
    assert found["Helps"] == ["ops: Dana, Ines"]
    assert found["Asked"][0] == "at once (22:30): #operations; on call: Ines"


def test_attempts_are_said_where_they_count() -> None:
    found = said(kind=Kind.INCIDENT, category="service_health", options=(), attempts=3)
    assert found["Severity"][:2] == [
        "high",
        "table 2: at least high for service_health in production after 3 attempts",
    ]


def test_what_is_low_asks_nobody() -> None:
    found = said(kind=Kind.INCIDENT, category="other", options=())
    assert found["Asked"] == ["nobody; in the digest"]


def test_business_hours_move_what_comes_later() -> None:
    """Asked on Thursday night, due on Friday."""
    found = said(category="deployment", service="batch")
    assert found["Until"][:3] == [
        "after 4 h (Fri 13 Nov 13:00); no decision by then: aborted",
        "clocks run 09:00 to 18:00 on business days only",
        "after 2 h (Fri 13 Nov 11:00): reminder at half of the time",
    ]
    assert found["Options"][0] == "Migrate: can be undone; one tap"


@pytest.mark.parametrize(
    ("minor", "currency", "sums", "line"),
    [
        (6000000, "EUR", (), "above 50,000.00 EUR: the amount, 60,000.00 EUR"),
        (
            100,
            "EUR",
            (("account", 5000000),),
            "above 50,000.00 EUR: with the last 24 h of its account, 50,001.00 EUR",
        ),
    ],
)
def test_an_amount_is_said_with_what_made_it_large(
    minor: int, currency: str, sums: tuple[tuple[str, int], ...], line: str
) -> None:
    found = said(
        category="large_transaction",
        money=Money(amount_minor=minor, currency=currency),
        sums=sums,
        requester=Requester(id="dana"),
    )
    assert found["Rule"][1] == f'matches by category "large_transaction", money {line}'


@pytest.mark.parametrize(
    ("money", "line"),
    [
        (None, "large: the request names no amount"),
        (("EUR", 5), "large: the amount with what the last 24 h moved is not above 50,000.00 EUR"),
        (("CHF", 5), "large: the amount is in CHF, not EUR"),
    ],
)
def test_a_bound_that_was_not_passed_is_said(money: tuple[str, int] | None, line: str) -> None:
    given = Money(currency=money[0], amount_minor=money[1]) if money else None
    assert said(category="large_transaction", money=given)["Passed over"][0] == line


def test_a_refusal_says_what_the_server_would() -> None:
    """After the rule, which is known all the same."""
    found = said(service="payments")
    assert found["Rule"] == ["none matches; only groups the request names decide"]
    (error,) = found["Refused"]
    assert error.startswith(": No rule of the policy matches and the request names no approvers")


def test_members_that_only_slack_knows_are_said_not_to_be_known() -> None:
    found = said(service="remote")
    assert found["Note"] == ["who is in away in Slack is not looked up here"]
    assert "only 0 can decide" in found["Refused"][0]


def test_runbooks_that_the_rule_names_are_said() -> None:
    by = POLICY.replace('severity = "high"\n', 'severity = "high"\nrunbooks = ["db/migrate.md"]\n')
    assert said(by)["Runbooks"] == ["db/migrate.md"]


def test_a_repeat_is_said_with_its_times() -> None:
    """As in what is critical, where nothing else is written."""
    grave: dict[str, Any] = {"category": "deployment", "severity": Severity.CRITICAL}
    found = said(service="x", approvers=("ops",), environment="test", **grave)
    assert found["Asked"][1].endswith(" (2 times more, every 5 min)")


def test_what_cannot_be_extended_is_not_said_to_be() -> None:
    by = POLICY.replace("[hours]", "[severities.high]\nextend_by_s = 0\n[hours]")
    assert not any("extended" in line for line in said(by=by)["Until"])


def test_nobody_is_called_nobody() -> None:
    found = said(service="x", approvers=("ops",), category="deployment")
    assert found["Rule"] == ["none matches; only groups the request names decide"]
    assert found["Decides"] == ["1 of ops: Dana, Ines"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (90, "90 s"),
        (60, "1 min"),
        (900, "15 min"),
        (3600, "1 h"),
        (5400, "90 min"),
        (86400, "24 h"),
        (172800, "2 days"),
        (61, "61 s"),
    ],
)
def test_durations_are_said_in_the_largest_unit_that_is_whole(seconds: int, words: str) -> None:
    assert lasting(seconds) == words
