"""The workspace on a port: its page, and what the page is told."""

import aiohttp

from bot.demo.workspace.server import serve
from bot.steady import utc_now
from tests.building import ROOT
from tests.journeys.conftest import workspace_of_tests


async def test_the_page_and_what_one_person_sees_are_served() -> None:
    async with (
        serve(workspace_of_tests(utc_now), page=ROOT / "bot" / "demo" / "page") as running,
        aiohttp.ClientSession() as http,
    ):
        async with http.get(running.url + "/") as page:
            assert "text/html" in page.headers["Content-Type"]
        async with http.get(running.url + "/ui/state?as=USAM") as answer:
            told = await answer.json()
        assert told["me"] == "USAM"
        assert {c["id"] for c in told["channels"]} >= {"C0OPERATIONS", "C0DATABASE"}
