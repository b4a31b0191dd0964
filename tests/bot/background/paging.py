"""What pages are tested with: real receivers on loopback, and the pager before them."""

import asyncio
import json
import warnings
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from approvals.codec import instant
from approvals.commands import Command
from approvals.ports import Delivery, NotSavedError, Settled, Writer
from bot.background.addresses import Filled
from bot.background.outside import Outside
from bot.background.page_text import Text
from bot.background.pages import Pager
from bot.background.ways import Ways
from bot.ids import new_id
from tests.bot.background.building import Office, settled

SECRETS = {"TOKEN": "t0p/s3cret token", "MAIL_PASSWORD": "p@ss:w/rd"}


@dataclass
class Receiver:
    """A real HTTP receiver that answers as told, in order, and keeps what came."""

    answers: list[int] = field(default_factory=list)  #: statuses; 200 when used up
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    moved_to: str = ""
    go: asyncio.Event | None = None  #: hangs until this is set
    port: int = 0

    @property
    def address(self) -> str:
        """As a route of the policy has it."""
        return f"json://127.0.0.1:{self.port}/hook"

    def routes(self) -> list[web.RouteDef]:
        """What it listens to."""
        return [web.post("/hook", self.take), web.route("*", "/elsewhere", self.take)]

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Keep it and answer."""
        self.headers.append(dict(request.headers))
        self.got.append(json.loads(await request.text() or "{}"))
        if self.go is not None:
            await self.go.wait()
        status = self.answers.pop(0) if self.answers else 200
        headers = {"Location": self.moved_to} if self.moved_to else {}
        return web.Response(status=status, headers=headers)


@dataclass
class Mailbox:
    """A real SMTP server that keeps what came; wants a password where one is set."""

    password: str = ""
    mails: list[Message] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    port: int = 0
    _server: Any = None

    async def __aenter__(self) -> "Mailbox":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _session(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a password without TLS, on loopback
            return SMTP(
                self,
                hostname="mail.example",
                authenticator=self._knows if self.password else None,
                auth_required=bool(self.password),
                auth_require_tls=False,
            )

    def _knows(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=data.password == self.password.encode(), handled=False)

    async def handle_DATA(  # noqa: N802  aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """A mail."""
        self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        self.to += envelope.rcpt_tos
        return "250 Taken"


@dataclass
class Told:
    """The store's writer, and what the pager told the core through it."""

    writer: Writer
    told: list[Command] = field(default_factory=list)
    is_away: bool = False

    async def submit(self, command: Command) -> Settled:
        """Passed on."""
        if self.is_away:
            raise NotSavedError
        self.told.append(command)
        return await self.writer.submit(command)


@dataclass
class Calls:
    """A `Notify` that keeps what it is asked to say, and fails as told."""

    errors: list[Exception] = field(default_factory=list)
    said: list[tuple[str, str, Text]] = field(default_factory=list)

    async def __call__(self, route: str, address: Filled, text: Text) -> None:
        """Say it."""
        self.said.append((route, address.text, text))
        if self.errors:
            raise self.errors.pop(0)


@dataclass
class Desk:
    """The office, and a pager with these routes."""

    office: Office
    routes: dict[str, str] = field(default_factory=dict)
    notify: Any = field(default_factory=Outside)
    slack: bool = True

    def __post_init__(self) -> None:
        self.writer = Told(self.office.store.writer)
        self.restart()

    def restart(self) -> None:
        """A new process: it knows the store alone."""
        store = self.office.store
        self.pager = Pager(
            deliveries=store.deliveries,
            reads=store.reads,
            facts=self.office.facts,
            ways=Ways(
                writer=self.writer,
                cards=store.cards,
                deliveries=store.deliveries,
                clock=self.office.clock,
                new_id=new_id,
            ),
            routes=self.routes.get,
            secret=SECRETS.get,
            notify=self.notify,
            redacted=lambda text: text,
            clock=self.office.clock,
            counts=self.office.counts,
            slack=self.slack,
        )

    async def page(self) -> None:
        """Until nothing is left to send just now."""
        await settled(self.pager.once, self.pager)

    async def owed(
        self, route: str = "pager", *, escalation_id: str = "", case: str = "step", **more: Any
    ) -> str:
        """A page as the core owes it; its id."""
        about = escalation_id or await self.office.opened(new_id("k"))
        payload = {"case": case, "values": {}, "reason": "may decide (platform-oncall)", **more}
        id_, at = new_id("msg"), instant(self.office.clock())
        async with self.office.store.database.beside() as link:
            await link.run(
                "INSERT INTO deliveries (id, escalation_id, kind, target, payload, attempts, state,"
                " created_at, due_at) VALUES (?, ?, 'page', ?, ?, 0, 'pending', ?, ?)",
                (id_, about, route, json.dumps(payload), at, at),
            )
        return id_

    async def row(self, delivery_id: str) -> Delivery:
        """The page as it is recorded."""
        async with self.office.store.database.beside() as link:
            rows = await link.rows(
                "SELECT escalation_id FROM deliveries WHERE id = ?", (delivery_id,)
            )
        found = await self.office.store.deliveries.of(rows[0][0])
        return next(d for d in found if d.id == delivery_id)
