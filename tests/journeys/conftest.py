"""A whole Andon beside a local workspace, over HTTP on loopback, as it runs for real."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import Server, SlackSide, serving
from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.messages import Message
from bot.demo.workspace.server import serve
from bot.demo.workspace.windows import Window
from bot.demo.workspace.workspace import Workspace
from bot.settings import Settings
from tests.bot.background.paging import Receiver
from tests.building import BODY
from tests.journeys.world import (
    BOT_TOKEN,
    DATABASE,
    OPERATIONS,
    PAYMENTS,
    SECRET,
    MovedClock,
    policy_of_tests,
    workspace_of_tests,
)
from tests.patience import PATIENCE_S, be_patient

__all__ = ["BODY", "BOT_TOKEN", "DATABASE", "OPERATIONS", "PAYMENTS", "SECRET", "MovedClock"]


@dataclass
class Story:
    """The workspace, the server, and a service that asks."""

    workspace: Workspace
    server: Server
    http: aiohttp.ClientSession
    key: str
    clock: MovedClock
    folder: Path

    # -- the service ----------------------------------------------------------------------------

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Status and JSON of one call of the service."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {self.key}"
        async with self.http.request(
            method, self.server.url + path, json=body, headers=sent
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def ask(self, key: str = "k1", **changes: Any) -> dict[str, Any]:
        """Open an escalation."""
        status, made = await self.call(
            "POST", "/v1/escalations", {**BODY, **changes}, Idempotency_Key=key
        )
        assert status == 201, made
        return dict(made)

    async def status(self, id_: str) -> dict[str, Any]:
        """The escalation as the service reads it."""
        return dict((await self.call("GET", f"/v1/escalations/{id_}"))[1])

    async def claim(self, made: dict[str, Any], key: str = "c1") -> tuple[int, dict[str, Any]]:
        """Take the release: status, and grant or problem."""
        path, body = f"/v1/escalations/{made['id']}/claim", {"digest": made["digest"], "nonce": "n"}
        status, answer = await self.call("POST", path, body, Idempotency_Key=key)
        return status, dict(answer)

    async def report(self, made: dict[str, Any], result: str, **said: str) -> None:
        """Say what became of it."""
        path = f"/v1/escalations/{made['id']}/outcome"
        status, answer = await self.call("POST", path, {"result": result, **said})
        assert status == 200, answer

    # -- people ---------------------------------------------------------------------------------

    async def card(self, channel: str, *, label: str = "", words: str = "") -> Message:
        """The newest card in a conversation, once it has that button and says that.

        It may stand behind what else is to be posted there, a message a second.
        """
        return await self.workspace.wait_for(lambda: self._card(channel, label, words), PATIENCE_S)

    def _card(self, channel: str, label: str = "", words: str = "") -> Message | None:
        try:
            found = [m for m in self.workspace.messages(channel) if m.thread_ts in (None, m.ts)]
        except Exception:
            return None  # the direct message has not been opened yet
        if not found or (label and label not in found[-1].labels):
            return None
        return found[-1] if words in spoken(found[-1].blocks) else None

    async def tap(self, person: str, card: Message, label: str) -> Interaction:
        """Press a button of a card."""
        return await self.workspace.tap(person, card, label)

    async def tap_late(self, person: str, card: Message, action_id: str) -> Interaction:
        """Press a button that the card no longer has; this person's client still shows it."""
        return await self.workspace.click(person, card.channel, card.ts, action_id, stale=True)

    async def window(self, person: str, words: str = "") -> Window:
        """The modal before this person, once it says that."""
        return await self.workspace.wait_for(lambda: self._window(person, words))

    def _window(self, person: str, words: str) -> Window | None:
        found = self.workspace.view_of(person)
        return found if found and words in spoken(found.view) else None

    async def send(self, person: str, card: Message, label: str, **values: str) -> Interaction:
        """Press a button that opens a modal, fill that in and send it off."""
        before = self.workspace.view_of(person)
        await self.tap(person, card, label)
        window = await self.workspace.wait_for(lambda: self._opened_since(person, before))
        return await self.workspace.submit(person, window.id, values)

    def _opened_since(self, person: str, before: Window | None) -> Window | None:
        """A click is acknowledged before its window is there: the one before may still stand."""
        found = self.workspace.view_of(person)
        return found if found and (before is None or found.id != before.id) else None

    async def heard(self, person: str, words: str) -> str:
        """Wait until the person alone is told something with these words."""
        return await self.workspace.wait_for(lambda: self._heard(person, words))

    def _heard(self, person: str, words: str) -> str | None:
        said = (spoken(m.blocks) for m in self.workspace.ephemerals(person))
        return next((one for one in said if words in one), None)

    async def hears(self, person: str, text: str, *labels: str) -> Message:
        """The person alone is told exactly this, beside exactly these buttons."""

        def told() -> Message | None:
            every = self.workspace.ephemerals(person)
            return next((m for m in reversed(every) if answer_of(m.blocks) == text), None)

        try:
            found = await self.workspace.wait_for(told)
        except TimeoutError:
            pytest.fail(f"{person} heard only {self.whispers(person)}")
        assert found.labels == list(labels)
        return found

    def whispers(self, person: str) -> list[str]:
        """Everything this person alone was told."""
        return [answer_of(m.blocks) for m in self.workspace.ephemerals(person)]

    def sees(self, person: str) -> str:
        """The answer in the modal before this person."""
        found = self.workspace.view_of(person)
        assert found is not None
        return answer_of(found.view["blocks"])

    async def says(self, channel: str, line: str) -> None:
        """A line stands in the thread of a channel's card."""

        def thread() -> list[str]:
            every = self.workspace.messages(channel)
            return [spoken(m.blocks) for m in every if m.thread_ts not in (None, m.ts)]

        try:
            await self.workspace.wait_for(lambda: line in thread(), timeout=PATIENCE_S)
        except TimeoutError:
            pytest.fail(f"The thread says only {thread()}")

    async def leaves(self, person: str, group: str) -> None:
        """The person leaves a user group, and Andon has noticed."""
        self.workspace.groups[group] = replace(
            self.workspace.groups[group],
            members=[m for m in self.workspace.groups[group].members if m != person],
        )
        who = person.removeprefix("U").lower()
        await self.noticed(lambda p: all(who not in members for members in p.groups.values()))

    async def noticed(self, true: Callable[[Any], bool]) -> None:
        """The look at people after which something is true of them has been taken."""
        async with asyncio.timeout(PATIENCE_S):
            while not true(self.server.people.facts(self.clock()).people):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def looked_at(self, made: dict[str, Any]) -> None:
        """It is noted that somebody opened something of it."""
        async with asyncio.timeout(PATIENCE_S):
            while not (await self.status(made["id"]))["progress"]["looked_at"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    # -- the machine ----------------------------------------------------------------------------

    @asynccontextmanager
    async def disk_away(self) -> AsyncIterator[None]:
        """Another program holds the database: nothing can be written meanwhile."""
        async with held(self.folder / "andon.db"):
            yield

    @asynccontextmanager
    async def records_away(self) -> AsyncIterator[None]:
        """The records cannot be read: their table is not where it was."""
        with closing(sqlite3.connect(self.folder / "andon.db", timeout=0)) as other:
            await once_free(other, "ALTER TABLE escalations RENAME TO elsewhere")
            yield
            await once_free(other, "ALTER TABLE elsewhere RENAME TO escalations")

    async def health(self) -> tuple[int, bool]:
        """Status of `/readyz`, and whether Slack is well."""
        status, found = await self.call("GET", "/readyz")
        return status, found["checks"]["slack"]["ok"]


@asynccontextmanager
async def held(database: Path) -> AsyncIterator[None]:
    """Keep a database locked from outside."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as other:
        await once_free(other, "BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def once_free(other: sqlite3.Connection, sql: str) -> None:
    """Run a statement as soon as nobody writes; the server shares our loop and must go on."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(sqlite3.OperationalError):
                other.execute(sql)
                return
            await asyncio.sleep(0.005)


def spoken(value: Any) -> str:
    """All text of blocks, run together."""
    if isinstance(value, list | tuple):
        return "".join(spoken(item) for item in value)
    if isinstance(value, dict):
        if value.get("type") == "date":
            return "{time}"
        if value.get("type") == "user":
            return f"@{value['user_id']}"
        found = value.get("text")
        inner = [v for k, v in value.items() if k not in ("type", "text", "value")]
        return (found if isinstance(found, str) else spoken(found)) + spoken(inner)
    return ""


def answer_of(blocks: Any) -> str:
    """What an answer says, without its buttons."""
    return "\n".join(spoken(b["elements"]) for b in blocks if b["type"] == "rich_text")


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """Errors are logged as a server logs them: drawing them for a terminal takes a second each.

    To the standard output of now: a command that ran before may have set up one that is gone.
    """
    render = structlog.processors.KeyValueRenderer(key_order=["event"])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            render,
        ],
        logger_factory=structlog.PrintLoggerFactory(),
    )


