"""Two replicas on one database, a way of its own for each, all who talk to them, and what must hold
of it whatever befell one of them.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from jwt import PyJWK
from psycopg import IsolationLevel
from psycopg.rows import dict_row

from bot.audit.checking import check as audit
from bot.audit.checking import lines_of
from bot.audit.keys import PublicKeys
from bot.demo.workspace.server import serve
from storage.evidence import open_evidence
from storage.services import SqlServices
from storage.store import open_database
from tests.forging import Forge
from tests.journeys.world import MovedClock, workspace_of_tests
from tests.trust.crashing.checking import Case
from tests.trust.crashing.clicks import about_messages
from tests.trust.crashing.journal import Call, Journal
from tests.trust.crashing.lives import OWED, SERVICES
from tests.trust.crashing.servers import Server
from tests.trust.crashing.stored import TABLES, Stored
from tests.trust.crashing.traffic import Receiver, Traffic, receiving
from tests.trust.machines.clicked import CHECKS
from tests.trust.machines.front import front
from tests.trust.machines.postgres import Postgres
from tests.trust.machines.wire import Wire

#: The database, whose schema is there already; and who asks beside the traffic.
NAME, PROBE = "andon", "probe"

#: Nobody is to be turned away, or made to wait for a connection that is alone in being slow.
UNBOUNDED = {
    "ANDON_OPENS_PER_MINUTE": "100000",
    "ANDON_REQUESTS_PER_MINUTE": "100000",
    "ANDON_MOST_PENDING": "100000",
}

#: Seconds in which nothing that is owed was done: the rest is leased to nobody.
STILL_S = 40.0


@dataclass
class Crowd(Traffic):
    """Traffic that knows what it sent more than once: then "not saved" is said of one of them."""

    beside: dict[str, str] = field(default_factory=dict)  #: keys of who asks nothing by chance
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def send(self, http: aiohttp.ClientSession, call: Call) -> None:
        """Send it, and count it."""
        self.sent[call.service, call.key] += 1
        await super().send(http, call)

    def _who(self, service: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {(self.keys | self.beside)[service]}"}


@dataclass
class Fleet:
    """Both replicas, what lies between and around them, and what is known of it."""

    postgres: Postgres
    wires: list[Wire]  #: to the database, one a replica
    replicas: list[Server]
    front: Wire
    traffic: Crowd
    receiver: Receiver
    case: Case
    folder: Path
    faults: int = 0
    audited: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)  #: seconds after each recovery

    @property
    def url(self) -> str:
        """Where services call."""
        return f"http://127.0.0.1:{self.front.port}"

    @property
    def journal(self) -> Journal:
        """What was done and seen, up to now."""
        return self.traffic.journal

    def heal(self) -> None:
        """All ways are as before."""
        for wire in self.wires:
            wire.heal()

    async def look(self) -> None:
        """Read all that is stored, of one moment, and audit it."""
        # What is called back and posted goes on, of a batch whose COMMIT comes late, too. It was
        # stored before it came, so what came is noted first.
        came = {id_: list(bodies) for id_, bodies in self.journal.callbacks.items()}
        showing = about_messages(self.case.workspace)
        stored = await asyncio.to_thread(read, self.postgres)
        # After a fault an answer may come again, as its being said may not have been noted.
        answers = (row["id"] for row in stored["deliveries"] if row["kind"] == "answer")
        owed = Counter(dict.fromkeys(answers, self.faults))
        known = replace(self.journal, callbacks=came)
        self.case = replace(self.case, stored=stored, owed=owed, journal=known, showing=showing)
        self.audited = await asyncio.to_thread(lambda: list(self._audit()))

    def wrong(self) -> list[str]:
        """What does not hold."""
        found = [wrong for one in CHECKS for wrong in one(self.case)]
        unsaved = not_saved(self.case, self.traffic.sent)
        return [*self.journal.wrong, *found, *unsaved, *self.audited]

    async def settle(self, still_s: float = STILL_S) -> None:
        """Wait until nothing is owed any more: then all must have arrived."""
        self.case.public = await self._public()
        clock, before, since = asyncio.get_running_loop().time, None, 0.0
        while owed := await asyncio.to_thread(self.postgres.rows, NAME, OWED):
            if owed != before:
                before, since = owed, clock()
            if clock() > since + still_s:
                break
            await asyncio.sleep(0.1)
        self.case.settled = True
        await self.look()
        self.journal.wrong += [f"I14: still owed: {row}" for row in owed]

    def _audit(self) -> Iterator[str]:
        """What `audit verify` finds wrong, beside the anchors of each replica."""
        for server in self.replicas:
            anchors = server.folder / "andon.anchors"
            anchors.touch()
            with (
                lines_of(anchors) as lines,
                open_evidence(self.postgres.url(NAME)) as evidence,
            ):
                keys = PublicKeys.read(self.folder / "keys")
                report = audit(evidence, lines, keys, datetime.now(UTC))
            yield from (f"I10: {finding}" for finding in report.findings)

    async def _public(self) -> dict[str, Any]:
        """The public keys, as anybody may fetch them."""
        url = f"{self.url}/.well-known/jwks.json"
        async with aiohttp.ClientSession() as http, http.get(url) as got:
            listed = (await got.json())["keys"]
        return {k["kid"]: PyJWK(k, algorithm="EdDSA").key for k in listed}

    def __str__(self) -> str:
        stored, journal = self.case.stored, self.journal
        waited = f"; waiters answered within {max(self.waited):.1f} s" if self.waited else ""
        return (
            f"{self.faults} faults, {journal.acked:,} acknowledged, 0 lost; "
            f"{len(stored['escalations'])} escalations, {len(stored['votes'])} votes, "
            f"{len(stored['grants'])} grants, {len(journal.callbacks)} callbacks{waited}"
        )


def read(postgres: Postgres) -> Stored:
    """All rows of the tables that matter, as of one moment."""
    with postgres.connect(NAME) as link:
        link.autocommit, link.row_factory = False, dict_row  # type: ignore[assignment]
        link.isolation_level = IsolationLevel.REPEATABLE_READ
        return Stored(
            {table: link.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
        )


def not_saved(case: Case, sent: Counter[tuple[str, str]]) -> Iterator[str]:
    """I6: of what was answered "not saved" nothing is there."""
    told = [c for c in case.journal.calls if str(c.answer.get("type", "")).endswith("not-saved")]
    keys = {row["id"] for row in case.stored["idempotency"]}
    for call in told:
        hashed = hashlib.sha256(call.key.encode()).hexdigest()
        if sent[call.service, call.key] > 1:
            continue
        if call.verb == "open" and f"{call.service}:{hashed}" in keys:
            yield f"I6: {call.key} was told to be not saved and is there"
        if call.verb == "claim":
            claim = case.stored.escalations[call.about].claim
            if claim is not None and claim.key == hashed:
                yield f"I6: {call.key} was told to be not saved and has {call.about}"


@asynccontextmanager
async def fleet(
    forge: Forge, postgres: Postgres, folder: Path, seed: int, bugs: str = "", url: str = ""
) -> AsyncIterator[Fleet]:
    """All of it, ready. The database runs; `url` names it, where not by a way of each replica's."""
    journal, clock = Journal(), MovedClock()
    workspace = workspace_of_tests(clock, ack_within=5.0)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(serve(workspace))
        workspace.api_url = running.api_url  # type: ignore[attr-defined]
        heard = await stack.enter_async_context(receiving(journal))
        keys = await services(postgres, heard)
        wires, replicas = [], list[Server]()
        for name in ("a", "b"):
            wire = await stack.enter_async_context(Wire(postgres.port).open())
            server = Server(forge, folder / name, workspace, bug=bugs)
            stack.callback(server.kill)
            server.settings |= {
                **UNBOUNDED,
                "ANDON_DATABASE_URL": url or postgres.url(NAME, wire.port),
                "ANDON_SIGNING_KEYS": str(folder / "keys"),
                "ANDON_ALLOWED_CALLBACKS": heard.pair,
            }
            await server.start()
            wires.append(wire)
            replicas.append(server)
        door = await stack.enter_async_context(front([server.port for server in replicas]))
        workspace.request_url = f"http://127.0.0.1:{door.port}/slack/events"
        traffic = Crowd(
            url=f"http://127.0.0.1:{door.port}",
            workspace=workspace,
            journal=journal,
            keys={name: keys[name] for name in SERVICES},
            callback_urls=[heard.url],
            random=Random(seed),
            beside={PROBE: keys[PROBE]},
        )
        case = Case(stored=read(postgres), journal=journal, workspace=workspace)
        yield Fleet(postgres, wires, replicas, door, traffic, heard, case, folder)


async def services(postgres: Postgres, receiver: Receiver) -> dict[str, str]:
    """Make the services before the first start; their keys."""
    async with open_database(postgres.url(NAME), server=False) as database:
        known = SqlServices(database, lambda: datetime.now(UTC) - timedelta(seconds=1))
        hosts = [receiver.pair]
        keys = {name: await known.add(name, callback_hosts=hosts) for name in (*SERVICES, PROBE)}
        for name in SERVICES:
            await known.secret(name)
    return keys
