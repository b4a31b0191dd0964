"""Each collector within its own time: one that hangs or raises costs nothing but its line."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from andon.context.collecting import Collecting, Collector, Found

from tests.client.people import never


def collector(collect: Callable[[], Any], name: str = "carts", within_s: float = 5) -> Collector:
    return Collector(field="user_impact", name=name, collect=collect, within_s=within_s)


def raises(error: BaseException) -> Any:
    raise error


async def awaited() -> str:
    return "from a coroutine"


@pytest.mark.parametrize(
    ("collect", "value"),
    [(lambda: "41 carts", "41 carts"), (awaited, "from a coroutine"), (lambda: None, None),
     (lambda: ("a", b"b"), ["a", "b"])],
)  # fmt: skip
def test_what_is_found_is_plain_json(collect: Callable[[], Any], value: Any) -> None:
    one = collector(collect)
    assert Collecting().collect([one]) == [Found(one, value)]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ConnectionError("refused"), "carts: ConnectionError: refused"),
        (SystemExit(3), "carts: SystemExit: 3"),
        (KeyboardInterrupt(), "carts: KeyboardInterrupt"),
    ],
)
def test_one_that_raises_has_its_line(error: BaseException, line: str) -> None:
    other = collector(lambda: "fine", "other")
    found = Collecting().collect([collector(lambda: raises(error)), other])
    assert [found[0].missed, found[1].value] == [line, "fine"]


def test_one_that_finds_too_much_has_its_line() -> None:
    found = Collecting().collect([collector(lambda: ["x" * 9_000] * 90)])
    assert found[0].missed == "carts: ValueError: it is too large: 810,360 characters"


def test_one_that_hangs_has_its_line_and_is_not_started_again() -> None:
    release, begun = threading.Event(), []

    def hangs() -> None:
        begun.append(1)
        release.wait(30)

    collecting, one = Collecting(wait=never), collector(hangs, within_s=0.5)
    first = collecting.collect([one])
    again = collecting.collect([one])
    release.set()
    assert first[0].missed == "carts: no answer within 0.5 s"
    assert again[0].missed == "carts: it still hangs from the last time"
    assert len(begun) <= 1


def test_two_of_one_name_are_both_asked() -> None:
    """All lambdas have one name; the first has not answered when the second begins."""
    begun = threading.Event()
    first = collector(lambda: begun.wait(30), "<lambda>", within_s=30)
    second = collector(begun.set, "<lambda>", within_s=30)
    assert Collecting().collect([first, second]) == [Found(first, True), Found(second, None)]


def test_who_asks_meanwhile_is_told_too() -> None:
    """One that is under way for somebody else has not hung."""
    both, collecting = threading.Barrier(2, timeout=30), Collecting()
    one = collector(lambda: both.wait() >= 0, within_s=30)
    with ThreadPoolExecutor(2) as people:
        told = [people.submit(collecting.collect, [one]) for _ in range(2)]
        assert [t.result() for t in told] == [[Found(one, True)]] * 2


def test_one_that_hung_is_asked_again_once_it_has_ended() -> None:
    release, runs = threading.Event(), list[threading.Event]()

    def wait(event: threading.Event, seconds: float) -> bool:
        runs.append(event)
        return len(runs) > 1 and event.wait(30)

    collecting, one = Collecting(wait=wait), collector(lambda: release.wait(30))
    assert collecting.collect([one])[0].missed == "carts: no answer within 5 s"
    release.set()
    assert runs[0].wait(30)
    assert collecting.collect([one]) == [Found(one, True)]


def test_time_runs_for_all_at_once() -> None:
    """The second one's time runs while the first is waited for."""
    release, waited, passed = threading.Event(), [], [0.0]

    def wait(event: threading.Event, seconds: float) -> bool:
        waited.append(seconds)
        passed[0] += seconds
        return False

    def hangs() -> None:
        release.wait(30)

    slow = [collector(hangs, "one", 2), collector(hangs, "two", 2), collector(hangs, "three", 5)]
    Collecting(wait=wait, clock=lambda: passed[0]).collect(slow)
    release.set()
    assert waited == [2, 0, 3]


def test_no_thread_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    found = Collecting().collect([collector(lambda: "x")])
    assert found[0].missed == "carts: RuntimeError: can't start new thread"
