"""Django's `migrate`, held until people released exactly what it would run.

Not held, because they run nothing of a migration: `--plan`, `--check`, `--fake`, `--prune`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.test.utils import _TestState

from andon.django.executor import Held
from andon.django.guarding import ChangedError
from andon.errors import AndonError, ExpiredError, RejectedError, TakenError, WithdrawnError
from andon.migrating.gate import Gate

#: As the command `andon run` has them.
_EXIT_CODES = {RejectedError: 121, WithdrawnError: 122, TakenError: 123, ExpiredError: 124}


class Command(migrate.Command):  # type: ignore[misc]
    """Ask, wait, look again, run only that."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, or start over when what is pending is no longer what was approved."""
        if not self._is_held(options):
            super().handle(*args, **options)
            return
        if options["run_syncdb"]:
            raise CommandError(
                "--run-syncdb makes tables that no migration shows, so nobody could be asked about "
                "them. Give these apps migrations (makemigrations)."
            )
        try:
            self._run(args, options)
        except AndonError as error:
            raise CommandError(str(error), returncode=_EXIT_CODES.get(type(error), 125)) from error

    def _is_held(self, options: dict[str, Any]) -> bool:
        held = _asking().get("databases")
        # A runner of tests has its own databases, made and dropped by it.
        testing = hasattr(_TestState, "saved_data")
        return not testing and not options["fake"] and (held is None or options["database"] in held)

    def _run(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        asking = {name: value for name, value in _asking().items() if name != "databases"}
        with Gate(say=self._say, **asking) as gate:
            held = Held(gate=gate, command=_named(options))
            while not self._ran(held, args, options):
                for module in held.modules:
                    sys.modules.pop(module, None)
            gate.nothing_pending()

    def _ran(self, held: Held, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
        try:
            with _executing(held):
                super().handle(*args, **options)
        except ChangedError as change:
            self._say(str(change))
            return False
        return True

    def _say(self, text: str) -> None:
        self.stderr.write(f"andon: {text}")


def _asking() -> dict[str, Any]:
    return dict(getattr(settings, "ANDON", {}))


def _named(options: dict[str, Any]) -> str:
    words = (options["app_label"], options["migration_name"])
    return " ".join(["manage.py migrate", *(word for word in words if word)])


@contextmanager
def _executing(held: Held) -> Iterator[None]:
    """Django's command makes its executor itself; only here can it be given ours."""
    theirs = migrate.MigrationExecutor
    migrate.MigrationExecutor = held.executor
    try:
        yield
    finally:
        migrate.MigrationExecutor = theirs
