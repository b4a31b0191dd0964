"""Too many services fail at once: the fault lies elsewhere, and restarting all would make it worse.

enough are healthy ──three or more fail, and fewer than 51 % are healthy──▶ outage
      ▲                                                                       │
      └────────enough are healthy again: at once, or, where people were───────┘
               asked because it lasted half a minute, held for five minutes
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mass:
    """When it is not one service that fails."""

    min_healthy: float = 0.51  #: a smaller part than this is healthy
    services: int = 3  #: so many fail at least
    after_s: float = 30  #: before people are asked
    hold_s: float = 300  #: so long enough are healthy, then it is over


class Outage:
    """Whether too many fail at once: on at the first sign, said when it lasts, over when held."""

    def __init__(self, mass: Mass) -> None:
        self._mass = mass
        self.on = False
        self.said = False
        self.since_s = 0.0
        self._well_since_s: float | None = None

    def turn(self, now_s: float, failing: int, services: int) -> bool | None:
        """True when it is to be said, False when it is over, None when there is nothing new."""
        many = failing >= self._mass.services
        if many and services - failing < self._mass.min_healthy * services:
            return self._fails(now_s)
        return self._goes(now_s) if self.on else None

    def _fails(self, now_s: float) -> bool | None:
        self._well_since_s = None
        if not self.on:
            self.on, self.since_s = True, now_s
        if self.said or now_s - self.since_s < self._mass.after_s:
            return None
        self.said = True
        return True

    def _goes(self, now_s: float) -> bool | None:
        if self._well_since_s is None:
            self._well_since_s = now_s
        if self.said and now_s - self._well_since_s < self._mass.hold_s:
            return None
        over = self.said
        self.on, self.said, self._well_since_s = False, False, None
        return False if over else None
