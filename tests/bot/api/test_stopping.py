"""A server that stops keeps nobody waiting."""

import asyncio
from pathlib import Path

import aiohttp

from bot.app import serving
from bot.settings import Settings
from tests.building import OPERATION, OPTIONS, ROOT

BODY = {
    "category": "retries_exhausted",
    "title": "Data sync failed 3 times",
    "environment": "production",
    "operation": OPERATION,
    "options": OPTIONS,
}


async def test_a_parked_request_is_told_to_ask_again_when_the_server_stops(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        ANDON_DATABASE_URL=f"sqlite:///{tmp_path / 'andon.db'}",
        ANDON_PORT=0,
        ANDON_POLICY=str(ROOT / "policy.toml"),
        ANDON_SIGNING_KEYS=str(tmp_path / "keys"),
        ANDON_SLACK_MODE="off",
    )
    async with aiohttp.ClientSession() as http:
        async with serving(settings) as server:
            key = await server.store.services.add("data-sync")
            http.headers["Authorization"] = f"Bearer {key}"
            url = f"{server.url}/v1/escalations"
            async with http.post(url, json=BODY, headers={"Idempotency-Key": "k"}) as opened:
                made = await opened.json()
            parked = asyncio.create_task(http.get(f"{url}/{made['id']}?wait=60"))
            while "andon_parked_requests 1.0" not in await _metrics(http, server.url):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with await parked as answer:
            problem = await answer.json(content_type=None)
    assert (answer.status, problem["type"]) == (503, "/problems/stopping")
    assert answer.headers["Retry-After"] == "5"


async def _metrics(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(f"{url}/metrics") as answer:
        return await answer.text()
