"""Who joins whom: equal questions under one dedup key, and no others."""

from typing import Any

import pytest

from approvals.joining import join_key, likeness, normalised
from approvals.words import Severity

SENT: dict[str, Any] = {
    "dedup_key": "d",
    "environment": "production",
    "category": "deployment",
    "requested_by": {"id": "req"},
    "approvers": ["dba"],
    "callback_url": "https://x.example/a",
}


def test_without_a_dedup_key_nothing_is_joined() -> None:
    """Every question is its own."""
    assert join_key("svc", "sha256:1", {"environment": "production"}) is None


@pytest.mark.parametrize(
    "change", [{"title": "other"}, {"context": {}}, {"severity": "high"}, {"kind": "approval"}]
)
def test_what_is_only_said_does_not_keep_equals_apart(change: dict[str, Any]) -> None:
    """Nor does a default that is written out."""
    assert join_key("svc", "sha256:1", {**SENT, **change}) == join_key("svc", "sha256:1", SENT)


@pytest.mark.parametrize("name", [*SENT, "kind"])
def test_one_approval_never_covers_another(name: str) -> None:
    """Environment, category, requester, approvers, callback, kind and the key itself."""
    other = {**SENT, name: "incident"}
    assert join_key("svc", "sha256:1", other) != join_key("svc", "sha256:1", SENT)


def test_neither_another_service_nor_another_digest_joins() -> None:
    """What runs is what was approved."""
    keys = {join_key(s, d, SENT) for s in ("svc", "other") for d in ("sha256:1", "sha256:2")}
    assert len(keys) == 4


def test_nothing_joins_an_automation() -> None:
    """Each is a record of its own, before it runs."""
    assert join_key("svc", "sha256:1", {**SENT, "kind": "automation"}) is None


INCIDENT: dict[str, Any] = {
    "kind": "incident",
    "environment": "production",
    "category": "service_health",
    "title": "3 of 7 hosts do not answer",
    "context": {"error": {"type": "ConnectTimeout", "message": "db-7:5432 after 10.2 s"}},
}


def key(**change: Any) -> str | None:
    """The key of an incident that differs in that."""
    return join_key("svc", "sha256:1", {**INCIDENT, **change})


def test_an_incident_joins_what_reads_alike_without_being_told_to() -> None:
    """Nothing is held, so nothing is covered that nobody saw."""
    error = {"type": "ConnectTimeout", "message": "db-9:5432 after 11 s"}
    assert key() == key(context={"error": error}, title="another title", summary="more")
    assert key(context={}) == key(context={}, title="4 of 7 hosts do not answer")


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "staging"},
        {"category": "service_outage"},
        {"context": {"error": {"type": "ConnectTimeout", "message": "no route to host"}}},
        {"context": {"error": {"type": "ReadTimeout", "message": "db-7:5432 after 10.2 s"}}},
        {"context": {}},
        {"severity": "critical"},
        {"approvers": ["dba"]},
        {"callback_url": "https://x.example/a"},
        {"dedup_key": "d"},
    ],
)
def test_another_incident_stands_for_itself(change: dict[str, Any]) -> None:
    """So does the same one when it is worse than before: it has to ring again."""
    assert key() != key(**change)


def test_a_severity_that_changes_nothing_keeps_nothing_apart() -> None:
    """The category says at least as much."""
    assert key() == key(severity="low") == key(severity="medium")


@pytest.mark.parametrize(
    ("change", "floor"),
    [
        ({"category": "other"}, "low"),
        ({"category": "service_outage"}, "critical"),
        ({"category": "service_outage", "environment": "staging"}, "high"),
        ({"context": {**INCIDENT["context"], "attempts": [1, 2, 3]}}, "high"),
    ],
)
def test_how_bad_it_is_at_least_is_what_the_table_says(change: dict[str, Any], floor: str) -> None:
    """Of an incident of that category, there, after as many attempts: saying so is no news."""
    keys = {s: key(**change, severity=s) for s in ("low", "medium", "high", "critical")}
    assert key(**change) == keys[floor]
    as_bad = {severity for severity, found in keys.items() if found == keys[floor]}
    assert as_bad == {s for s in keys if Severity(s).rank <= Severity(floor).rank}


def test_under_a_dedup_key_the_caller_says_what_is_the_same() -> None:
    """Whatever it reads like, and however bad."""
    other = {"context": {}, "title": "other", "severity": "critical"}
    assert key(dedup_key="d") == key(dedup_key="d", **other)


def test_no_key_is_made_of_what_was_hidden() -> None:
    """Of the redacted form only."""
    error = {"error": {"message": "[hidden: password]"}}
    keys = {
        join_key("svc", "sha256:1", {**INCIDENT, "context": {"error": {"message": secret}}}, shown)
        for secret in ("hunter2", "hunter3")
        for shown in [{**INCIDENT, "context": error}]
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Timeout after 10 s,  then\n12.5 s", "timeout after <n> s, then <n> s"),
        ("1,204 rows of batch8813", "<n> rows of batch<n>"),
        ("refused by 10.0.0.7:5432", "refused by <address>:<n>"),
        ("refused by fe80::1 and 2001:db8:0:0:1:0:0:1", "refused by <address> and <address>"),
        ("no mailbox a.b+c@mail.example", "no mailbox <address>"),
        ("segfault at 0x7ffF3a2C", "segfault at <n>"),
        ("commit 8f2c41a is not e83c5163316f89bf", "commit <n> is not <n>"),
        ("order 550e8400-E29B-41d4-a716-446655440000 lost", "order <id> lost"),
        ("order 550e8400e29b41d4a716446655440000 lost", "order <id> lost"),
        ("field 'lang' is \"text\", not `keyword`", "field <text> is <text>, not <text>"),
        ("«größer» is unknown", "<text> is unknown"),
        ("it doesn't work, and won't", "it doesn't work, and won't"),
        ("the decade faded", "the decade faded"),
        ("std::vector is full", "std::vector is full"),
        ("GET /orders/17/items", "get /orders/<n>/items"),
        ("", ""),
    ],
)
def test_what_differs_from_one_time_to_the_next_is_taken_out(text: str, normal: str) -> None:
    """Numbers, ids, addresses and quoted values; words stay."""
    assert normalised(text) == normal
    assert normalised(normal) == normal


def test_a_request_is_like_its_error_or_else_its_title() -> None:
    """Whatever of the error there is."""
    assert likeness(INCIDENT) == "connecttimeout: db-<n>:<n> after <n> s"
    assert likeness({"title": "Disk 3 full"}) == "disk <n> full"
    assert likeness({"title": "t", "context": {"error": {"message": "Full"}}}) == "full"
    assert likeness({"title": "T", "context": {"error": {"traceback": "…"}}}) == "t"
