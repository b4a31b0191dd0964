"""A start with many stored, after an absence: until it is ready, and all that fell due is done.

What waited for people is past its deadline: its reminders, its chain and its expiry are due at
once. Slack is off: it would take fifty redrawn cards a minute, however quick we are.
"""

import asyncio
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.ready import Start, until_done
from bench.servers import cpu_seconds, free_port, settings_of, started
from bench.stored import KEPT, Hands, fill, opened, stored

STORED, OVERDUE, ROUNDS = 100_000, 1_000, 3

#: Those that are overdue were opened so long ago, to be decided within an hour.
AGO = timedelta(hours=2)


def measure(count: int = STORED, overdue: int = OVERDUE, rounds: int = ROUNDS) -> None:
    """Start on a copy each time."""
    path = _left(count, overdue)
    took = [_started(path) for _ in range(rounds)]
    ready, done = ([getattr(start, name) for start in took] for name in ("ready", "done"))
    print(
        f"a start with {count:,} stored and {overdue:,} overdue: ready after {median(ready):.1f} s,"
        f" all done after {median(done):.1f} s ({rounds} starts, {min(done):.1f} to"
        f" {max(done):.1f}); bar 5 s, aim 2"
    )


def _left(count: int, overdue: int) -> Path:
    """A store as a server leaves it that was stopped before anything of it fell due."""
    made = stored(count)
    path = made.with_stem(f"{made.stem}-overdue-{overdue}")
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            copied = shutil.copy(made, Path(folder) / "made.db")
            _nothing_due(copied)
            asyncio.run(_fill(copied, overdue))
            copied.rename(path)
    return path


def _nothing_due(path: Path) -> None:
    """Lists had some wait in the store that is kept: they would be overdue too after some hours."""
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("UPDATE escalations SET due_at = NULL WHERE due_at IS NOT NULL")


async def _fill(path: Path, overdue: int) -> None:
    """Open them, and seal them, as it was then."""
    clock = Hands(datetime.now(UTC) - AGO)
    async with opened(path, clock) as store:
        await fill(store, overdue, decide_within_s=3600)
        while await store.seals.seal(clock()):
            pass


def _started(path: Path) -> Start:
    """Seconds from the start of the process."""
    with tempfile.TemporaryDirectory(dir=KEPT) as name:
        folder, port = Path(name), free_port()
        shutil.copy(path, folder / "andon.db")
        settings = settings_of(folder, port)
        began = time.perf_counter()
        with started("bot", "serve", folder=folder, settings=settings) as server:
            start = asyncio.run(until_done(port))
            found = Start(*(at - began for at in (start.answers, start.ready, start.done)))
            print(
                f"  answers after {found.answers:.2f} s, ready after {found.ready:.2f},"
                f" all done after {found.done:.2f} ({cpu_seconds(server.pid):.2f} s of CPU)"
            )
    return found


if __name__ == "__main__":
    measure(*map(int, sys.argv[1:]))
