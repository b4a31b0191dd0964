"""A served history moves from a file to PostgreSQL and is served on: cards, callbacks, claims."""

import os
import signal
from asyncio import create_subprocess_exec, sleep, timeout
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from sys import executable
from tempfile import TemporaryDirectory

import aiohttp
import pytest

from bot.app import Server, serving
from bot.demo.workspace.messages import Message
from bot.demo.workspace.workspace import Workspace
from bot.settings import Settings
from storage.errors import MoveError
from storage.store import open_database
from tests.bot.background.paging import Receiver
from tests.building import ROOT
from tests.journeys.conftest import BODY, OPERATIONS, MovedClock, Story, settings_for
from tests.journeys.test_kills import RETRY
from tests.patience import PATIENCE_S
from tests.postgres import Running, started
from tests.storage.postgres.other import another


@pytest.fixture(scope="module")
def database() -> Iterator[Running]:
    """A server with an empty database."""
    with TemporaryDirectory(prefix="andon-") as folder, started(Path(folder) / "pg") as server:
        server.run("postgres", "CREATE DATABASE andon")
        yield server


@pytest.fixture
def settings(workspace: Workspace, tmp_path: Path, receiver: Receiver) -> Settings:
    """On a file."""
    allowed = (f"127.0.0.1:{receiver.port}",)
    return settings_for(workspace, tmp_path, "http").model_copy(
        update={"allowed_callbacks": allowed}
    )


@asynccontextmanager
async def told(
    settings: Settings, workspace: Workspace, clock: MovedClock, key: str = ""
) -> AsyncIterator[Story]:
    """A server, and the service with the key it has, or its first."""
    async with serving(settings, clock=clock) as server, aiohttp.ClientSession() as http:
        workspace.request_url = f"{server.url}/slack/events"
        story = Story(
            workspace, server, http, key or await first_key(server, settings), clock, Path()
        )
        await story.noticed(lambda people: people.as_of is not None)
        yield story


async def first_key(server: Server, settings: Settings) -> str:
    """A service that is called back."""
    hosts = settings.allowed_callbacks
    key = await server.store.services.add("data-sync", callback_hosts=hosts)
    await server.store.services.secret("data-sync")
    return key


async def migrating(folder: Path, url: str) -> Process:
    """The command, as a process."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "SLACK_"))}
    return await create_subprocess_exec(
        *(executable, "-m", "bot", "migrate", "--from", "andon.db", "--to", url),
        cwd=folder,
        env={**ours, "PYTHONPATH": str(ROOT)},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )


async def killed_halfway(folder: Path, url: str) -> None:
    """It waits for a table that somebody else has, and is killed there."""
    async with open_database(url, server=False):
        pass
    async with another(url) as link:
        await link.execute("BEGIN")
        await link.execute("LOCK TABLE deliveries IN SHARE MODE")
        process = await migrating(folder, url)
        asked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        async with timeout(PATIENCE_S):
            while not await link.fetchval(asked):  # noqa: ASYNC110  another process
                await sleep(0.01)
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_what_waited_before_a_move_goes_on_after_it_on_the_same_card(
    workspace: Workspace,
    clock: MovedClock,
    settings: Settings,
    receiver: Receiver,
    database: Running,
    tmp_path: Path,
) -> None:
    url, hook = database.url("andon"), f"http://127.0.0.1:{receiver.port}/hook"
    asked = {**BODY, "title": "Another sync failed", "callback_url": hook}
    receiver.answers = [500]
    async with told(settings, workspace, clock) as before:
        decided = await before.ask("k1", callback_url=hook)
        await before.tap("USAM", await before.card(OPERATIONS, label=RETRY), RETRY)
        await workspace.wait_for(lambda: receiver.got)  # in vain: it is owed on
        waits = await before.ask("k2", **asked)
        card = await before.card(OPERATIONS, words="Another sync failed")
    await killed_halfway(tmp_path, url)
    anchors = tmp_path / "andon.anchors"
    on_server = settings.model_copy(update={"database_url": url, "anchors": str(anchors)})
    with pytest.raises(MoveError, match="nothing starts on half a history"):
        async with serving(on_server, clock=clock):
            pass
    process = await migrating(tmp_path, url)
    said, wrong = (text.decode() for text in await process.communicate())
    assert process.returncode == 0, wrong
    assert said.startswith("2 escalations, ")
    assert said.endswith(" moved and compared: all hold.\n")
    anchored = anchors.read_text(encoding="utf-8")
    clock.move(minutes=1)
    async with told(on_server, workspace, clock, before.key) as after:
        again = await after.call("POST", "/v1/escalations", asked, Idempotency_Key="k2")
        assert (again[0], again[1]["id"]) == (200, waits["id"])
        assert (await after.claim(decided))[0] == 200
        await after.tap("USAM", card, RETRY)
        await workspace.wait_for(lambda: len(receiver.got) >= 3)
        assert (await after.status(waits["id"]))["status"] == "approved"
        failed, *came = receiver.headers
        assert {sent["webhook-id"] for sent in came} > {failed["webhook-id"]}

        def cards() -> list[Message]:
            return [m for m in workspace.messages(OPERATIONS) if m.thread_ts in (None, m.ts)]

        await workspace.wait_for(lambda: all(RETRY not in m.labels for m in cards()))
        assert len(cards()) == 2  # the second is the one from before
    went_on = anchors.read_text(encoding="utf-8")
    assert went_on.startswith(anchored)
    assert len(went_on) > len(anchored) > 0
