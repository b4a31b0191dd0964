"""What a migration may say while programs of the version before work: it only adds.

Nobody proves that a statement does no harm; so what is not known to add is taken to take away.
"""

import re
from collections.abc import Iterator, Sequence

from alembic import command
from sqlalchemy import Connection, event

from storage.scripts import alembic_config

#: What Alembic says for itself, and what only looks.
_ASIDE = re.compile(r"(SELECT|PRAGMA|(UPDATE|INSERT INTO) alembic_version)\b", re.I)

_TABLE = re.compile(r"CREATE (?:VIRTUAL )?TABLE \"?(\w+)", re.I)
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX \"?\w+\"? ON \"?(\w+)", re.I)
_COLUMN = re.compile(r"ALTER TABLE \"?(\w+)\"? ADD (?:COLUMN )?(?!CONSTRAINT)(.+)", re.I)
_FENCE = re.compile(r"CREATE TRIGGER \"?(\w+)\"? .*? ON \"?(\w+)", re.I)
_CHECKED = re.compile(r"CREATE FUNCTION \"?fence_(\w+)", re.I)
_ANEW = re.compile(r"DROP (?:TRIGGER|FUNCTION) IF EXISTS \"?(?:fence_)?(\w+)", re.I)
_ROWS = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)", re.I)

#: A column of which older programs know nothing has to fill itself, and to bind nobody.
_BINDS = re.compile(r"\b(REFERENCES|UNIQUE|CHECK|PRIMARY KEY)\b", re.I)


def said(connection: Connection, revision: str) -> list[str]:
    """All that the migration to this revision says to the database, which is just before it."""
    heard: list[str] = []

    def hear(*given: object) -> None:
        statement = " ".join(str(given[2]).split())
        if not _ASIDE.match(statement):
            heard.append(statement)

    event.listen(connection, "before_cursor_execute", hear)
    try:
        command.upgrade(alembic_config(connection), revision)
    finally:
        event.remove(connection, "before_cursor_execute", hear)
    return heard


def taking(statements: Sequence[str]) -> list[str]:
    """Those that take something away from older programs, or may."""
    made = {found[1] for s in statements if (found := _TABLE.match(s))}
    fences = {found[1] for s in statements if (found := _FENCE.match(s)) and found[2] in made}
    return [s for s in statements if not any(_adds(s, made, fences))]


def _adds(statement: str, made: set[str], fences: set[str]) -> Iterator[bool]:
    """Whether it only adds, by each sort of statement that may."""
    yield bool(_TABLE.match(statement))
    if found := _INDEX.match(statement):
        yield not found[1] or found[2] in made  # a new rule for rows that older programs write
    if found := _COLUMN.match(statement):
        fills = "NOT NULL" not in found[2].upper() or "DEFAULT" in found[2].upper()
        yield found[1] in made or (fills and not _BINDS.search(found[2]))
    if found := _ROWS.match(statement):
        yield found[1] in made
    for sort in (_FENCE, _CHECKED, _ANEW):
        if found := sort.match(statement):
            yield found[1] in fences or f"{found[1]}".removesuffix("_whole") in fences
