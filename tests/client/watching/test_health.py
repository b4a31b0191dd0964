"""The health of services, as stories."""

from datetime import timedelta

import pytest
from andon.watching.alarms import Reason
from andon.watching.health import HealthMonitor
from andon.watching.outage import Mass
from andon.watching.service import Care, State

from tests.building import START, Clock
from tests.client.watching.caring import Ward
from tests.client.watching.traffic import telling


def test_a_service_whose_checks_are_good_is_left_alone() -> None:
    ward = Ward()
    ward.play("+" * 100)
    assert (ward.state, ward.told, ward.recovered) == (State.HEALTHY, [], [])


def test_a_blip_is_not_recovered_from_by_a_restart() -> None:
    ward = Ward()
    ward.play("-+++", every_s=3)
    assert (ward.state, ward.recovered) == (State.HEALTHY, [])


def test_what_still_fails_after_a_moment_is_recovered_and_proves_itself() -> None:
    ward = Ward()
    ward.play("-")
    assert (ward.state, ward.recovered) == (State.RECOVERING, ["search"])
    ward.play("+" * 30)
    assert ward.state is State.RECOVERING
    ward.play("+" * 2)
    assert (ward.state, ward.told) == (State.HEALTHY, [])


def test_people_are_asked_at_the_third_failure_and_once() -> None:
    ward = Ward()
    ward.play("-" * 100)
    (alarm,) = ward.alarms
    assert (ward.state, ward.recovered) == (State.ESCALATED, ["search", "search"])
    assert (alarm.reason, alarm.category, alarm.severity) == (
        Reason.FAILING,
        "service_health",
        "high",
    )
    assert [t.action for t in alarm.tried] == ["check", "recover", "check", "recover", "check"]
    assert alarm.error == "refused"
    assert alarm.since == START
    assert alarm.summary == "Not healthy for 20 s. Tried to recover it 2 times."


def test_attempts_wait_longer_each_time() -> None:
    ward = Ward()
    ward.check(False, every_s=4)
    assert ward.recovered == []
    ward.pass_(1)
    assert ward.recovered == ["search"]
    ward.check(False, every_s=9)
    assert ward.recovered == ["search"]
    ward.pass_(1)
    assert ward.recovered == ["search", "search"]


def test_quick_checks_do_not_use_up_the_attempts() -> None:
    """What fails while an attempt waits is the same failure."""
    ward = Ward()
    ward.play("-" * 4, every_s=1)
    assert (ward.state, ward.alarms) == (State.SUSPECT, [])


def test_a_check_during_an_attempt_proves_nothing() -> None:
    ward = Ward()
    ward.inline = False
    ward.play("-")
    ward.play("++++-")
    assert (ward.state, ward.alarms) == (State.RECOVERING, [])
    ward.running.pop()()
    ward.play("-", every_s=1)
    assert ward.state is State.SUSPECT


def test_an_attempt_that_hangs_has_failed_and_the_next_check_counts() -> None:
    ward = Ward()
    ward.inline = False
    ward.play("-" * 8)
    assert ward.state is State.SUSPECT
    ward.play("-" * 30)
    (alarm,) = ward.alarms
    assert alarm.reason is Reason.DOWN_LONG
    assert "took longer than 60 s" in [t.error for t in alarm.tried]


def test_what_recovery_raises_is_told_and_disturbs_nobody() -> None:
    ward = Ward()
    ward.fails = PermissionError("docker.sock")
    ward.play("-" * 5)
    assert [t.error for t in ward.alarms[0].tried if t.action == "recover"] == [
        "PermissionError: docker.sock",
        "PermissionError: docker.sock",
    ]


def test_without_a_recovery_people_are_asked_at_the_third_failure() -> None:
    ward = Ward(recover=False)
    ward.play("---")
    (alarm,) = ward.alarms
    assert alarm.summary == "Not healthy for 20 s. No recovery was tried."


def test_it_is_over_after_good_checks_and_a_hold_down() -> None:
    ward = Ward()
    ward.play("-" * 10 + "+" * 30)
    assert ward.ends == []
    ward.play("+")
    (end,) = ward.ends
    assert (ward.state, end.alarm) == (State.HEALTHY, ward.alarms[0])


def test_a_relapse_within_the_hold_down_is_the_same_incident() -> None:
    ward = Ward()
    ward.play("-" * 10 + ("+" * 20 + "-") * 5)
    assert (len(ward.alarms), ward.ends) == (1, [])


def test_a_relapse_after_a_recovery_goes_on_counting() -> None:
    ward = Ward()
    ward.play("-" + "+" * 10 + "-" + "+" * 10 + "-")
    assert (len(ward.recovered), len(ward.alarms)) == (2, 1)


def test_good_and_bad_in_turn_is_no_health() -> None:
    """The seed's monitor never escalates this."""
    ward = Ward()
    ward.play("-+" * 20)
    assert len(ward.alarms) == 1


def test_one_that_falls_again_and_again_is_flapping_although_it_recovers_each_time() -> None:
    ward = Ward()
    ward.play(("-" + "+" * 4) * 10, every_s=3)
    assert (len(ward.alarms), ward.recovered) == (1, [])
    assert ward.alarms[0].reason is Reason.FLAPPING


