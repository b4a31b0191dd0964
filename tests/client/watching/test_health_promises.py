"""The health of services over any checks: what is promised is kept, and planted bugs are found."""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from andon.watching.alarms import Alarm, Cleared, Reason
from andon.watching.health import HealthMonitor
from andon.watching.outage import Outage
from andon.watching.service import Service, State

from tests.client.lane import FULL
from tests.client.watching.caring import Ward

STORIES = 1500 if FULL else 15
ENOUGH = 120
NAMES = tuple("abcde")


def broken(seed: int) -> set[str]:
    """The promises that are not kept while services live through good and bad times: none."""
    chance = random.Random(seed)
    ward = Ward(*NAMES[: chance.choice((1, 2, 5))])
    names = tuple(ward.monitor._services)
    found = set[str]()
    for _ in range(chance.randint(2, 6)):
        ill = {n: chance.choice((0.0, 0.0, 0.3, 1.0)) for n in names}
        if chance.random() < 0.2:
            ill = dict.fromkeys(names, 1.0)
        deaf = {n for n in names if chance.random() < 0.1}
        _live(ward, chance, ill, deaf, found)
    for _ in range(250):
        ward.check(True, *names)
    if any(ward.monitor.state(n) is not State.HEALTHY for n in names) or ward.monitor.stopped:
        found.add("healthy in the end")
    if {e.key for e in ward.ends} != {a.key for a in ward.alarms}:
        found.add("every alarm ends once")
    return found | _said(ward, names)


def _live(
    ward: Ward, chance: random.Random, ill: dict[str, float], deaf: set[str], found: set[str]
) -> None:
    """A time in which some fail, always or now and then, and of some nothing is heard."""
    rounds = chance.choice((3, 20, 60))
    for _ in range(rounds):
        for name in ward.monitor._services:
            if name not in deaf:
                ward.check(chance.random() >= ill[name], name, every_s=0)
        stopped, tried = ward.monitor.stopped, len(ward.recovered)
        ward.pass_(10)
        if stopped and ward.monitor.stopped and len(ward.recovered) > tried:
            found.add("no recovery in a mass failure")
    down = {name for name in ill if ill[name] == 1.0 or name in deaf}
    told = {a.watching for a in ward.alarms if a.reason is not Reason.MASS_FAILURE}
    known = {a.key for a in ward.alarms} - {e.key for e in ward.ends}
    open_ = {a.watching for a in ward.alarms if a.key in known}
    if rounds == 60 and not ward.monitor.stopped and not down <= open_ & (told | {"services"}):
        found.add("what is down is told")


def _said(ward: Ward, names: tuple[str, ...]) -> set[str]:
    found = set[str]()
    for name in (*names, "services"):
        about = [t for t in ward.told if _name(t) == name]
        if any(isinstance(a, type(b)) for a, b in pairwise(about)):
            found.add("one page an incident")
    for end in ward.ends:
        if (end.at - end.alarm.at).total_seconds() < 290:
            found.add("held before it is over")
    for alarm in ward.alarms:
        failed = [t for t in alarm.tried if t.action == "check"]
        if alarm.reason is Reason.FAILING and len(failed) < 3:
            found.add("three failures, not fewer")
    return found


def _name(told: Alarm | Cleared) -> str:
    return (told if isinstance(told, Alarm) else told.alarm).watching


def test_whatever_the_checks_the_promises_are_kept() -> None:
    assert [(seed, found) for seed in range(STORIES) if (found := broken(seed))] == []


Plant = Callable[[pytest.MonkeyPatch], None]


def no_latch(m: pytest.MonkeyPatch) -> None:
    def escalate(self: Any, reason: Reason) -> None:
        self.reason = reason

    m.setattr(Service, "escalate", escalate)


def no_hold_down(m: pytest.MonkeyPatch) -> None:
    m.setattr(Service, "_hold_s", lambda self: 0.0)


def silence_is_health(m: pytest.MonkeyPatch) -> None:
    real = Service.pass_

    def pass_(self: Any, now_s: float, *, recoverable: bool) -> None:
        self._heard_s = now_s
        real(self, now_s, recoverable=recoverable)

    m.setattr(Service, "pass_", pass_)


def recovery_goes_on_in_a_mass_failure(m: pytest.MonkeyPatch) -> None:
    m.setattr(HealthMonitor, "_recoverable", True)
    m.setattr(Service, "hold_off", lambda self: None)


def a_mass_failure_never_ends(m: pytest.MonkeyPatch) -> None:
    m.setattr(Outage, "_goes", lambda self, now_s: None)


def the_first_failure_pages(m: pytest.MonkeyPatch) -> None:
    def hopeless(self: Any, now_s: float) -> Reason | None:
        asked = self.state in (State.HEALTHY, State.ESCALATED)
        return None if asked or not self.failing else Reason.FAILING

    m.setattr(Service, "hopeless", hopeless)


def people_are_asked_only_where_attempts_ran_out(m: pytest.MonkeyPatch) -> None:
    m.setattr(Service, "hopeless", lambda self, now_s: None)


def escalated_for_ever(m: pytest.MonkeyPatch) -> None:
    real = Service.good

    def good(self: Any, now_s: float) -> bool:
        return self.state is not State.ESCALATED and real(self, now_s)

    m.setattr(Service, "good", good)


def an_end_is_said_at_every_good_check(m: pytest.MonkeyPatch) -> None:
    real = Service._proved

    def proved(self: Any, now_s: float) -> bool:
        over = real(self, now_s)
        if over:
            self.state, self.reason = State.ESCALATED, Reason.FAILING
            self.failures = self.care.failures
        return False

    m.setattr(Service, "_proved", proved)


@pytest.mark.parametrize(
    ("plant", "breaks"),
    [
        (no_latch, {"one page an incident"}),
        (no_hold_down, {"held before it is over"}),
        (silence_is_health, {"what is down is told"}),
        (recovery_goes_on_in_a_mass_failure, {"no recovery in a mass failure"}),
        (a_mass_failure_never_ends, {"healthy in the end"}),
        (the_first_failure_pages, {"three failures, not fewer"}),
        (people_are_asked_only_where_attempts_ran_out, {"what is down is told"}),
        (escalated_for_ever, {"healthy in the end"}),
        (an_end_is_said_at_every_good_check, {"healthy in the end"}),
    ],
)
def test_a_planted_bug_breaks_a_promise(
    plant: Plant, breaks: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    assert any(broken(seed) & breaks for seed in range(ENOUGH))
