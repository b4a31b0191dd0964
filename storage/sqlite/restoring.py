"""Putting a backup in the database's place. The file it takes the place of is kept.

The way is safe at every moment: the copy is whole and synced before anything is moved, the old file
keeps its bytes under another name, and a way that was cut short is gone again from the start.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage.errors import CopyError
from storage.links import Database
from storage.migrate import refuse_newer
from storage.sqlite.copies import Copy, Progress, back_up, sync_folder
from storage.sqlite.database import lock_of
from storage.sqlite.looking import read_only, schema_of
from storage.sqlite.wholeness import refuse_damaged

#: What SQLite keeps beside a database.
LOG, INDEX = "-wal", "-shm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What is in place now, and where the file before it lies."""

    copy: Copy
    kept: Path | None  #: the file before; None where there was none


def restore_file(
    backup: Path,
    path: Path,
    now: datetime,
    prepare: Callable[[Path], None],
    progress: Progress | None = None,
) -> Restored:
    """Put the backup in the database's place, once `prepare` has made it ready aside.

    Raises AlreadyRunningError, CopyError, DamagedDatabaseError, NewerDatabaseError, OSError.
    """
    lock = lock_of(path)
    aside = path.with_name(f"{path.name}.restoring")
    try:
        _refuse_foreign(backup, path)
        copy = back_up(backup, aside, progress, replaces=True)
        prepare(aside)
        _close_log(aside)
        kept = None
        if path.exists():
            kept = _keep(path, now)
            os.chown(aside, path.stat().st_uid, path.stat().st_gid)  # the server's, not ours
        for part in (LOG, INDEX):
            Path(f"{path}{part}").unlink(missing_ok=True)
        aside.replace(path)
        sync_folder(path.absolute().parent)
        return Restored(copy=copy, kept=kept)
    finally:
        for left in aside.parent.glob(f"{aside.name}*"):
            left.unlink()
        os.close(lock)


def _refuse_foreign(backup: Path, path: Path) -> None:
    """Only a whole database of ours, of this version or an older one, is put in place."""
    if not backup.is_file():
        raise CopyError(f"There is no file {backup}. Nothing was changed.")
    if path.exists() and backup.samefile(path):
        raise CopyError(f"{backup} is the database itself. Nothing was changed.")
    refuse_damaged(backup)
    with closing(sqlite3.connect(read_only(backup), uri=True)) as link:
        found = schema_of(link)
    if found.revision is None:
        raise CopyError(f"{backup} is no backup of Andon's. Nothing was changed.")
    refuse_newer(found)


def _keep(path: Path, now: datetime) -> Path:
    """A second name for the file and for its log, so that nothing is gone whatever comes."""
    with suppress(sqlite3.Error):
        _close_log(path)
    kept = path.with_name(f"{path.name}.replaced-{now:%Y-%m-%dT%H%M%S}")
    for part in ("", LOG):
        old = Path(f"{path}{part}")
        if old.exists() and (not part or old.stat().st_size):
            os.link(old, f"{kept}{part}")
    sync_folder(path.absolute().parent)
    return kept


def _close_log(path: Path) -> None:
    """Make one file of it: what lies in the log goes into the database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as link:
        link.execute("PRAGMA journal_mode = DELETE")


async def waiting(database: Database) -> list[str]:
    """Ids of all that is not over."""
    sql = (
        "SELECT id FROM escalations WHERE due_at IS NOT NULL "
        "AND (status = 'pending' OR state IN ('held', 'released')) ORDER BY id"
    )
    return [row[0] for row in await database.reader.rows(sql)]
