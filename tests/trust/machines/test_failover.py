"""The primary is lost, and its standby promoted: what was acknowledged is there, where the primary
waited for the standby; where it did not, it may be gone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.building import BODY
from tests.forging import Forge
from tests.trust.crashing.journal import Call
from tests.trust.lane import rounds
from tests.trust.machines.fleet import NAME, PROBE, Fleet, fleet
from tests.trust.machines.postgres import Postgres
from tests.trust.machines.probe import AGAIN_S, WITHIN_S, through
from tests.trust.machines.wire import Wire

#: What makes the primary wait for its standby; how it follows; whose commits wait for it; and what
#: breaks that off.
WAITS = "ALTER SYSTEM SET synchronous_standby_names = 'standby'"
FOLLOWS = "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
HELD = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
BROKEN_OFF = f"SELECT count(pg_terminate_backend(pid)) FROM ({HELD}) AS held"

#: Seconds until something that will happen has happened; those of a call that nobody answers.
WITHIN_ALL_S, UNANSWERED_S = 60.0, 4.0


@dataclass
class Standby:
    """It follows the primary by a way of its own."""

    server: Postgres
    wire: Wire

    async def takes_over(self, all_: Fleet) -> None:
        """The primary's machine is gone; this one is promoted, and the name leads to it."""
        await asyncio.to_thread(all_.postgres.kill)
        await asyncio.to_thread(self.server.promote)
        all_.postgres = self.server
        for wire in all_.wires:
            wire.targets[:] = [self.server.port]


@asynccontextmanager
async def standby(
    primary: Postgres, folder: Path, *, is_waited_for: bool
) -> AsyncIterator[Standby]:
    """One that is up to date."""
    async with Wire(primary.port).open() as wire:
        made = await asyncio.to_thread(primary.standby, folder, wire.port, "standby")
        try:
            await asyncio.to_thread(made.start)
            if is_waited_for:
                for sql in (WAITS, "SELECT pg_reload_conf()"):
                    await asyncio.to_thread(primary.rows, "postgres", sql)
            await until(primary, FOLLOWS, "sync" if is_waited_for else "async")
            yield Standby(made, wire)
        finally:
            await asyncio.to_thread(made.kill)


async def until(server: Postgres, sql: str, wanted: Any = None) -> Any:
    """Until that has a row whose only value is that, or any; the value."""
    async with asyncio.timeout(WITHIN_ALL_S):
        while True:
            rows = await asyncio.to_thread(server.rows, "postgres", sql)
            if rows and wanted in (None, rows[0][0]):
                return rows[0][0]
            await asyncio.sleep(0.05)


async def test_after_a_failover_to_a_standby_that_was_waited_for_all_is_there(
    quick: Forge,
    postgres: Postgres,
    servers: Path,
    tmp_path: Path,
    figure: Callable[[str, str], None],
) -> None:
    """In the full lane again and again, each time to a standby of the one before."""
    async with (
        AsyncExitStack() as standbys,
        fleet(quick, postgres, tmp_path, 1, "short_leases") as all_,
    ):
        for n in range(rounds(short=1, full=10)):
            follows = await standbys.enter_async_context(
                standby(all_.postgres, servers / f"standby{n}", is_waited_for=True)
            )
            await through(all_, lambda follows=follows: follows.takes_over(all_))
            assert all_.wrong() == []
        await all_.settle()
        assert all_.wrong() == []
        assert max(all_.waited) < WITHIN_S
        figure("failover", str(all_))


async def opened(all_: Fleet, key: str, n: int = 0, within_s: float = UNANSWERED_S) -> Call:
    """Something is asked at the n-th replica; whether it was answered, the call knows."""
    limit = aiohttp.ClientTimeout(total=within_s)
    call = all_.journal.call(service=PROBE, verb="open", key=key, body=BODY)
    all_.traffic.url = all_.replicas[n].url
    async with aiohttp.ClientSession(timeout=limit) as http:
        await all_.traffic.send(http, call)
    return call


@pytest.mark.parametrize("is_waited_for", [True, False])
async def test_what_a_standby_that_lags_behind_has_not_got_was_not_acknowledged(
    quick: Forge,
    postgres: Postgres,
    servers: Path,
    tmp_path: Path,
    is_waited_for: bool,
    figure: Callable[[str, str], None],
) -> None:
    """Unless the primary does not wait: then it was, and is lost, and the proof finds that.

    Here the address names both servers, and replicas find the one that takes commits.
    """
    async with standby(postgres, servers / "standby", is_waited_for=is_waited_for) as follows:
        both = f"127.0.0.1:{postgres.port},127.0.0.1:{follows.server.port}"
        url = f"postgresql://postgres@{both}/{NAME}?sslmode=disable&target_session_attrs=primary"
        async with fleet(quick, postgres, tmp_path, 1, url=url) as all_:
            assert (await opened(all_, "before", within_s=WITHIN_ALL_S)).acked
            follows.wire.mute()
            behind = [await opened(all_, f"behind-{n}") for n in range(3)]
            assert [call.acked for call in behind] == [not is_waited_for] * 3
            await follows.takes_over(all_)
            async with asyncio.timeout(WITHIN_ALL_S):
                while not (await opened(all_, "after")).acked:  # noqa: ASYNC110  another process
                    await asyncio.sleep(AGAIN_S)
            await all_.look()
            lost = [one for one in all_.wrong() if one.startswith("I5: behind")]
    assert len(lost) == (0 if is_waited_for else 3)
    assert is_waited_for == (all_.wrong() == [])
    if not is_waited_for:
        figure("planted: nobody waits", f"3 acknowledged to a primary alone, {len(lost)} lost")


@pytest.mark.parametrize("bug", ["", "told_without_having_the_row"])
async def test_what_the_primary_alone_has_is_not_acknowledged_when_it_is_asked_again(
    quick: Forge,
    postgres: Postgres,
    servers: Path,
    tmp_path: Path,
    bug: str,
    figure: Callable[[str, str], None],
) -> None:
    """A commit whose waiting was broken off is seen by all, though a failover would lose it."""
    async with (
        standby(postgres, servers / "standby", is_waited_for=True) as follows,
        fleet(quick, postgres, tmp_path, 1, bug) as all_,
    ):
        for n in range(2):  # neither has anything else to write meanwhile
            assert (await opened(all_, f"before-{n}", n, WITHIN_ALL_S)).acked
        follows.wire.mute()
        assert not (await opened(all_, "k")).acked
        await until(postgres, HELD)
        await asyncio.to_thread(postgres.rows, "postgres", BROKEN_OFF)
        again = [await opened(all_, "k", 1) for _ in range(2)]
        await follows.takes_over(all_)
        await all_.look()
        lost = [one for one in all_.wrong() if one.startswith("I5: k")]
        assert len(lost) == len([call for call in again if call.acked])
        assert bool(lost) == bool(bug)
        if bug:
            figure("planted bugs", f"{bug}: {len(lost)} acknowledged and lost")
