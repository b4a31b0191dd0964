"""A replica is killed while it holds a batch, or work that it has leased."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.forging import Forge
from tests.trust.lane import rounds
from tests.trust.machines.fleet import Fleet, fleet
from tests.trust.machines.postgres import Postgres
from tests.trust.machines.probe import WITHIN_S, through
from tests.trust.machines.test_network import cut_at
from tests.trust.machines.wire import AtCommit


async def killed_at(how: AtCommit, all_: Fleet, n: int) -> None:
    """At its next COMMIT, which does not come, or comes and is answered to nobody."""
    wire, victim = all_.wires[n], all_.replicas[n]
    wire.upon_commit = victim.kill
    try:
        await cut_at(how, all_, wire)
    finally:
        wire.upon_commit = lambda: None


async def test_a_replica_killed_with_a_batch_in_its_hands_loses_nothing_that_was_said(
    quick: Forge, postgres: Postgres, tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    """The other one lives on: whoever waited is answered by it."""
    async with fleet(quick, postgres, tmp_path, 1, "short_leases") as all_:
        for n in range(rounds(short=1, full=20)):
            for k, how in enumerate(AtCommit):
                which = (n + k) % 2
                await through(
                    all_, lambda how=how, which=which: killed_at(how, all_, which), all_.url
                )
                assert all_.wrong() == []
                await all_.replicas[which].start()
        await all_.settle()
        assert all_.wrong() == []
        assert max(all_.waited) < WITHIN_S
        figure("a replica killed: batch", str(all_))


async def taken(all_: Fleet) -> None:
    """Both replicas are killed while a callback is under way: whoever had it has it leased."""

    async def killing(id_: str, times: int) -> int | None:
        all_.receiver.verdict = None
        for server in all_.replicas:
            server.kill()
        return None

    all_.receiver.verdict = killing
    async with asyncio.timeout(30):
        while all_.receiver.verdict is not None:  # noqa: ASYNC110  a moment of another's
            await asyncio.sleep(0.01)
    await asyncio.gather(*(server.start() for server in all_.replicas))


async def test_what_a_killed_replica_had_leased_others_do(
    quick: Forge, postgres: Postgres, tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    async with fleet(quick, postgres, tmp_path, 1, "short_leases") as all_:
        for _ in range(rounds(short=1, full=10)):
            await through(all_, lambda: taken(all_))
            assert all_.wrong() == []
        await all_.settle()
        assert all_.wrong() == []
        assert max(all_.waited) < WITHIN_S
        figure("a replica killed: lease", str(all_))


async def test_a_lease_without_end_is_found(
    quick: Forge, postgres: Postgres, tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    async with fleet(quick, postgres, tmp_path, 1, "lease_for_ever") as all_:
        await through(all_, lambda: taken(all_))
        await all_.settle(still_s=6)
        owed = [one for one in all_.wrong() if one.startswith("I14: still owed")]
        assert owed
        figure("planted bugs", f"lease_for_ever: {len(owed)} are owed for ever")
