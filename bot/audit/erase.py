"""`andon-server audit erase`: what escalations were about goes; who decided what and when stays."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from approvals.codec import instant
from approvals.commands import Erase
from approvals.escalation import Escalation
from approvals.ports import NotSavedError, Settled, StoreError
from approvals.showing import visible
from approvals.verdict import Case
from bot.counted import counted
from bot.exits import CANNOT, FINDING, USAGE, fail, why
from bot.ids import new_id
from bot.operator import opened, operator
from bot.policy_file import read_policy
from bot.redaction import redact_text
from bot.settings import read_settings
from bot.steady import utc_now
from storage import Store
from storage.archive import ended_before

#: Escalations erased by one commit: a running server takes its turn in between.
AT_ONCE = 100

#: How often a commit is tried while a server holds the file.
TRIES = 20

_AGO = re.compile(r"(\d{1,5})d")


def erase(
    escalation: Annotated[str | None, typer.Argument(help="The id of one that is over.")] = None,
    older_than: Annotated[
        str | None, typer.Option(help="All that ended so many days ago, such as 400d.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it stays on record.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Only say which ones it would be.")] = False,
) -> None:
    """Erase what escalations were about, for good. Who decided what and when stays, with its proof.

    Works beside a running server. Only what is over is erased: decided, and neither waiting to be
    taken nor running.
    """
    said = redact_text(" ".join(reason.split()))
    if (escalation is None) == (older_than is None):
        raise fail("Name one escalation, or say --older-than 400d.", USAGE)
    if len(said) < 3:
        raise fail(
            "Say why with --reason, in three characters or more; it is all that will be left to "
            "read.",
            USAGE,
        )
    before = utc_now() - _age(older_than) if older_than else None
    try:
        left = asyncio.run(_erased(escalation, before, said, dry_run=dry_run))
    except (*CANNOT, StoreError, ValueError) as error:
        raise fail(why(error)) from None
    if left:
        raise typer.Exit(FINDING)


def _age(text: str) -> timedelta:
    found = _AGO.fullmatch(text)
    if found is None:
        raise fail(f"--older-than {text}: write days, such as 400d.", USAGE)
    return timedelta(days=int(found[1]))


async def _erased(one: str | None, before: datetime | None, reason: str, *, dry_run: bool) -> int:
    """Erase it, or all of them; how many could not be."""
    async with _store() as store:
        if one is not None:
            return await _just(store, one, reason, dry_run=dry_run)
        erased = waiting = 0
        after = ""
        while ids := await ended_before(store.database, before or utc_now(), after, AT_ONCE):
            after = ids[-1]
            found = [await store.reads.escalation(id_) for id_ in ids]
            over = [e for e in found if e is not None and e.is_over]
            waiting += len(ids) - len(over)
            if dry_run:
                typer.echo("\n".join(_line(e) for e in over))
            else:
                await _submit(store, over, reason)
            erased += len(over)
            typer.echo(f"{erased:,} so far", err=True)
        typer.echo(f"{'Would erase' if dry_run else 'Erased'} {counted(erased, 'escalation')}.")
        if waiting:
            typer.echo(
                f"{counted(waiting, 'escalation')} not over yet: nothing of them was erased."
            )
    return 0


async def _just(store: Store, id_: str, reason: str, *, dry_run: bool) -> int:
    found = await store.reads.escalation(id_)
    if found is None:
        raise ValueError(f"There is no escalation {visible(id_)}. `audit show` finds it by less.")
    if not found.is_over:
        standing = f"{found.status}, its operation {found.state}"
        typer.echo(f"{id_} is not over yet ({standing}); it is erased when it is.", err=True)
        return 1
    if dry_run:
        typer.echo(f"{_line(found)}\nWould erase {counted(1, 'escalation')}.")
        return 0
    (settled,) = await _submit(store, [found], reason)
    was = settled.answer.case is Case.REPEATED
    typer.echo(f"{id_} {'was erased before' if was else 'is erased'}.")
    return 0


def _line(e: Escalation) -> str:
    ended = instant(e.ended_at)[:10] if e.ended_at else "-"
    return f"{e.id}  {ended}  {e.service}  {visible(' '.join(e.title.split()))}"


async def _submit(store: Store, over: Iterable[Escalation], reason: str) -> list[Settled]:
    by = operator()
    commands = [Erase(id=new_id("cmd"), escalation_id=e.id, by=by, reason=reason) for e in over]
    return list(await asyncio.gather(*(_settled(store, command) for command in commands)))


async def _settled(store: Store, command: Erase) -> Settled:
    """Again while a server holds the file: nothing was stored then. Raises StoreError."""
    for _ in range(TRIES - 1):
        try:
            return await store.writer.submit(command)
        except NotSavedError:
            await asyncio.sleep(0.1)
    return await store.writer.submit(command)


@asynccontextmanager
async def _store() -> AsyncIterator[Store]:
    """The store as a command opens it: beside a server or alone."""
    settings = read_settings(ANDON_SLACK_MODE="off")
    policy = read_policy(Path(settings.policy))
    async with opened(settings.database_url, policy, server=False) as store:
        yield store
