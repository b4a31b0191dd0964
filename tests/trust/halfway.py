"""Dies in the middle of a migration, at each statement, and looks at what is left.

Run as a program: `halfway.py FOLDER OLDEST EVERY [torn]`. For every EVERY-th statement a child of
ours migrates a copy of a file with the schema OLDEST and is gone at that statement, as `kill -9`
would have it. `torn` plants the bug this is about: statements that are committed one by one. Prints
how many deaths there were, and what was wrong after which.
"""

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import create_engine, event

from storage.errors import DamagedDatabaseError
from storage.sqlite import bringing_up
from storage.sqlite.wholeness import refuse_damaged


class Death:
    """Ends the process at the n-th statement of a connection."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, statement: str) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(9)


def older(path: Path, schema: str) -> None:
    """A file of an older version, in use: its journal is the log."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(bringing_up.alembic_config(connection), schema)
    engine.dispose()
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("PRAGMA journal_mode = WAL")
        link.execute("INSERT INTO notes VALUES ('kept', 'a word')")


def die(path: Path, at: int, *, bug: bool) -> bool:
    """Migrate in a child that dies there; whether it came that far."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        if bug:
            bringing_up._begin_at_once = lambda connection: None  # type: ignore[assignment]
        made = bringing_up.create_engine

        def watched(address: str) -> Any:
            engine = made(address)
            event.listen(engine, "connect", lambda c, _: c.set_trace_callback(Death(at)))
            return engine

        bringing_up.create_engine = watched  # type: ignore[assignment]
        bringing_up.upgrade(path)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def shape(path: Path) -> tuple[set[tuple[str, str]], str, str]:
    """Everything that is in the file, its schema, and the word that was in it."""
    with closing(sqlite3.connect(path)) as link:
        made = set(link.execute("SELECT name, sql FROM sqlite_master"))
        (schema,) = link.execute("SELECT version_num FROM alembic_version").fetchone()
        (word,) = link.execute("SELECT value FROM notes WHERE name = 'kept'").fetchone()
    return made, schema, word


def wrong(path: Path, before: Any, after: Any) -> str:
    """What is wrong with a file after a death; empty where it is as before or as after."""
    try:
        refuse_damaged(path)
        if shape(path) not in (before, after):
            return "neither the old schema nor the new one"
        bringing_up.upgrade(path)
        return "" if shape(path) == after else "not brought up afterwards"
    except (sqlite3.Error, DamagedDatabaseError) as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def main(folder: Path, schema: str, every: int, *, bug: bool) -> None:
    """All deaths, one after the other."""
    start, whole = folder / "start.db", folder / "whole.db"
    older(start, schema)
    shutil.copy(start, whole)
    before = shape(start)
    bringing_up.upgrade(whole)
    after = shape(whole)
    at, deaths, faults = 1, 0, {}
    while True:
        path = folder / f"at{at}.db"
        shutil.copy(start, path)
        if not die(path, at, bug=bug):
            break
        deaths += 1
        if found := wrong(path, before, after):
            faults[at] = found
        for part in folder.glob(f"at{at}.db*"):
            part.unlink()
        at += every
    print(json.dumps({"deaths": deaths, "faults": faults}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), bug="torn" in sys.argv[4:])
