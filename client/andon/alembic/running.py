"""One `upgrade` or `downgrade`: looked at, asked about, looked at again under lock, and sent."""

import linecache
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cached_property
from typing import Any

from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script.revision import RevisionMap
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from andon.alembic.telling import Captured, Offline, capture, named, read_only, taken_back
from andon.errors import SettingsError
from andon.migrating import locks
from andon.migrating.catalogue import BUSY, Catalogue, catalogue_of
from andon.migrating.gate import BusyError, Gate
from andon.migrating.pending import Facts, Pending
from andon.migrating.statements import touched


class Run:
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
        self._captured: list[Captured] = []
        running._migrations_fn = self._released_steps

    @cached_property
    def _offline(self) -> "Offline":
        return Offline(self._running, self._connection)

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
        with read_only(self._connection):
            self._captured = self._tell(steps)
        if not steps:
            return None
        verb = "upgrade" if steps[0].is_upgrade else "downgrade"
        names = touched("\n".join(s for c in self._captured for s in c.statements))
        catalogue = self._catalogue()
        return Pending(
            command=f"alembic {verb} {environment.context_opts['destination_rev']}",
            database=named(self._connection),
            session=catalogue.session(),
            applied=self._heads,
            sections=tuple(captured.section for captured in self._captured),
            shape=catalogue.shape(catalogue.tables(names)),
        )

    def _tell(self, steps: Sequence[RevisionStep]) -> list[Captured]:
        """Each step's SQL, told twice: what differs is computed anew each time."""
        told = self._offline.told
        return [capture(step, told(step), told(step)) for step in steps]

    def facts(self, pending: Pending) -> Facts:
        """Locks, sizes and the way back, read without a trace."""
        try:
            tables = self._catalogue().tables(pending.touched)
            told = locks.looked_at(self._connection.dialect.name, pending.statements, tables)
            return Facts(locks=told, tables=tables, rollback=self._rollback())
        finally:
            self._connection.rollback()

    def _rollback(self) -> str:
        """The SQL that takes it back, newest first."""
        with read_only(self._connection):
            return "\n\n".join(
                taken_back(self._offline, captured.step) for captured in reversed(self._captured)
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
            if state == BUSY or "database is locked" in str(error.orig):
                raise BusyError from error
            raise

    def _lock(self, approved: Pending) -> None:
        dialect = self._connection.dialect
        if dialect.name == "sqlite":
            if not getattr(self._connection.connection.dbapi_connection, "in_transaction", False):
                self._send("BEGIN IMMEDIATE")
        elif dialect.name == "postgresql":
            table = dialect.identifier_preparer.format_table(self._running._version)
            version = table if self._running._has_version_table() else None
            for statement in self._catalogue().locking(version, approved.touched):
                self._send(statement)

    def _released_steps(self, heads: tuple[str, ...], running: MigrationContext) -> Iterator[Any]:
        """What Alembic runs instead of what it would have looked up by itself."""
        if tuple(sorted(heads)) != self._heads:
            raise CommandError("The database moved to another revision meanwhile. Nothing ran.")
        for captured in self._captured:
            step = captured.step
            if captured.section.exact:
                step.migration_fn = self._sends(captured)
            yield step

    def _sends(self, captured: Captured) -> Callable[[], None]:
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
