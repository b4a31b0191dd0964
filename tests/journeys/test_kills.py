"""A real server process, killed with SIGKILL around the commit of a click."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace.messages import Message
from bot.demo.workspace.workspace import Workspace
from storage.services import SqlServices
from storage.sqlite.database import open_database
from tests.building import ROOT
from tests.journeys.conftest import (
    BODY,
    BOT_TOKEN,
    OPERATIONS,
    SECRET,
    answer_of,
    held,
    policy_of_tests,
    spoken,
)
from tests.patience import PATIENCE_S

RETRY = "Try 3 more times"


@dataclass
class Process:
    """A server in a process of its own, and how to start it again."""

    folder: Path
    port: int
    environment: dict[str, str]
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """Its file."""
        return self.folder / "andon.db"

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self.running = subprocess.Popen(  # noqa: ASYNC220  starting one is quick
            [sys.executable, "-m", "bot", "serve"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as http:
                while not await self._ready(http):  # noqa: ASYNC110  another process
                    await asyncio.sleep(0.05)
        except BaseException:
            self.kill()
            raise

    async def _ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self.running is not None
        self.running.send_signal(signal.SIGKILL)
        self.running.wait(10)

    async def key(self) -> str:
        """A key of a service, made beside the running server."""
        async with open_database(self.database, server=False) as database:
            return await SqlServices(database, lambda: datetime.now(UTC)).add("data-sync")


@pytest.fixture
async def process(
    tmp_path: Path, workspace: Workspace, request: pytest.FixtureRequest
) -> AsyncIterator[Process]:
    """A server process beside the workspace, in the mode the test asks for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mode = request.param
    (tmp_path / "policy.toml").write_text(policy_of_tests(), encoding="utf-8")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "SLACK_"))},
        "PYTHONPATH": str(ROOT),
        "ANDON_PORT": str(port),
        "ANDON_SLACK_MODE": mode,
        "ANDON_SLACK_API_URL": workspace.api_url,  # type: ignore[attr-defined]
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": "xapp-of-tests",
        "SLACK_SIGNING_SECRET": SECRET,
    }
    made = Process(folder=tmp_path, port=port, environment=environment)
    workspace.request_url = f"{made.url}/slack/events" if mode == "http" else None
    await made.start()
    yield made
    made.kill()


@pytest.mark.parametrize("ack_within", [1.5])
@pytest.mark.parametrize("process", ["socket"], indirect=True)
async def test_killed_between_the_click_and_its_commit_nothing_is_recorded_and_the_card_works(
    process: Process, workspace: Workspace
) -> None:
    """The database is held from outside, so that the commit waits; then the server dies."""
    async with service_of(process) as http:
        made = await _json(http, "POST", f"{process.url}/v1/escalations", BODY)
        card = await _card(workspace)
        async with held(process.database):
            tapping = asyncio.create_task(workspace.tap("USAM", card, RETRY))
            await asyncio.sleep(0.3)  # the click is there, its commit is not
            process.kill()
        done = await tapping
        assert (done.acked, bool(done.error)) == (False, True)
        await process.start()
        about = f"{process.url}/v1/escalations/{made['id']}"
        told = await _json(http, "GET", about)
        assert (told["status"], told["votes"], workspace.ephemerals("USAM")) == ("pending", [], [])
        async with asyncio.timeout(PATIENCE_S):
            while not (await _json(http, "GET", about))["votes"]:
                await workspace.tap("USAM", card, RETRY)  # at first people are not looked up yet
        await _heard(workspace, f"Recorded: {RETRY}. You decided it; data-sync may start now.")


@pytest.mark.parametrize("process", ["http"], indirect=True)
async def test_killed_between_the_commit_and_its_answer_the_answer_comes_after_the_restart(
    process: Process, workspace: Workspace
) -> None:
    async with service_of(process) as http:
        made = await _json(http, "POST", f"{process.url}/v1/escalations", BODY)
        card = await _card(workspace)
        mute = workspace.faults.add("chat.postEphemeral", "http_503", times=1000)
        assert (await workspace.tap("USAM", card, RETRY)).acked
        await _tried(process)
        process.kill()
        mute.release()
        await process.start()
        told = await _json(http, "GET", f"{process.url}/v1/escalations/{made['id']}")
        assert (told["status"], told["votes"][0]["person"]) == ("approved", "sam")
        said = f"Recorded: {RETRY}. You decided it; data-sync may start now."
        await _heard(workspace, said)
        assert [answer_of(m.blocks) for m in workspace.ephemerals("USAM")] == [said]
        assert (await _claimed(process, http, made))["option"] == "retry"
        await workspace.wait_for(
            lambda: "RUNNING" in spoken(workspace.messages(OPERATIONS)[0].blocks), timeout=15
        )


async def _card(workspace: Workspace) -> Message:
    return (await workspace.wait_for(lambda: workspace.messages(OPERATIONS), timeout=PATIENCE_S))[0]


async def _claimed(process: Process, http: aiohttp.ClientSession, made: Any) -> Any:
    """Take the release, as often as Andon asks to come again: people are looked up at the start."""
    path = f"{process.url}/v1/escalations/{made['id']}/claim"
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await _json(http, "POST", path, {"digest": made["digest"], "nonce": "n"})
            if answer.get("type") != "/problems/people-unknown":
                return answer
            await asyncio.sleep(0.1)


async def _tried(process: Process) -> None:
    """The answer was tried in vain, and that is noted."""
    tried = "SELECT count(*) FROM deliveries WHERE kind = 'answer' AND attempts > 0"
    async with asyncio.timeout(PATIENCE_S):
        with closing(sqlite3.connect(process.database)) as beside:
            while not beside.execute(tried).fetchone()[0]:  # noqa: ASYNC110  another process
                await asyncio.sleep(0.05)


async def _heard(workspace: Workspace, text: str) -> None:
    await workspace.wait_for(
        lambda: any(answer_of(m.blocks) == text for m in workspace.ephemerals("USAM")), timeout=20
    )


@asynccontextmanager
async def service_of(process: Process) -> AsyncIterator[aiohttp.ClientSession]:
    """A service with a key."""
    headers = {"Authorization": f"Bearer {await process.key()}", "Idempotency-Key": "k"}
    async with aiohttp.ClientSession(headers=headers) as http:
        yield http


async def _json(http: aiohttp.ClientSession, method: str, url: str, body: Any = None) -> Any:
    async with http.request(method, url, json=body) as answer:
        return await answer.json()
