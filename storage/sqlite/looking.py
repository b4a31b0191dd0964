"""Looking at a database file beside whoever writes to it: opened for reading, no more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from errno import ENOENT
from pathlib import Path

#: Seconds to wait for another program that has the file just now.
PATIENCE_S = 5


def read_only(path: Path) -> str:
    """The address under which SQLite opens the file without changing it."""
    return f"{path.absolute().as_uri()}?mode=ro"


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
