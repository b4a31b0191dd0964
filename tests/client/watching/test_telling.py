"""Telling people off the hot path: in order, again until told, and never in the caller's way."""

import threading
from collections.abc import Callable
from datetime import timedelta

from andon.watching import words
from andon.watching.alarms import Alarm, Cleared, Told
from andon.watching.rates import ErrorRateMonitor
from andon.watching.telling import Telling, said_to

from tests.building import START, Clock


def alarm(name: str) -> Alarm:
    return words.first_seen(name, "KeyError", "x", START)


def over(begun: Alarm) -> Cleared:
    return Cleared(alarm=begun, at=START + timedelta(seconds=90))


class Later:
    """Work that is done when a test says so."""

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self.work.append(work)

    def do(self) -> None:
        while self.work:
            self.work.pop(0)()


class Away:
    """Somebody who does not listen so many times."""

    def __init__(self, times: int, to: str = "") -> None:
        self.times = times
        self.to = to
        self.heard: list[Told] = []

    def __call__(self, told: Told) -> None:
        about = told if isinstance(told, Alarm) else told.alarm
        if self.times > 0 and about.watching.startswith(self.to):
            self.times -= 1
            raise ConnectionError("away")
        self.heard.append(told)


def test_what_is_said_is_told_in_order_and_once() -> None:
    heard = Away(0)
    telling = Telling(heard, run=lambda work: work())
    said = [alarm("a"), alarm("b")]
    for one in said:
        telling.say(one)
    assert heard.heard == said


def test_whoever_says_something_does_not_wait_and_sees_no_error() -> None:
    later, heard = Later(), Away(10_000)
    telling = Telling(heard, run=later, pause=lambda s: None)
    telling.say(alarm("a"))
    assert (heard.heard, len(later.work)) == ([], 1)


def test_what_could_not_be_told_is_told_again_with_growing_pauses() -> None:
    heard, pauses = Away(8), list[float]()
    telling = Telling(heard, run=lambda work: work(), pause=pauses.append, chance=lambda: 1.0)
    begun = alarm("a")
    telling.say(begun)
    assert heard.heard == [begun]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_one_that_is_refused_again_and_again_does_not_keep_others_from_being_told() -> None:
    later, heard = Later(), Away(3, to="a")
    telling = Telling(heard, run=later, pause=lambda s: None)
    first, second = alarm("a"), alarm("b")
    for one in (first, over(first), second):
        telling.say(one)
    later.do()
    assert heard.heard == [second, first, over(first)]


def test_at_the_bound_what_is_over_is_left_out_and_what_is_not_stays() -> None:
    later, heard = Later(), Away(0)
    telling = Telling(heard, bound=4, run=later)
    first, second, third = alarm("a"), alarm("b"), alarm("c")
    for one in (first, second, over(second), third, alarm("d")):
        telling.say(one)
    later.do()
    assert [t.watching for t in heard.heard if isinstance(t, Alarm)] == ["a", "c", "d"]


def test_what_is_being_told_and_the_end_of_what_was_told_are_never_left_out() -> None:
    later, heard = Later(), list[Told]()
    first, second = alarm("a"), alarm("b")

    def hears(told: Told) -> None:
        heard.append(told)
        if told == first:  # while it is told, it ends, and more is said than the bound allows
            for one in (over(first), second):
                telling.say(one)

    telling = Telling(hears, bound=2, run=later)
    telling.say(first)
    later.do()
    telling.say(over(second))
    later.do()
    assert heard == [first, over(first), second, over(second)]
    assert telling.flush(0)


def test_the_end_of_what_people_heard_of_is_never_left_out() -> None:
    later, heard = Later(), Away(0)
    telling = Telling(heard, bound=2, run=later)
    first, second, third = alarm("a"), alarm("b"), alarm("c")
    telling.say(first)
    later.do()
    for one in (second, over(first), third):
        telling.say(one)
    later.do()
    assert heard.heard == [first, second, over(first), third]


def test_where_no_thread_is_to_be_had_it_is_told_at_the_next_step() -> None:
    threads = [False, True]
    heard = Away(0)

    def run(work: Callable[[], None]) -> None:
        if not threads.pop(0):
            raise RuntimeError("can't start new thread")
        work()

    telling = Telling(heard, run=run)
    telling.say(alarm("a"))
    assert heard.heard == []
    telling.wake()
    assert len(heard.heard) == 1


def test_a_thread_tells_while_the_caller_goes_on() -> None:
    told, goes_on = threading.Event(), threading.Event()

    def slowly(alarm: Alarm) -> None:
        goes_on.wait(10)
        told.set()

    clock = Clock(START)
    monitor = ErrorRateMonitor("checkout", clock=clock, escalate=slowly)
    (said,) = monitor.record(error=KeyError("x"))
    assert isinstance(said, Alarm)
    assert not told.is_set()
    assert monitor.flush(timeout_s=0) is False
    goes_on.set()
    assert monitor.flush(timeout_s=10) is True


def test_alarms_and_their_end_go_to_those_who_asked_for_them() -> None:
    alarms, ends = list[Alarm](), list[Cleared]()
    begun = alarm("a")
    for tell in (said_to(alarms.append, ends.append, None), said_to(alarms.append, None, None)):
        tell(begun)
        tell(over(begun))
    said_to(None, ends.append, None)(begun)
    assert (alarms, ends) == ([begun, begun], [over(begun)])


def test_the_latch_holds_while_nobody_can_be_told() -> None:
    heard, clock = Away(10_000), Clock(START)
    telling = Telling(heard, run=Later(), pause=lambda s: None)
    monitor = ErrorRateMonitor("checkout", clock=clock, telling=telling)
    told = list[Told]()
    for _ in range(100):
        told += monitor.record(count=50, errors=50)
        clock.pass_(10)
    assert [type(t) for t in told] == [Alarm]
    assert monitor.firing


def test_the_end_of_an_alarm_says_how_long_it_lasted() -> None:
    assert over(alarm("a")).reason == "It recovered by itself, 90 s after it began."
