"""When calls are made, and when people hear that they are not."""

import asyncio
import threading
from typing import Any

import pytest
from andon.breaker import CircuitBreaker, CircuitOpenError, State
from andon.context import Context
from andon.retrying import escalate_after_retries

from tests.client.people import AwaitedPeople, People, Still

BARE = Context(host=False, commits=0, packages=())


class Guarded:
    """A breaker, whom it tells, and the time around it."""

    def __init__(self, people: People | None = None, **how: Any) -> None:
        self.people, self.still = people or People(), Still()
        how = {"failures": 2, "pause_s": 30, "openings": 3, "within_s": 600} | how
        self.breaker = CircuitBreaker(
            "search", client=self.people, context=BARE, clock=lambda: self.still.passed, **how
        )

    def works(self) -> str:
        """A call that works."""
        return self.breaker.call(lambda: "found")

    def fails(self, error: Exception | None = None) -> Exception:
        """A call that fails; what is raised."""

        def call() -> None:
            raise error or ConnectionError("refused")

        with pytest.raises(Exception) as raised:  # noqa: PT011
            self.breaker.call(call)
        return raised.value

    def opens(self, times: int = 1) -> None:
        """It opens so often, from closed or half-open."""
        for _ in range(times):
            self.still.pass_(31)
            if self.breaker.state is State.CLOSED:
                self.fails()
            self.fails()
            assert self.breaker.state is State.OPEN


@pytest.fixture
def search() -> Guarded:
    """Closed."""
    return Guarded()


def test_failures_in_a_row_open_it(search: Guarded) -> None:
    search.fails()
    search.works()
    search.fails()
    assert search.breaker.state is State.CLOSED
    search.fails()
    assert search.breaker.state is State.OPEN


def test_while_it_is_open_no_call_is_made(search: Guarded) -> None:
    search.opens()
    search.still.pass_(20)
    with pytest.raises(CircuitOpenError, match="kept failing") as raised:
        search.works()
    assert "ConnectionError: refused" in str(raised.value)
    assert (raised.value.wait_s, raised.value.retry) == (10.0, True)


@pytest.mark.parametrize(("works", "after"), [(True, State.CLOSED), (False, State.OPEN)])
def test_after_its_pause_one_trial_decides(search: Guarded, works: bool, after: State) -> None:
    search.opens()
    search.still.pass_(30)
    search.works() if works else search.fails()
    assert search.breaker.state is after


def test_beside_a_trial_no_other_call_is_made(search: Guarded) -> None:
    search.opens()
    search.still.pass_(30)
    others: list[Exception] = []
    search.breaker.call(lambda: others.append(search.fails()))
    assert isinstance(others[0], CircuitOpenError)
    assert search.breaker.state is State.CLOSED


def test_a_trial_that_never_ends_does_not_block_for_ever(search: Guarded) -> None:
    search.opens()
    search.still.pass_(30)

    def never_ends() -> None:
        search.still.pass_(31)
        assert search.works() == "found"
        raise ConnectionError("at last, of an earlier term")

    with pytest.raises(ConnectionError):
        search.breaker.call(never_ends)
    assert search.breaker.state is State.CLOSED


def test_a_trial_that_is_cancelled_leaves_the_next_one_room(search: Guarded) -> None:
    search.opens()
    search.still.pass_(30)

    def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        search.breaker.call(cancelled)
    assert search.breaker.state is State.HALF_OPEN
    search.works()
    assert search.breaker.state is State.CLOSED


def test_an_old_call_that_fails_late_counts_for_nothing(search: Guarded) -> None:
    def late() -> None:
        search.opens()
        search.still.pass_(30)
        search.works()
        raise ConnectionError("late")

    for _ in range(3):
        with pytest.raises(ConnectionError, match="late"):
            search.breaker.call(late)
    assert search.breaker.state is State.CLOSED


def test_other_errors_neither_open_nor_count() -> None:
    search = Guarded(on=ConnectionError)
    for _ in range(5):
        search.fails(KeyError("no such word"))
    assert search.breaker.state is State.CLOSED


