"""The schema: which one this version brings, and with which it works.

Each migration says which is the oldest schema whose programs may go on after it (`oldest`): the one
its predecessor said, as long as it only expands. The database keeps it beside the schema's name, so
that an older program can tell whether it may work with a schema it has never heard of
(docs/decisions/0026).
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from storage.errors import MoveError, NewerDatabaseError

#: Alembic's scripts, the same for every database. Each is named after the schema it brings, so that
#: who finds the newest there, as nearly every start does, needs no Alembic (`storage.scripts`).
SCRIPTS = Path(__file__).parent / "migrations"

#: How the schema of a database begins into which a history is moving: no version knows it.
_MOVING = "moving "


class Schema(NamedTuple):
    """What a database says of its schema."""

    revision: str | None = None  #: None for an empty database
    oldest: str | None = None  #: programs that know this one may work with it; none before 0007


#: What gives it, as `Schema` reads it: an older database has the one column only.
ASKED = "SELECT * FROM alembic_version"


def read_schema(rows: Sequence[Sequence[Any]]) -> Schema:
    """The schema, by what the database answered."""
    return Schema(*rows[0][:2]) if rows else Schema()


@cache
def known_schemas() -> tuple[str, ...]:
    """The schemas this version knows, in the order they came."""
    return tuple(sorted(script.name[:4] for script in SCRIPTS.glob("versions/[0-9]*.py")))


def newest() -> str:
    """The schema this version brings."""
    return known_schemas()[-1]


def may_work_with(schema: Schema) -> bool:
    """Whether this version may: it knows the schema, or an older one with whose programs it goes on
    working. An empty database, too.
    """
    revision, oldest = schema
    known = known_schemas()
    return revision is None or revision in known or (not is_moving(revision) and oldest in known)


def is_newer(schema: Schema) -> bool:
    """Whether a later version brought it."""
    return schema.revision is not None and schema.revision not in known_schemas()


def is_brought_up(schema: Schema) -> bool:
    """Whether this version has nothing to bring: it did, or a later one with which it may work."""
    is_later = is_newer(schema) and may_work_with(schema)
    return schema.revision == newest() or is_later


def moving() -> str:
    """What a database has for a schema until all of a history has come."""
    return f"{_MOVING}{newest()}"


def is_moving(schema: str | None) -> bool:
    """Whether only a part of a history is there."""
    return schema is not None and schema.startswith(_MOVING)


def refuse_newer(schema: Schema) -> None:
    """Raise NewerDatabaseError for a schema this version cannot work with, and MoveError where only
    a part of a history is there.
    """
    if is_moving(schema.revision):
        raise MoveError(
            "A move into this database is unfinished: nothing starts on half a history. Run "
            "`andon-server migrate` again with the same file: it goes on where it was."
        )
    if not may_work_with(schema):
        least = f"a version that knows schema {schema.oldest}" if schema.oldest else "that one"
        raise NewerDatabaseError(
            f"This database has schema {schema.revision}, which this version does not know; it "
            f"takes {least} or a later one. Start the newer version, or restore a backup."
        )


def refuse_unmoved(what: object, schema: Schema) -> None:
    """Raise NewerDatabaseError where a later version brought the schema: it alone knows all of it,
    so it alone moves it, though this one may work with it.
    """
    if is_newer(schema) and not is_moving(schema.revision):
        raise NewerDatabaseError(
            f"{what} has schema {schema.revision}, and this version moves {newest()}. Move with "
            "the version that brought it."
        )
