"""Mixed traffic against a real server: services that ask, wait and run; people who click.

Everybody does what chance says until it is over, takes every answer as it comes, and notes what was
asked before asking. A connection that breaks leaves a call without an answer, as in life.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import aiohttp
from aiohttp import web

from bot.demo.workspace.errors import ImpossibleError
from bot.demo.workspace.messages import Message, Pressable, pressables
from bot.demo.workspace.windows import Window
from bot.demo.workspace.workspace import Workspace
from tests.building import BODY
from tests.journeys.asking import DROP, TRANSFER
from tests.journeys.world import DATABASE, OPERATIONS, PAYMENTS
from tests.trust.crashing.clicks import asks
from tests.trust.crashing.journal import Call, Journal

#: Who looks at which channel; one of them has no business there.
PEOPLE = {
    "USAM": OPERATIONS,
    "UPRIYA": OPERATIONS,
    "UMIA": PAYMENTS,
    "UTOM": PAYMENTS,
    "URAVI": DATABASE,
    "UINES": DATABASE,
    "UNOBODY": OPERATIONS,
}

#: Seconds a person waits for a window to open, and a client for an answer.
WINDOW_S, ANSWER_S = 0.5, 10.0

#: Cards of a conversation that people still look at.
LATEST = 15

INCIDENT: dict[str, Any] = {
    "kind": "incident",
    "category": "service_health",
    "title": "3 hosts do not answer",
}


#: What is asked for: mostly what one tap decides.
SORTS: tuple[dict[str, Any], ...] = (*[{}] * 6, TRANSFER, TRANSFER, DROP, INCIDENT)


@dataclass
class Receiver:
    """Where callbacks go; keeps all that came."""

    journal: Journal
    port: int = 0
    #: What becomes of one, by its id and how often it came: a status, or None for no answer.
    verdict: Callable[[str, int], Awaitable[int | None]] | None = None

    @property
    def url(self) -> str:
        """Where it is called."""
        return f"http://{self.pair}/hook"

    @property
    def pair(self) -> str:
        """How the settings allow it."""
        return f"127.0.0.1:{self.port}"

    async def take(self, request: web.Request) -> web.Response:
        """Keep it and answer."""
        id_ = request.headers["webhook-id"]
        came = self.journal.callbacks[id_]
        came.append(await request.json())
        status = await self.verdict(id_, len(came)) if self.verdict else 200
        if status == 200:
            self.journal.arrived.add(id_)
        if status is None and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 500)


@asynccontextmanager
async def receiving(journal: Journal, **more: Any) -> AsyncIterator[Receiver]:
    """A receiver on loopback."""
    receiver, app = Receiver(journal, **more), web.Application()
    app.add_routes([web.post("/hook", receiver.take)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()


@dataclass
class Traffic:
    """Everybody who talks to one server."""

    url: str
    workspace: Workspace
    journal: Journal
    keys: dict[str, str]  #: service -> its key
    callback_urls: Sequence[str]
    random: Random
    rest_s: float = 0.03  #: how long a person rests after a click
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _number: Any = field(default_factory=count)
    _pressed: set[tuple[str, str]] = field(default_factory=set)

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Traffic while the block lasts; what is under way at its end finds its own end."""
        self.over.clear()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_S)) as http:
            steps = [self._serve(http, service) for service in self.keys for _ in range(2)]
            steps += [self.wait(http, service) for service in self.keys]
            steps += [self.click(person) for person in PEOPLE]
            tasks = [asyncio.create_task(step) for step in steps]
            try:
                yield
            finally:
                self.over.set()
                await asyncio.gather(*tasks)

    # -- services -------------------------------------------------------------------------------

    async def _serve(self, http: aiohttp.ClientSession, service: str) -> None:
        """A service: first what was left without an answer, then what chance says."""
        for call in [c for c in self.journal.calls if c.service == service and not c.status]:
            if call.verb in ("open", "claim") and self.random.random() < 0.7:
                await self.send(http, call)
        deeds = (
            (self.open, 20),
            (self.again, 8),
            (self.other_body, 2),
            (self.read, 10),
            (self.claim, 20),
            (self.report, 8),
            (self.withdraw, 5),
            (self.explain, 2),
            (self.peep, 3),
        )
        kinds, weights = zip(*deeds, strict=True)
        while not self.over.is_set():
            (deed,) = self.random.choices(kinds, weights)
            await deed(http, service)
            await asyncio.sleep(0.002)

    async def open(self, http: aiohttp.ClientSession, service: str) -> None:
        """Something new: four sorts, some with a callback."""
        n = next(self._number)
        body = {**BODY, **self.random.choice(SORTS)}
        if body.get("kind") == "incident":
            del body["operation"], body["options"]
        if body["category"] != "schema_migration":
            body["environment"] = f"site-{n}"  # each a flow of its own: no storm gathers them
        if self.random.random() < 0.6:
            body["callback_url"] = self.random.choice(self.callback_urls)
        call = self.journal.call(service=service, verb="open", key=f"{service}-{n}", body=body)
        await self.send(http, call)

    async def again(self, http: aiohttp.ClientSession, service: str) -> None:
        """The same key and body: the same answer."""
        call = self._one_of(c for c in self.journal.of("open", acked=True) if c.service == service)
        if call is not None:
            again = Call(service, "open", call.key, call.body)
            await self.send(http, again)
            if again.acked and again.answer["id"] != call.answer["id"]:
                self.journal.wrong.append(f"I7: {call.key} opened twice")

    async def other_body(self, http: aiohttp.ClientSession, service: str) -> None:
        """The same key with another body is refused."""
        call = self._one_of(c for c in self.journal.of("open", acked=True) if c.service == service)
        if call is not None:
            other = Call(service, "open", call.key, {**call.body, "title": "Another one"})
            await self.send(http, other)
            if other.acked:
                self.journal.wrong.append(f"I7: {call.key} took another body")

    async def claim(self, http: aiohttp.ClientSession, service: str) -> None:
        """Whatever is approved: two take it at once, with a key each."""
        url = f"{self.url}/v1/escalations?status=approved&limit=50"
        listed: list[dict[str, Any]] = []
        with suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with http.get(url, headers=self._who(service)) as got:
                listed = (await got.json())["items"] if got.status == 200 else []
        free = [made for made in listed if made["claim"] is None]
        late = listed if self.random.random() < 0.1 else []
        if not free + late:
            return
        made = self.random.choice(free or late)
        self.journal.saw(made)
        body = {"digest": made["digest"], "nonce": "n"}
        about = {"service": service, "verb": "claim", "about": made["id"], "body": body}
        calls = [self.journal.call(**about, key=f"claim-{next(self._number)}") for _ in range(2)]
        await asyncio.gather(*(self.send(http, call) for call in calls))

    async def report(self, http: aiohttp.ClientSession, service: str) -> None:
        """What became of something that was claimed."""
        call = self._one_of(c for c in self.journal.of("claim", acked=True) if c.service == service)
        if call is not None:
            result = self.random.choice(("succeeded", "failed"))
            await self._tell(http, service, "outcome", call.about, {"result": result})

    async def withdraw(self, http: aiohttp.ClientSession, service: str) -> None:
        """Take something back."""
        made = self._one_of(self._in_state(service, "pending"))
        if made is not None:
            body = {"reason": "not needed any more"}
            await self._tell(http, service, "withdraw", made.answer["id"], body)

    async def explain(self, http: aiohttp.ClientSession, service: str) -> None:
        """More context."""
        made = self._one_of(self._in_state(service, "pending"))
        if made is not None:
            body = {"user_impact": f"{next(self._number)} people wait"}
            await self._tell(http, service, "context", made.answer["id"], body)

    async def _tell(
        self, http: aiohttp.ClientSession, service: str, verb: str, about: str, body: dict[str, Any]
    ) -> None:
        key = f"{verb}-{next(self._number)}"
        await self.send(
            http, self.journal.call(service=service, verb=verb, key=key, body=body, about=about)
        )

    async def send(self, http: aiohttp.ClientSession, call: Call) -> None:
        """Send it, and note what came of it."""
        path = f"/{call.about}/{call.verb}" if call.about else ""
        headers = {**self._who(call.service), "Idempotency-Key": call.key}
        with suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with http.post(
                f"{self.url}/v1/escalations{path}", json=call.body, headers=headers
            ) as got:
                self.journal.took(call, got.status, await got.json(content_type=None))
                self._judge(got.status, call.answer)

    async def read(
        self, http: aiohttp.ClientSession, service: str, headers: dict[str, str] | None = None
    ) -> None:
        """Read one; it never goes back."""
        made = self._one_of(c for c in self.journal.of("open", acked=True) if c.service == service)
        if made is None:
            return
        id_ = made.answer["id"]
        known = self.journal.seen[id_][-1:]
        sent = {**self._who(service), **(headers or {})}
        with suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with http.get(f"{self.url}/v1/escalations/{id_}", headers=sent) as got:
                told = await got.json(content_type=None)
                self._judge(got.status, told)
                if got.status == 200:
                    self.journal.saw(told)
                    backwards = [s for s in known if s.version > told["version"]]
                    backwards += [s for s in known if s.status not in ("pending", told["status"])]
                    if backwards:
                        self.journal.wrong.append(f"I17: {id_} went back from {backwards}")

    async def wait(self, http: aiohttp.ClientSession, service: str) -> None:
        """Somebody who waits for decisions."""
        while not self.over.is_set():
            await self.read(http, service, {"Prefer": "wait=1"})
            await asyncio.sleep(0.02)

    async def peep(self, http: aiohttp.ClientSession, service: str) -> None:
        """What is another service's does not exist."""
        made = self._one_of(c for c in self.journal.of("open", acked=True) if c.service != service)
        with suppress(aiohttp.ClientError, TimeoutError):
            if made is not None:
                url = f"{self.url}/v1/escalations/{made.answer['id']}"
                async with http.get(url, headers=self._who(service)) as got:
                    self.journal.foreign.append((made.answer["id"], got.status))

    def _who(self, service: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[service]}"}

    def _judge(self, status: int, answer: dict[str, Any]) -> None:
        """503 says to ask again, and may be said; nothing else above 499 may."""
        if status >= 500 and (status != 503 or "type" not in answer):
            self.journal.wrong.append(f"{status} {answer}")

    def _in_state(self, service: str, status: str) -> list[Call]:
        """What this service knows to be so."""
        seen = self.journal.seen
        opened = [c for c in self.journal.of("open", acked=True) if c.service == service]
        return [
            c
            for c in opened
            if (seen[c.answer["id"]][-1].status if seen[c.answer["id"]] else "pending") == status
        ]

    def _one_of(self, calls: Any) -> Call | None:
        found = list(calls)
        return self.random.choice(found) if found else None

    # -- people ---------------------------------------------------------------------------------

    async def click(self, person: str) -> None:
        """Somebody who taps whatever can be decided, and fills in what asks for it."""
        while not self.over.is_set():
            found = self._before(person)
            if found:
                message, button = self.random.choice(found)
                if self.random.random() < 0.5:  # people agree more often than chance would have it
                    button = next(b for m, b in found if m is message)
                self._pressed.add((person, message.ts))
                with suppress(ImpossibleError):
                    await self._press(person, message, button)
            await asyncio.sleep(self.rest_s)

    def _before(self, person: str) -> list[tuple[Message, Pressable]]:
        """The buttons this person could press: mostly of what they have not pressed yet."""
        every = (self.workspace.messages(where) for where in (PEOPLE[person], person))
        latest = [m for found in every for m in [m for m in found if asks(m)][-LATEST:]]
        fresh = [m for m in latest if (person, m.ts) not in self._pressed]
        asked = fresh if self.random.random() < 0.8 else latest
        return [(m, b) for m in asked for b in pressables(m.blocks) if _decides(b)]

    async def _press(self, person: str, message: Message, button: Pressable) -> None:
        before = self.workspace.view_of(person)
        if before is not None:
            await self.workspace.dismiss(person, before.id, all=True)
        done = await self.workspace.click(
            person, message.channel, message.ts, button.action_id, button.block_id
        )
        if not done.acked or button.action_id == "vote:retry":
            return
        with suppress(TimeoutError):
            window = await self.workspace.wait_for(
                lambda: self.workspace.view_of(person), timeout=WINDOW_S
            )
            await self.workspace.submit(person, window.id, _filled_in(window))


def _decides(button: Pressable) -> bool:
    return button.action_id.startswith(("vote:", "read_whole", "stop"))


def _filled_in(window: Window) -> dict[str, str]:
    """A reason, and the word to type where it asks for one."""
    asked = json.dumps(window.view["blocks"])
    values = {"reason": "looks right", "typed": "legacy_code"}
    return {name: value for name, value in values.items() if f'"action_id": "{name}"' in asked}