def test_people_are_told_when_it_opens_again_and_again(search: Guarded) -> None:
    search.opens(2)
    assert search.people.alerts == []
    search.opens()
    (alert,) = search.people.alerts
    assert alert["title"] == "search keeps failing: its circuit opened 3 times within 62 s"
    assert (alert["category"], alert["dedup_key"]) == (
        "service_health",
        "service_health:circuit:search",
    )
    assert [a["error"] for a in alert["context"]["attempts"]] == ["ConnectionError: refused"] * 3


def test_they_are_told_once_while_it_goes_on(search: Guarded) -> None:
    search.opens(40)
    assert len(search.people.alerts) == 1


def test_openings_far_apart_tell_nobody(search: Guarded) -> None:
    for _ in range(10):
        search.still.pass_(400)
        search.opens()
    assert search.people.alerts == []


def test_after_a_calm_time_they_are_told_again(search: Guarded) -> None:
    search.opens(5)
    search.still.pass_(601)
    search.opens(5)
    assert len(search.people.alerts) == 2


def test_if_they_could_not_be_told_the_next_opening_tells_them() -> None:
    search = Guarded(People(away=OSError("no route")))
    search.opens(3)
    search.people.away = None
    search.opens(3)
    assert len(search.people.alerts) == 1


def test_whoever_tries_again_around_it_tells_nobody_twice(search: Guarded) -> None:
    search.opens(3)
    tried = escalate_after_retries(client=search.people, context=BARE, attempts=1)(search.works)
    with pytest.raises(CircuitOpenError):
        tried()
    assert len(search.people.alerts) == 1


def test_while_people_are_told_anew_nobody_is_said_to_have_heard() -> None:
    refused: list[CircuitOpenError] = []

    class CutOff(People):
        """Whoever calls while they are told is refused."""

        def alert(self, **asked: Any) -> Any:
            with pytest.raises(CircuitOpenError) as raised:
                search.works()
            refused.append(raised.value)
            return super().alert(**asked)

    search = Guarded(CutOff())
    search.opens(3)
    search.still.pass_(601)
    search.opens(3)
    assert [hasattr(error, "__notes__") for error in refused] == [False, False]


async def test_coroutine_functions_are_guarded_alike() -> None:
    search = Guarded(AwaitedPeople(), openings=1)
    made: list[str] = []

    @search.breaker
    async def find(words: str) -> str:
        made.append(words)
        if words == "cancel":
            raise asyncio.CancelledError
        if words == "fail":
            raise ConnectionError("refused")
        return words

    assert await find("works") == "works"
    for _ in range(2):
        with pytest.raises(ConnectionError, match="refused"):
            await find("fail")
    with pytest.raises(CircuitOpenError):
        await find("never called")
    search.still.pass_(30)
    with pytest.raises(asyncio.CancelledError):
        await find("cancel")
    assert await find("works") == "works"
    assert made == ["works", "fail", "fail", "cancel", "works"]
    assert len(search.people.alerts) == 1


def test_a_decorated_function_stays_itself(search: Guarded) -> None:
    @search.breaker
    def find(words: str) -> str:
        """Find them."""
        return words

    assert (find("x"), find.__name__, find.__doc__) == ("x", "find", "Find them.")


def test_from_many_threads_one_trial_is_made(search: Guarded) -> None:
    search.opens()
    search.still.pass_(30)
    made, refused, gate = [], [], threading.Barrier(8)
    ended = threading.Semaphore(0)

    def trial() -> None:
        made.append(1)
        for _ in range(7):
            ended.acquire(timeout=30)

    def one() -> None:
        gate.wait(30)
        try:
            search.breaker.call(trial)
        except CircuitOpenError:
            refused.append(1)
            ended.release()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(made), len(refused)) == (1, 7)


@pytest.mark.parametrize("how", [{"failures": 0}, {"openings": 0}, {"pause_s": 0}, {"within_s": 0}])
def test_what_would_never_work_is_refused_where_it_is_written(how: Any) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        CircuitBreaker("search", **how)
