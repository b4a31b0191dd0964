"""Alembic, held: `alembic upgrade` and `downgrade` ask people first and run what they saw.

In `env.py`, instead of `with context.begin_transaction():`

    from andon.alembic import gate

    with gate(context, environment="production"):
        context.run_migrations()

The connection given to `context.configure` must not be inside a transaction: nothing is kept open
while people think. Everything else (`--sql`, `stamp`, `current`, `check`, `revision`) is as ever.

What runs is the SQL itself that was approved, statement by statement, not the revision's Python.
A revision that cannot tell its SQL beforehand, because it reads the database while it runs, is
shown as its file and runs as Python; the question says so.
"""

import io
import linecache
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script.revision import RevisionMap
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.exc import DBAPIError

from andon.errors import AndonError, SettingsError
from andon.migrating import locks
from andon.migrating.catalogue import Catalogue, catalogue_of, lockable
from andon.migrating.gate import BusyError, Gate
from andon.migrating.pending import Facts, Pending, Section
from andon.migrating.statements import shared, touched

_READS = "This revision reads the database while it runs, so its SQL cannot be told beforehand."
_VARIES = "This revision writes other SQL each time it is asked."
_RUNS = "Its file is what runs:"

#: What is configured for a run and means nothing, or harm, to a telling.
_ONLINE = frozenset({"output_encoding", "transaction_per_migration", "on_version_apply"})

#: PostgreSQL: a lock that is not free, and a table somebody else has just created.
_BUSY = frozenset({"55P03", "23505", "42P07"})


class AlembicContext(Protocol):
    """`alembic.context`, as an `env.py` imports it."""

    def get_context(self) -> MigrationContext:
        """What was configured."""

    def begin_transaction(self) -> AbstractContextManager[Any]:
        """Alembic's own."""


@contextmanager
def gate(context: AlembicContext, **asking: Any) -> Iterator[None]:
    """Hold the migrations that run inside until people released exactly them.

    `environment`, `client`, and whatever else `Client.open` takes (`approvers`, `reference`,
    `requested_by`, `summary`, `category`, `decide_within_s` ...).
    """
    running = context.get_context()
    if running.as_sql or not _migrates(running):
        with context.begin_transaction():
            yield
        return
    try:
        with Gate(**asking) as gate, _Run(running, gate).released():
            yield
    except AndonError as error:
        # Alembic's command prints one line for this, and a traceback for anything else.
        raise CommandError(str(error)) from error


def _migrates(running: MigrationContext) -> bool:
    """Whether a command runs that may migrate: only those name one destination; `stamp` several."""
    environment = running.environment_context
    return environment is not None and isinstance(
        environment.context_opts.get("destination_rev"), str
    )


@dataclass
class _Captured:
    """A step, what it is shown as, and the very SQL of this telling."""

    step: RevisionStep
    section: Section
    statements: Sequence[str]


