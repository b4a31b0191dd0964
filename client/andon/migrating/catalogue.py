"""What the database itself says: which one it is, how large its tables are, how they look now.

Reads only; what locks is for the caller to send. `Query` sends one statement as it is and gives its
rows.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Query(Protocol):
    """Sends SQL without parameters."""

    def __call__(self, sql: str, /) -> Sequence[Sequence[Any]]:
        """The rows."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that is there."""

    name: str
    lockable: bool = True  #: whether it can be locked by name; a materialized view cannot
    rows: int | None = None  #: the planner's estimate; None where it has none
    size: int | None = None  #: bytes, with indexes

    def described(self) -> str:
        """`orders (1.4 GB, about 2,100,000 rows)`."""
        known = []
        if self.size is not None:
            known.append(_bytes(self.size))
        if self.rows is not None:
            known.append(f"about {self.rows:,} rows")
        return f"{self.name} ({', '.join(known)})" if known else self.name


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:,.4g} TB"


class Catalogue:
    """Of a database whose catalogue we cannot read: it knows nothing, and says so."""

    def __init__(self, query: Query) -> None:
        self._query = query

    def session(self) -> str:
        """As whom, and in which schemas: what an unqualified name means."""
        return ""

    def tables(self, names: Iterable[str]) -> dict[str, Table]:
        """Those that are there, by the name as written; an index stands for its table."""
        return {}

    def shape(self, tables: Mapping[str, Table]) -> str:
        """A digest over how the tables look now; empty where nobody can tell."""
        return ""

    def locking(self, version: str | None, names: Iterable[str]) -> Iterator[str]:
        """Statements that keep others, until the transaction ends, from migrating.

        `version` is the table that says where the database stands, if there is one already. Send
        each before taking the next: the tables are looked up under the lock.
        """
        return iter(())


#: What PostgreSQL answers where a lock is not free.
BUSY = "55P03"


class PostgreSQL(Catalogue):
    """Of PostgreSQL."""

    def session(self) -> str:
        """The user and the search path."""
        user, schemas = self._query("SELECT current_user, current_schemas(false)::text")[0]
        return f"as {user} in {str(schemas).strip('{}') or 'no schema'}"

    def tables(self, names: Iterable[str]) -> dict[str, Table]:
        """Sizes and estimates, of the tables that are there."""
        wanted = ", ".join(f"({_literal(name)})" for name in names)
        if not wanted:
            return {}
        rows = self._query(
            "SELECT asked.name, held.oid::regclass::text, held.relkind IN ('r', 'p', 'v'),"  # noqa: S608
            " held.reltuples::bigint, pg_total_relation_size(held.oid)"
            f" FROM (VALUES {wanted}) AS asked (name)"
            " JOIN pg_class named ON named.oid = to_regclass(asked.name)"
            " LEFT JOIN pg_index i ON i.indexrelid = named.oid"
            " JOIN pg_class held ON held.oid = coalesce(i.indrelid, named.oid)"
        )
        return {
            asked: Table(name=name, lockable=lockable, rows=None if count < 0 else count, size=size)
            for asked, name, lockable, count, size in rows
        }

    def shape(self, tables: Mapping[str, Table]) -> str:
        """Over columns, constraints, indexes and triggers."""
        names = sorted({table.name for table in tables.values()})
        if not names:
            return ""
        held = f"ARRAY[{', '.join(f'{_literal(name)}::regclass' for name in names)}]"
        return _digest(self._query(_SHAPE.format(held=held)))

    def locking(self, version: str | None, names: Iterable[str]) -> Iterator[str]:
        """Nobody migrates or alters these tables meanwhile; reading and writing goes on."""
        if version is not None:
            yield f"LOCK TABLE {version} IN SHARE ROW EXCLUSIVE MODE NOWAIT"
        for name in lockable(self.tables(names)):
            yield f"LOCK TABLE ONLY {name} IN ACCESS SHARE MODE NOWAIT"


_SHAPE = """
SELECT * FROM (
  SELECT attrelid::regclass::text, 'column', attname::text, format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' not null' ELSE '' END
    || coalesce(' ' || pg_get_expr(adbin, adrelid), '')
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = ANY ({held}) AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT conrelid::regclass::text, 'constraint', conname::text, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE conrelid = ANY ({held})
  UNION ALL SELECT indrelid::regclass::text, 'index', indexrelid::regclass::text,
    pg_get_indexdef(indexrelid)
  FROM pg_index WHERE indrelid = ANY ({held})
  UNION ALL SELECT tgrelid::regclass::text, 'trigger', tgname::text, pg_get_triggerdef(oid)
  FROM pg_trigger WHERE tgrelid = ANY ({held}) AND NOT tgisinternal
) AS shape ORDER BY 1, 2, 3, 4
"""


class SQLite(Catalogue):
    """Of SQLite: no sizes, for counting reads everything."""

    def tables(self, names: Iterable[str]) -> dict[str, Table]:
        """The tables that are there."""
        there = {str(name): str(table) for name, table in self._query(_SQLITE_NAMES)}
        plain = {name: name.strip('"').replace('""', '"') for name in names}
        return {name: Table(name=there[word]) for name, word in plain.items() if word in there}

    def shape(self, tables: Mapping[str, Table]) -> str:
        """Over the statements that made them."""
        names = {table.name for table in tables.values()}
        rows = self._query("SELECT tbl_name, type, name, sql FROM sqlite_master ORDER BY 1, 2, 3")
        held = [row for row in rows if row[0] in names]
        return _digest(held) if held else ""


_SQLITE_NAMES = "SELECT name, tbl_name FROM sqlite_master WHERE type IN ('table', 'index')"


def lockable(tables: Mapping[str, Table]) -> list[str]:
    """Names to lock, in an order that all who lock share."""
    return sorted({table.name for table in tables.values() if table.lockable})


def catalogue_of(dialect: str, query: Query) -> Catalogue:
    """The catalogue of a database, by the name its driver's library gives it."""
    return {"postgresql": PostgreSQL, "sqlite": SQLite}.get(dialect, Catalogue)(query)


def _digest(rows: Iterable[Sequence[Any]]) -> str:
    lines = "\n".join("\t".join(map(str, row)) for row in rows)
    return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
