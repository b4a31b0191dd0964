"""The composition: says why it cannot start, tells its health, and stops without a loss."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from approvals.people import MAX_AGE
from approvals.policy.load import parse_policy
from bot.app import serving
from bot.background.loop import FAILING, Loop
from bot.people import KnownPeople
from bot.readiness import readiness
from bot.settings import Settings, SettingsError
from storage import AlreadyRunningError
from tests.building import (
    BODY,
    ROOT,
    SAMPLE,
    START,
    Clock,
    a_vote,
    an_open,
    store_at,
)


def settings(folder: Path, **changes: Any) -> Settings:
    """Of a server without Slack."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        **{
            "ANDON_DATABASE_URL": f"sqlite:///{folder / 'andon.db'}",
            "ANDON_PORT": 0,
            "ANDON_POLICY": str(ROOT / "policy.toml"),
            "ANDON_SIGNING_KEYS": str(folder / "keys"),
            "ANDON_SLACK_MODE": "off",
            **changes,
        },
    )


async def test_a_decision_reaches_the_services_receiver(tmp_path: Path) -> None:
    got: asyncio.Queue[Any] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        got.put_nowait(await request.json())
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/hook", take)])
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(TestServer(app))
        pair = f"127.0.0.1:{receiver.port}"
        given = settings(tmp_path, ANDON_ALLOWED_CALLBACKS=pair)
        server = await stack.enter_async_context(serving(given))
        await server.store.services.add("data-sync", callback_hosts=[pair])
        await server.store.services.secret("data-sync")
        command = an_open(callback_url=f"http://{pair}/hook")
        await server.store.writer.submit(command)
        await server.store.writer.submit(a_vote(command.escalation_id))
        async with asyncio.timeout(5):
            said = await got.get()
    assert said["data"]["id"] == command.escalation_id


