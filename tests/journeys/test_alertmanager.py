"""The real Alertmanager calls a real Andon, set up as the document shows."""

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest

from bot.api.alerts import RESOLVED
from bot.app import Server, serving
from bot.settings import Settings
from storage.services import SqlServices
from storage.sqlite.database import open_database
from tests.building import ROOT

PROGRAM, TOOL = shutil.which("prometheus-alertmanager"), shutil.which("amtool")
DOCUMENT = (ROOT / "docs" / "alertmanager.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(
    PROGRAM is None or TOOL is None,
    reason="the real Alertmanager is missing: apt-get install prometheus-alertmanager",
)

T = TypeVar("T")


def sample() -> str:
    """The configuration that the document shows."""
    (found,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.S)
    return re.sub(r"^   ", "", str(found), flags=re.M)


async def ran(*command: str) -> str:
    """What a program says; it must succeed."""
    running = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await running.communicate()
    assert running.returncode == 0, said.decode()
    return said.decode()


async def until(look: Callable[[], Awaitable[T | None]], seconds: float = 20) -> T:
    """What is there at last."""
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:  # noqa: ASYNC110  another process
            await asyncio.sleep(0.05)
    return found


def free_port() -> int:
    """One nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Alertmanager:
    """The program, and the tool to drive it with."""

    url: str

    async def alert(self, name: str, *labels: str, **flags: str) -> None:
        """An alert fires, or ends."""
        given = [f"--{flag}={value}" for flag, value in flags.items()]
        await ran(
            str(TOOL), f"--alertmanager.url={self.url}", "alert", "add", name, *labels, *given
        )

    async def resolve(self, name: str, *labels: str) -> None:
        """It has ended now."""
        await self.alert(name, *labels, end=datetime.now(UTC).isoformat())

    async def metric(self, name: str) -> float:
        """A number of its own metrics about webhooks."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/metrics") as answer:
            said = await answer.text()
        (value,) = re.findall(rf'^{name}{{[^}}]*integration="webhook"[^}}]*}} (\S+)', said, re.M)
        return float(value)


@asynccontextmanager
async def running(folder: Path, andon: int, **times: str) -> AsyncIterator[Alertmanager]:
    """Alertmanager with the document's configuration, quicker; no cluster, loopback only."""
    config = sample().replace(":8080/", f":{andon}/").replace("/etc/prometheus", str(folder))
    for name, value in times.items():
        config, n = re.subn(rf"{name}: \w+", f"{name}: {value}", config)
        assert n == 1
    (folder / "alertmanager.yml").write_text(config, encoding="utf-8")
    port = free_port()
    started = await asyncio.create_subprocess_exec(
        str(PROGRAM),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alerts'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        made = Alertmanager(f"http://127.0.0.1:{port}")
        await until(lambda: is_ready(made.url))
        yield made
    finally:
        started.kill()
        await started.wait()


async def is_ready(url: str) -> bool | None:
    """Whether it answers."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{url}/-/ready") as answer:
            return True if answer.status == 200 else None
    except aiohttp.ClientError:
        return None


@dataclass
class Andon:
    """Where the server is to listen, and the key that Alertmanager has."""

    settings: Settings
    key: str

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Server]:
        """It runs."""
        async with serving(self.settings) as server:
            yield server

    async def incidents(self, server: Server) -> list[dict[str, Any]]:
        """All there are, as the API shows them."""
        headers = {"Authorization": f"Bearer {self.key}"}
        async with (
            aiohttp.ClientSession(server.url, headers=headers) as http,
            http.get("/v1/escalations?kind=incident") as answer,
        ):
            return list((await answer.json())["items"])

    async def one(self, server: Server, status: str, occurrences: int = 1) -> dict[str, Any]:
        """The only incident, once it stands so."""

        async def look() -> dict[str, Any] | None:
            found = await self.incidents(server)
            assert len(found) <= 1, found
            so = [i for i in found if i["status"] == status and i["occurrences"] >= occurrences]
            return so[0] if so else None

        return await until(look)


@pytest.fixture
async def andon(tmp_path: Path) -> Andon:
    """A server that is not up yet; its service and key are there."""
    given = {
        "ANDON_DATABASE_URL": f"sqlite:///{tmp_path / 'andon.db'}",
        "ANDON_PORT": free_port(),
        "ANDON_POLICY": str(ROOT / "policy.toml"),
        "ANDON_SIGNING_KEYS": str(tmp_path / "keys"),
        "ANDON_SLACK_MODE": "off",
    }
    settings = Settings(_env_file=None, **given)  # type: ignore[call-arg]
    async with open_database(tmp_path / "andon.db", server=False) as database:
        services = SqlServices(database, lambda: datetime.now(UTC))
        key = await services.add("alertmanager", scopes=("open", "read"))
    (tmp_path / "andon.key").write_text(f"{key}\n", encoding="utf-8")
    return Andon(settings, key)


async def test_an_alert_opens_is_counted_and_goes_away(andon: Andon, tmp_path: Path) -> None:
    quick = {"group_wait": "100ms", "group_interval": "300ms", "repeat_interval": "600ms"}
    async with andon.up() as server, running(tmp_path, server.port, **quick) as alerts:
        labels = ("severity=page", "service=api")
        said = {"annotation": "summary=p99 latency is 4 s", "generator-url": "http://prom/graph"}
        await alerts.alert("HighLatency", *labels, **said)
        opened = await andon.one(server, "pending")
        shown = ("severity", "category", "environment", "title", "service")
        assert [opened[name] for name in shown] == [
            "critical",
            "service_health",
            "production",
            "p99 latency is 4 s",
            "alertmanager",
        ]
        assert {"title": "The alert's expression", "url": "http://prom/graph"} in opened["context"][
            "links"
        ]
        repeated = await andon.one(server, "pending", occurrences=3)
        assert repeated["id"] == opened["id"]
        await alerts.resolve("HighLatency", *labels)
        over = await andon.one(server, "withdrawn", occurrences=3)
        assert (over["id"], over["decision"]["reason"]) == (opened["id"], RESOLVED)
        assert await alerts.metric("alertmanager_notifications_failed_total") == 0


async def test_what_fires_while_andon_is_down_arrives_once_it_is_back(
    andon: Andon, tmp_path: Path
) -> None:
    times = {"group_wait": "100ms", "group_interval": "20s"}
    async with running(tmp_path, andon.settings.port, **times) as alerts:
        await alerts.alert("DiskFull", "severity=warning", annotation="summary=Disk is full")

        async def failed() -> float | None:
            name = "alertmanager_notification_requests_failed_total"
            return await alerts.metric(name) or None

        await until(failed)
        async with andon.up() as server:
            came = await andon.one(server, "pending")
            assert (came["title"], came["severity"], came["occurrences"]) == (
                "Disk is full",
                "medium",
                1,
            )


async def test_alertmanager_finds_nothing_wrong_with_the_documents_configuration(
    tmp_path: Path,
) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(sample(), encoding="utf-8")
    assert "SUCCESS" in await ran(str(TOOL), "check-config", str(path))
