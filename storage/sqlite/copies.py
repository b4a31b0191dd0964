"""Copies of the database file: made by SQLite beside a running server, checked, never half there.

A copy is written aside with mode 0600, read through, synced, and only then given its name, which no
other file may have. It is one file: its journal is none, where the database has its log beside it.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from storage.errors import CopyError, DamagedDatabaseError
from storage.sqlite.looking import read_only
from storage.sqlite.reasons import reason

#: Pages copied between two words about the way so far.
PAGES = 4096

#: Told about the way so far: pages done, pages in all.
Progress = Callable[[int, int], None]

#: What a copy is counted by.
_COUNTED = ("escalations", "events")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy that was read through."""

    path: Path
    size: int  #: bytes
    escalations: int
    records: int


def back_up(
    source: Path, target: Path, progress: Progress | None = None, *, replaces: bool = False
) -> Copy:
    """Copy the database as it is at this moment. Raises CopyError, DamagedDatabaseError, OSError.

    `replaces` lets the copy take the place of an older one of the same name.
    """
    if not source.is_file():
        raise CopyError(f"There is no database {source} to copy.")
    if target.exists() and not replaces:
        raise CopyError(f"{target} exists already, and is left as it is. Name another file.")
    aside = _made_aside(target)
    try:
        _copy(source, aside, progress)
        escalations, records = _read_through(aside)
        _sync(aside)
        size = aside.stat().st_size
        _name(aside, target, replaces=replaces)
    except sqlite3.Error as error:
        raise CopyError(f"No copy was made. {reason(error)}") from error
    finally:
        aside.unlink(missing_ok=True)
    return Copy(path=target, size=size, escalations=escalations, records=records)


def _made_aside(target: Path) -> Path:
    """An empty file beside the target that nobody else may read."""
    descriptor, name = tempfile.mkstemp(".part", f"{target.name}.", target.absolute().parent)
    os.close(descriptor)
    return Path(name)


def _copy(source: Path, aside: Path, progress: Progress | None) -> None:
    def told(status: int, left: int, total: int) -> None:
        if progress is not None:
            progress(total - left, total)

    with (
        closing(sqlite3.connect(read_only(source), uri=True, isolation_level=None)) as link,
        closing(sqlite3.connect(aside, isolation_level=None)) as copy,
    ):
        # One snapshot for the whole copy: without it each commit meanwhile would start it anew.
        link.execute("BEGIN")
        link.execute("SELECT count(*) FROM sqlite_master").fetchone()
        copy.execute("PRAGMA synchronous = OFF")  # it is synced as a whole
        link.backup(copy, pages=PAGES, progress=told)
        copy.execute("PRAGMA journal_mode = DELETE")


def _read_through(copy: Path) -> tuple[int, int]:
    """Escalations and records of a copy that is whole. Raises DamagedDatabaseError."""
    with closing(sqlite3.connect(copy)) as link:
        try:
            (found,) = link.execute("PRAGMA integrity_check(1)").fetchone()
            astray = link.execute("PRAGMA foreign_key_check").fetchone()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # it quotes what is damaged
            found, astray = str(error), None
        if found != "ok" or astray is not None:
            said = found if found != "ok" else f"a row of {astray[0]} refers to nothing"
            raise DamagedDatabaseError(
                f"What was read is damaged ({said}), so no copy was made. Keep the file, and "
                "restore an earlier backup: `andon-server restore FILE`."
            )
        tables = {row[0] for row in link.execute("SELECT name FROM sqlite_master")}
        escalations, records = (
            link.execute(f"SELECT count(*) FROM {t}").fetchone()[0] if t in tables else 0  # noqa: S608
            for t in _COUNTED
        )
        return escalations, records


def _name(aside: Path, target: Path, *, replaces: bool) -> None:
    """Give the copy its name at once, and keep the name over a power cut."""
    if replaces:
        aside.replace(target)
    else:
        try:
            os.link(aside, target)
        except FileExistsError:
            raise CopyError(f"{target} was made meanwhile, and is left as it is.") from None
        except OSError:  # a file system without links; nobody else makes this name just now
            aside.replace(target)
    sync_folder(target.absolute().parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Names in it survive a power cut, where the file system lets us ask for that."""
    with suppress(OSError):
        _sync(folder)
