"""The stage beside the page: what it tells, what its buttons do, whom it does not answer."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.app import serving
from bot.demo import cast
from bot.demo.stage import SERVICES, Stage
from tests.building import ROOT
from tests.demo.test_strips import settings_without_slack, until


@dataclass
class Page:
    """The page's side of the stage."""

    stage: Stage
    http: aiohttp.ClientSession
    url: str
    andon: str

    async def get(self, path: str) -> Any:
        """JSON of what the page reads."""
        async with self.http.get(self.url + path) as answer:
            return await answer.json()

    async def press(self, verb: str, **body: str) -> tuple[int, Any]:
        """Status and JSON of one of the page's buttons."""
        async with self.http.post(f"{self.url}/demo/{verb}", json=body) as answer:
            return answer.status, await answer.json()

    def states(self) -> dict[str, str]:
        """Each strip's state, by key."""
        return {key: strip.state for key, strip in self.stage.strips.items()}

    async def held(self, number: int = 3) -> None:
        """Until so many have asked and wait."""
        await until(lambda: list(self.states().values()).count("held") == number)


@asynccontextmanager
async def served(stage: Stage) -> AsyncIterator[str]:
    """The stage's routes on a free port."""
    application = web.Application()
    application.add_routes(stage.routes())
    runner = web.AppRunner(application, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await stage.close()
        await runner.cleanup()


@asynccontextmanager
async def played(folder: Path, shown_within_s: float) -> AsyncIterator[Page]:
    """A stage beside a server without Slack: no card is ever shown."""
    stage = Stage(approver=cast.APPROVER, shown_within_s=shown_within_s)
    async with (
        serving(settings_without_slack(folder)) as server,
        served(stage) as url,
        aiohttp.ClientSession() as http,
    ):
        keys = {name: await server.store.services.add(name) for name in SERVICES}
        await stage.start(server.url, keys)
        yield Page(stage=stage, http=http, url=url, andon=server.url)


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """All three have asked."""
    async with played(tmp_path, shown_within_s=0.0) as page:
        await page.held()
        yield page


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Page]:
    """The last on the page has asked, and the others wait for its card."""
    async with played(tmp_path, shown_within_s=3600.0) as page:
        await page.held(1)
        yield page


async def test_it_opens_three_in_the_order_of_the_page(page: Page) -> None:
    assert page.states() == {"migration": "held", "transfer": "held", "sync": "held"}


async def test_the_next_asks_once_nobody_needs_the_card_before(slow: Page) -> None:
    """So the cards come in the order of the page, however busy this machine is."""
    strips = slow.stage.strips
    assert slow.states() == {"migration": "opening", "transfer": "opening", "sync": "held"}
    await strips["sync"].give_up()
    await until(lambda: strips["transfer"].state == "held")
    assert slow.states() == {"migration": "opening", "transfer": "held", "sync": "withdrawn"}


async def test_what_had_not_asked_yet_never_does_once_it_is_started_over(slow: Page) -> None:
    old = dict(slow.stage.strips)
    await slow.press("over")
    await slow.held(1)
    assert {key: strip.state for key, strip in old.items()} == dict.fromkeys(old, "withdrawn")
    assert [key for key, strip in old.items() if strip.escalation] == ["sync"]


async def test_it_says_whom_the_page_opens_as_and_that_nothing_runs(page: Page) -> None:
    info = await page.get("/demo/info")
    assert info["approver"] == "URAVI"
    assert info["banner"] == "Nothing runs until you decide."


async def test_the_line_to_copy_is_one_line(page: Page) -> None:
    line = (await page.get("/demo/info"))["line"]
    assert "\n" not in line
    assert f"ANDON_URL={page.andon} ANDON_KEY=andon_" in line
    assert " -m andon run " in line


async def test_the_line_to_copy_works_in_any_folder(page: Page) -> None:
    """Wherever somebody opened a terminal: the python of the demo, the client of this checkout."""
    line = (await page.get("/demo/info"))["line"]
    assert f"PYTHONPATH={ROOT / 'client'} {sys.executable} -m andon" in line


