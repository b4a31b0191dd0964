"""Alarms as incidents: in the fake, and in the real server."""

from datetime import timedelta
from pathlib import Path

import pytest
from andon import Client
from andon.testing import FakeAndon
from andon.watching import words
from andon.watching.alarms import Alarm, Cleared, Reason, Seen, Tried
from andon.watching.incidents import Incidents
from andon.watching.rates import ErrorRateMonitor
from andon.watching.telling import Telling

from tests.building import START, Clock


def rising(watching: str = "checkout") -> Alarm:
    seen = Seen(window_s=300, count=3000, errors=900, baseline=0.001)
    return words.error_rate(watching, seen, START, START - timedelta(seconds=40))


def over(alarm: Alarm) -> Cleared:
    return Cleared(alarm=alarm, at=START + timedelta(minutes=20))


def test_an_alarm_opens_an_incident_and_its_end_withdraws_it(client: Client) -> None:
    incidents, alarm = Incidents(client), rising()
    incidents(alarm)
    (opened,) = client.list(status="pending")
    assert (opened.kind, opened.category, opened.severity) == ("incident", "pattern_change", "high")
    assert opened.title == "checkout: 30 % of requests fail"
    assert opened.context["system_state"] == {
        "reason": "error_rate",
        "since": "2026-11-12T21:29:20+00:00",
        "ratio": 0.3,
        "baseline": 0.001,
        "count": 3000,
        "errors": 900,
        "window_s": 300,
    }
    incidents(over(alarm))
    assert client.get(opened.id).status == "withdrawn"


def test_telling_the_same_alarm_again_is_the_same_incident(client: Client) -> None:
    """An answer that got lost makes no second card."""
    alarm = rising()
    for _ in range(2):
        Incidents(client)(alarm)
    (opened,) = client.list()
    assert opened.occurrences == 1


def test_processes_that_see_the_same_share_an_incident_that_people_end(client: Client) -> None:
    mine, theirs = Incidents(client), Incidents(client)
    alarm = rising()
    mine(alarm)
    theirs(rising())
    mine(over(alarm))
    (opened,) = client.list()
    assert (opened.status, opened.occurrences) == ("pending", 2)


def test_what_is_said_at_length_and_in_many_lines_reaches_people(client: Client) -> None:
    """What Andon refuses is told again for ever, and so never heard."""
    said = "not\nhealthy: " + "word " * 20_000
    tried = (Tried(at=START, action="check", error=said),)
    for alarm in (
        words.first_seen("checkout", said, said, START),
        words.unhealthy("search\x07", Reason.FAILING, tried, 3, START, START),
    ):
        Incidents(client)(alarm)
    of_service, first = client.list()
    assert of_service.title == "search fails its checks"
    assert first.context["error"]["type"].startswith("not healthy: word ")
    assert of_service.context["attempts"][0]["error"].startswith("not\nhealthy: word ")


def test_an_incident_that_people_ended_is_left_as_it_is(client: Client) -> None:
    incidents, alarm = Incidents(client), rising()
    incidents(alarm)
    (opened,) = client.list()
    client.withdraw(opened.id, "by hand")
    incidents(over(alarm))
    assert client.get(opened.id).status == "withdrawn"


def test_a_caller_adds_what_it_knows(client: Client) -> None:
    Incidents(client, reference="CHG-1042", context={"user_impact": "no checkouts"})(rising())
    (opened,) = client.list()
    assert opened.reference == "CHG-1042"
    assert opened.context["user_impact"] == "no checkouts"


def test_a_monitor_tells_andon_by_itself_once_andon_is_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pauses = list[float]()
    with FakeAndon("silent") as fake:
        for name, value in fake.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        client = Client(patience_s=0)
        incidents = Incidents(client)

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            fake.come_back()

        fake.go_away()
        clock = Clock(START)
        telling = Telling(incidents, run=lambda work: work(), pause=pause)
        monitor = ErrorRateMonitor("checkout", clock=clock, telling=telling)
        monitor.record(count=50, errors=50)
        clock.pass_(10)
        monitor.tick()
        (opened,) = client.list()
        client.close()
    assert len(pauses) == 1
    assert opened.title == "checkout: 100 % of requests fail"


def test_without_a_client_the_settings_of_the_environment_are_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with FakeAndon("silent") as fake:
        for name, value in fake.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        monitor = ErrorRateMonitor("checkout", environment="staging")
        monitor.record(error=KeyError("order"))
        assert monitor.flush(timeout_s=30)
        with Client() as client:
            (opened,) = client.list()
    assert (opened.title, opened.environment) == ("checkout: first KeyError", "staging")
