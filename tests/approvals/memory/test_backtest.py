"""What a rule would have decided: counted, and named one by one."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from approvals.memory import backtest as module
from approvals.memory.accepted import Accepted
from approvals.memory.backtest import backtest, told
from approvals.words import DecidedBy, Effect, Kind, Result, Severity, Status
from tests.approvals.memory.histories import NOW, asked

WHAT = asked(Random(3))
RULE = Accepted(
    name="x",
    service=WHAT.service,
    fingerprint="1:refresh",
    option=WHAT.option,
    instead_of="production",
    people=1,
    severity=Severity.MEDIUM,
    until="2027-02-24",
    a_day=20,
)


def day(n: float) -> timedelta:
    """So many days."""
    return timedelta(days=n)


HISTORY = [
    WHAT.one(1, NOW - day(60), outcome=Result.FAILED),
    WHAT.one(2, NOW - day(20), people=("ana", "ben")),
    WHAT.one(3, NOW - day(19), effect=Effect.ABORT, option="no", status=Status.REJECTED),
    WHAT.one(4, NOW - day(18), option="otherwise", outcome=None),
    WHAT.one(5, NOW - day(17), undone="set back"),
    WHAT.one(6, NOW - day(16), stopped=True, outcome=None),
    WHAT.one(
        7,
        NOW - day(15),
        by=DecidedBy.EXPIRY,
        people=(),
        option=None,
        effect=Effect.ABORT,
        status=Status.EXPIRED,
        outcome=None,
    ),
    replace(WHAT, name="other").one(8, NOW - day(14)),
    replace(WHAT.one(9, NOW - day(13)), fingerprint=None),
    replace(WHAT.one(10, NOW - day(12)), kind=Kind.INCIDENT),
    WHAT.one(11, NOW - day(91)),
    WHAT.one(12, NOW + day(1)),
]


def test_it_counts_what_people_said_and_what_became_of_it() -> None:
    found = backtest(RULE, HISTORY, NOW, 30)
    assert found.ids == tuple(f"esc_refresh_00{n}" for n in (7, 6, 5, 4, 3, 2))
    assert found.summary == (
        "In 30 days it would have decided 6 of 8 approvals; 1 denied by people; "
        "1 decided otherwise; 0 failed; 2 taken back"
    )
    assert backtest(RULE, HISTORY, NOW, 90).summary == (
        "In 90 days it would have decided 7 of 9 approvals; 1 denied by people; "
        "1 decided otherwise; 1 failed; 2 taken back"
    )


def test_approvers_read_each_of_them() -> None:
    text = told([backtest(RULE, HISTORY, NOW, days) for days in (30, 90)], {"ana": "Ana"})
    option = WHAT.option
    assert text.splitlines()[2:] == [
        "sh_007 2026-12-27 21:00 expired",
        f"sh_006 2026-12-26 21:00 {option} by ben: stopped",
        f"sh_005 2026-12-25 21:00 {option} by ben: succeeded, taken back",
        "sh_004 2026-12-24 21:00 otherwise by ben: nothing reported",
        "sh_003 2026-12-23 21:00 no by ben",
        f"sh_002 2026-12-22 21:00 {option} by Ana, ben: succeeded",
        f"sh_001 2026-11-12 21:00 {option} by ben: failed",
    ]


def test_what_both_say_is_said_once() -> None:
    """In a young store nothing is older than the shorter of them."""
    young = [one for one in HISTORY if one.ended_at > NOW - day(30)]
    lines = told([backtest(RULE, young, NOW, days) for days in (30, 90)], {}).splitlines()
    assert (lines[0][:10], lines[1][:6]) == ("In 90 days", "sh_007")


def test_a_long_list_ends_with_how_many_more() -> None:
    many = [WHAT.one(n, NOW - timedelta(minutes=n)) for n in range(module.MOST_LINES + 3)]
    lines = told([backtest(RULE, many, NOW, 30)], {}).splitlines()
    assert (len(lines), lines[-1]) == (module.MOST_LINES + 2, "and 3 more")
