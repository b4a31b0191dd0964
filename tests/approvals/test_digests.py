"""When a digest is due, by the local clock, and what stands in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from approvals.digests import begins_a_week, latest, quiet_of
from approvals.words import Severity, Status
from tests.approvals.memory.ruled import Ruled
from tests.approvals.stories import expired, pending, rejected, withdrawn

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "now", "due"),
    [
        ("2026-11-12T07:00", "2026-11-12T07:59", None),
        ("2026-11-12T07:00", "2026-11-12T08:00", "2026-11-12T08:00"),
        ("2026-11-12T08:00", "2026-11-12T09:00", None),
        ("2026-11-12T08:00", "2026-11-12T23:30", "2026-11-12T16:00"),
        ("2026-11-12T16:00", "2026-11-13T00:30", None),
        ("2026-11-08T16:00", "2026-11-12T07:00", "2026-11-11T16:00"),
        ("2026-07-12T06:00", "2026-07-12T07:00", "2026-07-12T07:00"),
    ],
)
def test_the_last_missed_moment_is_due_by_local_time(since: str, now: str, due: str | None) -> None:
    """At 09:00 and 17:00 in Berlin; however many were missed, once."""
    found = latest(("09:00", "17:00"), BERLIN, at(since), at(now))
    assert found == (at(due) if due else None)


def test_each_day_has_its_digest_over_a_year_of_changing_clocks() -> None:
    """Also at an hour that a night in spring leaves out and one in autumn has twice."""
    told, now = at("2026-01-01T00:00"), at("2026-01-01T00:00")
    made = []
    while now < at("2027-01-01T00:00"):
        now += timedelta(minutes=20)
        moment = latest(("02:30",), BERLIN, told, now)
        if moment is not None:
            made.append(moment)
            told = moment
    assert len(made) == 365
    assert {b - a for a, b in pairwise(made)} == {
        timedelta(hours=23),
        timedelta(hours=24),
        timedelta(hours=25),
    }


def test_what_is_low_and_what_nobody_decided_stands_in_it() -> None:
    """What people decided is no news, and what is low is told when it is opened."""
    low = replace(pending().e, severity=Severity.LOW)
    lately = [low, expired().e, withdrawn().e, rejected().e, pending().e]
    since = low.created_at - timedelta(seconds=1)
    quiet = quiet_of(lately, since, since + timedelta(days=1))
    assert quiet.low == (low,)
    assert [e.status for e in quiet.undecided] == [Status.EXPIRED, Status.WITHDRAWN]
    assert quiet


def test_what_was_told_before_or_happens_later_does_not() -> None:
    """The window is open at its beginning and closed at its end."""
    e = expired().e
    assert e.ended_at is not None
    low = replace(pending().e, severity=Severity.LOW)
    day = timedelta(days=1)
    assert not quiet_of([e], e.ended_at, e.ended_at + day)
    assert quiet_of([e], e.ended_at - day, e.ended_at)
    assert not quiet_of([low], low.created_at, low.created_at + day)
    assert quiet_of([low], low.created_at - day, low.created_at)


def test_what_rules_decided_and_which_of_them_ended_stands_in_it() -> None:
    """When it was decided, and when it ended."""
    town = Ruled()
    proposal = town.accepted()
    began = town.now
    first = town.ask()
    town.run(town.pass_(minutes=5).ask(), "failed")
    town.pass_(minutes=5).ask()
    everything = tuple(town.rows.escalations.values())
    found = quiet_of(everything, began - timedelta(seconds=1), town.now)
    assert [e.id for e in found.ruled] == [first.id, found.ruled[1].id]
    assert [e.id for e in found.suspended] == [proposal.id]
    assert found
    later = quiet_of(everything, began, town.now - timedelta(seconds=1))
    assert (len(later.ruled), later.suspended) == (1, ())
    assert not quiet_of(everything, town.now, town.now + timedelta(hours=1))


@pytest.mark.parametrize(
    ("upto", "moment", "first"),
    [
        ("2026-11-15T08:00", "2026-11-16T08:00", True),
        ("2026-11-16T08:00", "2026-11-16T16:00", False),
        ("2026-11-16T08:00", "2026-11-17T08:00", False),
        ("2026-11-13T08:00", "2026-11-18T08:00", True),
        ("2026-11-16T08:00", "2026-12-15T08:00", True),
        ("2025-12-29T08:00", "2026-01-02T08:00", False),
        ("2026-11-15T22:30", "2026-11-15T23:30", True),
    ],
)
def test_the_first_digest_of_a_week_is_told_by_the_local_calendar(
    upto: str, moment: str, first: bool
) -> None:
    """Monday's, or the next that is made; a year's end is no week's."""
    assert begins_a_week(at(upto), at(moment), BERLIN) is first
