"""A health monitor whose recoveries and threads a test holds in its hands."""

from collections.abc import Callable, Sequence
from typing import Any

from andon.watching.alarms import Alarm, Cleared, Told
from andon.watching.health import HealthMonitor
from andon.watching.service import State

from tests.building import START, Clock
from tests.client.watching.traffic import telling


class Ward:
    """Services, their monitor, and what became of them."""

    def __init__(self, *services: str, recover: bool = True, **how: Any) -> None:
        self.clock = Clock(START)
        self.told: list[Told] = []
        self.recovered: list[str] = []
        self.running: list[Callable[[], None]] = []
        self.inline = True  #: attempts end as soon as they begin
        self.fails: Exception | None = None
        self.monitor = HealthMonitor(
            services or ("search",),
            recover=self._recover if recover else None,
            clock=self.clock,
            chance=lambda: 1.0,
            telling=telling(),
            run=self._run,
            **how,
        )

    def _recover(self, service: str) -> None:
        self.recovered.append(service)
        if self.fails is not None:
            raise self.fails

    def _run(self, work: Callable[[], None]) -> None:
        if self.inline:
            work()
        else:
            self.running.append(work)

    def check(self, healthy: bool, *services: str, every_s: float = 10, times: int = 1) -> None:
        """So many rounds of checks."""
        for _ in range(times):
            for service in services or ("search",):
                self.told += self.monitor.record(
                    service, healthy=healthy, error=None if healthy else "refused"
                )
            self.pass_(every_s)

    def pass_(self, seconds: float) -> None:
        """Time, in seconds that are ticked one by one."""
        for _ in range(int(seconds)):
            self.clock.pass_(1)
            self.told += self.monitor.tick()

    def play(self, checks: str, every_s: float = 10) -> None:
        """Checks, written `+` and `-`."""
        for check in checks:
            self.check(check == "+", every_s=every_s)

    @property
    def state(self) -> State:
        return self.monitor.state("search")

    @property
    def alarms(self) -> Sequence[Alarm]:
        return [t for t in self.told if isinstance(t, Alarm)]

    @property
    def ends(self) -> Sequence[Cleared]:
        return [t for t in self.told if isinstance(t, Cleared)]
