"""What a history costs: opens and decisions with many stored, over those of an empty store.

Both are whole servers on one core, asked alike and in turns. A decision is a `withdraw`: it ends
the escalation in the same write as a vote does, without the Slack door.
"""

import asyncio
import json
import sys
import tempfile
import time
import uuid
from pathlib import Path

from bench.load import Line, request
from bench.opens import open_request
from bench.ready import until_done
from bench.servers import Andon, andon, cpu_seconds, free_port
from bench.spread import told
from bench.stored import stored

STORED, ROUNDS, LINES, EACH = 100_000, 7, 64, 25

#: What is measured of each store: seconds, and seconds of the server's processor time, a request.
Costs = dict[str, float]


def measure(count: int = STORED, rounds: int = ROUNDS) -> None:
    """Start a server on each, and alternate between them."""
    path = stored(count)
    with (
        tempfile.TemporaryDirectory() as folder,
        andon(Path(folder) / "old", free_port(), url=f"sqlite:///{path}") as old,
        andon(Path(folder) / "new", free_port()) as new,
    ):
        asyncio.run(_alternate(old, new, count, rounds))


async def _alternate(old: Andon, new: Andon, count: int, rounds: int) -> None:
    for server in (old, new):
        await until_done(server.port)
        await _round(server)  # what is read for the first time is not measured
    ratios: dict[str, list[float]] = {}
    for n in range(rounds):
        order = (old, new) if n % 2 else (new, old)
        costs = {server.port: await _round(server) for server in order}
        for name, cost in costs[old.port].items():
            ratios.setdefault(name, []).append(cost / costs[new.port][name])
    for name, found in ratios.items():
        print(f"{name} with {count:,} stored over none: {told(found)}; bar 1.2, aim 1.0")


async def _round(server: Andon) -> Costs:
    """Open so many over all lines, then decide them all."""
    lines = [await Line.open(server.port) for _ in range(LINES)]
    ids: list[list[str]] = [[] for _ in lines]

    async def opens(n: int) -> None:
        for _ in range(EACH):
            status, body = await lines[n].ask(open_request(server.key, uuid.uuid4().hex))
            assert status == 201, body
            ids[n].append(json.loads(body)["id"])

    async def decisions(n: int) -> None:
        for id_ in ids[n]:
            status, body = await lines[n].ask(_withdrawal(server.key, id_))
            assert status == 200, body

    costs: Costs = {}
    for work in (opens, decisions):
        began, used = time.perf_counter(), cpu_seconds(server.pid)
        await asyncio.gather(*map(work, range(LINES)))
        name = work.__name__
        costs[f"time of {name}"] = time.perf_counter() - began
        costs[f"CPU of {name}"] = cpu_seconds(server.pid) - used
    for line in lines:
        line.close()
    return costs


def _withdrawal(key: str, id_: str) -> bytes:
    return request(
        "POST",
        f"/v1/escalations/{id_}/withdraw",
        b"{}",
        Authorization=f"Bearer {key}",
        Content_Type="application/json",
    )


if __name__ == "__main__":
    measure(*map(int, sys.argv[1:]))
