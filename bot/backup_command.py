"""`andon-server backup` and `restore`: a copy made beside the running server, and the way back."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from approvals.commands import Void
from approvals.policy.model import Policy
from approvals.ports import Settled, StoreError
from bot.anchors import AnchorFile, anchors_of
from bot.counted import counted
from bot.exits import CANNOT, fail, why
from bot.ids import new_id
from bot.operator import NoKey, opened, operator
from bot.policy_file import read_policy
from bot.settings import Settings, read_settings
from bot.steady import utc_now
from storage.address import file_of
from storage.sqlite.copies import Copy, back_up
from storage.sqlite.looking import looking_at
from storage.sqlite.restoring import restore_file, waiting

#: Why a vote from before counts no more; it is read on cards and in the record.
RESTORED = "a backup was restored"

#: Escalations voided by one commit.
AT_ONCE = 100

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
        target = file or _named(database, utc_now())
        if not target.absolute().parent.is_dir():
            raise ValueError(f"There is no folder {target.parent}; make it first.")
        made = back_up(database, target, _told())
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
    """Put a backup in the database's place. The server must be stopped; the old file is kept.

    What people said after the backup is not in it. So what they agreed to before counts no more:
    approvals that nobody has taken are void, and what waits is voted on anew.
    """
    doubt = Doubt()
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        database, policy = file_of(settings.database_url), read_policy(Path(settings.policy))
        done = restore_file(
            file, database, utc_now(), lambda aside: asyncio.run(doubt.all(aside, policy)), _told()
        )
        ahead = _anchored_later(settings, database)
    except (*CANNOT, StoreError, ValueError) as error:
        raise fail(why(error)) from None
    typer.echo(f"{database} is the backup now: {_said(done.copy)}.")
    if doubt.votes or doubt.approvals:
        typer.echo(
            f"Void now: {counted(doubt.votes, 'vote')} for a release, and "
            f"{counted(doubt.approvals, 'approval')} that nobody had taken. What was said after "
            "the backup is not known."
        )
    if done.kept:
        typer.echo(f"What was there before is kept as {done.kept}.")
    if ahead:
        typer.echo(ahead)


@dataclass
class Doubt:
    """What is in doubt after a restore, because it may have been taken back or taken since."""

    votes: int = 0
    approvals: int = 0

    async def all(self, path: Path, policy: Policy) -> None:
        """Void it in that file. Raises StoreError."""
        async with opened(f"sqlite:///{path}", policy, server=True) as store:
            ids = await waiting(store.database)
            for n in range(0, len(ids), AT_ONCE):
                voids = (store.writer.submit(_void(id_)) for id_ in ids[n : n + AT_ONCE])
                for settled in await asyncio.gather(*voids):
                    self._count(settled)

    def _count(self, settled: Settled) -> None:
        e = settled.escalation
        if e is not None:
            self.votes += sum(vote.void == RESTORED for vote in e.votes)
            self.approvals += e.stopped is not None and e.stopped.restored


def _void(escalation_id: str) -> Void:
    return Void(id=new_id("cmd"), escalation_id=escalation_id, by=operator(), why=RESTORED)


def _anchored_later(settings: Settings, database: Path) -> str:
    """What to do where the anchors name blocks that the backup does not hold."""
    path = anchors_of(settings)
    last = AnchorFile(path, NoKey()).last()
    with looking_at(database) as link:
        (held,) = link.execute("SELECT COALESCE(MAX(number), 0) FROM blocks").fetchone()
    if last is None or last.block <= held:
        return ""
    return (
        f"{path} names block {last.block:,}, the backup ends with block {held:,}: what came "
        f"between is gone, and the file proves it. Keep it, and let the server begin another: "
        f"mv {path} {path}.until-{last.block}"
    )


def _database() -> Path:
    return file_of(read_settings(ANDON_SLACK_MODE="off").database_url)


def _named(database: Path, now: datetime) -> Path:
    """`andon-2026-11-26T003000Z.db`: names sort by time, and no command writes over another's."""
    return database.with_name(f"{database.stem}-{now:%Y-%m-%dT%H%M%SZ}{database.suffix}")


def _said(copy: Copy) -> str:
    escalations, records = counted(copy.escalations, "escalation"), counted(copy.records, "record")
    return f"{_size(copy.size)}, {escalations}, {records}"


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
