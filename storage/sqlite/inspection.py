"""Looking at a database file without touching it: what `doctor` tells about the store."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from storage.found import Found, clock, newer
from storage.migrate import is_newer, may_work_with
from storage.sqlite.looking import FileLooking, read_only, schema_of

#: Kinds of file systems on which SQLite's locks or `fsync` cannot be relied on.
SHARED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.s3fs", "ceph", "glusterfs"}
)

#: Bytes that should be free.
ROOM = 256 << 20

#: Larger files are not read from end to end.
READ_THROUGH = 1 << 30


def inspect_file(path: Path, now: datetime) -> Iterator[Found]:
    """Everything worth telling about the file; never writes to it."""
    folder = path.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        yield Found(said=f"{folder} cannot be written to", do="Make it, and give it to our user.")
        return
    yield _disk(folder)
    if not path.exists():
        yield Found(said=f"{path} is not there yet; `serve` makes it")
        return
    if not os.access(path, os.R_OK | os.W_OK):
        yield Found(said=f"{path} cannot be read and written", do="Give it to our user.")
        return
    running = _running(path)
    yield Found(
        said=f"a server runs on it (process {running})" if running else "no server runs on it"
    )
    try:
        with closing(sqlite3.connect(read_only(path), uri=True, timeout=1)) as link:
            yield from _inside(link, path, now)
    except sqlite3.Error as error:
        yield Found(said=f"{path} is damaged or no database ({error})", do="Restore a backup.")


def _inside(link: sqlite3.Connection, path: Path, now: datetime) -> Iterator[Found]:
    (journal,) = link.execute("PRAGMA journal_mode").fetchone()
    if path.stat().st_size <= READ_THROUGH:
        (whole,) = link.execute("PRAGMA integrity_check(1)").fetchone()
        healthy = whole == "ok"
        kept = (
            "durable (WAL, every commit synced), and whole"
            if journal == "wal"
            else f"whole; its journal is {journal}, as a restored copy's is: `serve` sets WAL"
        )
        yield Found(
            said=kept if healthy else f"damaged: {whole}",
            do="" if healthy else "Stop the server and restore a backup.",
        )
    tables = {row[0] for row in link.execute("SELECT name FROM sqlite_master")}
    schema = schema_of(link)
    if is_newer(schema):
        yield newer(schema)
        if not may_work_with(schema):
            return
    if "notes" in tables:
        yield from clock(FileLooking(link), now)


def _disk(folder: Path) -> Found:
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    kind = _kind_of(folder)
    if kind in SHARED:
        return Found(
            said=f"{folder} is on {kind}, which may lose what was synced", do="Use a local disk."
        )
    if free < ROOM:
        return Found(said=f"{folder} has {free >> 20} MiB free", do="Make room.")
    return Found(said=f"{folder} is on a local disk with {free >> 30} GiB free")


def _kind_of(folder: Path) -> str:
    """The kind of file system, from the longest mount point above; empty where nobody tells."""
    best, kind = "", ""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    for line in mounts:
        _, point, found, *_ = line.split(" ")
        if len(point) >= len(best) and folder.is_relative_to(point):
            best, kind = point, found
    return kind


def _running(path: Path) -> str:
    """The process of the server that has the file, or empty."""
    lock = Path(f"{path}.lock")
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
    finally:
        os.close(descriptor)
    return ""
