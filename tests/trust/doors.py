"""A real server process for the proofs of the doors, and how it is broken on purpose.

`python -m tests.trust.doors serve` runs the command itself, after planting what
`PLANTED_BUGS` names: so that each proof can show that it would find it.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage.services import SqlServices
from storage.sqlite.database import open_database
from tests.building import ROOT

#: Seconds until a process has to listen, on a busy machine.
UP_S = 60


@dataclass
class Door:
    """A server that runs."""

    folder: Path
    running: subprocess.Popen[bytes]
    url: str

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def descriptors(self) -> int:
        """How many files and connections it has open."""
        return len(os.listdir(f"/proc/{self.running.pid}/fd"))

    def hang_up(self) -> None:
        """SIGHUP: files have changed."""
        self.running.send_signal(signal.SIGHUP)

    @asynccontextmanager
    async def services(self) -> AsyncIterator[SqlServices]:
        """Services, keys and secrets, changed beside it as the commands do."""
        async with open_database(self.folder / "andon.db", server=False) as database:
            yield SqlServices(database, lambda: datetime.now(UTC))

    def log(self) -> list[dict[str, Any]]:
        """What it logged."""
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def faults(self) -> list[str]:
        """What no run may log."""
        text = (self.folder / "log").read_text(errors="replace")
        wrong = [line["event"] for line in self.log() if line.get("level") in ("error", "critical")]
        return wrong + (["Traceback"] if "Traceback" in text else [])


@asynccontextmanager
async def door(
    folder: Path, settings: Mapping[str, str] | None = None, planted: str = ""
) -> AsyncIterator[Door]:
    """A server process of its own, on a free port; it ends by SIGTERM."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "SLACK_"))},
        "PYTHONPATH": str(ROOT),
        "ANDON_PORT": "0",
        "ANDON_POLICY": str(ROOT / "policy.toml"),
        "ANDON_SLACK_MODE": "off",
        "ANDON_OPENS_PER_MINUTE": "1000000",
        "ANDON_REQUESTS_PER_MINUTE": "1000000",
        "ANDON_MOST_PENDING": "100000",
        **(settings or {}),
        "PLANTED_BUGS": planted,
    }
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(  # noqa: ASYNC220  starting one is quick
            [sys.executable, "-m", "tests.trust.doors", "serve"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield Door(folder, running, await _listening(folder / "log", running))
    finally:
        running.terminate()
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(running.wait, 10)
        running.kill()
        running.wait()


async def _listening(log: Path, running: subprocess.Popen[bytes]) -> str:
    def said() -> list[str]:
        return [line for line in log.read_text().splitlines() if line.startswith("Andon listens")]

    assert await until(lambda: said() or running.poll() is not None, UP_S)
    assert said(), await asyncio.to_thread(log.read_text)
    return said()[0].split()[3]


async def until(condition: Callable[[], Any], within_s: float) -> bool:
    """Whether it comes true in time; asked again and again."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110  another process
                await asyncio.sleep(0.02)
            return True
    return bool(condition())


def _keys_for_ever() -> None:
    """A key once seen is good for ever."""
    from bot.api import door as doors

    doors.KEY_TTL_S = float("inf")


def _one_secret_at_a_time() -> None:
    """Of several signing secrets of Slack only the first counts."""
    from bot.settings import Settings

    given = Settings.signing_secrets.fget
    Settings.signing_secrets = property(lambda self: given(self)[:1])  # type: ignore[assignment]


def _never_followed() -> None:
    """What changed is read and not taken."""
    from bot.signing import KeyRing

    KeyRing.adopt = lambda self, keys: True  # type: ignore[method-assign]


def _old_keys_forgotten() -> None:
    """With a new key the old ones verify nothing any more."""
    from bot.signing import KeyRing

    published = KeyRing.jwks
    KeyRing.jwks = lambda self: {"keys": published(self)["keys"][-1:]}  # type: ignore[method-assign]


def _heads_for_ever() -> None:
    """A request's head may take as long as it likes."""
    from bot.api import listener

    listener.HEAD_S = 3600.0


def _bodies_for_ever() -> None:
    """And so may a body."""
    from bot.api import door as doors

    doors.BODY_S = 3600.0


def _answers_for_ever() -> None:
    """And so may taking an answer."""
    from bot.api import listener

    listener.TAKE_S = 3600.0


PLANTED: dict[str, Callable[[], None]] = {
    "keys for ever": _keys_for_ever,
    "one secret at a time": _one_secret_at_a_time,
    "never followed": _never_followed,
    "old keys forgotten": _old_keys_forgotten,
    "heads for ever": _heads_for_ever,
    "bodies for ever": _bodies_for_ever,
    "answers for ever": _answers_for_ever,
}


def _hurry(seconds: float) -> None:
    """Bounds of seconds become shorter, so that a proof of a planted bug need not wait long."""
    from bot.api import door as doors
    from bot.api import listener

    listener.HEAD_S = listener.TAKE_S = doors.BODY_S = seconds


def _look(seconds: float) -> None:
    """What was revoked is known sooner, and changed files are looked at more often."""
    from bot import rotation
    from bot.api import door as doors
    from bot.api import opening, signed

    rotation.LOOK_S = seconds
    for known in (doors, opening, signed):
        known.KEY_TTL_S = seconds  # type: ignore[attr-defined]


def main() -> None:
    """The command, with what is planted."""
    from bot.cli import app

    for name, hurry in (("HURRY_BOUNDS", _hurry), ("HURRY_ROTATION", _look)):
        if os.environ.get(name):
            hurry(float(os.environ[name]))
    for name in filter(None, os.environ["PLANTED_BUGS"].split(",")):
        PLANTED[name]()
    app()


if __name__ == "__main__":
    main()
