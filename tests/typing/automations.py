"""What callers write of recoveries that run by themselves, and what a type checker says of it.
Never run: mypy reads it.
"""

from collections.abc import Callable, Coroutine
from typing import Any, assert_type

from andon import AsyncClient, Automation, Client, Escalation, Grant, KnownError, Operation

OPERATION = Operation("x", {"a": 1})


def blocking(client: Client) -> None:
    """A function keeps its type, and the block knows its record."""
    automation = Automation(client, when_away="run", most=3)

    @automation("restart", title=lambda host: f"Restart {host}")
    def restart(host: str) -> int:
        return len(host)

    assert_type(restart("web-3"), int)
    restart(3)  # type: ignore[arg-type]
    with automation.running("cache", title="T", operation=OPERATION, verify=lambda: True) as block:
        assert_type(block.escalation, Escalation | None)
        assert_type(block.grant, Grant | None)
    automation.running("cache", title="T")  # type: ignore[call-arg]
    automation.running("cache", title="T", operation=OPERATION, when_away="go")  # type: ignore[arg-type]
    Automation(client, when_manual="ask")  # type: ignore[arg-type]


async def awaiting(client: AsyncClient) -> None:
    """Coroutine functions stay what they are."""
    automation = Automation(client)

    @automation("retry", title="T")
    async def again() -> str:
        return ""

    assert_type(again, Callable[[], Coroutine[Any, Any, str]])
    async with automation.running("retry", title="T", operation=OPERATION):
        pass


async def known(client: AsyncClient, error: Exception) -> None:
    """What a review confirmed, or nothing."""
    assert_type(Automation().known(error), KnownError | None)
    assert_type(await Automation(client).aknown(error), KnownError | None)
