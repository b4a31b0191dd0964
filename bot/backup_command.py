"""`andon-server backup` and `restore`: a copy made beside the running server, and the way back."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.app import utc_now
from bot.exits import CANNOT, fail, why
from bot.settings import read_settings
from storage.copies import Copy, back_up
from storage.restoring import restore_file
from storage.store import file_of

#: Seconds between two words about the way so far.
TOLD_EVERY_S = 2.0


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="Where to. Default: beside the database, named by time.")
    ] = None,
) -> None:
    """Copy the database, beside a running server or without one, and read the copy through."""
    try:
        database = _database()
        made = back_up(database, file or _named(database, utc_now()), _told())
    except (*CANNOT, ValueError) as error:
        raise fail(why(error)) from None
    typer.echo(f"{made.path}: {_said(made)}, whole.")
    typer.echo(
        "Signing keys, anchors and policy.toml are files of their own: keep copies of them too.",
        err=True,
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` made.")],
) -> None:
    """Put a backup in the database's place. The server must be stopped; the old file is kept."""
    try:
        database = _database()
        done = restore_file(file, database, utc_now(), _told())
    except (*CANNOT, ValueError) as error:
        raise fail(why(error)) from None
    typer.echo(f"{database} is the backup now: {_said(done.copy)}.")
    if done.kept:
        typer.echo(f"What was there before is kept as {done.kept}.")


def _database() -> Path:
    return file_of(read_settings(ANDON_SLACK_MODE="off").database_url)


def _named(database: Path, now: datetime) -> Path:
    """`andon-2026-11-26T003000Z.db`: names sort by time, and no command writes over another's."""
    return database.with_name(f"{database.stem}-{now:%Y-%m-%dT%H%M%SZ}{database.suffix}")


def _said(copy: Copy) -> str:
    return f"{_size(copy.size)}, {copy.escalations:,} escalations, {copy.records:,} records"


def _size(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


def _told() -> Callable[[int, int], None]:
    """Tells on standard error how far a long copy is; nothing of a short one."""
    last = time.monotonic()

    def told(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= TOLD_EVERY_S:
            last = time.monotonic()
            print(f"{done / max(1, total):.0%} copied", file=sys.stderr, flush=True)

    return told