@pytest.fixture
def clock() -> MovedClock:
    """The time of server and workspace."""
    return MovedClock()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own limits of time, lifted; a file that tries them has them back."""
    be_patient(monkeypatch)


@pytest.fixture
def ack_within() -> float:
    """Seconds after which people see Slack's own error; a test may be more impatient."""
    return PATIENCE_S


@pytest.fixture
async def workspace(clock: MovedClock, ack_within: float) -> AsyncIterator[Workspace]:
    """The local workspace, serving the Web API."""
    made = workspace_of_tests(clock, ack_within=ack_within)
    async with serve(made) as running:
        made.api_url = running.api_url  # type: ignore[attr-defined]
        yield made


def settings_for(workspace: Workspace, folder: Path, mode: str) -> Settings:
    """Settings of a server beside the workspace."""
    policy = folder / "policy.toml"
    policy.write_text(policy_of_tests(), encoding="utf-8")
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        ANDON_DATABASE_URL=f"sqlite:///{folder / 'andon.db'}",
        ANDON_PORT=0,
        ANDON_POLICY=str(policy),
        ANDON_SIGNING_KEYS=str(folder / "keys"),
        ANDON_OPENS_PER_MINUTE=10_000,  # a storm of one service is larger than what is usual
        ANDON_MOST_PENDING=10_000,
        ANDON_REQUESTS_PER_MINUTE=1_000_000,
        ANDON_SLACK_MODE=mode,
        ANDON_SLACK_API_URL=workspace.api_url,  # type: ignore[attr-defined]
        SLACK_BOT_TOKEN=BOT_TOKEN,
        SLACK_APP_TOKEN="xapp-of-tests",
        SLACK_SIGNING_SECRET=SECRET,
    )


