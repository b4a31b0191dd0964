"""A real server as somebody who breaks it has it: started, killed, started again."""

import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.building import ROOT
from tests.client.matrix.grants import Forger
from tests.client.matrix.processes import has_ended
from tests.forging import Forge

#: Seconds until a server has to listen on a busy machine.
UP_S = 60


class ServerProcess:
    """A real server, which can be killed and started again at the same address."""

    def __init__(self, servers: Forge, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._servers, self.folder = servers, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._pid, self._starts = 0, 0
        self.told = self._started()
        self.url = str(self.told["url"])
        self.forger = Forger.of(folder / "keys")

    def _started(self) -> dict[str, Any]:
        """What it says once it listens: its address and its service's keys."""
        self._starts += 1
        log = self.folder / f"log-{self._starts}"
        self._pid = self._servers.start(
            folder=str(self.folder),
            port=self._port,
            log=str(log),
            environment=plain_environment(),
        )
        until = time.monotonic() + UP_S
        while time.monotonic() < until:
            is_over = has_ended(self._pid, 0.02)
            *lines, _ = (log.read_text(errors="replace") if log.exists() else "").split("\n")
            told = next((line for line in lines if line.startswith("{")), None)
            if told is not None:
                return dict(json.loads(told))
            if is_over:
                break
        raise AssertionError(log.read_text(errors="replace"))

    def restart(self) -> None:
        """Killed, and started again."""
        self.stop()
        self._started()

    def stop(self) -> None:
        """Killed."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        assert has_ended(self._pid, UP_S)


def plain_environment() -> dict[str, str]:
    """Ours, without settings of Andon or Slack; the server and the client can be imported."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "SLACK_"))}
    return {**kept, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'client'}"}
