"""The demo's stage: three blocked services beside the workspace, on the page's own origin."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web

from bot.demo.scenes import EXPIRING, SCENES, Scene
from bot.demo.strips import Caller, Strip

BANNER = "Nothing runs until you decide. This is a local stand-in, not Slack."


class Stage:
    """Plays the services. `keys` are their Andon keys by service name."""

    def __init__(self, *, andon: str, keys: Mapping[str, str], approver: str) -> None:
        self._andon, self._keys, self._approver = andon, keys, approver
        self._strips: dict[str, Strip] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchers: set[asyncio.Event] = set()
        self._http: aiohttp.ClientSession | None = None

    def routes(self) -> list[web.RouteDef]:
        """What the page calls."""
        return [
            web.get("/demo/info", self._info),
            web.get("/demo/stream", self._stream),
            web.post("/demo/twice", self._twice),
            web.post("/demo/amount", self._amount),
            web.post("/demo/expire", self._expire),
            web.post("/demo/over", self._over),
        ]

    async def start(self) -> None:
        """Open the first three."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=70))
        for scene in SCENES:
            self._play(scene)

    async def close(self) -> None:
        """Stop calling."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def _play(self, scene: Scene) -> Strip:
        assert self._http is not None  # noqa: S101  started before it is used
        caller = Caller(http=self._http, base=self._andon, key=self._keys[scene.service])
        strip = Strip(scene=scene, caller=caller, changed=self._changed)
        self._strips[scene.key] = strip
        task = asyncio.create_task(strip.live())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return strip

    def _changed(self) -> None:
        for watcher in self._watchers:
            watcher.set()

    async def _info(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "banner": BANNER,
                "curl": self._curl(),
                "approver": self._approver,
                "andon": self._andon,
            }
        )

    def _curl(self) -> str:
        """One line that opens a card and prints the decision when it is clicked."""
        body = json.dumps(
            {
                "category": "deployment",
                "title": "Deploy from my own terminal",
                "environment": "production",
                "requested_by": {"id": "dana@example.com"},
                "operation": {"name": "deploy", "arguments": {"argv": ["./deploy.sh", "v42"]}},
            }
        )
        auth = f"-H 'Authorization: Bearer {self._keys['search-api']}'"
        url = f"{self._andon}/v1/escalations"
        return (
            f'id=$(curl -s {url} {auth} -H "Idempotency-Key: $(date +%s%N)" '
            f"-H 'Content-Type: application/json' -d '{body}' "
            "| grep -o 'esc_[0-9a-f]*' | head -1); "
            f'echo "held as $id, waiting for a click"; curl -s {auth} "{url}/$id?wait=60" '
            "| grep -o '\"decision\":{[^}]*}'"
        )

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        with suppress(ConnectionResetError):
            try:
                while True:
                    watcher.clear()
                    await response.write(self._strips_event())
                    await watcher.wait()
            finally:
                self._watchers.discard(watcher)
        return response

    def _strips_event(self) -> bytes:
        strips = [strip.shown() for strip in self._strips.values()]
        return f"data: {json.dumps({'type': 'strips', 'strips': strips})}\n\n".encode()

    async def _strip(self, request: web.Request) -> Strip:
        body: Any = await request.json()
        strip = self._strips.get(str(body.get("key")))
        if strip is None or strip.escalation is None:
            raise web.HTTPNotFound(text="No such strip.")
        return strip

    async def _twice(self, request: web.Request) -> web.Response:
        return web.json_response(await (await self._strip(request)).twice())

    async def _amount(self, request: web.Request) -> web.Response:
        return web.json_response(await (await self._strip(request)).other_amount())

    async def _expire(self, request: web.Request) -> web.Response:
        self._play(EXPIRING)
        return web.json_response({})

    async def _over(self, request: web.Request) -> web.Response:
        for strip in self._strips.values():
            await strip.give_up()
        self._strips.clear()
        for scene in SCENES:
            self._play(scene)
        return web.json_response({})