class _Run:
    """One run of `upgrade` or `downgrade`."""

    def __init__(self, running: MigrationContext, gate: Gate) -> None:
        if running._in_external_transaction:
            raise SettingsError(
                "context.configure() was given a connection inside a transaction, which would stay "
                "open while people decide. Give it one of engine.connect(), not of engine.begin()."
            )
        self._running, self._gate = running, gate
        self._fn: Callable[[Any, Any], Iterable[Any]] = running.opts["fn"]
        self._heads: tuple[str, ...] = ()
        self._captured: list[_Captured] = []
        running._migrations_fn = self._released_steps

    @cached_property
    def _offline(self) -> "_Offline":
        return _Offline(self._running, self._connection)

    @property
    def _connection(self) -> Connection:
        connection = self._running.connection
        if connection is None:
            raise SettingsError("context.configure() was given no connection.")
        return connection

    @contextmanager
    def released(self) -> Iterator[None]:
        """Ask until what was approved is what is pending; run it in the transaction that looked."""
        while (pending := self._look()) is not None:
            escalation = self._gate.approved(pending, self)
            self._reconnect()
            try:
                with self._gate.running(escalation) as run, self._transaction():
                    if self._unchanged(pending):
                        run.claim(pending)
                        yield
                        return
            except BusyError:
                self._gate.locked_out(escalation)
        self._gate.nothing_pending()
        with self._running.begin_transaction():
            yield

    # What would run

    def _look(self) -> Pending | None:
        """What is pending, read without a trace; the transaction is over afterwards."""
        try:
            pending = self._pending()
            # Another's commit in between would show its tables with the revision before it.
            while self._heads != tuple(sorted(self._running.get_current_heads())):
                pending = self._pending()
            return pending
        finally:
            self._connection.rollback()

    def _pending(self) -> Pending | None:
        environment = self._running.environment_context
        if environment is None or self._running.script is None:
            raise SettingsError("andon.alembic.gate works inside an env.py.")
        # From the files as they are now: they may have been edited while people decided.
        self._running.script.revision_map = RevisionMap(self._running.script._load_revisions)
        linecache.checkcache()
        self._heads = tuple(sorted(self._running.get_current_heads()))
        steps = list(self._fn(self._heads, self._running))
        if not all(isinstance(step, RevisionStep) for step in steps):
            raise SettingsError(
                "andon.alembic knows `upgrade` and `downgrade`, and not this command."
            )
        with _read_only(self._connection):
            self._captured = self._tell(steps)
        if not steps:
            return None
        verb = "upgrade" if steps[0].is_upgrade else "downgrade"
        names = touched("\n".join(s for c in self._captured for s in c.statements))
        catalogue = self._catalogue()
        return Pending(
            command=f"alembic {verb} {environment.context_opts['destination_rev']}",
            database=_named(self._connection),
            session=catalogue.session(),
            applied=self._heads,
            sections=tuple(captured.section for captured in self._captured),
            shape=catalogue.shape(catalogue.tables(names)),
        )

    def _tell(self, steps: Sequence[RevisionStep]) -> list[_Captured]:
        """Each step's SQL, told twice: what differs is computed anew each time."""
        told = self._offline.told
        return [_captured(step, told(step), told(step)) for step in steps]

    def facts(self, pending: Pending) -> Facts:
        """Locks, sizes and the way back, read without a trace."""
        try:
            names = touched("\n".join(pending.statements))
            tables = self._catalogue().tables(names)
            return Facts(
                locks=self._locks(pending, tables),
                tables=tables,
                rollback=self._rollback(),
            )
        finally:
            self._connection.rollback()

    def _locks(self, pending: Pending, tables: dict[str, Any]) -> list[str]:
        if self._connection.dialect.name != "postgresql":
            return []
        return locks.sentences(pending.statements, tables, squawk=locks.command())

    def _rollback(self) -> str:
        """The SQL that takes it back, newest first."""
        with _read_only(self._connection):
            return "\n\n".join(
                _taken_back(self._offline, captured.step) for captured in reversed(self._captured)
            )

    def _catalogue(self) -> Catalogue:
        def query(sql: str, /) -> Sequence[Sequence[Any]]:
            return self._send(sql).all()  # type: ignore[no-any-return]

        return catalogue_of(self._connection.dialect.name, query)

    # Running it

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Alembic's one transaction; or, where each revision has its own, the first one's."""
        connection = self._connection
        whole = self._running.begin_transaction()
        if isinstance(whole, nullcontext):
            connection.begin()  # Alembic takes over one that is open
        try:
            with whole:
                yield
        finally:
            if connection.in_transaction():
                connection.rollback()

    def _unchanged(self, approved: Pending) -> bool:
        """Lock where the database stands, and look again, inside the transaction that would run."""
        self._lock_alone(approved)
        return self._pending() == approved

    def is_idle(self, pending: Pending) -> bool:
        """Whether nobody migrates this database just now."""
        try:
            self._connection.begin()
            self._lock_alone(pending)
        except BusyError:
            return False
        finally:
            self._connection.rollback()
        return True

    def _lock_alone(self, pending: Pending) -> None:
        """Raises BusyError where another transaction was first."""
        try:
            self._lock(pending)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
            if state in _BUSY or "database is locked" in str(error.orig):
                raise BusyError from error
            raise

    def _lock(self, approved: Pending) -> None:
        dialect = self._connection.dialect
        if dialect.name == "sqlite":
            if not getattr(self._connection.connection.dbapi_connection, "in_transaction", False):
                self._send("BEGIN IMMEDIATE")
        elif dialect.name == "postgresql" and self._running._has_version_table():
            table = dialect.identifier_preparer.format_table(self._running._version)
            self._send(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE NOWAIT")
            tables = self._catalogue().tables(touched("\n".join(approved.statements)))
            for name in lockable(tables):
                # Nobody may alter them between this look and the run; reading and writing goes on.
                self._send(f"LOCK TABLE ONLY {name} IN ACCESS SHARE MODE NOWAIT")

    def _released_steps(self, heads: tuple[str, ...], running: MigrationContext) -> Iterator[Any]:
        """What Alembic runs instead of what it would have looked up by itself."""
        if tuple(sorted(heads)) != self._heads:
            raise CommandError("The database moved to another revision meanwhile. Nothing ran.")
        for captured in self._captured:
            step = captured.step
            if captured.section.exact:
                step.migration_fn = self._sends(captured)
            yield step

    def _sends(self, captured: _Captured) -> Callable[[], None]:
        def sends(**given: Any) -> None:
            if given:
                raise CommandError(
                    "run_migrations() was given arguments; people could not be told of them."
                )
            with ExitStack() as outside:
                for statement in captured.statements:
                    word = statement.rstrip(";").strip().upper()
                    if word == "COMMIT":
                        outside.enter_context(self._running.autocommit_block())
                    elif word == "BEGIN":
                        outside.pop_all().close()
                    else:
                        self._send(statement)

        sends.__name__ = captured.step.name
        return sends

    def _send(self, sql: str) -> Any:
        """The text as it is: no driver looks for parameters in it."""
        return self._connection.exec_driver_sql(sql, execution_options={"no_parameters": True})

    def _reconnect(self) -> None:
        """A connection may have died while people decided; the next look compares sessions."""
        try:
            self._send("SELECT 1")
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        self._connection.rollback()


class _Offline:
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


def _captured(step: RevisionStep, one: list[str] | None, other: list[str] | None) -> _Captured:
    common = shared(one, other) if one is not None and other is not None else None
    if one is not None and common is not None:
        return _Captured(step, Section(title=str(step), statements=tuple(common)), one)
    why = f"{_READS if one is None or other is None else _VARIES} {_RUNS}"
    return _Captured(step, Section(title=str(step), why=why, source=_file(step)), ())


def _file(step: RevisionStep) -> str:
    return Path(step.revision.path).read_text(encoding="utf-8")


def _taken_back(offline: _Offline, step: RevisionStep) -> str:
    back = RevisionStep(step.revision_map, step.revision, not step.is_upgrade)
    told = offline.told(back)
    if told is None:
        told = [f"-- See {Path(step.revision.path).name}: its SQL cannot be told beforehand."]
    return "\n".join([f"-- {back}", *(told or ["-- Nothing is written for this way."])])


def _named(connection: Connection) -> str:
    """`shop on db.internal:5432`, of the address without its credentials."""
    url = connection.engine.url
    host = url.host or url.query.get("host") or ""
    where = ", ".join(host) if isinstance(host, tuple) else str(host)
    port = f":{url.port}" if url.port else ""
    return (
        f"{url.database or 'memory'} on {where}{port}" if where else str(url.database or "memory")
    )


@contextmanager
def _read_only(connection: Connection) -> Iterator[None]:
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


__all__ = ["gate"]
