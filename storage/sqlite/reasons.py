"""What SQLite says when the file fails, in words that say what to do."""

import sqlite3

from storage.errors import MovedError

#: By the primary part of SQLite's error code.
_DO = {
    sqlite3.SQLITE_FULL: "The disk is full: make room. Nothing was stored.",
    sqlite3.SQLITE_READONLY: "The database cannot be written: give the file and its folder back to "
    "the server's user. Nothing was stored.",
    sqlite3.SQLITE_CORRUPT: "The database is damaged: stop the server and restore a backup with "
    "`andon-server restore FILE`.",
    sqlite3.SQLITE_NOTADB: "The file is damaged or no database: stop the server and restore a "
    "backup with `andon-server restore FILE`.",
    sqlite3.SQLITE_BUSY: "Another program holds the database: end it, or wait for it.",
    sqlite3.SQLITE_IOERR: "The disk does not work as it should: look at the machine's own log.",
    sqlite3.SQLITE_CANTOPEN: "The database or a file beside it cannot be opened: `doctor` looks "
    "at it.",
}


def reason(error: BaseException) -> str:
    """Why the database cannot be used, and what to do."""
    if isinstance(error, MovedError):
        return str(error)
    code = code_of(error)
    do = _DO.get(code & 0xFF) if code is not None else None
    return (
        f"{do} ({error})" if do else f"The database cannot be used ({error}). `doctor` looks at it."
    )


def code_of(error: BaseException) -> int | None:
    """SQLite's extended error code, where it gave one."""
    code = getattr(error, "sqlite_errorcode", None)
    return code if isinstance(code, int) else None


def is_of_the_file(error: BaseException) -> bool:
    """Whether the file or its disk is at fault, and not what was to be written."""
    code = code_of(error)
    return isinstance(error, MovedError) or (code is not None and code & 0xFF in _DO)
