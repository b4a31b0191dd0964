"""A real server process, killed with SIGKILL: what was acknowledged is there afterwards."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace.workspace import Workspace
from tests.building import ROOT
from tests.journeys.conftest import BODY, BOT_TOKEN, SECRET


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

    def run(self, *arguments: str) -> list[str]:
        """The command line."""
        return [sys.executable, "-m", "bot", *arguments]

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self.running = subprocess.Popen(  # noqa: ASYNC220  starting one is quick
            self.run("serve"),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        async with asyncio.timeout(30), aiohttp.ClientSession() as http:
            while not await self._ready(http):  # noqa: ASYNC110  another process
                await asyncio.sleep(0.1)

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


@pytest.fixture
async def process(tmp_path: Path, workspace: Workspace) -> AsyncIterator[Process]:
    """A server process beside the workspace."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "SLACK_"))},
        "PYTHONPATH": str(ROOT),
        "ANDON_PORT": str(port),
        "ANDON_POLICY": str(ROOT / "policy.toml"),
        "ANDON_SLACK_MODE": "http",
        "ANDON_SLACK_API_URL": workspace.api_url,  # type: ignore[attr-defined]
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
    }
    made = Process(folder=tmp_path, port=port, environment=environment)
    workspace.request_url = f"{made.url}/slack/events"
    await made.start()
    yield made
    made.kill()


async def test_a_click_that_was_acknowledged_survives_kill_9(
    process: Process, workspace: Workspace
) -> None:
    key = await asyncio.to_thread(
        lambda: subprocess.run(
            process.run("service", "add", "data-sync"),
            cwd=process.folder,
            env=process.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"}
    async with aiohttp.ClientSession(headers=headers) as http:
        made = await _json(http, "POST", f"{process.url}/v1/escalations", BODY)
        card = await workspace.wait_for(lambda: workspace.messages("C0OPERATIONS"), timeout=10)
        done = await workspace.tap("USAM", card[0], "Try 3 more times")
        process.kill()
        assert done.acked
        await process.start()
        told = await _json(http, "GET", f"{process.url}/v1/escalations/{made['id']}")
        assert (told["status"], told["votes"][0]["person"]) == ("approved", "sam")
        claim = {"digest": made["digest"], "nonce": "n"}
        path = f"{process.url}/v1/escalations/{made['id']}/claim"
        assert (await _json(http, "POST", path, claim))["option"] == "retry"
        await workspace.wait_for(
            lambda: "RUNNING" in str(workspace.messages("C0OPERATIONS")[0].blocks), timeout=15
        )


async def _json(http: aiohttp.ClientSession, method: str, url: str, body: Any = None) -> Any:
    async with http.request(method, url, json=body) as answer:
        return await answer.json()
