"""What runs by itself, as programs whose recovery is a line appended to a file."""

import asyncio
from typing import Any

from tests.client.matrix.entries import Entry, Job, effect


def running(job: Job) -> int:
    """`with automation.running(…)`."""
    with _automation(job).running("restart", **_said(job)):
        effect(job)
    return 0


def arunning(job: Job) -> int:
    """`async with automation.running(…)`."""

    async def run() -> None:
        async with _automation(job).running("restart", **_said(job)):
            effect(job)

    asyncio.run(run())
    return 0


def decorated(job: Job) -> int:
    """A decorated function."""

    @_automation(job)("cleanup", **_said(job))
    def append() -> None:
        effect(job)

    append()
    return 0


def adecorated(job: Job) -> int:
    """A decorated coroutine function."""

    @_automation(job)("cleanup", **_said(job))
    async def append() -> None:
        effect(job)

    asyncio.run(append())
    return 0


def harmless(job: Job) -> int:
    """What is harmless, and told to run while Andon is away."""
    with _automation(job).running("cache", when_away="run", **_said(job)):
        effect(job)
    return 0


def catch_up(job: Job) -> int:
    """Tell what could not be told."""
    _automation(job).catch_up()
    return 0


def _automation(job: Job) -> Any:
    import andon

    return andon.Automation(patience_s=job["patience_s"])


def _said(job: Job) -> dict[str, Any]:
    operation = {"name": "append", "arguments": {"file": job["effects"]}}
    return {"title": job["title"], "reference": job["title"], "operation": operation}


#: Every way in by which something runs by itself.
WAYS: dict[str, Entry] = {
    "running": running,
    "running, async": arunning,
    "decorated": decorated,
    "decorated, async": adecorated,
    "running, when away": harmless,
}

#: The way in that runs though Andon is away.
WHEN_AWAY = "running, when away"

#: What a cell is told by, once nothing is wrong any more.
CATCH_UP = "catch_up"

RECOVERIES: dict[str, Entry] = {**WAYS, CATCH_UP: catch_up}
