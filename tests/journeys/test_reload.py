"""A new policy while a real server runs: by SIGHUP or as the file changed, whole or not at all."""

import asyncio
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import aiohttp
import pytest

from approvals.policy.load import parse_policy
from bot.demo.workspace.workspace import Workspace
from tests.journeys.conftest import BODY, OPERATIONS
from tests.journeys.test_kills import Process, process, service_of
from tests.journeys.world import policy_of_tests
from tests.patience import PATIENCE_S

__all__ = ["process"]

RENAMED = policy_of_tests().replace('name = "recoveries"', 'name = "second tries"')
BAD = RENAMED.replace('channel = "database"', 'channel = "datenbank"')
WITH_NOBODY = RENAMED.replace(
    "[people]\n", '[people]\nnobody = { name = "Nobody", accounts = ["UNOBODY"] }\n'
).replace('group = "platform-oncall"', 'group = "newcomers"')
WITH_NOBODY = WITH_NOBODY.replace("[groups]\n", '[groups]\nnewcomers = { members = ["nobody"] }\n')


async def get(http: aiohttp.ClientSession, process: Process, path: str) -> Any:
    """What the server says there."""
    async with http.get(process.url + path) as answer:
        return await (answer.json() if path != "/metrics" else answer.text())


async def opened(http: aiohttp.ClientSession, process: Process, key: str) -> Any:
    """A new escalation."""
    headers = {"Idempotency-Key": key}
    async with http.post(process.url + "/v1/escalations", json=BODY, headers=headers) as answer:
        return await answer.json()


def hang_up(process: Process) -> None:
    """Send the real signal."""
    assert process.running is not None
    process.running.send_signal(signal.SIGHUP)


@pytest.mark.parametrize("process", ["socket"], indirect=True)
async def test_a_signal_takes_a_good_file_and_refuses_a_bad_one(process: Process) -> None:
    """What waits keeps its rule; both versions of the policy are on record."""
    file, first = process.folder / "policy.toml", parse_policy(policy_of_tests()).version
    second = parse_policy(RENAMED).version
    async with service_of(process) as http:
        before = await opened(http, process, "k1")
        file.write_text(BAD, encoding="utf-8")
        hang_up(process)
        await eventually(lambda: refused(http, process))
        assert (await opened(http, process, "k2"))["policy"]["version"] == first
        file.write_text(RENAMED, encoding="utf-8")
        hang_up(process)
        await eventually(lambda: in_force(http, process, second))
        assert not await refused(http, process)
        after = await opened(http, process, "k3")
        assert after["policy"] == {"rule": "second tries", "version": second}
        kept = await get(http, process, f"/v1/escalations/{before['id']}")
        assert kept["policy"] == {"rule": "recoveries", "version": first}
        counted = await get(http, process, "/metrics")
    for result in ("taken", "refused"):
        assert f'andon_policy_reloads_total{{result="{result}"}} 1.0' in counted
    with closing(sqlite3.connect(process.database)) as beside:
        assert dict(beside.execute("SELECT version, text FROM policies").fetchall()) == {
            first: policy_of_tests(),
            second: RENAMED,
        }


async def refused(http: aiohttp.ClientSession, process: Process) -> bool:
    """Whether the file as it stands was not taken."""
    return "refused" in (await get(http, process, "/readyz"))["checks"]["policy"]


@pytest.mark.parametrize("process", ["socket"], indirect=True)
async def test_a_file_renamed_into_place_is_taken_without_a_signal(process: Process) -> None:
    beside = process.folder / "policy.new"
    beside.write_text(RENAMED, encoding="utf-8")
    async with service_of(process) as http:
        beside.replace(process.folder / "policy.toml")
        await eventually(lambda: in_force(http, process, parse_policy(RENAMED).version))
        assert (await opened(http, process, "k"))["policy"]["rule"] == "second tries"


@pytest.mark.parametrize("process", ["socket"], indirect=True)
async def test_somebody_named_newly_is_looked_up_and_decides(
    process: Process, workspace: Workspace
) -> None:
    """The first question for newcomers alone can be asked: they are known by then."""
    async with service_of(process) as http:
        (process.folder / "policy.toml").write_text(WITH_NOBODY, encoding="utf-8")
        hang_up(process)
        version = parse_policy(WITH_NOBODY).version
        await eventually(lambda: in_force(http, process, version))
        made = await opened(http, process, "k1")
        assert [r["group"] for r in made["requirements"]] == ["newcomers"]
        card = (
            await workspace.wait_for(lambda: workspace.messages(OPERATIONS), timeout=PATIENCE_S)
        )[-1]
        await workspace.tap("UNOBODY", card, "Try 3 more times")
        told = await get(http, process, f"/v1/escalations/{made['id']}")
    assert (told["status"], told["votes"][0]["person"]) == ("approved", "nobody")


async def in_force(http: aiohttp.ClientSession, process: Process, version: str) -> bool:
    """Whether the server decides by that policy."""
    return (await get(http, process, "/readyz"))["checks"]["policy"]["version"] == version


async def eventually(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is."""
    async with asyncio.timeout(PATIENCE_S):
        while not await true():  # noqa: ASYNC110  another process
            await asyncio.sleep(0.05)
