"""What happens is told at once: to open pages, and to whoever waits for something to be true."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

#: Sees every person's notifications, as a wall of phones would.
EVERYONE = "*"

#: Events kept for a page that reads slowly; older ones are lost, and it reads afresh.
BACKLOG = 1000


@dataclass(frozen=True, kw_only=True)
class Notification:
    """What a person's lock screen showed."""

    person: str
    channel: str
    ts: str
    text: str
    at: float  #: unix seconds

    def as_page(self) -> dict[str, Any]:
        """As the page's phone shows it."""
        return {"type": "notification", **vars(self)}


class Watcher:
    """One open page: its events in order, and a bell that rings when there are some."""

    def __init__(self, person: str) -> None:
        self.person = person
        self._events: deque[Mapping[str, Any] | None] = deque(maxlen=BACKLOG)
        self._bell = asyncio.Event()

    def tell(self, event: Mapping[str, Any] | None) -> None:
        """Add an event; None is the last one."""
        self._events.append(event)
        self._bell.set()

    async def next(self) -> Mapping[str, Any] | None:
        """The next event, waited for; None when there will be no more."""
        while not self._events:
            self._bell.clear()
            await self._bell.wait()
        return self._events.popleft()


class Changes:
    """Tells watchers what they may see, and wakes whoever waits."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._waiting: set[asyncio.Event] = set()

    @contextmanager
    def watched_by(self, person: str) -> Iterator[Watcher]:
        """Watch as a person, for as long as the block lasts."""
        watcher = Watcher(person)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def tell(self, event: Mapping[str, Any], sees: Callable[[str], bool]) -> None:
        """Something happened; `sees` says to whom it is shown."""
        for watcher in self._watchers:
            if sees(watcher.person):
                watcher.tell(event)
        self.wake()

    def wake(self) -> None:
        """Something changed that no page is told of."""
        for event in self._waiting:
            event.set()

    def end(self) -> None:
        """Nothing will happen here any more."""
        for watcher in self._watchers:
            watcher.tell(None)

    async def wait_for(self, predicate: Callable[[], T], timeout: float) -> T:  # noqa: ASYNC109  a limit of the test's, not of work
        """The predicate's first true answer. Raises TimeoutError after `timeout` real seconds."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(timeout):
                while not (answer := predicate()):
                    changed.clear()
                    await changed.wait()
                return answer
        finally:
            self._waiting.discard(changed)
