"""Restate as a peer: its server and a service of ours, both on the core that Andon has, too."""

import asyncio
import json
import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.load import Line, request
from bench.servers import ROOT, SERVER_CORE, free_port, until_up

#: Where `make bench-peers` puts what peers need.
PEERS = ROOT / ".venv-peers"


@dataclass(frozen=True, slots=True)
class Restate:
    """Where callers call, and where the service tells what it is parked on."""

    ingress: int
    service: int


@contextmanager
def running() -> Iterator[Restate]:
    """Both, for as long as the block; what they keep is thrown away."""
    node, ingress, admin, service = (free_port() for _ in range(4))
    (server,) = PEERS.glob("node_modules/@restatedev/restate-server-*/bin/restate-server")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="restate-"))
        told = {
            "RESTATE_LISTEN_MODE": "tcp",
            "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
            "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}",
            "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
            "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
            "RESTATE_BASE_DIR": folder,
            "RESTATE_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "1",
        }
        stack.enter_context(_started([str(server), "--no-logo"], told))
        python = str(PEERS / "bin" / "python")
        stack.enter_context(_started([python, "-m", "bench.awakeable", str(service)], {}))
        asyncio.run(until_up(admin, ingress, service))
        asyncio.run(_register(admin, service))
        yield Restate(ingress, service)


@contextmanager
def _started(command: Sequence[str], told: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), *command],
        cwd=ROOT,
        env={**os.environ, **told},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _register(admin: int, service: int) -> None:
    """Tell the server of the service, as soon as it takes that."""
    said = json.dumps({"uri": f"http://127.0.0.1:{service}"}).encode()
    asked = request("POST", "/deployments", said, Content_Type="application/json")
    for _ in range(100):
        line = await Line.open(admin)
        status, body = await line.ask(asked)
        line.close()
        if status == 201:
            return
        await asyncio.sleep(0.2)
    raise SystemExit(f"Restate did not take the service: {body.decode()}")


class Waiters:
    """Lines to it: one that waits, one that decides, one that asks what is waited for."""

    def __init__(self, waiter: Line, decider: Line, asker: Line) -> None:
        self._waiter, self._decider, self._asker = waiter, decider, asker

    @classmethod
    async def of(cls, restate: Restate) -> "Waiters":
        """Connected."""
        waiter, decider = await Line.open(restate.ingress), await Line.open(restate.ingress)
        return cls(waiter, decider, await Line.open(restate.service))

    async def woken(self, settle_s: float) -> float:
        """Park, let that settle, resolve; seconds from sending to the waiter's answer."""
        name = uuid.uuid4().hex
        said = {"Content_Type": "application/json"}
        asked = request("POST", "/gate/wait", json.dumps(name).encode(), **said)
        waiting = asyncio.ensure_future(self._waiter.ask(asked))
        path = f"/restate/awakeables/{await self._parked(name)}/resolve"
        await asyncio.sleep(settle_s)
        resolving = request("POST", path, b'"approved"', **said)
        loop = asyncio.get_running_loop()
        began = loop.time()
        deciding = asyncio.ensure_future(self._decider.ask(resolving))
        status, body = await waiting
        took = loop.time() - began
        assert (status, body) == (200, b'"approved"'), (status, body)
        status, _ = await deciding
        assert 200 <= status < 300, status
        return took

    async def _parked(self, name: str) -> str:
        while True:
            _, body = await self._asker.ask(request("GET", f"/parked/{name}"))
            found = json.loads(body)
            if found is not None:
                return str(found)
            await asyncio.sleep(0.005)

    def close(self) -> None:
        """Hang up."""
        for line in (self._waiter, self._decider, self._asker):
            line.close()
