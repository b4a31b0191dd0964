"""Stand-ins: a client that remembers what people were told, and time that passes when told to."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from andon.attempting import Times

START = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)


class People:
    """A client: what it was asked to tell."""

    def __init__(self, *, away: BaseException | None = None) -> None:
        self.away = away  #: raised in place of an answer
        self.alerts: list[dict[str, Any]] = []
        self.contexts: list[tuple[str, dict[str, Any]]] = []

    def alert(self, *, category: str, title: str, **more: Any) -> Any:
        """Open an incident."""
        if self.away is not None:
            raise self.away
        self.alerts.append({"category": category, "title": title, **more})
        return SimpleNamespace(id=f"esc_{len(self.alerts)}")

    def context(self, id: str, **context: Any) -> None:
        """Add to it."""
        self.contexts.append((id, context))

    @property
    def titles(self) -> list[str]:
        """What they read first."""
        return [alert["title"] for alert in self.alerts]


class AwaitedPeople(People):
    """The same, awaited."""

    async def alert(self, *, category: str, title: str, **more: Any) -> Any:
        return super().alert(category=category, title=title, **more)

    async def context(self, id: str, **context: Any) -> None:  # type: ignore[override]
        super().context(id, **context)


@dataclass
class Still:
    """Time that passes only by waiting, or when told to."""

    chance: float = 1.0  #: which part of the longest pause is drawn
    passed: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.passed += seconds

    def sleep(self, seconds: float) -> None:
        """Wait, at once."""
        self.pauses.append(seconds)
        self.pass_(seconds)

    async def asleep(self, seconds: float) -> None:
        """The same, awaited."""
        self.sleep(seconds)

    @property
    def times(self) -> Times:
        """As a retry takes it."""
        return Times(
            now=lambda: START + timedelta(seconds=self.passed),
            clock=lambda: self.passed,
            sleep=self.sleep,
            asleep=self.asleep,
            chance=lambda: self.chance,
        )


def never(event: threading.Event, seconds: float) -> bool:
    """Waits for nothing: what is waited for takes longer than its time."""
    return False
