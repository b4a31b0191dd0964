"""What a revision would run, told by Alembic's offline mode, as exactly as it can be told."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.engine.mock import MockConnection

from andon.migrating.pending import Section
from andon.migrating.statements import shared

_READS = "This revision reads the database while it runs, so its SQL cannot be told beforehand."
_VARIES = "This revision writes other SQL each time it is asked."
_RUNS = "Its file is what runs:"

#: What is configured for a run and means nothing, or harm, to a telling.
_ONLINE = frozenset({"output_encoding", "transaction_per_migration", "on_version_apply"})


@dataclass
class Captured:
    """A step, what it is shown as, and the very SQL of this telling."""

    step: RevisionStep
    section: Section
    statements: Sequence[str]


class Offline:
    """Alembic's offline mode, with the dialect as it found this very server."""

    def __init__(self, running: MigrationContext, connection: Connection) -> None:
        known: Any = connection.dialect
        dialect = type(known)(paramstyle="named", dbapi=known.dbapi)
        dialect.initialize(connection)
        self._written = _Written()
        self._context = MigrationContext.configure(
            dialect=dialect,
            environment_context=running.environment_context,
            opts={name: value for name, value in running.opts.items() if name not in _ONLINE}
            | {"as_sql": True, "literal_binds": True, "output_buffer": self._written},
        )
        self._write = self._context.impl._exec
        self._context.impl._exec = self._written_whole  # type: ignore[method-assign]
        self._context.connection = self._context.impl.connection = cast(
            Connection, MockConnection(dialect, self._executed)
        )

    def _executed(self, construct: Any, *parameters: Any, **named: Any) -> None:
        """`op.get_bind().execute(...)`: Alembic itself would drop the parameters without a word."""
        if any(parameters) or named:
            raise CommandError("Parameters cannot be written into SQL.")
        self._context.impl._exec(construct)

    def _written_whole(self, construct: Any, *args: Any, **kwargs: Any) -> None:
        """A parameter without a value would be written as NULL, and mean something else."""
        clause = text(construct) if isinstance(construct, str) else construct
        binds = getattr(clause.compile(dialect=self._context.dialect), "binds", {})
        if any(bind.required for bind in binds.values()):
            raise CommandError("A parameter has no value.")
        self._write(clause, *args, **kwargs)

    def told(self, step: RevisionStep) -> list[str] | None:
        """The statements of one step; None when it needs a database in order to tell."""
        self._written.lines = []
        try:
            with Operations.context(self._context):
                step.migration_fn()
        except Exception:  # whatever a revision trips over without a database
            return None
        return self._written.lines


class _Written(io.StringIO):
    """Keeps what is written: Alembic writes a statement at a time."""

    lines: list[str]

    def write(self, text: str) -> int:
        """One statement, or one remark."""
        self.lines.append(text.strip())
        return len(text)


def capture(step: RevisionStep, one: list[str] | None, other: list[str] | None) -> Captured:
    common = shared(one, other) if one is not None and other is not None else None
    if one is not None and common is not None:
        return Captured(step, Section(title=str(step), statements=tuple(common)), one)
    why = f"{_READS if one is None or other is None else _VARIES} {_RUNS}"
    return Captured(step, Section(title=str(step), why=why, source=_file(step)), ())


def _file(step: RevisionStep) -> str:
    return Path(step.revision.path).read_text(encoding="utf-8")


def taken_back(offline: Offline, step: RevisionStep) -> str:
    back = RevisionStep(step.revision_map, step.revision, not step.is_upgrade)
    told = offline.told(back)
    if told is None:
        told = [f"-- See {Path(step.revision.path).name}: its SQL cannot be told beforehand."]
    return "\n".join([f"-- {back}", *(told or ["-- Nothing is written for this way."])])


def named(connection: Connection) -> str:
    """`shop on db.internal:5432`, of the address without its credentials."""
    url = connection.engine.url
    host = url.host or url.query.get("host") or ""
    where = ", ".join(host) if isinstance(host, tuple) else str(host)
    port = f":{url.port}" if url.port else ""
    return (
        f"{url.database or 'memory'} on {where}{port}" if where else str(url.database or "memory")
    )


@contextmanager
def read_only(connection: Connection) -> Iterator[None]:
    """Whatever a revision does while it is asked for its SQL, the database stays as it is."""
    if connection.dialect.name != "postgresql":
        yield
        return
    kept = connection.begin_nested()
    try:
        connection.exec_driver_sql("SET LOCAL transaction_read_only = on")
        yield
    finally:
        kept.rollback()