async def test_the_stream_tells_every_strip_and_every_change(page: Page) -> None:
    async with page.http.get(f"{page.url}/demo/stream") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        before = await event(stream)
        await page.press("expire")
        after = await event(stream)
    assert [strip["key"] for strip in before] == ["migration", "transfer", "sync"]
    assert [strip["key"] for strip in after] == ["migration", "transfer", "sync", "expiring"]


async def event(stream: aiohttp.ClientResponse) -> list[dict[str, Any]]:
    """The strips of the next event."""
    line = (await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 5)).decode()
    told = json.loads(line.removeprefix("data: "))
    assert told["type"] == "strips"
    return list(told["strips"])


@pytest.mark.parametrize(
    ("verb", "problem"), [("twice", "not-approved"), ("change", "digest-mismatch")]
)
async def test_the_buttons_of_a_strip_hand_on_what_andon_says(
    page: Page, verb: str, problem: str
) -> None:
    status, told = await page.press(verb, key="transfer")
    assert status == 200
    assert (told["status"], told["problem"]["type"]) == (409, f"/problems/{problem}")


async def test_one_expires_at_a_time(page: Page) -> None:
    assert await page.press("expire") == (200, {"result": "ok"})
    await page.held(4)
    status, told = await page.press("expire")
    assert (status, told["result"]) == (200, "error")
    assert told["text"] == "One is expiring already. Leave it alone and see what happens."


async def test_starting_over_withdraws_what_is_held_and_asks_anew(page: Page) -> None:
    await page.press("expire")
    await page.held(4)
    before = {key: strip.escalation for key, strip in page.stage.strips.items()}
    old = dict(page.stage.strips)
    assert await page.press("over") == (200, {"result": "ok"})
    await page.held()
    await until(lambda: all(strip.state == "withdrawn" for strip in old.values()))
    after = {key: strip.escalation for key, strip in page.stage.strips.items()}
    assert list(after) == ["migration", "transfer", "sync"]
    assert set(before.values()).isdisjoint(after.values())


async def test_a_strip_that_is_not_there_cannot_be_pressed(page: Page) -> None:
    status, told = await page.press("twice", key="nothing")
    assert (status, told["text"]) == (404, "This service has not asked yet.")


@pytest.mark.parametrize("path", ["info", "stream"])
async def test_other_names_for_this_machine_are_not_answered(page: Page, path: str) -> None:
    """A page elsewhere that resolves its own name to loopback reads no service key."""
    headers = {"Host": "rebound.example"}
    async with page.http.get(f"{page.url}/demo/{path}", headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("verb", ["twice", "change", "expire", "over"])
async def test_other_pages_may_not_press_buttons(page: Page, verb: str) -> None:
    headers = {"Origin": "http://elsewhere.example"}
    async with page.http.post(f"{page.url}/demo/{verb}", json={}, headers=headers) as answer:
        assert answer.status == 403
    assert page.states() == {"migration": "held", "transfer": "held", "sync": "held"}


async def test_a_page_that_is_early_is_told_once_there_is_something_to_tell(page: Page) -> None:
    """As a page left open is, when the demo is started again."""
    early = Stage(approver=cast.APPROVER, shown_within_s=0.0)
    async with served(early) as url:
        asked = asyncio.create_task(page.http.get(f"{url}/demo/info"))
        await asyncio.sleep(0.05)
        assert not asked.done()
        await early.start("http://127.0.0.1:9", dict.fromkeys(SERVICES, "andon_key"))
        async with await asked as answer:
            assert "ANDON_KEY=andon_key " in (await answer.json())["line"]


async def test_closing_lets_open_pages_go(page: Page) -> None:
    async with page.http.get(f"{page.url}/demo/stream") as stream:
        await event(stream)
        await page.stage.close()
        async with asyncio.timeout(5):
            assert await stream.content.read() == b""
