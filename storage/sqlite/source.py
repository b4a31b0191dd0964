"""A file whose history moves elsewhere: read as of one moment, and never written to."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

from storage.derived import DERIVED, WORDS
from storage.errors import MoveError
from storage.extents import Extent, Table
from storage.links import Row
from storage.migrate import newest, refuse_newer, refuse_unmoved
from storage.sqlite.database import lock_of
from storage.sqlite.looking import looking_at, schema_of
from storage.sqlite.wholeness import refuse_damaged
from storage.statements import LATEST_SEEN

_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' "
    "AND name NOT LIKE 'sqlite%' AND name <> 'alembic_version' ORDER BY name"
)

#: Tables of what several servers on one database share, and what finds a row of each.
_SHARED = {
    "signing_keys": "SELECT 1 FROM signing_keys",
    "policy_activations": "SELECT 1 FROM policy_activations",
}


class Source:
    """The file, open for reading, with the lock that keeps servers off it."""

    def __init__(self, path: Path, link: sqlite3.Connection) -> None:
        self.path, self._link = path, link
        # What is no text is carried as far as the server, which refuses it by its record.
        link.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        self._version = self._data_version()
        link.execute("BEGIN")

    def tables(self) -> list[Table]:
        """All tables that are carried, each after those its rows refer to."""
        found = [name for (name,) in self._link.execute(_TABLES).fetchall()]
        names = [n for n in found if n not in DERIVED and not n.startswith(WORDS)]
        order = TopologicalSorter({name: self._referred(name) for name in names})
        return [self._table(name) for name in order.static_order()]

    def extent(self, table: Table) -> Extent:
        """How far a table reaches."""
        ((rows,),) = self._link.execute(*table.count()).fetchall()
        return Extent(rows, self._link.execute(*table.last()).fetchone())

    def rows(self, table: Table, after: Row | None = None) -> Iterator[Row]:
        """Rows after that key, in order."""
        yield from self._link.execute(*table.after(after))

    def latest(self) -> datetime | None:
        """The latest moment the history has seen; None for one in which nothing happened."""
        found = self._link.execute(LATEST_SEEN).fetchone()
        return datetime.fromisoformat(found[0]) if found else None

    def refuse_changed(self) -> None:
        """Raise MoveError where somebody wrote to the file meanwhile."""
        self._link.execute("COMMIT")
        if self._data_version() != self._version:
            raise MoveError(
                f"{self.path} was written to during the move, by a command such as `service "
                "add`. Make the target database anew, and move again while nothing uses the file."
            )

    def _referred(self, name: str) -> set[str]:
        keys = self._link.execute(f'PRAGMA foreign_key_list("{name}")').fetchall()
        return {key[2] for key in keys} - {name}

    def _table(self, name: str) -> Table:
        columns = self._link.execute(f'PRAGMA table_info("{name}")').fetchall()
        key = sorted((column[5], column[1]) for column in columns if column[5])
        return Table(name, tuple(column[1] for column in columns), tuple(k for _, k in key))

    def _data_version(self) -> int:
        """Rises when another connection commits."""
        return int(self._link.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The file, for as long as no server has it.

    Raises AlreadyRunningError, DamagedDatabaseError, NewerDatabaseError, MoveError, OSError,
    sqlite3.Error.
    """
    if not path.is_file():
        raise MoveError(f"There is no file {path} to move from.")
    lock = lock_of(path)
    try:
        refuse_damaged(path)
        with looking_at(path) as link:
            _refuse_other_schema(path, link)
            _refuse_what_servers_share(path, link)
            yield Source(path, link)
    finally:
        os.close(lock)


def _refuse_other_schema(path: Path, link: sqlite3.Connection) -> None:
    """Only what this version wrote, or brought up, is moved."""
    found = schema_of(link)
    if found.revision is None:
        raise MoveError(f"{path} is no database of Andon's.")
    refuse_newer(found)
    refuse_unmoved(path, found)
    if found.revision != newest():
        raise MoveError(
            f"{path} has schema {found.revision}, and this version moves {newest()}. Start a "
            "server of this version on it once (`serve`): it brings the schema up; then stop it."
        )


def _refuse_what_servers_share(path: Path, link: sqlite3.Connection) -> None:
    """A server alone on a file writes no keys and no active policy into it; on the target both
    would be believed.
    """
    for table, found in _SHARED.items():
        if link.execute(found).fetchone():
            raise MoveError(
                f"{path} has something in `{table}`, where no server writes as long as it is "
                "alone. Find out who did: on PostgreSQL it would count. Nothing was moved."
            )