def test_one_that_flaps_has_to_be_good_for_longer() -> None:
    ward = Ward()
    ward.play(("-" + "+" * 4) * 10, every_s=3)
    ward.play("+" * 170)
    assert ward.ends == []
    ward.play("+" * 20)
    assert len(ward.ends) == 1


def test_silence_is_a_failure() -> None:
    ward = Ward()
    ward.play("+")
    ward.pass_(400)
    (alarm,) = ward.alarms
    assert alarm.reason is Reason.SILENT
    assert alarm.error == "nothing was heard of it for 90 s"


def test_a_service_that_never_was_heard_of_is_silent_too() -> None:
    ward = Ward("search", "mail")
    for _ in range(40):
        ward.check(True, "search")
    assert [a.watching for a in ward.alarms] == ["mail"]


def test_being_down_for_long_counts_although_checks_are_rare() -> None:
    ward = Ward(care=Care(silent_s=4000))
    ward.check(False, every_s=299)
    assert ward.alarms == []
    ward.pass_(1)
    assert ward.alarms[0].reason is Reason.DOWN_LONG


def test_recovering_too_often_is_no_recovery() -> None:
    ward = Ward(care=Care(falls=100, per_hour=3))
    ward.play(("-" + "+" * 40) * 4)
    assert (len(ward.recovered), len(ward.alarms)) == (3, 1)


MANY = tuple("abcdefgh")


def test_a_mass_failure_stops_recovery_and_is_one_alarm() -> None:
    ward = Ward(*MANY)
    for _ in range(60):
        ward.check(False, *MANY[:5], every_s=0)
        ward.check(True, *MANY[5:])
    (alarm,) = ward.alarms
    assert (alarm.reason, alarm.category) == (Reason.MASS_FAILURE, "service_outage")
    assert alarm.affected == MANY[:5]
    assert alarm.title == "5 of 8 services fail at once"
    assert (ward.recovered, ward.monitor.stopped) == ([], True)


def test_below_a_mass_each_is_recovered_by_itself() -> None:
    ward = Ward(*MANY)
    for _ in range(10):
        ward.check(False, *MANY[:3], every_s=0)
        ward.check(True, *MANY[3:])
    assert not ward.monitor.stopped
    assert set(ward.recovered) == set(MANY[:3])


def test_a_moment_in_which_all_fail_stops_recovery_and_pages_nobody() -> None:
    ward = Ward(*MANY)
    ward.check(False, *MANY)
    assert ward.monitor.stopped
    ward.check(True, *MANY, times=5)
    assert (ward.monitor.stopped, ward.told, ward.recovered) == (False, [], [])


def test_after_a_mass_failure_what_still_fails_is_escalated_by_itself() -> None:
    ward = Ward(*MANY)
    ward.check(False, *MANY, times=10)
    for _ in range(60):
        ward.check(True, *MANY[1:], every_s=0)
        ward.check(False, "a")
    assert [a.reason for a in ward.alarms] == [Reason.MASS_FAILURE, Reason.FAILING]
    assert [e.alarm.reason for e in ward.ends] == [Reason.MASS_FAILURE]


def test_one_of_two_is_no_mass() -> None:
    ward = Ward("search", "mail")
    for _ in range(10):
        ward.check(False, "search", every_s=0)
        ward.check(True, "mail")
    assert [a.reason for a in ward.alarms] == [Reason.FAILING]


def test_one_attempt_runs_at_a_time() -> None:
    ward = Ward(*MANY, mass=Mass(services=9))
    ward.inline = False
    ward.check(False, *MANY)
    assert len(ward.running) == 1
    ward.running.pop()()
    ward.pass_(1)
    assert len(ward.running) == 1
    assert len(ward.recovered) == 1


def test_without_a_thread_an_attempt_has_failed() -> None:
    clock = Clock(START)

    def none(work: object) -> None:
        raise RuntimeError("can't start new thread")

    monitor = HealthMonitor(
        ["search"], recover=lambda s: None, clock=clock, telling=telling(), run=none
    )
    told = []
    for _ in range(10):
        told += monitor.record("search", healthy=False)
        clock.pass_(10)
        told += monitor.tick()
    (alarm,) = told
    assert "no thread to try it in: can't start new thread" in [t.error for t in alarm.tried]  # type: ignore[union-attr]


def test_a_thread_runs_the_recovery() -> None:
    clock, heard = Clock(START), list[str]()
    monitor = HealthMonitor(["search"], recover=heard.append, clock=clock, telling=telling())
    monitor.record("search", healthy=False, error=ConnectionError("refused"))
    clock.pass_(10)
    monitor.tick()
    while monitor.busy:
        pass
    assert heard == ["search"]


def test_a_service_that_is_not_watched_is_refused() -> None:
    with pytest.raises(ValueError, match="name it in `services`"):
        Ward().monitor.record("mail")


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    ward = Ward()
    ward.play("-")
    ward.clock.now -= timedelta(hours=1)
    ward.play("-" * 5)
    assert len(ward.alarms) == 1
