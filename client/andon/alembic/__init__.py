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

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

from andon.alembic.running import Run
from andon.errors import AndonError
from andon.migrating.gate import Gate

__all__ = ["gate"]


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
        with Gate(**asking) as gate, Run(running, gate).released():
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
