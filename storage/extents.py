"""Tables as a move sees them: it reads from the schema what there is, and names none of them.

The SQL here is the same for a file and for a server, with every name quoted.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from storage.links import Query, Row

#: Rows carried at once, and the length of all their texts: so much memory a move takes.
MOST_ROWS, MOST_TEXT = 5_000, 4 << 20

#: A column of this name is never told to anybody.
_SECRET = "secret"  # noqa: S105  no secret itself


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and the key by which its rows are in order: both databases sort it alike."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def quoted(self) -> str:
        """Its name in SQL."""
        return f'"{self.name}"'

    def after(self, key: Row | None, most: int | None = None) -> Query:
        """Rows after that key, in order; all of them from the first where there is none."""
        keys, wanted = _listed(self.key), _listed(self.columns)
        where = f" WHERE ({keys}) > ({', '.join('?' * len(self.key))})" if key else ""
        limit = f" LIMIT {most}" if most is not None else ""
        return Query(
            f"SELECT {wanted} FROM {self.quoted}{where} ORDER BY {keys}{limit}",  # noqa: S608
            tuple(key or ()),
        )

    def count(self) -> Query:
        """How many rows there are."""
        return Query(f"SELECT count(*) FROM {self.quoted}")  # noqa: S608

    def last(self) -> Query:
        """The last key, if any."""
        down = ", ".join(f'"{name}" DESC' for name in self.key)
        return Query(
            f"SELECT {_listed(self.key)} FROM {self.quoted} ORDER BY {down} LIMIT 1"  # noqa: S608
        )

    def key_of(self, row: Row) -> tuple[object, ...]:
        """The key of a row."""
        return tuple(row[self.columns.index(name)] for name in self.key)

    def named(self, row: Row) -> str:
        """A row, as somebody can look it up."""
        values = zip(self.key, self.key_of(row), strict=True)
        told = (f"{name} {'…' if name == _SECRET else value}" for name, value in values)
        return ", ".join((self.name, *told))

    def differing(self, ours: Row, theirs: Row) -> str:
        """The columns in which two rows are not the same."""
        pairs = zip(self.columns, ours, theirs, strict=True)
        return ", ".join(name for name, our, their in pairs if our != their)


@dataclass(frozen=True, slots=True)
class Extent:
    """How many rows a table has, and the key of the last."""

    rows: int
    last: Row | None


def told(extents: Mapping[str, Extent]) -> str:
    """What a history is known by: how far each table reaches."""
    reached = {name: [e.rows, *(e.last or ())] for name, e in sorted(extents.items())}
    return json.dumps(reached, default=repr)  # somebody may have written anything into a key


def without_nul(row: Row) -> tuple[object, ...]:
    """A row as PostgreSQL keeps it, as the write path says it, too (`storage.work`).

    Only what others answered could hold a NUL, in files of earlier versions: what is asked, said
    or hashed never does.
    """
    return tuple(v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in row)


def pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in pieces that memory holds, whatever they hold."""
    piece: list[Row] = []
    text = 0
    for row in rows:
        piece.append(row)
        text += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(piece) >= MOST_ROWS or text >= MOST_TEXT:
            yield piece
            piece, text = [], 0
    if piece:
        yield piece


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
