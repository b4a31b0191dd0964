"""Each collector within its own time: one that hangs or raises costs nothing but its line."""

import threading
from collections.abc import Callable
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
