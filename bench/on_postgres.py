"""Processor time of the server for an open on PostgreSQL, over that on SQLite.

PostgreSQL runs beside the load; both servers are on one core and have the same connections.
"""

import asyncio
import tempfile
from pathlib import Path

from bench.load import load
from bench.opens import CONNECTIONS, open_requests
from bench.servers import Andon, andon, cpu_seconds, free_port
from bench.spread import told
from tests.postgres import started as postgres

ROUNDS, SECONDS = 5, 3.0


def measure(rounds: int = ROUNDS, seconds: float = SECONDS) -> None:
    """Start both, and alternate between them."""
    with tempfile.TemporaryDirectory(prefix="andon-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        with postgres(folder / "pg") as server:
            server.run("postgres", "CREATE DATABASE andon")
            with (
                andon(folder / "there", free_port(), url=server.url("andon")) as there,
                andon(folder / "here", free_port()) as here,
            ):
                asyncio.run(_alternate(here, there, rounds, seconds))


async def _alternate(here: Andon, there: Andon, rounds: int, seconds: float) -> None:
    ratios = []
    for n in range(rounds):
        on_file, on_server = await _each(here, seconds), await _each(there, seconds)
        ratios.append(on_server / on_file)
        print(
            f"  round {n + 1}: {on_file * 1e6:.0f} us of CPU an open on SQLite,"
            f" {on_server * 1e6:.0f} on PostgreSQL, ratio {ratios[-1]:.2f}"
        )
    print(f"CPU of the server an open, PostgreSQL over SQLite: {told(ratios)}; bar 1.6, aim 1.2")


async def _each(andon: Andon, seconds: float) -> float:
    """Seconds of processor time for each open."""
    before = cpu_seconds(andon.pid)
    opens = await load(
        andon.port, open_requests(andon.key), connections=CONNECTIONS, seconds=seconds
    )
    assert not opens.wrong, opens.wrong
    return (cpu_seconds(andon.pid) - before) / len(opens.took)


if __name__ == "__main__":
    measure()