async def test_it_is_ready_and_says_of_what(tmp_path: Path) -> None:
    async with (
        serving(settings(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
        http.get("/readyz") as answer,
    ):
        said = await answer.json()
    assert answer.status == 200
    parts = {"store", "clock", "saving", "background", "people", "sealing", "anchors", "policy"}
    assert set(said["checks"]) == parts


async def test_alone_on_a_file_it_serves_its_directory_and_writes_no_keys_down(
    tmp_path: Path,
) -> None:
    """A key whose file was taken away must not come back from the record."""
    async with (
        serving(settings(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
        http.get("/.well-known/jwks.json") as answer,
    ):
        served = await answer.json()
        assert await server.store.keys.known() == ()
        assert await server.store.policies.active() is None
    (kept,) = (tmp_path / "keys").iterdir()
    assert [key["kid"] for key in served["keys"]] == [kept.stem]
    assert answer.headers["Cache-Control"] == "max-age=300"


async def test_what_happened_last_is_sealed_and_anchored_when_it_has_stopped(
    tmp_path: Path,
) -> None:
    async with serving(settings(tmp_path)) as server:
        command = an_open()
        await server.store.writer.submit(command)
    with closing(sqlite3.connect(tmp_path / "andon.db")) as link:
        assert link.execute("SELECT escalation_id FROM seals").fetchall() == [
            (command.escalation_id,)
        ]
        assert link.execute("SELECT * FROM unsealed").fetchall() == []
        hashes = link.execute("SELECT hash FROM blocks").fetchall()
    lines = (tmp_path / "andon.anchors").read_text().splitlines()
    assert [(json.loads(line)["hash"],) for line in lines] == hashes


async def test_a_runbook_of_the_folder_is_linked_from_the_start(tmp_path: Path) -> None:
    given = settings(tmp_path, ANDON_RUNBOOKS=str(ROOT / "runbooks"))
    async with serving(given) as server:
        error = {"type": "ConnectTimeout", "message": "warehouse-db:5432 after 10 s"}
        settled = await server.store.writer.submit(an_open(context={"error": error}))
    assert settled.escalation is not None
    assert [(b.title, b.by) for b in settled.escalation.runbooks] == [
        ("A batch that does not go through", "match")
    ]


async def test_while_slack_is_unreachable_it_takes_requests_and_says_so(tmp_path: Path) -> None:
    given = settings(
        tmp_path,
        ANDON_SLACK_MODE="http",
        ANDON_SLACK_API_URL="http://127.0.0.1:1/api/",
        SLACK_BOT_TOKEN="xoxb-of-tests",
        SLACK_SIGNING_SECRET="secret-of-tests",
    )
    async with serving(given) as server:
        key = await server.store.services.add("data-sync")
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"}
        async with aiohttp.ClientSession(server.url, headers=headers) as http:
            async with http.get("/readyz") as answer:
                assert answer.status == 503
                checks = (await answer.json())["checks"]
            unready = {name for name, found in checks.items() if not found["ok"]}
            assert unready == {"slack", "people"}
            async with http.get("/healthz") as answer:
                assert answer.status == 200


async def checked(*loops: Loop, people: KnownPeople, age: timedelta = timedelta()) -> Any:
    """What readiness says."""
    return dict([await check() for check in readiness(loops, people, lambda: START + age)])


async def nothing() -> bool:
    """A look that finds nothing."""
    return False


async def test_a_loop_that_keeps_failing_makes_it_unready() -> None:
    async def fails() -> bool:
        raise RuntimeError("no")

    people = KnownPeople(parse_policy(SAMPLE), from_file=True)
    loop, other = Loop("cards", fails, 0.001), Loop("speech", nothing, 1)
    assert (await checked(loop, other, people=people))["background"] is True
    loop.start()
    async with asyncio.timeout(5):
        while loop.failures < FAILING:  # noqa: ASYNC110  another task
            await asyncio.sleep(0.001)
    await loop.stop()
    assert (await checked(loop, other, people=people))["background"] is False


async def test_facts_about_people_that_are_too_old_make_it_unready() -> None:
    policy = parse_policy(SAMPLE)
    people = KnownPeople(policy, from_file=False)
    assert (await checked(people=people))["people"] is False
    people.renew(policy.file_people(START))
    assert (await checked(people=people, age=MAX_AGE))["people"] is True
    older = MAX_AGE + timedelta(seconds=1)
    assert (await checked(people=people, age=older))["people"] is False


async def test_without_slack_the_policy_file_is_the_fact_and_never_old() -> None:
    people = KnownPeople(parse_policy(SAMPLE), from_file=True)
    assert (await checked(people=people, age=timedelta(days=300)))["people"] is True


async def test_a_port_in_use_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    async with serving(settings(tmp_path)) as server:
        with pytest.raises(SettingsError, match=r"Cannot listen on .*ANDON_PORT"):
            async with serving(settings(tmp_path / "two", ANDON_PORT=server.port)):
                pass


async def test_a_second_server_on_the_same_file_does_not_start(tmp_path: Path) -> None:
    async with serving(settings(tmp_path)):
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())):
            async with serving(settings(tmp_path)):
                pass


@pytest.mark.parametrize(
    ("policy", "says"),
    [(None, "There is no policy file .*ANDON_POLICY"), ("rules = 7", "policy.toml")],
)
async def test_a_policy_that_cannot_be_used_stops_the_start(
    tmp_path: Path, policy: str | None, says: str
) -> None:
    path = tmp_path / "policy.toml"
    if policy is not None:
        path.write_text(policy)
    with pytest.raises(SettingsError, match=says):
        async with serving(settings(tmp_path, ANDON_POLICY=str(path))):
            pass


@dataclass
class Process:
    """A server in a process of its own."""

    running: asyncio.subprocess.Process
    url: str
    key: str

    async def stopped(self) -> tuple[int | None, list[dict[str, Any]]]:
        """Exit code and log, after it ended by itself within ten seconds."""
        self.running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            _, said = await self.running.communicate()
        lines = said.decode().splitlines()
        return self.running.returncode, [json.loads(line) for line in lines if line[0] == "{"]


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    """Started, with a service's key."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "SLACK_"))},
        "PYTHONPATH": str(ROOT),
        "ANDON_PORT": "0",
        "ANDON_POLICY": str(ROOT / "policy.toml"),
        "ANDON_SLACK_MODE": "off",
    }
    async with store_at(tmp_path / "andon.db", Clock()) as store:
        key = await store.services.add("data-sync")
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "serve"),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert running.stderr is not None
    async with asyncio.timeout(30):
        while not (line := (await running.stderr.readline()).decode()).startswith("Andon listens"):
            assert line, "it ended before it listened"
    yield Process(running, line.split()[3], key)
    if running.returncode is None:
        running.kill()
        await running.communicate()


async def test_told_to_stop_it_answers_who_waits_and_ends_without_an_error(
    process: Process,
) -> None:
    headers = {"Authorization": f"Bearer {process.key}"}
    async with aiohttp.ClientSession(process.url, headers=headers) as http:
        keyed = {"Idempotency-Key": "k"}
        async with http.post("/v1/escalations", json=BODY, headers=keyed) as answer:
            made = await answer.json()
        parked = [
            asyncio.create_task(http.get(f"/v1/escalations/{made['id']}?wait=60")) for _ in range(5)
        ]
        async with asyncio.timeout(10):
            while "andon_parked_requests 5.0" not in await metrics(http):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        code, log = await process.stopped()
        answers = await asyncio.gather(*parked)
        assert [answer.status for answer in answers] == [200] * 5
        assert {(await answer.json())["status"] for answer in answers} == {"pending"}
    assert code == 0
    assert [line for line in log if line["level"] in ("error", "critical")] == []


async def metrics(http: aiohttp.ClientSession) -> str:
    """Prometheus text."""
    async with http.get("/metrics") as answer:
        return await answer.text()


async def test_told_to_stop_under_load_it_keeps_what_it_acknowledged(
    process: Process, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {process.key}"}
    acknowledged: list[str] = []

    async def opens(http: aiohttp.ClientSession, lane: int) -> None:
        for n in range(10_000):
            keyed = {"Idempotency-Key": f"{lane}-{n}"}
            try:
                async with http.post("/v1/escalations", json=BODY, headers=keyed) as answer:
                    if answer.status == 201:
                        acknowledged.append((await answer.json())["id"])
            except aiohttp.ClientError:
                return

    async with aiohttp.ClientSession(process.url, headers=headers) as http:
        lanes = [asyncio.create_task(opens(http, lane)) for lane in range(8)]
        async with asyncio.timeout(10):
            while len(acknowledged) < 20:  # noqa: ASYNC110  other tasks
                await asyncio.sleep(0.001)
        code, log = await process.stopped()
        await asyncio.gather(*lanes)
    assert code == 0
    assert [line for line in log if line["level"] in ("error", "critical")] == []
    folder = settings(tmp_path, ANDON_SIGNING_KEYS=str(tmp_path / "other"))
    async with serving(folder) as server:
        missing = [i for i in acknowledged if await server.store.reads.escalation(i) is None]
    assert missing == []
