"""What `doctor` tells of a database on a server."""

from collections.abc import Iterator
from datetime import datetime

from storage.found import Found, clock, newer
from storage.links import Looking
from storage.migrate import ASKED, is_moving, is_newer, newest, read_schema

_SERVER = (
    "SELECT current_setting('server_version'), current_database(), "
    "pg_database_size(current_database()) / 1048576, pg_is_in_recovery(), "
    "current_setting('synchronous_commit')"
)
_ROOM = (
    "SELECT CAST(current_setting('max_connections') AS INTEGER), count(*), "
    "sum(CASE WHEN application_name = 'andon' AND datname = current_database() THEN 1 ELSE 0 END) "
    "FROM pg_stat_activity WHERE backend_type = 'client backend'"
)
_HAS_SCHEMA = "SELECT count(*) FROM pg_tables WHERE tablename = 'alembic_version'"

#: A replica has about so many connections, and doctor one.
REPLICA = 10


def inspect_server(link: Looking, now: datetime) -> Iterator[Found]:
    """Whether it keeps what it acknowledges was looked at when the connection was made."""
    ((version, name, size, is_standby, commits),) = link.rows(_SERVER)
    yield Found(
        said=f"PostgreSQL {version}, database {name} ({size:,} MiB), durable "
        f"(synchronous_commit is {commits})"
    )
    if is_standby:
        yield Found(
            said="the server is a standby, which nobody can write to",
            do="Name the primary in ANDON_DATABASE_URL.",
        )
    yield _room(link)
    ((has_schema,),) = link.rows(_HAS_SCHEMA)
    if not has_schema:
        yield Found(said="there is no schema yet; `serve` brings it")
        return
    yield from _schema(link)
    yield from clock(link, now)


def _room(link: Looking) -> Found:
    ((most, taken, ours),) = link.rows(_ROOM)
    do = "" if most - taken >= REPLICA else "Raise max_connections, or run fewer replicas."
    # One of ours is this look.
    return Found(said=f"{taken - 1} of {most} connections are taken, {ours - 1} by us", do=do)


def _schema(link: Looking) -> Iterator[Found]:
    schema = read_schema(link.rows(ASKED))
    if is_moving(schema.revision):
        do = "Run `andon-server migrate` again with the same file: it goes on where it was."
        yield Found(said="a move into it is unfinished; no server starts on it", do=do)
    elif is_newer(schema):
        yield newer(schema)
    elif schema.revision != newest():
        yield Found(said=f"its schema is {schema.revision}; `serve` brings {newest()}")
