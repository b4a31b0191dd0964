"""What may run by itself, and the breaker each process keeps beside the server's::

automatic --+-- as many within the window as may be --> manual, until the window has passed
            +-- one failed                          --> manual, for as long as it should be

manual -- people released one, and it succeeded ------> automatic, counted from there
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: From what each recovery recovers, where the caller does not say.
CATEGORY_OF: Mapping[str, str] = {
    "known_fix": "service_health",
    "idempotent": "service_health",
    "restart": "service_health",
    "cache": "service_health",
    "cleanup": "resource_exhaustion",
    "retry": "retries_exhausted",
}

#: From what a recovery may run by itself; of everything else, heard of or not, people decide.
AUTOMATIC = frozenset(
    {"service_health", "service_outage", "retries_exhausted", "resource_exhaustion"}
    | {"pattern_change"}
)

#: What does no harm though nobody knows of it: it may run while Andon is away, if it is asked to.
HARMLESS = frozenset({"idempotent", "cache", "retry"})


def never(recovery: str, category: str, operation: Mapping[str, object]) -> str | None:
    """Why people decide about it, always; None where it may run by itself."""
    if recovery not in CATEGORY_OF:
        return f"Only {', '.join(CATEGORY_OF)} may run by themselves, not {recovery!r}."
    if category not in AUTOMATIC:
        return f"People decide about {category.replace('_', ' ')}."
    if operation.get("money"):
        return "Money never moves by itself."
    arguments = operation.get("arguments")
    if isinstance(arguments, Mapping) and "sql" in arguments:
        return "People read a statement before it runs."
    return None


def breaker_of(recovery: str) -> str:
    """The `dedup_key` under which approvals count as those of this recovery."""
    return f"automation:{recovery}"


@dataclass(slots=True)
class Breaker:
    """One recovery in this process."""

    most: int
    within: timedelta
    manual_for: timedelta
    fired: list[datetime] = field(default_factory=list)
    failed_at: datetime | None = None

    def manual(self, now: datetime) -> str | None:
        """Why people decide for now; None while it may run by itself."""
        if self.failed_at is not None and now < self.failed_at + self.manual_for:
            return "The last one that ran by itself failed."
        self.fired = [at for at in self.fired if now < at + self.within]
        if len(self.fired) >= self.most:
            return f"It ran by itself {len(self.fired)} times lately, which is too often."
        return None

    def fires(self, now: datetime) -> None:
        """One more runs by itself."""
        self.fired.append(now)

    def fails(self, now: datetime) -> None:
        """It did not help."""
        self.failed_at = now

    def vouch(self) -> None:
        """People released one, and it succeeded."""
        self.fired, self.failed_at = [], None
