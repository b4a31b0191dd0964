"""A server that lives often and dies suddenly, under traffic, on one growing database."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from jwt import PyJWK

from bot.demo.workspace.server import serve
from storage.database import open_database
from storage.services import SqlServices
from tests.journeys.world import MovedClock, workspace_of_tests
from tests.trust.checking import Case, check
from tests.trust.journal import Journal
from tests.trust.servers import Forge, Server
from tests.trust.stored import Stored
from tests.trust.traffic import Receiver, Traffic, receiving

#: Who asks.
SERVICES = ("data-sync", "search-api")

#: What is not done yet, and why.
OWED = (
    "SELECT id, error, due_at FROM cards WHERE due_at IS NOT NULL UNION ALL "
    "SELECT id, error, due_at FROM deliveries WHERE state = 'pending'"
)

#: Seconds that pass between two lives, by the clocks of server and Slack: what a server that died
#: had begun is due again. When things are to settle, far more.
APART_S, LATER_S = 31.0, 300.0

#: Seconds in which nothing owed was done: the rest is due much later.
STILL_S = 4.0


@dataclass
class Lives:
    """The server, all who talk to it, and what is known of it."""

    server: Server
    traffic: Traffic
    case: Case
    clock: MovedClock
    folder: Path
    kills: int = 0
    ahead_s: float = 0
    owed: Counter[str] = field(default_factory=Counter)

    async def live(self, seconds: float, end: Callable[[Server], None] = Server.kill) -> None:
        """Start, let everybody act for so long, end it, and check what it left."""
        await self._start()
        async with self.traffic.flowing():
            await asyncio.sleep(seconds)
            end(self.server)
        self.kills += 1
        self._look()

    async def settle(self, times: int = 6) -> None:
        """Live on until nothing is owed; then all must have arrived.

        What is tried in vain is tried later and later, so each of these lives begins later by far.
        """
        for _ in range(times):
            await self._start(LATER_S)
            self.case.public = await self._keys()
            owed = await self._done()
            self.server.kill()
            self._look()
            if not owed:
                break
        self.case.settled = True
        self.case.journal.wrong += [f"I14: still owed: {row}" for row in owed]

    def wrong(self) -> list[str]:
        """What does not hold."""
        return check(self.case)

    def _look(self) -> None:
        stored = Stored.read(self.server.copy(self.folder / "copy"))
        pending = (r for r in stored["deliveries"] if r["state"] == "pending")
        self.owed.update(r["id"] for r in pending if r["kind"] == "answer")
        self.case = replace(self.case, stored=stored, owed=self.owed)

    async def _done(self) -> list[Any]:
        """Wait until nothing is owed any more; what still is when nothing moves any more."""
        clock, before, since = asyncio.get_running_loop().time, None, 0.0
        with closing(sqlite3.connect(f"file:{self.server.database}?mode=ro", uri=True)) as beside:
            while owed := beside.execute(OWED).fetchall():
                if owed != before:
                    before, since = owed, clock()
                if clock() > since + STILL_S:
                    break
                await asyncio.sleep(0.1)
        return owed

    async def _start(self, later_s: float = APART_S) -> None:
        """The next life; over a socket it is there once Slack can reach it."""
        self.ahead_s += later_s
        self.clock.move(seconds=later_s)
        await self.server.start(ahead_s=self.ahead_s)
        if self.server.mode == "socket":
            workspace = self.traffic.workspace
            await workspace.wait_for(lambda: workspace.socket.connected, timeout=10)

    async def _keys(self) -> dict[str, Any]:
        """The public keys, as anybody may fetch them."""
        url = f"{self.server.url}/.well-known/jwks.json"
        async with aiohttp.ClientSession() as http, http.get(url) as got:
            listed = (await got.json())["keys"]
        return {k["kid"]: PyJWK(k, algorithm="EdDSA").key for k in listed}


@asynccontextmanager
async def lives(forge: Forge, folder: Path, seed: int, **server: Any) -> AsyncIterator[Lives]:
    """Everything but the first life: workspace, receiver, services with keys."""
    journal = Journal()
    clock = MovedClock()
    workspace = workspace_of_tests(clock, ack_within=5.0)
    async with serve(workspace) as running, receiving(journal) as receiver:
        workspace.api_url = running.api_url  # type: ignore[attr-defined]
        made = Server(forge, folder / "served", workspace, **server)
        made.settings["ANDON_ALLOWED_CALLBACKS"] = receiver.pair
        traffic = Traffic(
            url=made.url,
            workspace=workspace,
            journal=journal,
            keys=await services(made, receiver),
            callback_url=receiver.url,
            random=Random(seed),
        )
        stored = Stored.read(made.copy(folder / "copy"))
        case = Case(stored=stored, journal=journal, workspace=workspace)
        try:
            yield Lives(made, traffic, case, clock, folder)
        finally:
            if made.pid:
                made.kill()


async def services(server: Server, *receivers: Receiver) -> dict[str, str]:
    """Make the services before the first start; their keys."""
    hosts = [receiver.pair for receiver in receivers]
    async with open_database(server.database, server=False) as database:
        known = SqlServices(database, lambda: datetime.now(UTC))
        keys = {name: await known.add(name, callback_hosts=hosts) for name in SERVICES}
        for name in SERVICES:
            await known.secret(name)
    return keys
