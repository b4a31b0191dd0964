"""Durable opens of two replicas on PostgreSQL, each held to half a core, over one held so.

A fleet has many services: here as many as connections. Opens of one service, category and
environment wait for one another across replicas, so the same is measured for one service, too.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.held import held
from bench.load import Measured, load
from bench.opens import open_requests
from bench.servers import BOTH_CORES, Andon, andon, cpu_seconds, free_port
from bench.spread import told
from storage.services import SqlServices
from storage.store import open_database
from tests.postgres import started as postgres

ROUNDS, SECONDS, CONNECTIONS, SHARE = 5, 4.0, 64, 0.5


def measure(rounds: int = ROUNDS, seconds: float = SECONDS) -> None:
    """Start both replicas; one has no requests while the other is measured alone."""
    with tempfile.TemporaryDirectory(prefix="andon-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        server = stack.enter_context(postgres(folder / "pg"))
        server.run("postgres", "CREATE DATABASE andon")
        url = server.url("andon")
        replicas = [
            stack.enter_context(andon(folder / name, free_port(), url=url, cores=BOTH_CORES))
            for name in "ab"
        ]
        keys = asyncio.run(_keys(url))
        ways = {stack.enter_context(held(replica.pid, SHARE)) for replica in replicas}
        print(f"  each replica is held to half a core by {' and '.join(ways)}")
        for name, given in ((f"{CONNECTIONS} services", keys), ("one service", keys[:1])):
            asyncio.run(_alternate(name, replicas, given, rounds, seconds))


async def _keys(url: str) -> list[str]:
    """A service for each connection."""
    async with open_database(url, server=False) as database:
        services = SqlServices(database, lambda: datetime.now(UTC))
        return [await services.add(f"service-{n}") for n in range(CONNECTIONS)]


async def _alternate(
    name: str, replicas: Sequence[Andon], keys: Sequence[str], rounds: int, seconds: float
) -> None:
    ratios = []
    for n in range(rounds):
        one, used = await _loaded(replicas[:1], keys, seconds)
        two, each = await _loaded(replicas, keys, seconds)
        ratios.append(two / one)
        shares = ", ".join(f"{share:.2f}" for share in each)
        print(
            f"  round {n + 1}, {name}: one replica {one:.0f}/s ({used[0]:.2f} of a core),"
            f" two {two:.0f}/s ({shares}), ratio {ratios[-1]:.2f}"
        )
    print(f"two replicas of half a core over one, {name}: {told(ratios)}; bar 1.6, aim 1.9")


async def _loaded(
    replicas: Sequence[Andon], keys: Sequence[str], seconds: float
) -> tuple[float, list[float]]:
    """Opens a second of all together, and the share of a core that each used."""
    before = [cpu_seconds(replica.pid) for replica in replicas]
    many = CONNECTIONS // len(replicas)
    loads = [
        _load(replica, keys[n * many :] or keys, many, seconds)
        for n, replica in enumerate(replicas)
    ]
    done = await asyncio.gather(*loads)
    took = max(opens.seconds for opens in done)
    used = [(cpu_seconds(r.pid) - b) / took for r, b in zip(replicas, before, strict=True)]
    assert not sum(opens.wrong for opens in done)
    return sum(len(opens.took) for opens in done) / took, used


async def _load(replica: Andon, keys: Sequence[str], many: int, seconds: float) -> Measured:
    """Connections, each with the key of its service."""
    made = [open_requests(keys[n % len(keys)]) for n in range(many)]
    return await load(replica.port, lambda n: made[n](n), connections=many, seconds=seconds)


if __name__ == "__main__":
    measure()
