"""Server processes on PostgreSQL: two replicas behind which one database stands, and a kill."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import run
from sys import executable
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.demo.workspace.workspace import Workspace
from storage.services import SqlServices
from storage.store import open_database
from tests.building import ROOT, Clock
from tests.journeys.conftest import BODY, BOT_TOKEN, OPERATIONS, SECRET, answer_of, policy_of_tests
from tests.journeys.test_kills import RETRY, Process, _card, _claimed, _heard, _json
from tests.patience import PATIENCE_S
from tests.postgres import Running, started


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A server."""
    with TemporaryDirectory(prefix="andon-") as folder, started(Path(folder) / "pg") as server:
        yield server


@dataclass
class OnServer(Process):
    """A replica, whose database is not in its folder."""

    address: str = ""
    database: str = ""

    def command(self, *words: str) -> Any:
        """What a command of the server says, and how it ends."""
        return run(
            [executable, "-m", "bot", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    async def key(self) -> str:
        """A key of a service, made beside the running server."""
        async with open_database(self.address, server=False) as database:
            return await SqlServices(database, Clock()).add("data-sync")


def free_port() -> int:
    """One nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def replicas(
    tmp_path: Path, workspace: Workspace, server: Running
) -> AsyncIterator[tuple[OnServer, OnServer]]:
    """Two of them on an empty database, with one directory of keys; Slack talks to the first."""
    database = server.copied("template1")
    address = server.url(database)
    (tmp_path / "policy.toml").write_text(policy_of_tests(), encoding="utf-8")
    made = []
    with ExitStack() as stack:
        for name in ("a", "b"):
            port = free_port()
            environment = {
                **{k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "SLACK_"))},
                "PYTHONPATH": str(ROOT),
                "ANDON_PORT": str(port),
                "ANDON_DATABASE_URL": address,
                "ANDON_ANCHORS": f"{name}.anchors",
                "ANDON_SLACK_MODE": "http",
                "ANDON_SLACK_API_URL": workspace.api_url,  # type: ignore[attr-defined]
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_SIGNING_SECRET": SECRET,
            }
            process = OnServer(
                folder=tmp_path,
                port=port,
                environment=environment,
                address=address,
                database=database,
            )
            await process.start()
            stack.callback(process.kill)
            made.append(process)
        workspace.request_url = f"{made[0].url}/slack/events"
        yield made[0], made[1]


@asynccontextmanager
async def to_both(replicas: Sequence[Process]) -> AsyncIterator[str]:
    """Where Slack sends to both at once whatever it sends, and hears the first."""

    async def passed_on(request: web.Request) -> web.Response:
        raw = await request.read()
        async with aiohttp.ClientSession() as http:
            (status, text), _ = await asyncio.gather(
                *(_sent(http, f"{to.url}{request.path}", raw, request.headers) for to in replicas)
            )
        return web.Response(status=status, text=text, content_type="application/json")

    app = web.Application()
    app.router.add_post("/slack/events", passed_on)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


async def _sent(
    http: aiohttp.ClientSession, url: str, raw: bytes, headers: Mapping[str, str]
) -> tuple[int, str]:
    kept = {n: v for n, v in headers.items() if n.lower().startswith(("x-slack", "content-type"))}
    async with http.post(url, data=raw, headers=kept) as answer:
        return answer.status, await answer.text()


async def parked(http: aiohttp.ClientSession, at: Process) -> None:
    """Until somebody waits there."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with http.get(f"{at.url}/metrics") as answer:
                said = await answer.text()
            if "andon_parked_requests 1.0" in said:
                assert 'andon_working{part="hearing"} 1.0' in said
                return
            await asyncio.sleep(0.02)


async def test_what_one_replica_is_asked_people_decide_at_another_and_a_kill_loses_nothing(
    replicas: tuple[OnServer, OnServer], workspace: Workspace
) -> None:
    a, b = replicas
    headers = {"Authorization": f"Bearer {await a.key()}", "Idempotency-Key": "k"}
    async with aiohttp.ClientSession(headers=headers) as http:
        made = await _json(http, "POST", f"{b.url}/v1/escalations", BODY)
        again = await _json(http, "POST", f"{a.url}/v1/escalations", BODY)
        assert again["id"] == made["id"]
        card = await _card(workspace)
        waits = asyncio.create_task(
            _json(http, "GET", f"{b.url}/v1/escalations/{made['id']}?wait=60")
        )
        await parked(http, b)
        assert (await workspace.tap("USAM", card, RETRY)).acked  # Slack talks to the first alone
        assert (await waits)["status"] == "approved"
        await _heard(workspace, f"Recorded: {RETRY}. You decided it; data-sync may start now.")
        a.kill()
        told = await _json(http, "GET", f"{b.url}/v1/escalations/{made['id']}")
        assert (told["status"], told["votes"][0]["person"]) == ("approved", "sam")
        taken = await _claimed(b, http, made)
        assert taken["option"] == "retry"
        await a.start()
        assert (await _claimed(a, http, made))["grant"] == taken["grant"]
    assert len([m for m in workspace.messages(OPERATIONS) if m.thread_ts is None]) == 1
    assert len([m for m in workspace.ephemerals("USAM") if answer_of(m.blocks)]) == 1
    verified = b.command("audit", "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "1 escalation" in verified.stdout
    assert "all hold" in verified.stdout
    shown = b.command("audit", "show", made["id"])
    assert shown.returncode == 0
    assert made["id"] in shown.stdout
    refused = b.command("backup")
    assert (refused.returncode, "pg_dump" in refused.stderr) == (3, True)


async def test_what_slack_sends_to_both_replicas_at_once_is_one_click(
    replicas: tuple[OnServer, OnServer], workspace: Workspace, server: Running
) -> None:
    a, _ = replicas
    headers = {"Authorization": f"Bearer {await a.key()}", "Idempotency-Key": "both"}
    async with aiohttp.ClientSession(headers=headers) as http, to_both(replicas) as both:
        workspace.request_url = both
        made = await _json(http, "POST", f"{a.url}/v1/escalations", BODY)
        card = await _card(workspace)
        assert (await workspace.tap("USAM", card, RETRY)).acked
        await _heard(workspace, f"Recorded: {RETRY}. You decided it; data-sync may start now.")
    recorded = server.run(
        a.database, f"SELECT kind FROM events WHERE escalation_id = '{made['id']}' ORDER BY seq"
    )
    kinds = [kind for (kind,) in recorded]
    assert [kinds.count(kind) for kind in ("vote:cast", "escalation:decided")] == [1, 1]
    assert not [kind for kind in kinds if "refused" in kind]
    assert len([m for m in workspace.ephemerals("USAM") if answer_of(m.blocks)]) == 1
