"""The first page of what waits, among many stored, at the storage call.

The call is `reads.page`, of fifty: the query, the way to its thread and back, and the escalations
read from their documents. The first one reads all fifty; later ones, only what changed meanwhile.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from approvals.codec import lately_read
from approvals.ports import Wanted
from bench.stored import Hands, opened, pending, stored
from storage.reads import SqlReads

STORED, WAITING, LIMIT, TIMES = 100_000, 0.01, 50, 200


def measure(count: int = STORED, times: int = TIMES) -> None:
    """See to it that there are so many, then look."""
    path = stored(count)
    asyncio.run(pending(path, int(count * WAITING)))
    asyncio.run(_measure(path, count, times))


async def _measure(path: Path, count: int, times: int) -> None:
    """Ask again and again, of a store that remembers none of them and of one that does."""
    wanted = Wanted(status="pending")
    async with opened(path, Hands(datetime.now(UTC))) as store:
        reads = SqlReads(store.database)
        for name, before in (("none", lately_read.cache_clear), ("all", lambda: None)):
            took = []
            for _ in range(times):
                before()
                took.append(await _timed(lambda: reads.page(wanted, None, LIMIT)))
            took.sort()
            print(
                f"first page of {LIMIT} pending among {count:,}, {name} read before:"
                f" p50 {median(took):.2f} ms, p99 {took[int(0.99 * times)]:.2f} ms"
                f" (least {took[0]:.2f}); bar 1 ms, aim 0.3"
            )


async def _timed(ask: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1e3


if __name__ == "__main__":
    measure(*map(int, sys.argv[1:]))
