"""What error rates and spikes have in common: a lock, a clock, one alarm at a time, and telling."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from andon.watching.alarms import Alarm, Cleared, Seen, Told
from andon.watching.rings import Clock, Elapsed
from andon.watching.rising import Turn
from andon.watching.telling import Telling


class Engine(Protocol):
    """Counts, and tells turns."""

    @property
    def firing(self) -> bool:
        """Whether something cannot wait at the moment."""

    def advance(self, now_s: float) -> Iterator[Turn]:
        """Judge at each step that has passed."""

    def seen(self) -> Seen:
        """The newest counts."""


class Watch(ABC):
    """Judges as time passes; says what begins and what is over, each once."""

    def __init__(self, watching: str, engine: Engine, telling: Telling, clock: Clock) -> None:
        self.watching = watching
        self._engine = engine
        self._telling = telling
        self._elapsed = Elapsed(clock)
        self._lock = threading.Lock()
        self._alarms: dict[bool, Alarm] = {}

    @property
    def firing(self) -> bool:
        """Whether there is an alarm that is not over."""
        return self._engine.firing

    def tick(self) -> tuple[Told, ...]:
        """Judge what was counted, although nothing is to be counted."""
        return self._counted(lambda now_s: ())

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all alarms are told, at most so long; whether they are."""
        return self._telling.flush(timeout_s)

    def _ended(self, restart: Callable[[], None]) -> tuple[Told, ...]:
        """Whatever is said is over, for somebody said so."""
        with self._lock:
            at = self._elapsed.at(self._elapsed())
            told = tuple(Cleared(alarm=alarm, at=at) for alarm in self._alarms.values())
            self._alarms.clear()
            restart()
        for one in told:
            self._telling.say(one)
        return told

    def _counted(self, count: Callable[[float], tuple[Told, ...]]) -> tuple[Told, ...]:
        """First what was before, then what is counted now."""
        with self._lock:
            now_s = self._elapsed()
            told = (*self._turned(now_s), *count(now_s))
        for one in told:
            self._telling.say(one)
        self._telling.wake()
        return told

    def _turned(self, now_s: float) -> tuple[Told, ...]:
        return tuple(self._told(turn) for turn in self._engine.advance(now_s))

    def _told(self, turn: Turn) -> Told:
        at = self._elapsed.at(turn.at_s)
        if not turn.began:
            return Cleared(alarm=self._alarms.pop(turn.page), at=at, seen=turn.seen)
        self._alarms[turn.page] = self._alarm(turn, at, self._elapsed.at(turn.since_s))
        return self._alarms[turn.page]

    @abstractmethod
    def _alarm(self, turn: Turn, at: datetime, since: datetime) -> Alarm:
        """What is said when it begins."""
