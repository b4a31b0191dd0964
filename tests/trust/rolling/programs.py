"""Servers of several versions, each a process of its own, and who sends them what Slack sends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.building import ROOT

PROGRAM = Path(__file__).parent / "program.py"

#: Seconds until a server must be ready, or a command done, on a busy machine.
WITHIN_S = 90


@dataclass
class Program:
    """One version's server, and its commands."""

    code: Path
    folder: Path  #: keys, policy and, where there is one, the file
    settings: dict[str, str]
    migrations: Path | None = None  #: planted ones
    port: int = 0
    running: subprocess.Popen[bytes] | None = None
    serves: bool = False  #: whether a load balancer knows that it is ready
    _log: Path = field(init=False)

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log = self.folder / f"{self.port}.log"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What it is told, and nothing of our own environment."""
        planted = {"PLANTED_MIGRATIONS": str(self.migrations)} if self.migrations else {}
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.code),
            "ANDON_PORT": str(self.port),
            "ANDON_ANCHORS": f"{self.port}.anchors",
            **planted,
            **self.settings,
        }

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What a command of this version says, and how it ends."""
        return subprocess.run(
            [sys.executable, PROGRAM, *words],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )

    async def start(self) -> None:
        """Start the server, and wait until it is ready."""
        with self._log.open("ab") as log:
            self.running = subprocess.Popen(  # noqa: ASYNC220  starting one is quick
                [sys.executable, PROGRAM, "serve"],
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession() as http:
            while not await self.is_ready(http):
                assert self.running.poll() is None, self.said()
                await asyncio.sleep(0.05)
        self.serves = True

    async def is_ready(self, http: aiohttp.ClientSession) -> bool:
        """Whether a load balancer would send it anything."""
        try:
            async with http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def stop(self) -> int:
        """In good order, once nobody is sent to it; its exit code."""
        assert self.running is not None
        self.serves = False
        self.running.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self.running.wait, WITHIN_S)
        self.running = None
        return code

    def kill(self) -> None:
        """End it, if it runs."""
        if self.running is not None:
            with suppress(ProcessLookupError):
                self.running.kill()
            self.running.wait(10)

    def said(self) -> str:
        """Its log."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def faults(self) -> list[str]:
        """Lines of it that tell of what never should be. On a starved machine our stand-in for
        Slack may answer late, and a migration keep the others from writing for longer than they
        wait: that is no fault of a program, and tried again.
        """
        marks = ('"level": "error"', '"level": "critical"')
        late = ('"code": "TimeoutError", "event": "slack-away"', "due to lock timeout")
        lines = [n for n in self.said().splitlines() if not any(w in n for w in late)]
        return [n for n in lines if n.startswith("Traceback") or any(m in n for m in marks)]


def pinned_is_used(program: Program) -> bool:
    """Whether it runs the code it is given, and not ours."""
    found = subprocess.run(
        [sys.executable, "-c", "import storage; print(storage.__file__)"],
        cwd=program.folder,
        env=program.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(found.stdout.strip()).is_relative_to(program.code) and program.code != ROOT


@asynccontextmanager
async def by_turns(programs: Sequence[Program]) -> AsyncIterator[str]:
    """Where Slack sends whatever it sends: a load balancer before those that run."""
    turns = count()

    async def passed_on(request: web.Request) -> web.Response:
        raw, ready = await request.read(), [p for p in programs if p.serves]
        if not ready:
            return web.Response(status=503)
        to = ready[next(turns) % len(ready)]
        kept = {
            name: value
            for name, value in request.headers.items()
            if name.lower().startswith(("x-slack", "content-type"))
        }
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{to.url}{request.path}", data=raw, headers=kept) as answer,
        ):
            return web.Response(
                status=answer.status, body=await answer.read(), content_type=answer.content_type
            )

    app = web.Application()
    app.router.add_post("/slack/events", passed_on)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()
