"""Clients of the fake, without a network: nothing sleeps, time is the fake's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from andon import AsyncClient, Client
from andon.testing import FakeAndon


def client_of(fake: FakeAndon, folder: Path, **more: Any) -> Client:
    """A blocking client."""
    given = {"state": folder / "state", "sleep": lambda s: None, "clock": fake.clock, **more}
    return Client(fake.url, fake.key, jwks=fake.jwks, transport=fake.transport, **given)


def aclient_of(fake: FakeAndon, folder: Path, **more: Any) -> AsyncClient:
    """An awaited client."""

    async def no_time(seconds: float) -> None:
        pass

    given = {"state": folder / "state", "sleep": no_time, "clock": fake.clock, **more}
    return AsyncClient(fake.url, fake.key, jwks=fake.jwks, transport=fake.transport, **given)


def last(fake: FakeAndon) -> dict[str, Any]:
    """The newest escalation."""
    return fake.escalations[-1]


Ran = Callable[[], None]
