"""Telling people, off the hot path: in a thread that lives while there is something to say.

Whoever records never waits for this and never sees its errors. What could not be told is told
again, with growing pauses, until it was; the alarm stays latched in its monitor meanwhile. That
goes for what Andon refuses, too: a policy can be mended while a service runs.
"""

import logging
import random
import threading
from collections import deque
from collections.abc import Callable

from andon.watching.alarms import Alarm, Cleared, Told
from andon.watching.incidents import Incidents

log = logging.getLogger("andon.watching")

#: Does a piece of work, elsewhere or at once.
Run = Callable[[Callable[[], None]], None]

#: Between two attempts to tell, in seconds at most: the first pause, and the longest.
_PAUSES_S = (2.0, 60.0)


def in_thread(work: Callable[[], None]) -> None:
    """Do it in a thread that does not keep the process from ending."""
    threading.Thread(target=work, name="andon-watching", daemon=True).start()


class Telling:
    """Says each thing once to `tell`, in order. Safe to call from any thread."""

    def __init__(
        self,
        tell: Callable[[Told], object],
        *,
        bound: int = 100,
        run: Run = in_thread,
        pause: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._tell = tell
        self._bound = bound
        self._run = run
        self._sleeping = threading.Event()
        self._pause = pause or self._sleeping.wait
        self._chance = chance
        self._waiting: deque[Told] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._failures = 0
        self._last_error = ""

    def say(self, told: Told) -> None:
        """Have it told soon."""
        with self._changed:
            if len(self._waiting) >= self._bound:
                self._forget_what_is_over()
            self._waiting.append(told)
        self.wake()

    def wake(self) -> None:
        """Go on telling, if there is something to tell and nobody at it."""
        with self._changed:
            if self._busy or not self._waiting:
                return
            self._busy = True
        try:
            self._run(self._work)
        except RuntimeError as error:  # No thread is to be had; the next step wakes it again.
            log.warning("Could not start telling of alarms: %s", error)
            with self._changed:
                self._busy = False

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all is told, at most so long; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)

    def _work(self) -> None:
        while (told := self._next()) is not None:
            try:
                self._tell(told)
            except Exception as error:
                self._failed(told, error)
            else:
                self._failures, self._last_error = 0, ""
                self._done(told)

    def _next(self) -> Told | None:
        with self._changed:
            self._busy = bool(self._waiting)
            return self._waiting[0] if self._waiting else None

    def _done(self, told: Told) -> None:
        with self._changed:
            self._waiting.remove(told)
            self._changed.notify_all()

    def _failed(self, told: Told, error: Exception) -> None:
        self._failures += 1
        if str(error) != self._last_error:
            log.warning("An alarm could not be told, trying on: %s: %s", _title(told), error)
        self._last_error = str(error)
        self._to_the_back(told)
        shortest, longest = _PAUSES_S
        self._pause(self._chance() * min(longest, shortest * 2 ** min(self._failures - 1, 10)))

    def _to_the_back(self, told: Told) -> None:
        """Let others have their turn; what is said of the same alarm stays in order."""
        with self._changed:
            mine = [t for t in self._waiting if t.key == told.key]
            self._waiting = deque([t for t in self._waiting if t.key != told.key] + mine)

    def _forget_what_is_over(self) -> None:
        """Leave out the oldest alarm that cleared before anybody could be told of it.

        The first of all may be told just now, and whoever heard of an alarm has to hear of its end.
        """
        rest = list(self._waiting)[1:]
        untold = {t.key for t in rest if isinstance(t, Alarm)}
        over = next((t.key for t in rest if isinstance(t, Cleared) and t.key in untold), None)
        if over is not None:
            self._waiting = deque(t for t in self._waiting if t.key != over)
            log.error("Too much is untold: an alarm that is over is left out.")


def _title(told: Told) -> str:
    return told.title if isinstance(told, Alarm) else f"over: {told.alarm.title}"


def said_to(
    escalate: Callable[[Alarm], object] | None,
    cleared: Callable[[Cleared], object] | None,
    environment: str | None,
) -> Callable[[Told], object]:
    """Who is told: the caller's own functions, or else Andon."""
    if escalate is None and cleared is None:
        return Incidents(environment=environment)

    def tell(told: Told) -> None:
        if isinstance(told, Cleared):
            if cleared is not None:
                cleared(told)
        elif escalate is not None:
            escalate(told)

    return tell
