"""Collectors, each in a thread of its own and within its own time.

A thread cannot be stopped: one that hangs is left behind, does not keep the process from ending,
and is not started again while it still hangs.
"""

import asyncio
import inspect
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from andon.context.failure import in_words
from andon.context.plain import plain

#: Waits for an event so many seconds, and says whether it came.
Wait = Callable[[threading.Event, float], bool]

#: What a collector is remembered by: its name, and how many of that name come before it.
Known = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Something that finds out one thing."""

    field: str  #: of the contract: where it belongs
    name: str  #: as people read it
    collect: Callable[[], Any]  #: may be a coroutine function
    within_s: float  #: how long it may take


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one collector."""

    collector: Collector
    value: Any = None
    why_not: str | None = None  #: set where nothing was found

    @property
    def missed(self) -> str:
        """The line that stands for what was not collected."""
        return f"{self.collector.name}: {self.why_not}"


class _Run:
    """One collector under way."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.ended = threading.Event()
        self._found: Found | None = None
        run = copy_context().run
        self._thread = threading.Thread(
            target=run, args=(self._work,), name=f"andon-{collector.name}", daemon=True
        )

    def start(self) -> None:
        """Begin; where no thread is to be had, it has ended."""
        try:
            self._thread.start()
        except RuntimeError as error:
            self._found = failed(self.collector, error)
            self.ended.set()

    def _work(self) -> None:
        try:
            value = self.collector.collect()
            if inspect.isawaitable(value):
                value = asyncio.run(_awaited(value))
            self._found = Found(self.collector, plain(value))
        except BaseException as error:  # even SystemExit ends this collector alone
            self._found = failed(self.collector, error)
        finally:
            self.ended.set()

    def found(self) -> Found:
        """What it found, or that it takes too long."""
        return self._found if self._found is not None else too_long(self.collector)


async def _awaited(value: Any) -> Any:
    return await value


def failed(collector: Collector, error: BaseException) -> Found:
    """It raised."""
    return Found(collector, why_not=in_words(error, 300))


def too_long(collector: Collector) -> Found:
    """It has not answered in its time."""
    return Found(collector, why_not=f"no answer within {collector.within_s:g} s")


def _known(collectors: Iterable[Collector]) -> Iterator[tuple[Known, Collector]]:
    """Each with what it is remembered by: two may have one name, as all lambdas do."""
    before: Counter[str] = Counter()
    for one in collectors:
        yield (one.name, before[one.name]), one
        before[one.name] += 1


class Collecting:
    """Starts collectors together, and remembers those that hang."""

    def __init__(
        self,
        *,
        wait: Wait = threading.Event.wait,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wait = wait
        self._clock = clock
        self._lock = threading.Lock()
        self._hanging: dict[Known, _Run] = {}

    def collect(self, collectors: Iterable[Collector]) -> list[Found]:
        """What each found; together they take as long as the slowest may."""
        begun = self._clock()
        runs = [(known, one, self._started(known, one)) for known, one in _known(collectors)]
        return [self._ended(known, one, run, begun) for known, one, run in runs]

    def _started(self, known: Known, collector: Collector) -> _Run | None:
        with self._lock:
            before = self._hanging.pop(known, None)
            if before is not None and not before.ended.is_set():
                self._hanging[known] = before
                return None
        run = _Run(collector)
        run.start()
        return run

    def _ended(self, known: Known, collector: Collector, run: _Run | None, begun: float) -> Found:
        if run is None:
            return Found(collector, why_not="it still hangs from the last time")
        left = begun + collector.within_s - self._clock()
        if not self._wait(run.ended, max(0.0, left)):
            with self._lock:
                self._hanging[known] = run
        return run.found()
