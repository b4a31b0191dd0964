"""The demo's stage: blocked services beside the workspace, on the page's own origin."""

import asyncio
import json
import shlex
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.demo.calling import Caller
from bot.demo.scenes import Scene, expiring, scenes
from bot.demo.strips import Strip
from bot.demo.workspace.ui import guarded

BANNER = "Nothing runs until you decide."

#: Services that ask, and whose keys the stage is given.
SERVICES = ("search-api", "payments", "data-sync")

#: What the line to copy runs, by the interpreter of the demo.
CLIENT = Path(__file__).parents[2] / "client"
ASKING = (
    *("-m", "andon", "run", "--title", "Deploy v42 from my own terminal"),
    *("--category", "deployment", "--requested-by", "dana@example.com"),
    *("--", "echo", "v42 is deployed"),
)

#: Seconds that the next service waits for the card of the one before, at most.
SHOWN_WITHIN_S = 20.0

#: Seconds of silence after which a page's stream is probed.
STILL_HERE_S = 15.0


def local_now() -> datetime:
    """The wall clock, in the zone of whoever sits at this machine."""
    return datetime.now().astimezone()


class Stage:
    """Plays the services. Its routes may be served before Andon is there; then `start` it."""

    def __init__(
        self,
        *,
        approver: str,
        now: Callable[[], datetime] = local_now,
        shown_within_s: float = SHOWN_WITHIN_S,
    ) -> None:
        self._approver, self._now, self._shown_within_s = approver, now, shown_within_s
        self._andon, self._keys = "", dict[str, str]()
        self._strips: dict[str, Strip] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchers: set[asyncio.Event] = set()
        self._http: aiohttp.ClientSession | None = None
        self._started, self._closing = asyncio.Event(), False

    def routes(self) -> list[web.RouteDef]:
        """What the page calls, each behind the page's guard."""
        posts = {
            "twice": self._twice,
            "change": self._change,
            "expire": self._expire,
            "over": self._over,
        }
        return [
            web.get("/demo/info", guarded(self._info)),
            web.get("/demo/stream", guarded(self._stream)),
            *(web.post(f"/demo/{name}", guarded(act)) for name, act in posts.items()),
        ]

    @property
    def strips(self) -> Mapping[str, Strip]:
        """What is on the page now, by key."""
        return self._strips

    async def start(self, andon: str, keys: Mapping[str, str]) -> None:
        """Open the first three at Andon's address; `keys` are by service name."""
        self._andon, self._keys = andon, dict(keys)
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=70))
        self._begin()
        self._started.set()

    async def close(self) -> None:
        """Stop calling, and let open pages go."""
        self._closing = True
        self._changed()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def _begin(self) -> None:
        opened = [self._strip_of(scene) for scene in scenes(self._now())]
        self._keep(self._in_turn(opened))

    async def _in_turn(self, strips: Sequence[Strip]) -> None:
        """The first on the page asks last, so that its card is the newest."""
        for strip in reversed(strips):
            self._keep(strip.live())
            with suppress(TimeoutError):
                async with asyncio.timeout(self._shown_within_s):
                    await strip.until_shown()

    def _strip_of(self, scene: Scene) -> Strip:
        assert self._http is not None  # noqa: S101  started before it is used
        key = self._keys[scene.service]
        caller = Caller(http=self._http, base=self._andon, service=scene.service, key=key)
        strip = Strip(scene=scene, caller=caller, changed=self._changed)
        self._strips[scene.key] = strip
        return strip

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _changed(self) -> None:
        for watcher in self._watchers:
            watcher.set()

    # -- reading --------------------------------------------------------------------------------

    async def _info(self, request: web.Request) -> web.Response:
        """Once there is something to tell: an open page may be here before the server is."""
        await self._started.wait()
        return web.json_response(
            {"banner": BANNER, "line": self._line(), "approver": self._approver}
        )

    def _line(self) -> str:
        """One line that holds a command until somebody has clicked, from any folder."""
        settings = {
            "ANDON_URL": self._andon,
            "ANDON_KEY": self._keys["search-api"],
            "PYTHONPATH": str(CLIENT),
        }
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        return f"{given} {shlex.join((sys.executable, *ASKING))}"

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        try:
            with suppress(ConnectionResetError):
                while not self._closing:
                    watcher.clear()
                    await response.write(self._strips_event())
                    with suppress(TimeoutError):
                        await asyncio.wait_for(watcher.wait(), STILL_HERE_S)
        finally:
            self._watchers.discard(watcher)
        return response

    def _strips_event(self) -> bytes:
        strips = [strip.shown() for strip in self._strips.values()]
        return f"data: {json.dumps({'type': 'strips', 'strips': strips})}\n\n".encode()

    # -- doing ----------------------------------------------------------------------------------

    async def _strip(self, request: web.Request) -> Strip:
        body: Any = await request.json()
        strip = self._strips.get(str(body["key"]))
        if strip is None or strip.escalation is None:
            raise LookupError("This service has not asked yet.")
        return strip

    async def _twice(self, request: web.Request) -> web.Response:
        return web.json_response(await (await self._strip(request)).twice())

    async def _change(self, request: web.Request) -> web.Response:
        return web.json_response(await (await self._strip(request)).change())

    async def _expire(self, request: web.Request) -> web.Response:
        before = self._strips.get(expiring().key)
        if before is not None and before.is_waiting:
            text = "One is expiring already. Leave it alone and see what happens."
            return web.json_response({"result": "error", "text": text})
        self._keep(self._strip_of(expiring()).live())
        return web.json_response({"result": "ok"})

    async def _over(self, request: web.Request) -> web.Response:
        await asyncio.gather(*(strip.give_up() for strip in self._strips.values()))
        self._strips.clear()
        self._begin()
        return web.json_response({"result": "ok"})
