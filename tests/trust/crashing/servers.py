"""A server process that a proof starts, kills and starts again on the same folder."""

import asyncio
import os
import select
import shutil
import signal
import socket
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.demo.workspace.workspace import Workspace
from tests.building import ROOT
from tests.forging import Forge, forge
from tests.journeys.world import BOT_TOKEN, SECRET, policy_of_tests

#: Seconds until a started server must be ready.
READY_WITHIN_S = 120.0


def forge_of_servers(preload: Path | None = None) -> AbstractContextManager[Forge]:
    """A forge for as long as the block; `preload` is a library every server of it is run with."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if preload is not None:
        environment["LD_PRELOAD"] = str(preload)
    return forge("tests.trust.crashing.forked", environment)


@dataclass
class Server:
    """One server's folder, and the process that serves it now, if one does."""

    forge: Forge
    folder: Path
    workspace: Workspace
    mode: str = "http"
    bug: str | None = None  #: names of what is planted
    shadow: Path | None = None  #: where the shim keeps what a loss of power would leave
    deaf: bool = False  #: the disk says that it synced, and did not
    paced: bool = False  #: Slack's limits are kept
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    pid: int = 0

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder.mkdir(exist_ok=True)
        (self.folder / "policy.toml").write_text(policy_of_tests(), encoding="utf-8")
        self.workspace.request_url = f"{self.url}/slack/events" if self.mode == "http" else None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """Its file."""
        return self.folder / "andon.db"

    @property
    def log(self) -> Path:
        """Everything it said, through all its lives."""
        return self.folder.with_suffix(".log")

    def environment(self) -> dict[str, str]:
        """What it is told, and nothing of our own environment."""
        return {
            "PATH": os.environ["PATH"],
            "ANDON_PORT": str(self.port),
            "ANDON_SLACK_MODE": self.mode,
            "ANDON_SLACK_API_URL": self.workspace.api_url,  # type: ignore[attr-defined]
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": "xapp-of-tests",
            "SLACK_SIGNING_SECRET": SECRET,
            **self.settings,
        }

    async def start(self, *, ahead_s: float = 0) -> None:
        """Start, and wait until it is ready; with a clock that is ahead, if asked."""
        self.pid = self.forge.start(
            folder=str(self.folder),
            log=str(self.log),
            environment=self.environment(),
            bug=self.bug,
            shadow=str(self.shadow) if self.shadow else None,
            deaf=self.deaf,
            paced=self.paced,
            ahead_s=ahead_s,
        )
        health = ""
        try:
            async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as http:
                while (health := await self._health(http)) != "ready":  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"Not ready: {health} {self.said()[-2000:]}") from None

    async def _health(self, http: aiohttp.ClientSession) -> str:
        try:
            async with http.get(f"{self.url}/readyz") as answer:
                return "ready" if answer.status == 200 else await answer.text()
        except aiohttp.ClientError as error:
            return repr(error)

    def kill(self, number: int = signal.SIGKILL, within_s: float = 15) -> None:
        """End it by a signal, and wait until it has ended."""
        if not self.pid:
            return
        with suppress(ProcessLookupError):
            watched = os.pidfd_open(self.pid)
            try:
                signal.pidfd_send_signal(watched, number)
                ended, _, _ = select.select([watched], [], [], within_s)
                assert ended, f"The server still runs after {within_s} s."
            finally:
                os.close(watched)

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def copy(self, to: Path) -> Path:
        """What its folder holds now, in a copy: reading it in place would tidy it up."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.folder, to, ignore=shutil.ignore_patterns("*-shm"))
        return to
