"""A server in a process of its own, with Slack off: people are those of the policy file.

What a fault needs is done to the process from outside; what it says is read from its log.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from storage.services import SqlServices
from storage.sqlite.database import open_database
from tests.building import BODY, ROOT, SAMPLE, FileFacts, a_vote, an_open, store_at

SERVE = (sys.executable, "-m", "bot", "serve")

#: Seconds within which a process starts or a state is reached on a busy machine.
PATIENCE_S = 60.0


def now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass
class Standing:
    """The process, and a service that calls it."""

    folder: Path
    before: Sequence[str] = ()  #: what runs the server's command
    serves: Sequence[str] = SERVE
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    running: subprocess.Popen[bytes] | None = None
    scribe: subprocess.Popen[bytes] | None = None  #: writes its log down
    key: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.log = self.folder.parent / f"{self.folder.name}.log"  # not on the disk that fails
        (self.folder / "policy.toml").write_text(SAMPLE, encoding="utf-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def database(self) -> Path:
        """Its file."""
        return self.folder / "andon.db"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Its settings, and none of ours."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "SLACK_"))}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "ANDON_PORT": str(self.port),
            "ANDON_SLACK_MODE": "off",
            **self.settings,
        }

    # -- before it starts -----------------------------------------------------------------------

    async def seed(self, approved: int = 0, pending: int = 0) -> list[dict[str, str]]:
        """Escalations that a server before left, and the service's key: what to claim them with."""
        made = []
        async with store_at(self.database, now, facts=FileFacts()) as store:  # type: ignore[arg-type]
            self.key = await store.services.add("data-sync")
            for n in range(approved + pending):
                opened = await store.writer.submit(an_open(f"seed{n}", title=f"Sync {n}"))
                assert opened.escalation is not None, opened.refusal
                if n < approved:
                    await store.writer.submit(a_vote(opened.escalation.id))
                made.append({"id": opened.escalation.id, "digest": opened.escalation.digest or ""})
        return made

    # -- the process ----------------------------------------------------------------------------

    def begin(self) -> None:
        """Start it. Somebody else writes its log down: what fails its files must not fail that."""
        self._join()
        with self.log.open("ab") as log:
            self.scribe = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log)
        assert self.scribe.stdin is not None
        with self.scribe.stdin as line:
            self.running = subprocess.Popen(
                [*self.before, *self.serves],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=line,
            )

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.begin()
        await self.until(self.ready)

    def ended(self) -> tuple[int, str]:
        """How a server ends that cannot start: its exit code, and what it says last."""
        self.begin()
        assert self.running is not None
        code = self.running.wait(PATIENCE_S)
        self._join()
        said = [line for line in self.told() if not line.startswith("{")]
        return code, said[-1] if said else ""

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        assert self.running is not None
        self.running.send_signal(number)
        code = self.running.wait(PATIENCE_S)
        self._join()
        return code

    def end(self) -> None:
        """Whatever runs ends now."""
        if self.running is not None and self.running.poll() is None:
            self.running.kill()
            self.running.wait(PATIENCE_S)
        self._join()

    def _join(self) -> None:
        """All that was said is written down."""
        if self.scribe is not None:
            self.scribe.wait(PATIENCE_S)
            self.scribe = None

    def told(self) -> list[str]:
        """The lines of its log."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def events(self, name: str) -> list[dict[str, Any]]:
        """Lines of its log with that event."""
        lines = (json.loads(line) for line in self.told() if line.startswith("{"))
        return [line for line in lines if line.get("event") == name]

    async def until(self, reached: Any, patience_s: float = PATIENCE_S) -> None:
        """Wait until a look finds what is waited for."""
        async with asyncio.timeout(patience_s):
            while not await reached():  # noqa: ASYNC110  another process
                await asyncio.sleep(0.05)

    async def ready(self) -> bool:
        """Whether it says that all of it works."""
        return (await self.health())[0] == 200

    async def health(self) -> tuple[int, dict[str, Any]]:
        """What `/readyz` says; 0 while nothing listens."""
        assert self.running is not None
        assert self.running.poll() is None, self.told()[-5:]
        with suppress(aiohttp.ClientError):
            return await self.call("GET", "/readyz")
        return 0, {}

    # -- the service ----------------------------------------------------------------------------

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Status and JSON of one call."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {self.key}"
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self.url + path, json=body, headers=sent) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def open(self, key: str, **changes: Any) -> tuple[int, dict[str, Any]]:
        """Ask."""
        return await self.call(  # type: ignore[no-any-return]
            "POST", "/v1/escalations", {**BODY, "title": key, **changes}, Idempotency_Key=key
        )

    async def claim(self, made: dict[str, str], key: str = "c") -> tuple[int, dict[str, Any]]:
        """Take the release."""
        body = {"digest": made["digest"], "nonce": "n"}
        path = f"/v1/escalations/{made['id']}/claim"
        return await self.call("POST", path, body, Idempotency_Key=key)  # type: ignore[no-any-return]

    async def read(self, id_: str) -> dict[str, Any]:
        """The escalation."""
        return dict((await self.call("GET", f"/v1/escalations/{id_}"))[1])

    async def allow(self, host: str) -> None:
        """Let the service be called back there, signed; it has a new key."""
        async with open_database(self.database, server=False) as database:
            services = SqlServices(database, now)
            self.key = await services.add("data-sync", callback_hosts=(host,))
            await services.secret("data-sync")
