"""What all proofs share: their order, an end that leaves nothing open, and figures at the end."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from tests.figures import figure, tell
from tests.trust.exported import bundle, copy, house
from tests.trust.lane import FULL

__all__ = ["bundle", "copy", "figure", "house"]

#: Dozens of servers start here: each would spend a second on compiling everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

#: Seconds in which the connections of a test end after it.
ENDED_WITHIN_S = 10.0

#: What takes longest, the longest first.
LONGEST = (
    *("test_soak", "test_rolling_upgrade", "test_machine", "test_kills", "power", "test_races"),
    *("test_network", "test_killed", "test_rotation", "test_secrets"),
)


@pytest.fixture(autouse=True)
async def nothing_stays_open() -> AsyncIterator[None]:
    """A test ends when its connections have: on a busy machine whoever was killed may have called
    just before, and is only now let in. What does not end is named, where it was made.
    """
    yield
    try:
        async with asyncio.timeout(ENDED_WITHIN_S):
            while _open():  # noqa: ASYNC110  other processes, too
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"left open: {_open()}")


def _open() -> list[asyncio.Transport]:
    """Connections of this loop; nobody but the loop itself knows all of them."""
    made = asyncio.get_running_loop()._transports.values()  # type: ignore[attr-defined]
    return [one for one in [*made] if one.get_extra_info("socket").fileno() >= 0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker begins with its share of the longest, so that nobody waits for one at the end;
    all else as it stands in the files, since those of one file share what they prepare.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    longest = sorted((item for item in items if _place(item) is not None), key=_place)
    rest = [item for item in items if _place(item) is None]
    parts = [
        rest[len(rest) * n // workers : len(rest) * (n + 1) // workers] for n in range(workers)
    ]
    items[:] = [item for n, part in enumerate(parts) for item in (*longest[n::workers], *part)]


def _place(item: pytest.Item) -> int | None:
    """Among the longest."""
    return next((n for n, name in enumerate(LONGEST) if f"/{name}" in item.nodeid), None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the proofs did."""
    tell(terminalreporter, "tests/trust/", "what was proved", full=FULL)
