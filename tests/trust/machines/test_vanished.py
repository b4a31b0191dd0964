"""A replica's machine vanishes: no word comes from it any more, and no FIN or RST either.

What it had as leased by name belongs to its connection, so it comes free when PostgreSQL gives that
up. Meanwhile it has unread notes of other replicas, and those must not make it wait for longer.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from storage.postgres.link import number_of
from tests.forging import Forge
from tests.trust.lane import FULL
from tests.trust.machines.fleet import NAME, Fleet, fleet
from tests.trust.machines.postgres import Postgres
from tests.trust.machines.probe import probe, seconds

#: Who has the lease of the clock, by the port it calls from.
HOLDER = """
SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted
AND (l.classid::bigint << 32) + l.objid::bigint = %s
"""
LEFT = "SELECT 1 FROM pg_stat_activity WHERE client_port = ANY(%s)"

#: Seconds until a proof has waited long enough, and that its round with the clock takes.
GIVEN_UP_S, ROUND_S = 60.0, 0.3


async def has_lease(all_: Fleet, ports: Iterable[int]) -> bool:
    """Whether one of these has it just now."""
    rows = await asyncio.to_thread(all_.postgres.rows, NAME, HOLDER, number_of("lease:clock"))
    return any(port in ports for (port,) in rows)


async def vanish(all_: Fleet) -> list[int]:
    """The first replica, while it has the lease; from where it called."""
    wire = all_.wires[0]
    wire.latency_s = ROUND_S
    async with asyncio.timeout(GIVEN_UP_S):
        while not await has_lease(all_, wire.calling()):  # noqa: ASYNC110  it asks the server
            await asyncio.sleep(0.01)
    ports = wire.calling()
    wire.mute()
    all_.replicas[0].kill()
    assert await has_lease(all_, ports), "it was given back just before"
    return ports


async def freed(all_: Fleet, ports: list[int]) -> None:
    """Until it has the lease no more; the other one commits meanwhile, and tells of it."""
    while await has_lease(all_, ports):
        async with probe(all_, all_.replicas[1].url) as waiting:
            await waiting.ends()
        await asyncio.sleep(0.2)


async def gone(all_: Fleet, ports: list[int]) -> None:
    """Until none of its connections is left."""
    while await asyncio.to_thread(all_.postgres.rows, NAME, LEFT, ports):  # noqa: ASYNC110
        await asyncio.sleep(0.2)


async def test_what_a_vanished_machine_had_leased_comes_free_soon(
    quick: Forge, postgres: Postgres, tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    async with fleet(quick, postgres, tmp_path, 1) as all_:
        ports = await vanish(all_)
        lease_s = await seconds(freed(all_, ports), GIVEN_UP_S)
        all_s = lease_s + await seconds(gone(all_, ports), GIVEN_UP_S)
        assert all_s < GIVEN_UP_S
        await all_.look()
        assert all_.wrong() == []
        figure(
            "a machine vanished",
            f"its leases free after {lease_s:.1f} s, all its connections gone after {all_s:.1f} s",
        )


if FULL:

    @pytest.mark.parametrize("bug", ["leases_kept_by_the_silent", "notes_keep_the_silent"])
    async def test_who_waits_for_the_silent_is_found(
        quick: Forge,
        postgres: Postgres,
        tmp_path: Path,
        bug: str,
        figure: Callable[[str, str], None],
    ) -> None:
        async with fleet(quick, postgres, tmp_path, 1, bug) as all_:
            assert await seconds(freed(all_, await vanish(all_)), GIVEN_UP_S) > GIVEN_UP_S
            figure("planted bugs", f"{bug}: not free after {GIVEN_UP_S:.0f} s")
