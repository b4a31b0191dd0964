"""PostgreSQL is restarted again and again under load."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forging import Forge
from tests.trust.lane import rounds
from tests.trust.machines.fleet import Fleet, fleet
from tests.trust.machines.postgres import Postgres
from tests.trust.machines.probe import WITHIN_S, through


async def restarted(all_: Fleet, way: str) -> None:
    """Ended in that way, away for a moment, and back."""
    await asyncio.to_thread(getattr(all_.postgres, way))
    await asyncio.sleep(all_.traffic.random.uniform(0, 1))
    await asyncio.to_thread(all_.postgres.start)


@pytest.mark.parametrize("way", ["kill", "stop"])
async def test_a_server_restarted_under_load_loses_nothing_and_doubles_nothing(
    quick: Forge, postgres: Postgres, tmp_path: Path, way: str, figure: Callable[[str, str], None]
) -> None:
    """SIGKILL to every process of it, or a fast shutdown, every few seconds."""
    async with fleet(quick, postgres, tmp_path, 1, "short_leases") as all_:
        for _ in range(rounds(short=2, full=40)):
            await through(all_, lambda: restarted(all_, way))
            assert all_.wrong() == []
        await all_.settle()
        assert all_.wrong() == []
        assert max(all_.waited) < WITHIN_S
        figure(f"PostgreSQL: {way}", str(all_))
