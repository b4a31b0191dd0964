"""Who waits at each replica while something fails, and how soon they hear of its end afterwards."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from math import inf

import aiohttp

from tests.building import BODY
from tests.trust.crashing.journal import Call
from tests.trust.crashing.traffic import INCIDENT
from tests.trust.lane import rounds
from tests.trust.machines.fleet import PROBE, Fleet

#: Seconds after its recovery within which all who wait are answered; the short lane shares its two
#: cores with three other proofs.
WITHIN_S = float(rounds(short=10, full=5))

#: Until nobody waits for it any more; and between two requests of one who is not answered.
GIVEN_UP_S, AGAIN_S = 15.0, 0.2

#: How many calls are acknowledged before a fault: a few seconds of traffic at most.
CALLS = (5, 60)

#: Nobody can decide it but its service.
ASKED = {k: v for k, v in (BODY | INCIDENT).items() if k not in ("operation", "options")}

_numbers = count()


@dataclass
class Probe:
    """An incident that waits for its end, and those who wait for that."""

    fleet: Fleet
    http: aiohttp.ClientSession
    call: Call
    waiting: Sequence[Awaitable[None]] = field(default_factory=list)

    async def is_taken_back(self) -> None:
        """By its service, as often as it takes."""
        about = {"about": self.call.answer["id"], "body": {"reason": "over"}}
        call = self.fleet.journal.call(
            service=PROBE, verb="withdraw", key=f"probe-{next(_numbers)}", **about
        )
        while not call.acked:
            await self.fleet.traffic.send(self.http, call)
            await asyncio.sleep(0 if call.acked else AGAIN_S)

    async def is_known(self) -> None:
        """To all who wait."""
        await asyncio.gather(*self.waiting)

    async def ends(self) -> None:
        """It is taken back, and all know."""
        await self.is_taken_back()
        await self.is_known()


async def seconds(work: Awaitable[None], at_most: float = GIVEN_UP_S) -> float:
    """How long it takes; without end where nobody would wait so long."""
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        async with asyncio.timeout(at_most):
            await work
    except TimeoutError:
        return inf
    return clock() - began


async def through(fleet: Fleet, fault: Callable[[], Awaitable[None]], *at: str) -> None:
    """Traffic, a fault that ends in a recovery, and how soon those who wait are answered."""
    async with probe(fleet, *at) as waiting, fleet.traffic.flowing():
        await fleet.journal.moment(fleet.traffic.random.randint(*CALLS))
        await fault()
        fleet.faults += 1
        fleet.traffic.over.set()
        fleet.waited.append(await seconds(waiting.ends()))
    await fleet.look()


@asynccontextmanager
async def probe(fleet: Fleet, *at: str) -> AsyncIterator[Probe]:
    """Opened, and waited for at these addresses, or else at each replica's."""
    limit = aiohttp.ClientTimeout(total=70.0)
    # Each request is a connection of its own: the front sends the next one to who is ready then.
    door = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(timeout=limit, connector=door) as http:
        key = f"probe-{next(_numbers)}"
        call = fleet.journal.call(
            service=PROBE, verb="open", key=key, body={**ASKED, "environment": key}
        )
        async with asyncio.timeout(GIVEN_UP_S):
            while not call.acked:
                await fleet.traffic.send(http, call)
                await asyncio.sleep(0 if call.acked else AGAIN_S)
        waits = [
            asyncio.create_task(_waits(fleet, http, url, call.answer["id"]))
            for url in at or [server.url for server in fleet.replicas]
        ]
        try:
            async with asyncio.timeout(GIVEN_UP_S):
                while await _parked(fleet, http) < len(waits):  # noqa: ASYNC110  other processes
                    await asyncio.sleep(0.02)
            yield Probe(fleet, http, call, waits)
        finally:
            for wait in waits:
                wait.cancel()


async def _parked(fleet: Fleet, http: aiohttp.ClientSession) -> int:
    """How many wait, at both."""
    many = 0.0
    for server in fleet.replicas:
        with suppress(aiohttp.ClientError):
            async with http.get(f"{server.url}/metrics") as got:
                found = re.search(r"^andon_parked_requests (.*)$", await got.text(), re.M)
            many += float(found[1]) if found else 0
    return int(many)


async def _waits(fleet: Fleet, http: aiohttp.ClientSession, url: str, id_: str) -> None:
    """Parked, and again where the connection breaks, until it has ended."""
    headers = {"Authorization": f"Bearer {fleet.traffic.beside[PROBE]}"}
    address = f"{url}/v1/escalations/{id_}?wait=60"
    while True:
        with suppress(aiohttp.ClientError, ValueError):
            async with http.get(address, headers=headers) as got:
                told = await got.json(content_type=None)
                if got.status == 200 and told["status"] != "pending":
                    return
        await asyncio.sleep(AGAIN_S)
