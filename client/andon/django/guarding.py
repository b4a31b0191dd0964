"""Between schema editor and database: what was released runs, in its order, and nothing else."""

import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration

from andon.django.telling import remark
from andon.migrating.pending import Section
from andon.migrating.statements import fits

#: An app's label and a migration's name.
Key = tuple[str, str]


class ChangedError(Exception):
    """What is pending is not what was approved: ask again."""


class Guard:
    """Knows what was released, which migration's turn it is, and which statement comes next."""

    def __init__(
        self,
        sections: Mapping[str, Section],
        *,
        applied: set[Key],
        look: Callable[[], set[Key]],
        unforeseen: set[str],
    ) -> None:
        self._sections, self._applied, self._look = sections, applied, look
        self._unforeseen = unforeseen
        self._now = ""
        self._next: deque[str] | None = None  #: None: its file was shown, and its Python runs
        self._done: Callable[[], None] = lambda: None

    def turn(self, migration: Migration, *, backwards: bool) -> None:
        """This migration is about to begin; the one before is over."""
        self._done()
        self._now = str(migration)
        section = self._sections.get(self._now)
        if section is None:
            raise ChangedError(f"{self._now} was not in what people saw. It did not run.")
        told = (line for line in section.statements if not remark(line))
        self._next = deque(told) if section.exact else None
        keys = {tuple(key) for key in migration.replaces} or {(migration.app_label, migration.name)}
        change = self._applied.difference_update if backwards else self._applied.update
        self._done = lambda: change(keys)

    def begin(self) -> None:
        """Inside the migration's own transaction: nobody migrated since it was released."""
        if self._look() != self._applied:
            raise ChangedError(f"Somebody else migrates. {self._now} did not run.")

    def allow(self, statement: str) -> None:
        """Let the next statement through if it is the one that people saw."""
        if self._next is None:
            return
        if not self._next or not fits(statement, self._next.popleft()):
            if self._now == next(iter(self._sections)):
                # It was told against the very schema it ran on: telling it again would not help.
                self._unforeseen.add(self._now)
            raise ChangedError(
                f"{self._now} wanted to run SQL that people did not see: {statement[:300]}"
            )


def guarded(theirs: type[BaseDatabaseSchemaEditor], guard: Guard) -> type[BaseDatabaseSchemaEditor]:
    """The database's own schema editor, under guard."""

    class Guarded(theirs):  # type: ignore[misc]
        def __enter__(self) -> Any:
            entered = super().__enter__()
            if self.collect_sql:
                return entered
            try:
                guard.begin()
            except BaseException:
                super().__exit__(*sys.exc_info())
                raise
            return entered

        def execute(self, sql: Any, params: Any = ()) -> None:
            if not self.collect_sql:
                guard.allow(self._told(sql, params))
            super().execute(sql, params)

        def _told(self, sql: Any, params: Any) -> str:
            """The statement as it would be told: by the way it was told before."""
            told: list[str] = []
            self.collect_sql, self.collected_sql = True, told
            try:
                super().execute(sql, params)
            finally:
                self.collect_sql = False
            return told[0].strip()

    return Guarded
