"""The server's time: never back, never still, and soon the machine's again."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.steady import SteadyClock
from tests.building import START, Clock


class Machine:
    """A machine whose clock may be set, while its uptime only grows."""

    def __init__(self) -> None:
        self.wall, self.uptime = Clock(), 1000.0
        self.steady = SteadyClock(self.wall, lambda: self.uptime)

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.wall.pass_(seconds)
        self.uptime += seconds

    @property
    def seconds(self) -> float:
        """What the server takes it to be, in seconds since the start."""
        return (self.steady() - START).total_seconds()


@pytest.fixture
def machine() -> Machine:
    """It is the start."""
    return Machine()


def test_while_the_clock_is_right_it_is_the_machines(machine: Machine) -> None:
    for _ in range(5):
        machine.pass_(7.25)
        assert machine.steady() == machine.wall()


def test_a_clock_set_forward_is_followed_at_once(machine: Machine) -> None:
    machine.wall.pass_(86400)
    assert machine.seconds == 86400


@pytest.mark.parametrize("back", [3600, 86400])
def test_a_clock_set_back_takes_no_moment_back_and_time_goes_on(
    machine: Machine, back: int
) -> None:
    machine.pass_(100)
    assert machine.seconds == 100
    machine.wall.pass_(-back)
    assert machine.seconds == 100
    machine.pass_(60)
    assert machine.seconds == 130


def test_after_twice_the_jump_both_agree_again(machine: Machine) -> None:
    machine.wall.pass_(3600)
    assert machine.seconds == 3600
    machine.wall.pass_(-3600)
    assert machine.seconds == 3600
    machine.pass_(7199)
    assert machine.steady() > machine.wall()
    machine.pass_(2)
    assert machine.steady() == machine.wall()


def test_what_the_server_before_saw_is_not_gone_back_behind(machine: Machine) -> None:
    machine.steady.not_before(START + timedelta(hours=1))
    assert machine.seconds == 3600
    machine.pass_(10)
    assert machine.seconds == 3605


def test_a_clock_set_back_is_told_once_and_its_end_too(machine: Machine) -> None:
    with capture_logs() as logged:
        machine.wall.pass_(-1)
        assert machine.seconds == 0  # it is trimmed all the time
        machine.wall.pass_(-599)
        assert [machine.seconds for _ in range(3)] == [0, 0, 0]
        machine.pass_(1200)
        assert machine.seconds == 600
    assert [(line["event"], line.get("seconds")) for line in logged] == [
        ("clock-set-back", 600),
        ("clock-caught-up", None),
    ]
