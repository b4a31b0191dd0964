"""Moves that are killed, one after the other, until one comes to its end.

Run as a program: `cut_short.py FILE URL EVERY [careless]`. Each move is a child that is killed
(SIGKILL) at a moment between two things it says to the server or hears from it: the first after
EVERY of them, the next after twice as many, and so on. `careless` plants the bug this is about: a
piece that is not one transaction. Prints what was found after each kill, and after the last move.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg

from storage import extents
from storage.errors import MoveError
from storage.postgres.connecting import dsn_of
from storage.postgres.target import Target
from storage.store import open_database
from tests.storage.postgres.moving import moved

#: All that a move says to the server.
SAID = ("execute", "fetch", "fetchval", "copy_records_to_table")

_LOOK = (
    "SELECT (SELECT version_num FROM alembic_version), "
    "(SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'), "
    "(SELECT count(*) FROM events), (SELECT count(*) FROM absences)"
)


class Death:
    """Kills the process at the n-th moment."""

    def __init__(self, after: int) -> None:
        self._left = after

    def comes(self) -> None:
        """Another moment."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, said: Callable[..., Any]) -> Callable[..., Any]:
        """Before it is said, and after it is heard."""

        async def saying(*given: Any, **more: Any) -> Any:
            self.comes()
            heard = await said(*given, **more)
            self.comes()
            return heard

        return saying


def is_killed(path: Path, url: str, after: int, *, careless: bool) -> bool:
    """Move in a child that is killed; whether it came to its end before."""
    child = os.fork()
    if child == 0:
        extents.MOST_ROWS = 7
        death = Death(after)
        for name in SAID:
            setattr(asyncpg.Connection, name, death.around(getattr(asyncpg.Connection, name)))
        if careless:
            Target._take = _carelessly  # type: ignore[method-assign]
        os._exit(bool(asyncio.run(moved(path, url))))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise SystemExit(f"a move ended with {status}")
    return status != 0


async def _carelessly(self: Target, table: Any, rows: Any) -> None:
    """The fences are down for others, too, until they are put up again."""
    await self._fences(table, "DISABLE")
    await self._put(table, rows)
    await self._fences(table, "ENABLE")


async def look(url: str) -> dict[str, Any]:
    """What the target is like, and whether a server would start on it."""
    link = await asyncpg.connect(dsn_of(url))
    schema, fences_down, *rows = await link.fetchrow(_LOOK)
    await link.close(timeout=2)
    try:
        async with open_database(url, server=True):
            starts = True
    except MoveError:
        starts = False
    return {"schema": schema, "down": fences_down, "rows": rows, "starts": starts}


def main(path: Path, url: str, every: int, *, careless: bool) -> None:
    """One move after the other."""
    after, kills = every, []
    while is_killed(path, url, after, careless=careless):
        kills.append(asyncio.run(look(url)))
        after += every
        if kills[-1]["down"]:
            break  # the bug is found
    print(json.dumps({"kills": kills, "end": asyncio.run(look(url))}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), careless="careless" in sys.argv[4:])
