"""The health of services: recover what can be recovered, and ask people once where it cannot.

The states of one service are drawn in `service.py`. What is drawn there holds for each by itself,
until too many fail at once (`outage.py`): then nothing is recovered, and no service is escalated by
itself.
"""

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from andon.watching import words
from andon.watching.alarms import Alarm, Cleared, Told, Tried
from andon.watching.outage import Mass, Outage
from andon.watching.rings import Clock, Elapsed, wall
from andon.watching.service import Care, Service, State
from andon.watching.telling import Run, Telling, in_thread, said_to

#: Recovers a service, by name. Runs in a thread of its own; what it raises is noted.
Recover = Callable[[str], object]


class HealthMonitor:
    """Says once when a service cannot be recovered, and once when it is healthy again.

    Say what each check found: `record("search")`, `record("search", healthy=False, error=error)`.
    Call `tick()` every few seconds, too: it notices the checks that do not come, and begins
    attempts whose time has come. `recover` is called with the name of the service, one attempt at
    a time, in a thread of its own; whether it helped is for the checks to say.

    Every call is quick, may come from any thread or from an event loop, and never raises for what
    goes on elsewhere. What it says it returns as well: alarms are handed to `escalate` (and their
    end to `cleared`) in a thread of their own; without either, an incident is opened in Andon, and
    withdrawn at the end. Memory is constant for so many services.
    """

    def __init__(
        self,
        services: Iterable[str],
        *,
        recover: Recover | None = None,
        care: Care | None = None,
        mass: Mass | None = None,
        escalate: Callable[[Alarm], object] | None = None,
        cleared: Callable[[Cleared], object] | None = None,
        environment: str | None = None,
        clock: Clock = wall,
        chance: Callable[[], float] = random.random,
        telling: Telling | None = None,
        run: Run = in_thread,
    ) -> None:
        self._elapsed = Elapsed(clock)
        care = care or Care()
        self._services = {name: Service(care, 0.0, chance) for name in services}
        self._outage = Outage(mass or Mass())
        self._recover, self._run = recover, run
        self._telling = telling or Telling(said_to(escalate, cleared, environment))
        self._lock = threading.Lock()
        self._alarms: dict[str, Alarm] = {}
        self._busy = False

    @property
    def stopped(self) -> bool:
        """Whether too many fail to recover them one by one."""
        return self._outage.on

    @property
    def busy(self) -> bool:
        """Whether an attempt runs."""
        return self._busy

    def state(self, service: str) -> State:
        """How a service is."""
        return self._services[service].state

    def record(
        self, service: str, *, healthy: bool = True, error: BaseException | str | None = None
    ) -> tuple[Told, ...]:
        """What a check found."""
        if service not in self._services:
            raise ValueError(f"{service!r} is not watched: name it in `services`.")
        return self._judge(partial(self._checked, service, healthy, words.said(error)))

    def tick(self) -> tuple[Told, ...]:
        """Time passed."""
        return self._judge(lambda now_s: iter(()))

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all alarms are told, at most so long; whether they are."""
        return self._telling.flush(timeout_s)

    def _judge(self, found: Callable[[float], Iterator[Told]]) -> tuple[Told, ...]:
        with self._lock:
            now_s = self._elapsed()
            told = (*found(now_s), *self._passed(now_s))
            due = self._due(now_s)
        for one in told:
            self._telling.say(one)
        self._telling.wake()
        if due is not None:
            self._begin(due)
        return told

    def _checked(self, name: str, healthy: bool, error: str | None, now_s: float) -> Iterator[Told]:
        service = self._services[name]
        if not healthy:
            service.bad(now_s, error, recoverable=self._recoverable)
        elif service.good(now_s):
            yield Cleared(alarm=self._alarms.pop(name), at=self._elapsed.at(now_s))

    @property
    def _recoverable(self) -> bool:
        return self._recover is not None and not self._outage.on

    def _passed(self, now_s: float) -> Iterator[Told]:
        for service in self._services.values():
            service.pass_(now_s, recoverable=self._recoverable)
        yield from self._many(now_s)
        for name, service in self._services.items():
            reason = None if self._outage.on else service.hopeless(now_s)
            if reason is not None:
                service.escalate(reason)
                yield self._alarmed(name, service, now_s)

    def _alarmed(self, name: str, service: Service, now_s: float) -> Alarm:
        at = self._elapsed.at
        tried = tuple(Tried(at=at(n.at_s), action=n.action, error=n.error) for n in service.noted)
        self._alarms[name] = words.unhealthy(
            name, service.reason, tried, service.failures, at(now_s), at(service.since_s)
        )
        return self._alarms[name]

    def _many(self, now_s: float) -> Iterator[Told]:
        failing = tuple(name for name, service in self._services.items() if service.failing)
        turned = self._outage.turn(now_s, len(failing), len(self._services))
        if self._outage.on:
            for service in self._services.values():
                service.hold_off()
        at = self._elapsed.at
        if turned is True:
            since = at(self._outage.since_s)
            self._alarms[""] = words.mass_failure(failing, len(self._services), at(now_s), since)
            yield self._alarms[""]
        elif turned is False:
            yield Cleared(alarm=self._alarms.pop(""), at=at(now_s))

    def _due(self, now_s: float) -> str | None:
        """The one whose attempt is to begin, if none is running."""
        if self._busy or not self._recoverable:
            return None
        for name, service in self._services.items():
            if service.is_due(now_s):
                service.begin(now_s)
                self._busy = True
                return name
        return None

    def _begin(self, name: str) -> None:
        try:
            self._run(partial(self._attempt, name))
        except RuntimeError as error:
            self._ended(name, f"no thread to try it in: {error}")

    def _attempt(self, name: str) -> None:
        error = None
        try:
            if self._recover is not None:
                self._recover(name)
        except Exception as raised:
            error = words.said(raised)
        self._ended(name, error)

    def _ended(self, name: str, error: str | None) -> None:
        with self._lock:
            self._busy = False
            self._services[name].tried(self._elapsed(), error)
