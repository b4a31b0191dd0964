"""Django's executor, held: what a plan would run is told, asked about, and guarded while it runs.

Django finds out its SQL while it runs, and runs Python besides. So a plan is told beforehand by
Django's own schema editor; then the migrations run as ever, but each statement is let through only
if it is the next one that people saw. Where Python runs, or Django cannot tell its SQL, people see
the migration's file and read that it is what runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.utils import OperationalError

from andon.django.guarding import ChangedError, Guard, Key, guarded
from andon.django.telling import Step, Teller, file_of, states_before
from andon.migrating import locks
from andon.migrating.catalogue import BUSY, Catalogue, catalogue_of
from andon.migrating.gate import BusyError, Gate
from andon.migrating.pending import Facts, Pending
from andon.migrating.statements import touched


@dataclass
class Held:
    """One `migrate`, over all its starts."""

    gate: Gate
    command: str
    unforeseen: set[str] = field(default_factory=set)  #: migrations that ran other SQL than told
    modules: set[str] = field(default_factory=set)  #: of the plan's migrations, to be read anew

    def executor(self, *args: Any, **kwargs: Any) -> "Executor":
        """In place of Django's."""
        return Executor(self, *args, **kwargs)


class Executor(MigrationExecutor):  # type: ignore[misc]
    """Runs a plan once it is released."""

    def __init__(self, held: Held, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held = held
        self._guard: Guard | None = None

    def migrate(
        self,
        targets: Any,
        plan: list[Step] | None = None,
        state: ProjectState | None = None,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """Ask, wait, look again, claim, run."""
        if not plan:
            return super().migrate(targets, plan, state, fake, fake_initial)
        self._held.modules |= {type(migration).__module__ for migration, _ in plan}
        files = _files(plan)
        pending = self._look(plan)
        if set(self.recorder.applied_migrations()) != set(self.loader.applied_migrations):
            raise ChangedError("Somebody else migrated meanwhile. Nothing ran; looking again.")
        while True:
            escalation = self._held.gate.approved(pending, _Door(self, plan))
            try:
                with self._held.gate.running(escalation) as run:
                    with self._alone(pending):
                        if _files(plan) != files or self._look(plan) != pending:
                            raise ChangedError(
                                "What is pending is no longer what was approved. Nothing ran."
                            )
                        run.claim(pending)
                    with self._guarded(plan, pending):
                        return super().migrate(targets, plan, state, fake, fake_initial)
            except BusyError:
                self._held.gate.locked_out(escalation)

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """Under guard."""
        if self._guard is not None:
            self._guard.turn(migration, backwards=False)
        return super().apply_migration(state, migration, fake, fake_initial)

    def unapply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False
    ) -> ProjectState:
        """Under guard."""
        if self._guard is not None:
            self._guard.turn(migration, backwards=True)
        return super().unapply_migration(state, migration, fake)

    # What would run

    def _look(self, plan: Sequence[Step]) -> Pending:
        self.connection.ensure_connection()
        applied = set(self.recorder.applied_migrations())
        full_plan = self.migration_plan(self.loader.graph.leaf_nodes(), clean_start=True)
        start = self._create_project_state()
        teller = Teller(self.connection, states_before(full_plan, plan, applied, start))
        sections = tuple(
            teller.section(step, unforeseen=str(step[0]) in self._held.unforeseen) for step in plan
        )
        names = touched("\n".join(text for section in sections for text in section.statements))
        catalogue = self._catalogue()
        return Pending(
            command=self._held.command,
            database=_named(self.connection.settings_dict),
            session=catalogue.session(),
            applied=self._leaves(applied, {migration.app_label for migration, _ in plan}),
            sections=sections,
            shape=catalogue.shape(catalogue.tables(names)),
        )

    def _leaves(self, applied: set[Any], labels: set[str]) -> tuple[str, ...]:
        """Where the apps concerned stand: their applied migrations that no applied one follows."""
        nodes = self.loader.graph.node_map
        held = {key for key in applied if key[0] in labels and key in nodes}
        return tuple(
            sorted(
                ".".join(key)
                for key in held
                if not any(child.key in held for child in nodes[key].children)
            )
        )

    def facts(self, plan: Sequence[Step], pending: Pending) -> Facts:
        """Locks, sizes and the way back; the connection is closed afterwards."""
        tables = self._catalogue().tables(pending.touched)
        told = locks.looked_at(self.connection.vendor, pending.statements, tables)
        facts = Facts(locks=told, tables=tables, rollback=self._rollback(plan))
        self.connection.close()  # people may take hours
        return facts

    def _rollback(self, plan: Sequence[Step]) -> str:
        """What takes it back, newest first."""
        return "\n\n".join(self._taken_back(step) for step in reversed(plan))

    def _taken_back(self, step: Step) -> str:
        migration, backwards = step
        key = (migration.app_label, migration.name)
        states = {migration: self.loader.project_state(key, at_end=False)}
        told = Teller(self.connection, states).told((migration, not backwards))
        head = f"-- {migration}{'' if backwards else ', taken back'}"
        return "\n".join(
            [head, *(told or [f"-- Django cannot tell it; see {file_of(migration).name}"])]
        )

    def _catalogue(self) -> Catalogue:
        def query(sql: str, /) -> Sequence[Sequence[Any]]:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()  # type: ignore[no-any-return]

        return catalogue_of(self.connection.vendor, query)

    # Running it

    @contextmanager
    def _alone(self, pending: Pending) -> Iterator[None]:
        """Nobody else migrates inside."""
        if self.connection.vendor != "postgresql":
            yield  # SQLite's schema editor refuses to work inside a transaction
            return
        with transaction.atomic(using=self.connection.alias):
            self._lock(pending)
            yield

    def is_idle(self, pending: Pending) -> bool:
        """Whether nobody migrates this database just now."""
        try:
            with self._alone(pending):
                return True
        except BusyError:
            return False

    def _lock(self, pending: Pending) -> None:
        if self.connection.vendor != "postgresql" or not self.connection.in_atomic_block:
            return
        version = "django_migrations" if self.recorder.has_table() else None
        with self.connection.cursor() as cursor:
            try:
                for statement in self._catalogue().locking(version, pending.touched):
                    cursor.execute(statement)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) == BUSY:
                    raise BusyError from error
                raise

    @contextmanager
    def _guarded(self, plan: Sequence[Step], pending: Pending) -> Iterator[None]:
        """Every schema editor inside lets through what was approved and nothing else."""
        theirs = self.connection.SchemaEditorClass
        self._guard = Guard(
            dict(zip((str(migration) for migration, _ in plan), pending.sections, strict=True)),
            applied=set(self.recorder.applied_migrations()),
            look=lambda: self._standing(pending),
            unforeseen=self._held.unforeseen,
        )
        self.connection.SchemaEditorClass = guarded(theirs, self._guard)
        try:
            yield
        finally:
            self.connection.SchemaEditorClass = theirs
            self._guard = None

    def _standing(self, pending: Pending) -> set[Key]:
        """Inside a migration's transaction: lock, and read what is applied."""
        self._lock(pending)
        return set(MigrationRecorder(self.connection).applied_migrations())


@dataclass(frozen=True)
class _Door:
    """The executor with the plan it was given, as the gate asks it."""

    executor: Executor
    plan: Sequence[Step]

    def facts(self, pending: Pending) -> Facts:
        return self.executor.facts(self.plan, pending)

    def is_idle(self, pending: Pending) -> bool:
        return self.executor.is_idle(pending)


def _files(plan: Sequence[Step]) -> list[bytes]:
    """What the migrations' files say now: they may be edited while people decide."""
    return [file_of(migration).read_bytes() for migration, _ in plan]


def _named(settings: Mapping[str, Any]) -> str:
    """`shop on db.internal:5432`."""
    port = f":{settings['PORT']}" if settings.get("PORT") else ""
    return (
        f"{settings['NAME']} on {settings['HOST']}{port}"
        if settings.get("HOST")
        else str(settings["NAME"])
    )
