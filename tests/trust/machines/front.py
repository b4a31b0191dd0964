"""What stands before the replicas: it sends each connection to one that is ready, in turn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from tests.trust.machines.wire import Wire

#: Seconds between two looks, and that a replica may take to say that it is ready.
LOOK_S, ANSWER_S = 0.25, 1.0


@asynccontextmanager
async def front(ports: Sequence[int]) -> AsyncIterator[Wire]:
    """As any load balancer does it: where none is ready, to any."""
    wire = Wire(*ports)
    async with wire.open(), aiohttp.ClientSession() as http:
        looking = asyncio.create_task(_look(wire, http, ports))
        try:
            yield wire
        finally:
            looking.cancel()
            await asyncio.wait({looking})


async def _look(wire: Wire, http: aiohttp.ClientSession, ports: Sequence[int]) -> None:
    while True:
        ready = await asyncio.gather(*(_is_ready(http, port) for port in ports))
        found = [port for port, is_ready in zip(ports, ready, strict=True) if is_ready]
        wire.targets[:] = found or ports
        await asyncio.sleep(LOOK_S)


async def _is_ready(http: aiohttp.ClientSession, port: int) -> bool:
    limit = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        async with http.get(f"http://127.0.0.1:{port}/readyz", timeout=limit) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
