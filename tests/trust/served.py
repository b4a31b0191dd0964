"""A whole Andon beside a workspace, a pager and a receiver of callbacks, whose words are all kept.

Everything that leaves it can be read afterwards: what Slack was sent, what was answered, called
back, paged, logged and stored.
"""

import io
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import serving
from bot.audit import drawn
from bot.audit.sheet import sheet
from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from bot.observing import configure_logging
from storage.archive import open_archive
from tests.bot.background.paging import Receiver
from tests.journeys.conftest import Story, settings_for
from tests.journeys.world import MovedClock, policy_of_tests, workspace_of_tests

EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class Andon:
    """The served Andon, and everything it said."""

    story: Story
    log: io.StringIO
    pager: Receiver
    callbacks: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)  #: of the API: headers and bodies
    hook: str = ""

    @property
    def workspace(self) -> Workspace:
        """The workspace beside it."""
        return self.story.workspace

    async def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """One call of the service; the answer is kept."""
        sent = {"Authorization": f"Bearer {self.story.key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        address = self.story.server.url + path
        async with self.story.http.request(method, address, data=raw, headers=sent) as answer:
            text = await answer.text()
            self.answers.append(f"{answer.status} {dict(answer.headers)} {text}")
            return answer.status, json.loads(
                text or "null"
            ) if "json" in answer.content_type else text

    async def ask(self, key: str, **body: Any) -> dict[str, Any]:
        """Open an escalation, which must be taken."""
        status, made = await self.call("POST", "/v1/escalations", body, Idempotency_Key=key)
        assert status in (200, 201), made
        return dict(made)

    def sent_to_slack(self) -> list[Any]:
        """Arguments of every call of the Web API, and what clicks and commands were answered."""
        calls = [dict(call.args) for call in self.workspace.calls]
        return [*calls, *(answer.body for _, answer in self.workspace.sent)]

    def audited(self) -> Iterator[tuple[str, str]]:
        """What an auditor sees of each escalation: in the terminal, and as a page."""
        with open_archive(self.story.folder / "andon.db") as archive:
            for told in archive.told(archive.touched(*EVER)):
                version = told.escalation.plan.policy_version
                seen = [sheet(told, archive.policy(version), (), with_policy=True)]
                yield drawn.text(seen), drawn.page(seen)

    def stored(self) -> tuple[bytes, list[str]]:
        """The database's files as they lie there, and every row of every table as text."""
        folder = self.story.folder
        files = b"".join(file.read_bytes() for file in sorted(folder.glob("andon.db*")))
        with closing(sqlite3.connect(folder / "andon.db")) as link:
            tables = [
                n for (n,) in link.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            rows = [repr(row) for name in tables for row in link.execute(f'SELECT * FROM "{name}"')]
        return files, rows


@asynccontextmanager
async def andon(
    folder: Path, clean: Callable[[str], str], policy: str = ""
) -> AsyncIterator[Andon]:
    """All of it, over HTTP on loopback. `clean` is what the log hides; the policy may say more."""
    clock, pager, got = MovedClock(), Receiver(), list[str]()

    async def take(request: web.Request) -> web.Response:
        got.append(f"{dict(request.headers)} {await request.text()}")
        return web.Response()

    app = web.Application()
    app.add_routes([*pager.routes(), web.post("/callback", take)])
    made = workspace_of_tests(clock)
    with _heard(clean) as log:
        async with (
            TestServer(app) as listening,
            serve(made) as running,
            aiohttp.ClientSession() as http,
        ):
            made.api_url = running.api_url  # type: ignore[attr-defined]
            pager.port = int(listening.port or 0)
            pair = f"127.0.0.1:{pager.port}"
            settings = settings_for(made, folder, "http").model_copy(
                update={"allowed_callbacks": (pair,)}
            )
            routes = f'\n[routes]\npager = {{ address = "{pager.address}" }}\n'
            text = f"{policy_of_tests()}{routes}{policy}"
            (folder / "policy.toml").write_text(text, encoding="utf-8")
            async with serving(settings, clock=clock) as server:
                made.request_url = f"{server.url}/slack/events"
                key = await server.store.services.add("data-sync", callback_hosts=(pair,))
                await server.store.services.secret("data-sync")
                story = Story(made, server, http, key, clock, folder)
                await story.noticed(lambda people: people.as_of is not None)
                yield Andon(story, log, pager, got, hook=f"http://{pair}/callback")


@contextmanager
def _heard(clean: Callable[[str], str]) -> Iterator[io.StringIO]:
    """What is logged, as a server logs it; as before afterwards."""
    before, handlers = structlog.get_config(), list(logging.getLogger().handlers)
    log = io.StringIO()
    configure_logging(clean, log)
    try:
        yield log
    finally:
        structlog.configure(**before)
        logging.getLogger().handlers = handlers
