"""What a plan would run, told by Django's own schema editor, which writes nothing meanwhile."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState

from andon.migrating.pending import Section
from andon.migrating.statements import shared

#: A migration, and whether it is taken back.
Step = tuple[Migration, bool]

_PYTHON = "Python runs in this migration. Its file is what runs:"
_UNTELLABLE = "Django finds out the SQL of this migration while it runs. Its file is what runs:"


class Teller:
    """Tells the SQL of migrations, each from the project's state before it."""

    def __init__(
        self, connection: BaseDatabaseWrapper, states: dict[Migration, ProjectState]
    ) -> None:
        self._connection, self._states = connection, states

    def section(self, step: Step, *, unforeseen: bool) -> Section:
        """What people are shown of one migration. `unforeseen`: it ran other SQL than it told."""
        migration, backwards = step
        python = not all(operation.reduces_to_sql for operation in migration.operations)
        hidden = any(_hides_python(operation) for operation in migration.operations)
        # Told twice: what differs is computed anew each time. Hidden Python would run if asked.
        told = None if hidden else self.told(step), None if hidden else self.told(step)
        common = shared(told[0], told[1]) if told[0] is not None and told[1] is not None else None
        why = _PYTHON if python or hidden else _UNTELLABLE
        exact = common is not None and not (python or hidden or unforeseen)
        return Section(
            title=f"{migration.app_label}.{migration.name}{', taken back' if backwards else ''}",
            statements=tuple(common or ()),
            why="" if exact else why,
            source="" if exact else file_of(migration).read_text(encoding="utf-8"),
        )

    def told(self, step: Step) -> list[str] | None:
        """Its statements and Django's remarks between them; None where Django cannot tell."""
        migration, backwards = step
        state = self._states[migration].clone()
        try:
            with (
                unwritable(self._connection),
                self._connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor,
            ):
                apply = migration.unapply if backwards else migration.apply
                apply(state, editor, collect_sql=True)
        except Exception:  # whatever an operation trips over before its time
            return None
        return [line.strip() for line in editor.collected_sql if line.strip("- \n")]


def _hides_python(operation: Any) -> bool:
    """Whether an operation that says it is SQL holds one that is not: Django would run that one."""
    inner: Iterable[Any] = getattr(operation, "database_operations", ())
    return any(not held.reduces_to_sql or _hides_python(held) for held in inner)


def file_of(migration: Migration) -> Path:
    """Where a migration is written."""
    return Path(inspect.getfile(type(migration)))


def remark(line: str) -> bool:
    """Whether a told line is Django's remark."""
    return line.startswith("--")


@contextmanager
def unwritable(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Whatever an operation does when it is only asked, the database stays as it is."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        yield
        transaction.set_rollback(True, using=connection.alias)


def states_before(
    full_plan: Sequence[Step], plan: Sequence[Step], applied: set[Any], start: ProjectState
) -> dict[Migration, ProjectState]:
    """The project's state before each migration of the plan."""
    wanted = {migration for migration, _ in plan}
    states: dict[Migration, ProjectState] = {}
    state = start
    for migration, _ in full_plan:
        if migration in wanted:
            states[migration] = state
            state = migration.mutate_state(state, preserve=True)
        elif (migration.app_label, migration.name) in applied:
            migration.mutate_state(state, preserve=False)
    return states