@asynccontextmanager
async def telling(
    workspace: Workspace, folder: Path, mode: str, clock: MovedClock
) -> AsyncIterator[Story]:
    """A running server, and a service that has its key."""
    settings = settings_for(workspace, folder, mode)
    async with serving(settings, clock=clock) as server, aiohttp.ClientSession() as http:
        if mode == "http":
            workspace.request_url = f"{server.url}/slack/events"
        else:
            await workspace.wait_for(lambda: workspace.socket.connected)
        key = await server.store.services.add("data-sync")
        story = Story(workspace, server, http, key, clock, folder)
        await story.noticed(lambda people: people.as_of is not None)
        yield story


@pytest.fixture(params=["http", "socket"])
async def story(
    workspace: Workspace, tmp_path: Path, clock: MovedClock, request: pytest.FixtureRequest
) -> AsyncIterator[Story]:
    """A running server in both modes."""
    async with telling(workspace, tmp_path, request.param, clock) as made:
        yield made


@pytest.fixture
async def over_http(
    workspace: Workspace, tmp_path: Path, clock: MovedClock
) -> AsyncIterator[Story]:
    """A running server in HTTP mode, where the mode does not matter."""
    async with telling(workspace, tmp_path, "http", clock) as made:
        yield made


@pytest.fixture
async def over_socket(
    workspace: Workspace, tmp_path: Path, clock: MovedClock
) -> AsyncIterator[Story]:
    """A running server in Socket Mode."""
    async with telling(workspace, tmp_path, "socket", clock) as made:
        yield made


@pytest.fixture
def often_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """People are looked up again at once, not each minute."""
    monkeypatch.setattr(f"{SlackSide.__module__}.PEOPLE_S", 0.05)
    monkeypatch.setattr("bot.background.refresher.LOOK_S", 0.05, raising=False)


@pytest.fixture
def dead_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop that ends what is overdue does nothing any more."""

    async def nothing(ticker: object) -> bool:
        return False

    monkeypatch.setattr("bot.background.clock.Ticker.once", nothing)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A real HTTP receiver."""
    made, app = Receiver(), web.Application()
    app.add_routes(made.routes())
    async with TestServer(app) as listening:
        made.port = int(listening.port or 0)
        yield made
