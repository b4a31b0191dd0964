"""Whether the file is what was written, looked at before a server starts on it.

A server that starts on damaged pages could show people another operation than was asked for, or
forget what they said of it. So it does not start: a backup is restored first.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import structlog

from storage.errors import DamagedDatabaseError
from storage.sqlite.looking import PATIENCE_S, read_only

log = structlog.get_logger(__name__)

#: Larger files are not read from end to end at each start: `doctor` does it, and every backup.
READ_AT_START = 256 << 20


def refuse_damaged(path: Path) -> None:
    """Raise DamagedDatabaseError for a file that is damaged, or is no database."""
    if not path.exists() or not path.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(read_only(path), uri=True, timeout=PATIENCE_S)) as link:
            found = _read(link, path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise
        found = str(error)
    except UnicodeDecodeError:  # what SQLite says quotes what is damaged
        found = "its own names are no text any more"
    if found != "ok":
        raise DamagedDatabaseError(
            f"{path} is damaged or no database ({found}). Nothing was changed. Restore a backup: "
            "`andon-server restore FILE`; the damaged file is kept."
        )


_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _read(link: sqlite3.Connection, path: Path) -> str:
    if path.stat().st_size > READ_AT_START:
        link.execute("SELECT count(*) FROM sqlite_master").fetchone()
        log.info("not-read-through", file=str(path), do="`doctor` reads it from end to end")
        return "ok"
    # The quick check does not compare indexes with tables: with one byte of an index wrong, what is
    # there would not be found.
    found = link.execute("PRAGMA integrity_check(1)").fetchone()
    return " ".join(str(found[0]).split())
