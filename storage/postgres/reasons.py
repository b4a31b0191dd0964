"""What PostgreSQL says when it fails, in words that say what to do."""

import asyncpg

from storage.errors import MoveError, NewerDatabaseError, UnreachableError

#: Raised by ourselves: they say what to do.
_OURS = (UnreachableError, NewerDatabaseError, MoveError)

#: Raised where there is no way to the server; asyncpg means a lost connection by each of its own.
_AWAY = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    *_OURS,
    OSError,
    TimeoutError,
)

#: Raised where the database cannot be used, or not so.
FAILURES = (asyncpg.PostgresError, *_AWAY)

#: Serialisation, deadlock, a lock that was not had in time: another writer was in the way.
_MAY_PASS = frozenset({"40001", "40P01", "55P03"})

#: By SQLSTATE, or else its class: the server is at fault, not what was asked of it.
_DO = {
    "08": "The database server cannot be reached: look whether it runs, and at the network.",
    "25006": "The database only lets itself be read: it is a standby. Name the primary in "
    "ANDON_DATABASE_URL.",
    "28": "The database server does not let us in: look at user and password in "
    "ANDON_DATABASE_URL, and at pg_hba.conf.",
    "3D000": "There is no such database: make it with `createdb`, or mend ANDON_DATABASE_URL.",
    "42501": "The database user may not do that: let it own the database, or its schema.",
    "53": "The database server has run out of something: look at its log.",
    "53100": "The database server's disk is full: make room. Nothing was stored.",
    "53300": "The database server takes no more connections: raise max_connections, or run fewer "
    "replicas.",
    "57P01": "The database server is being stopped or started.",
    "57P02": "The database server is being stopped or started.",
    "57P03": "The database server is being stopped or started.",
    "58": "The machine of the database server does not work as it should: look at its log.",
    "XX": "The database is damaged: stop all replicas, and restore a backup made with pg_dump or "
    "pg_basebackup.",
}


def reason(error: BaseException) -> str:
    """Why the database cannot be used, and what to do."""
    if isinstance(error, _OURS):
        return str(error)
    do = _DO[_place_of(error)] if _place_of(error) else "The database cannot be used."
    return f"{do} ({error or type(error).__name__})"


def is_of_the_place(error: BaseException) -> bool:
    """Whether the server or the way to it is at fault, and not what was to be written."""
    return bool(_place_of(error))


def may_pass(error: BaseException) -> bool:
    """Whether another writer was in the way."""
    return getattr(error, "sqlstate", None) in _MAY_PASS


def _place_of(error: BaseException) -> str:
    """What `_DO` knows it by; empty where it is no fault of the server's."""
    if isinstance(error, _AWAY):
        return "08"
    state = getattr(error, "sqlstate", None) or ""
    return next((known for known in (state, state[:2]) if known in _DO), "")
