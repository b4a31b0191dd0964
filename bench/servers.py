"""What is measured, as processes: the bare echo, the least that keeps anything, Andon without
Slack, and Andon beside a workspace.

Servers share one core, the load has the other; both sides of every ratio are pinned alike.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.workspace import BOT_TOKEN, SIGNING_SECRET

ROOT = Path(__file__).parent.parent
POLICY = ROOT / "bot" / "demo" / "policy.toml"
SERVER_CORE, LOAD_CORE = 0, 1
BOTH_CORES = (SERVER_CORE, LOAD_CORE)
#: Limits are kept and counted, and never reached.
UNBOUNDED = {
    "ANDON_OPENS_PER_MINUTE": "10000000",
    "ANDON_REQUESTS_PER_MINUTE": "10000000",
    "ANDON_MOST_PENDING": "10000000",
}
ECHO, WITHOUT_SLACK, WITH_SLACK, WORKSPACE, LEAST = range(18081, 18086)


@dataclass(frozen=True, kw_only=True)
class Andon:
    """A server that runs, and a key for it."""

    port: int
    pid: int
    key: str


@contextmanager
def running() -> Iterator[dict[str, Andon]]:
    """Everything, for as long as the block: `bare` is without Slack, `whole` with it, and `least`
    is no Andon at all, but the least that keeps what it acknowledges (`bench.least`).
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(started("bench.echo", str(ECHO)))
        kept = stack.enter_context(started("bench.least", str(LEAST), f"{folder}/least.db"))
        stack.enter_context(started("bench.workspace", str(WORKSPACE), cores=(LOAD_CORE,)))
        asyncio.run(until_up(ECHO, LEAST, WORKSPACE))
        least = Andon(port=LEAST, pid=kept.pid, key="asked-for-by-nobody")
        bare = stack.enter_context(andon(folder / "bare", WITHOUT_SLACK, "off"))
        whole = stack.enter_context(andon(folder / "whole", WITH_SLACK, "http"))
        yield {"bare": bare, "whole": whole, "least": least}


@contextmanager
def andon(
    folder: Path,
    port: int,
    mode: str = "off",
    url: str = "",
    cores: Sequence[int] = (SERVER_CORE,),
) -> Iterator[Andon]:
    """A server in a folder of its own, on a file there or on the database named."""
    folder.mkdir(exist_ok=True)
    settings = settings_of(folder, port, mode, url)
    with started("bot", "serve", cores=cores, folder=folder, settings=settings) as server:
        asyncio.run(until_up(port))
        added = subprocess.run(
            [sys.executable, "-m", "bot", "service", "add", "data-sync"],
            cwd=folder,
            env=_environment(settings),
            capture_output=True,
            text=True,
            check=True,
        )
        yield Andon(port=port, pid=server.pid, key=added.stdout.strip())


def settings_of(folder: Path, port: int, mode: str = "off", url: str = "") -> dict[str, str]:
    """What a server is told, its policy laid into the folder."""
    shutil.copy(POLICY, folder / "policy.toml")
    return {
        "ANDON_DATABASE_URL": url or f"sqlite:///{folder}/andon.db",
        "ANDON_SLACK_MODE": mode,
        "ANDON_PORT": str(port),
        "ANDON_SLACK_API_URL": f"http://127.0.0.1:{WORKSPACE}/api/",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        **UNBOUNDED,
    }


@contextmanager
def started(
    *arguments: str,
    cores: Sequence[int] = (SERVER_CORE,),
    folder: Path = ROOT,
    settings: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A module in a process of its own, ended with the block."""
    pinned = ",".join(map(str, cores))
    command: Sequence[str] = ["taskset", "-c", pinned, sys.executable, "-m", *arguments]
    server = subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(settings or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield server
    finally:
        server.terminate()
        server.wait(15)


def _environment(settings: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **settings}


async def until_up(*ports: int) -> None:
    """Until each port answers."""
    for port in ports:
        for _ in range(300):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        else:
            raise SystemExit(f"Nothing listens on {port}.")


def free_port() -> int:
    """One nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used, in user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def proportional_kib(pid: int) -> int:
    """Memory of a process, shared pages counted by their share (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
