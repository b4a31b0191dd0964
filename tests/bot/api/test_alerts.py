"""What an alert amounts to: how bad, what, where, and what to read, whatever its labels hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical import canonical
from bot.api.alerts import (
    MOST_LABELS,
    AlertmanagerIn,
    dedup_key,
    idempotency_key,
    incident,
)
from bot.api.models import OpenIn

LABELS = {"alertname": "HighLatency", "severity": "page", "service": "api", "instance": "web-1:80"}
ANNOTATIONS = {
    "summary": "p99 latency is 4 s",
    "description": "For ten minutes.\nSince the deploy.",
    "runbook_url": "https://runbooks.example/latency",
    "dashboard_url": "https://dashboards.example/api",
    "impact": "Checkout is slow",
}


def an_alert(**changes: Any) -> dict[str, Any]:
    """As Alertmanager sends it."""
    return {
        "status": "firing",
        "labels": LABELS,
        "annotations": ANNOTATIONS,
        "startsAt": "2026-11-12T21:20:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph?g0.expr=latency",
        "fingerprint": "3dbf1a56b88343c9",
        **changes,
    }


def a_notification(*alerts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A group of them."""
    return {
        "receiver": "andon",
        "status": "firing",
        "alerts": list(alerts) or [an_alert()],
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alerts.example:9093",
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "truncatedAlerts": 0,
        **changes,
    }


def asked(alert: dict[str, Any], environment: str | None = None) -> dict[str, Any]:
    """The request it amounts to."""
    told = AlertmanagerIn.model_validate(a_notification(alert))
    return incident(told, told.alerts[0], environment)


def labelled(**labels: str) -> dict[str, Any]:
    """With these labels besides its name."""
    return asked(an_alert(labels={"alertname": "HighLatency", **labels}))


def test_an_alert_is_an_incident_with_all_it_says() -> None:
    assert asked(an_alert()) == {
        "kind": "incident",
        "category": "service_health",
        "title": "p99 latency is 4 s",
        "summary": "For ten minutes.\nSince the deploy.",
        "severity": "critical",
        "environment": "production",
        "reference": "3dbf1a56b88343c9",
        "dedup_key": "alert:3dbf1a56b88343c9:d4061866bc333de2",
        "context": {
            "error": {"type": "HighLatency"},
            "system_state": {
                "service": "api",
                "instance": "web-1:80",
                "firing_since": "2026-11-12T21:20:00.123456789Z",
            },
            "affected_services": ["api"],
            "user_impact": "Checkout is slow",
            "runbook": "https://runbooks.example/latency",
            "links": [
                {"title": "Dashboard", "url": "https://dashboards.example/api"},
                {
                    "title": "The alert's expression",
                    "url": "http://prometheus.example/graph?g0.expr=latency",
                },
                {"title": "Alertmanager", "url": "http://alerts.example:9093"},
            ],
        },
    }


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("critical", "critical"),
        ("page", "critical"),
        ("P1", "critical"),
        ("error", "high"),
        ("high", "high"),
        ("warning", "medium"),
        (" Warning ", "medium"),
        ("info", "low"),
        ("none", "low"),
        ("apocalypse", "high"),
    ],
)
def test_its_severity_is_read_and_an_unknown_word_counts_as_high(said: str, severity: str) -> None:
    assert labelled(severity=said)["severity"] == severity


def test_without_a_severity_the_policy_says_how_bad_it_is() -> None:
    assert "severity" not in labelled()


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("service_outage", "service_outage"),
        ("Service outage", "service_outage"),
        ("security", "security"),
        ("our_own", "our_own"),
        ("", "service_health"),
        ("4711", "service_health"),
        ("x" * 41, "service_health"),
    ],
)
def test_a_label_or_an_annotation_names_its_category(said: str, category: str) -> None:
    assert labelled(andon_category=said)["category"] == category
    by_annotation = an_alert(annotations={"andon_category": said})
    assert asked(by_annotation)["category"] == category


