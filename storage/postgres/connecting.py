"""Connections to the server: how each is set, and that it keeps what it acknowledges."""

import socket
from typing import Any

import asyncpg

from storage.errors import UnreachableError

#: Seconds a connection, or an answer on it, may take. Clicks wait for 2.5 s; then a page of a list
#: may still take longer, and what takes longer than this hangs.
CONNECT_S, ANSWER_S = 5.0, 15.0

#: Milliseconds to wait for a row or a name that another transaction has, for one commit.
LOCK_MS = 2000

#: Milliseconds a transaction may wait for us: a replica that hangs must not keep the others out.
IDLE_MS = 10_000

#: A batch has some sixty statements, some of them with 1, 2, 4 … 256 marks.
STATEMENTS = 512

#: What is said at the start of each connection, whatever the server was told.
_SETTINGS = {
    "application_name": "andon",
    # Locks order what meets; a statement sees what was committed before it, also after waiting.
    "default_transaction_isolation": "read committed",
    "lock_timeout": str(LOCK_MS),
    "idle_in_transaction_session_timeout": str(IDLE_MS),
    # Every statement here finds a few rows by an index: compiling it would take longer.
    "jit": "off",
    # The server gives up a connection whose other end is silent for 19 s, and its leases with it:
    # by asking it or, where it has something else to tell it, by what is never acknowledged.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "19000",
}

#: And so do we, after 2 s: a machine that is there acknowledges what is sent, however long its
#: answer takes, and who waits for one that is gone keeps others waiting.
_SILENT = {
    "TCP_KEEPIDLE": 1,
    "TCP_KEEPINTVL": 1,
    "TCP_KEEPCNT": 1,
    "TCP_USER_TIMEOUT": 2000,
}

#: Settings that have to be so, or an acknowledged commit may be gone after a loss of power.
_DURABLE = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    # `local` would do for one server, and lose commits where a standby takes over.
    "synchronous_commit": {"on", "remote_write", "remote_apply"},
    "server_encoding": {"UTF8"},
}

#: Ends the connection that has a lock, and tells whether there was one.
_END_BEFORE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (classid::bigint << 32) + objid::bigint = $1
"""


def dsn_of(url: str) -> str:
    """The address as asyncpg takes it; SQLAlchemy's way to name the driver is welcome."""
    _, _, rest = url.partition("://")
    return f"postgresql://{rest}"


async def connect(url: str, *, answer_s: float | None = ANSWER_S, **settings: str) -> Any:
    """A connection. Raises UnreachableError where it would lose commits, and what asyncpg does."""
    connection = await asyncpg.connect(
        dsn_of(url),
        timeout=CONNECT_S,
        command_timeout=answer_s,
        statement_cache_size=STATEMENTS,
        max_cached_statement_lifetime=0,
        server_settings=_SETTINGS | settings,
    )
    _notice_silence(connection)
    try:
        await assert_durable(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def connect_after(url: str, lock: int, *, answer_s: float | None = ANSWER_S) -> Any:
    """A connection for what locks something, once the one before it is gone from the server.

    Where that was lost on its way, the server learns it late, and all that it had locked keeps
    others waiting for as long.
    """
    connection = await connect(url, answer_s=answer_s)
    try:
        await connection.fetchval(_END_BEFORE, lock)
        await connection.execute("SELECT pg_advisory_lock($1)", lock)
    except BaseException:
        connection.terminate()
        raise
    return connection


def _notice_silence(connection: Any) -> None:
    """Lose the connection where the server's machine says nothing at all any more."""
    end = connection._transport.get_extra_info("socket")
    if end.family in (socket.AF_INET, socket.AF_INET6):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _SILENT.items():
            if hasattr(socket, name):  # Linux has all of them
                end.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def assert_durable(connection: Any) -> None:
    """Raise UnreachableError unless the server keeps what it acknowledged."""
    asked = ", ".join(f"current_setting('{name}') AS {name}" for name in _DURABLE)
    for name, found in (await connection.fetchrow(f"SELECT {asked}")).items():
        if found not in _DURABLE[name]:
            wanted = " or ".join(sorted(_DURABLE[name]))
            raise UnreachableError(
                f"The database server would not keep what it acknowledges: {name} is {found}. "
                f"Set it to {wanted}."
            )
