"""Moves under test: whole ones, and those that are left halfway."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from approvals.auditing import Finding
from storage.migrate import newest
from storage.moving import Move, open_move
from tests.postgres import Running


def unheard(doing: str, done: int, total: int) -> None:
    """Nobody listens how far it is."""


async def copied_only(path: Path, url: str) -> Finding | None:
    """All is copied, and the target still closed."""
    async with open_move(path, url, unheard) as move:
        return await move.copy()


async def moved(path: Path, url: str) -> Finding | None:
    """The whole way, but for the audit; the first difference found."""
    async with open_move(path, url, unheard) as move:
        found = await move.copy() or await move.compare()
        if found is None:
            await move.finish()
        return found


async def begun(path: Path, url: str) -> None:
    """A move that was cut short before its first row."""
    async with open_move(path, url, unheard):
        pass


async def was_done(move: Move) -> bool:
    """Go the whole way; whether nothing was left to do."""
    assert await move.copy() is None
    assert await move.compare() is None
    await move.finish()
    return move.was_done


def empty(server: Running, name: str) -> None:
    """Nothing is there any more but the schema: making a database takes longer."""
    server.run(
        name,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "SET session_replication_role = replica",  # no fence, and no foreign key
        "DROP TABLE IF EXISTS moving",
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables "
        "WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP "
        "EXECUTE 'DELETE FROM ' || t; END LOOP; END $$",
        f"UPDATE alembic_version SET version_num = '{newest()}'",
    )


@contextmanager
def a_database(server: Running, template: str) -> Iterator[str]:
    """The name of a database of one's own: with the schema and nothing else, or without it."""
    name = server.copied(template)
    yield name
    server.run("postgres", f"DROP DATABASE {name} WITH (FORCE)")
