"""A server that lives often and dies suddenly, under traffic, on one growing database."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from jwt import PyJWK

from bot.demo.workspace.server import serve
from storage.services import SqlServices
from storage.sqlite.database import open_database
from tests.forging import Forge
from tests.journeys.world import MovedClock, workspace_of_tests
from tests.trust.crashing.audited import audited
from tests.trust.crashing.checking import Case, check
from tests.trust.crashing.journal import Journal
from tests.trust.crashing.servers import Server
from tests.trust.crashing.stored import Stored
from tests.trust.crashing.traffic import Receiver, Traffic, receiving

#: Who asks.
SERVICES = ("data-sync", "search-api")

#: What is not done yet, and why.
OWED = (
    "SELECT id, error, due_at FROM cards WHERE due_at IS NOT NULL UNION ALL "
    "SELECT id, error, due_at FROM deliveries WHERE state = 'pending'"
)


#: Cards that were drawn, and cards that are to be; seconds in which some are, and how many.
DRAWN = "SELECT count(ts), count(*) FILTER (WHERE ts IS NULL AND due_at IS NOT NULL) FROM cards"
DRAWING_S, ENOUGH = 3.0, 8

#: Seconds that pass between two lives, by the clocks of server and Slack: what a server that died
#: had begun is due again. When things are to settle, far more.
APART_S, LATER_S = 31.0, 300.0

#: Seconds in which nothing owed was done: the rest is due much later, or leased to nobody.
STILL_S, LEASED_S = 4.0, 32.0

#: Seconds until what is tried again and again, and never done, is no longer waited for.
RESTLESS_S = 240.0


@dataclass
class Lives:
    """The server, all who talk to it, and what is known of it."""

    server: Server
    traffic: Traffic
    receivers: Sequence[Receiver]
    case: Case
    clock: MovedClock
    folder: Path
    kills: int = 0
    ahead_s: float = 0
    audit: list[str] = field(default_factory=list)
    owed: Counter[str] = field(default_factory=Counter)

    async def live(
        self, acks: int, upon: str = "", end: Callable[[Server], None] = Server.kill
    ) -> None:
        """Start, let everybody act until so many calls, of that sort, are acknowledged; end it at
        once or a moment later, and read what it left.
        """
        await self.start()
        await self._drawn()
        async with self.traffic.flowing():
            await self.case.journal.moment(acks, upon)
            await asyncio.sleep(self.traffic.random.choice((0, 0.001, 0.005, 0.02)))
            end(self.server)
        self.kills += 1
        self.look()

    async def settle(self, times: int = 6, still_s: float = LEASED_S) -> None:
        """Live on until nothing is owed; then all must have arrived.

        What is tried in vain is tried later and later, so each of these lives begins later by far.
        """
        for _ in range(times):
            await self.start(LATER_S)
            if not await self.rest():
                break
            self.server.kill()
            self.look()
        else:
            await self.start(LATER_S)
        await self.settled(still_s)

    async def settled(self, still_s: float = LEASED_S) -> None:
        """Now all must have arrived; the server is ended, and its file read once more."""
        self.case.public = await self._keys()
        owed = await self.rest(still_s)
        self.server.kill()
        self.case.settled = True
        self.look(later_s=self.ahead_s)
        self.case.journal.wrong += [f"I14: still owed: {row}" for row in owed]

    def wrong(self) -> list[str]:
        """What does not hold."""
        return check(self.case) + self.audit

    def look(self, later_s: float = 0) -> None:
        """Read what is left. By our clock all that a short life sealed is young; `later_s` ages it,
        so that whatever no block holds is found.
        """
        copy = self.server.copy(self.folder / "copy")
        self.audit = list(audited(copy, datetime.now(UTC) + timedelta(seconds=later_s)))
        stored = Stored.read(copy / "andon.db")
        pending = (r for r in stored["deliveries"] if r["state"] == "pending")
        self.owed.update(r["id"] for r in pending if r["kind"] == "answer")
        self.case = replace(self.case, stored=stored, owed=self.owed)

    async def rest(self, still_s: float = STILL_S) -> list[Any]:
        """Wait until nothing is owed any more; what still is when nothing moves any more."""
        clock, before, since = asyncio.get_running_loop().time, None, 0.0
        until = clock() + RESTLESS_S
        with closing(sqlite3.connect(f"file:{self.server.database}?mode=ro", uri=True)) as beside:
            while owed := beside.execute(OWED).fetchall():
                if owed != before:
                    before, since = owed, clock()
                if clock() > min(since + still_s, until):
                    break
                await asyncio.sleep(0.1)
        return owed

    async def _drawn(self) -> None:
        """Give some cards of the lives before a moment to be drawn, so that people can click."""
        clock = asyncio.get_running_loop().time
        until, before = clock() + DRAWING_S, None
        with closing(sqlite3.connect(f"file:{self.server.database}?mode=ro", uri=True)) as beside:
            while clock() < until:
                drawn, left = beside.execute(DRAWN).fetchone()
                before = drawn if before is None else before
                if not left or drawn >= before + ENOUGH:
                    return
                await asyncio.sleep(0.05)

    async def start(self, later_s: float = APART_S) -> None:
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
async def lives(
    forge: Forge, folder: Path, seed: int, *, receivers: int = 1, **server: Any
) -> AsyncIterator[Lives]:
    """Everything but the first life: workspace, receivers, services with keys."""
    journal, clock = Journal(), MovedClock()
    workspace = workspace_of_tests(clock, ack_within=5.0)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(serve(workspace))
        workspace.api_url = running.api_url  # type: ignore[attr-defined]
        heard = [await stack.enter_async_context(receiving(journal)) for _ in range(receivers)]
        made = Server(forge, folder / "served", workspace, **server)
        stack.callback(made.kill)
        made.settings["ANDON_ALLOWED_CALLBACKS"] = ",".join(one.pair for one in heard)
        traffic = Traffic(
            url=made.url,
            workspace=workspace,
            journal=journal,
            keys=await services(made, *heard),
            callback_urls=[one.url for one in heard],
            random=Random(seed),
        )
        stored = Stored.read(made.copy(folder / "copy") / "andon.db")
        case = Case(stored=stored, journal=journal, workspace=workspace)
        yield Lives(made, traffic, heard, case, clock, folder)


async def services(server: Server, *receivers: Receiver) -> dict[str, str]:
    """Make the services before the first start; their keys."""
    hosts = [receiver.pair for receiver in receivers]
    async with open_database(server.database, server=False) as database:
        known = SqlServices(database, lambda: datetime.now(UTC))
        keys = {name: await known.add(name, callback_hosts=hosts) for name in SERVICES}
        for name in SERVICES:
            await known.secret(name)
    return keys
