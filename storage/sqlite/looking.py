"""Looking at a database file beside whoever writes to it: opened for reading, no more."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from errno import ENOENT
from pathlib import Path
from typing import Any

from storage.links import Row
from storage.migrate import ASKED, Schema, is_brought_up, read_schema

#: Seconds to wait for another program that has the file just now.
PATIENCE_S = 5


def read_only(path: Path) -> str:
    """The address under which SQLite opens the file without changing it."""
    return f"{path.absolute().as_uri()}?mode=ro"


def schema_of(link: sqlite3.Connection) -> Schema:
    """The schema a file says it has; none where it is empty, or none of Andon's."""
    try:
        return read_schema(link.execute(ASKED).fetchall())
    except sqlite3.OperationalError:
        return Schema()


def is_up(path: Path) -> bool:
    """Whether there is nothing to bring up. Looks only."""
    if not path.exists() or not path.stat().st_size:
        return False
    with closing(sqlite3.connect(read_only(path), uri=True, timeout=PATIENCE_S)) as link:
        return is_brought_up(schema_of(link))


class FileLooking:
    """Implements `storage.links.Looking`."""

    def __init__(self, link: sqlite3.Connection, *, lenient: bool = False) -> None:
        self._link = link
        if lenient:
            link.text_factory = _lenient

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return self._link.execute(sql, tuple(values)).fetchall()

    @contextmanager
    def moment(self) -> Iterator[None]:
        """All that is read within is of one moment."""
        self._link.execute("BEGIN")
        try:
            yield
        finally:
            self._link.execute("COMMIT")


def _lenient(raw: bytes) -> str:
    """Bytes that are no text are a finding of their own, not the end of the reading."""
    return raw.decode(errors="replace")


@contextmanager
def looking_at(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads. Raises OSError where there is no file, sqlite3.Error otherwise."""
    if not path.exists():
        raise FileNotFoundError(
            ENOENT, "there is no such file; ANDON_DATABASE_URL says which one", str(path)
        )
    with closing(
        sqlite3.connect(read_only(path), uri=True, timeout=PATIENCE_S, isolation_level=None)
    ) as link:
        yield link