@pytest.mark.parametrize(
    ("labels", "given", "environment"),
    [
        ({}, None, "production"),
        ({}, "staging", "staging"),
        ({"env": "prod"}, "staging", "production"),
        ({"environment": "staging", "env": "prod"}, None, "staging"),
        ({"environment": "EU west/1"}, None, "EU-west-1"),
        ({"environment": "///"}, None, "production"),
        ({"env": "x" * 80}, None, "x" * 40),
    ],
)
def test_its_environment_is_the_labels_then_the_addresss_then_production(
    labels: dict[str, str], given: str | None, environment: str
) -> None:
    assert asked(an_alert(labels=labels), given)["environment"] == environment


@pytest.mark.parametrize(
    ("labels", "annotations", "title"),
    [
        ({"alertname": "Down", "instance": "db-1"}, {}, "Down on db-1"),
        ({"alertname": "Down", "job": "db"}, {"summary": " \n "}, "Down on db"),
        ({"alertname": "Down"}, {"title": "Disk\nfull"}, "Disk full"),
        ({}, {}, "Alert 3dbf1a56b88343c9"),
        ({"alertname": "x" * 200}, {}, "x" * 149 + "…"),
    ],
)
def test_it_always_has_a_title(
    labels: dict[str, str], annotations: dict[str, str], title: str
) -> None:
    assert asked(an_alert(labels=labels, annotations=annotations))["title"] == title


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x", "/graph", "https://x/ y", "https://" + "x" * 2000]
)
def test_only_addresses_of_the_web_are_shown(url: str) -> None:
    alert = an_alert(generatorURL=url, annotations={"runbook_url": url, "dashboard": url})
    context = asked(alert)["context"]
    assert "runbook" not in context
    assert [link["title"] for link in context["links"]] == ["Alertmanager"]


def test_of_very_many_labels_the_first_are_kept() -> None:
    many = {f"label_{n}": "x" * 1000 for n in range(200)}
    state = asked(an_alert(labels=many))["context"]["system_state"]
    assert len(state) == MOST_LABELS + 1
    assert max(map(len, state.values())) == 300


def keys(group: str = "g", round_: str = "r", **changes: Any) -> tuple[str, str]:
    """What it is joined by, and what it is counted by."""
    told = AlertmanagerIn.model_validate(a_notification(an_alert(**changes), groupKey=group))
    alert = told.alerts[0]
    return dedup_key(group, alert), idempotency_key(group, alert, round_)


def test_a_group_and_a_fingerprint_make_an_incident() -> None:
    mine = keys()[0]
    assert keys(round_="r2", startsAt="2027-01-01T00:00:00Z", status="resolved")[0] == mine
    assert len({mine, keys(group="g2")[0], keys(fingerprint="aaaa")[0]}) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"group": "g2"},
        {"round_": "r2"},
        {"fingerprint": "aaaa"},
        {"startsAt": "2027-01-01T00:00:00Z"},
        {"status": "resolved"},
    ],
)
def test_another_occurrence_is_counted_by_another_key(other: dict[str, str]) -> None:
    assert keys()[1] == keys()[1]
    assert keys(**other)[1] != keys()[1]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400).filter(
    lambda text: "\x00" not in text
)
NAMES = st.sampled_from([*LABELS, *ANNOTATIONS, "environment", "env", "andon_category", "title"])
PAIRS = st.dictionaries(NAMES | TEXT, TEXT, max_size=12)


@given(labels=PAIRS, annotations=PAIRS, url=TEXT, group=TEXT.filter(bool))
def test_whatever_people_write_it_is_a_request_that_can_be_taken(
    labels: dict[str, str], annotations: dict[str, str], url: str, group: str
) -> None:
    """Refused for its wording, an alert would tell nobody that something is down."""
    alert = an_alert(labels=labels, annotations=annotations, generatorURL=url)
    told = AlertmanagerIn.model_validate(a_notification(alert, groupKey=group, externalURL=url))
    body = incident(told, told.alerts[0], None)
    OpenIn.model_validate(body)
    canonical(body)
