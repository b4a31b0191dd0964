"""`andon-server keys …`: the keys that sign grants, of all servers on the database."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import typer

from approvals.codec import instant
from approvals.ports import StoreError
from approvals.sharing import KnownKey
from bot.exits import CANNOT, fail, why
from bot.settings import read_settings
from bot.signing import new_key, public_keys
from bot.steady import utc_now
from storage.keys import SqlKeys
from storage.store import open_database

keys = typer.Typer(help="Keys that sign grants.", no_args_is_help=True)

T = TypeVar("T")


@keys.command()
def new() -> None:
    """Lay another key into ANDON_SIGNING_KEYS, and print its name.

    A running server takes it within seconds. Where several share a database it is published first,
    and signs six minutes later, when every cache may know it.
    """
    try:
        made = new_key(Path(read_settings(ANDON_SLACK_MODE="off").signing_keys))
    except CANNOT as error:
        raise fail(why(error)) from None
    typer.echo(made)


@keys.command(name="list")
def list_() -> None:
    """List every key that was ever published: its name, since when, and what it does now.

    Of a server that is alone on its database, those in its directory.
    """

    async def work(found: SqlKeys, alone: bool) -> tuple[tuple[KnownKey, ...], bool]:
        return await found.known(), alone

    known, alone = _with_keys(work)
    try:
        own = public_keys(Path(read_settings(ANDON_SLACK_MODE="off").signing_keys))
    except CANNOT as error:
        raise fail(why(error)) from None
    here, now = {str(key["kid"]) for key in own}, utc_now()
    if alone:
        typer.echo("\n".join(f"{kid}\t-\tserved\there" for kid in sorted(here)))
    elif not known:
        typer.echo("None is published yet; a server that starts publishes its own.", err=True)
    for key in known:
        where = "here" if key.kid in here else "-"
        typer.echo(f"{key.kid}\t{instant(key.known_at)}\t{_does(key, now)}\t{where}")


def _does(key: KnownKey, now: datetime) -> str:
    if key.retired_at is not None:
        return f"retired {instant(key.retired_at)}"
    return f"signs from {instant(key.signs_at)}" if key.signs_at > now else "may sign"


@keys.command()
def retire(kid: str) -> None:
    """Let a key neither sign nor verify any more, for good, on every server of the database.

    For one that leaked, or whose server is gone. Servers follow within seconds; who keeps a copy
    of the keys does within five minutes. It stays on record, for audits.
    """

    async def work(found: SqlKeys, alone: bool) -> tuple[bool, int]:
        if alone:
            raise fail(
                "One server is alone on this database: take the key's file out of "
                "ANDON_SIGNING_KEYS, and it neither signs nor verifies."
            )
        done = await found.retire(kid, utc_now())
        return done, sum(key.retired_at is None for key in await found.known())

    done, left = _with_keys(work)
    if not done:
        raise fail(f"No key {kid} is in use. `keys list` shows what there is.")
    typer.echo(f"Retired {kid}.", err=True)
    if not left:
        typer.echo("No other key is left: nothing is released until `keys new` signs.", err=True)


def _with_keys(work: Callable[[SqlKeys, bool], Awaitable[T]]) -> T:
    """Work on what is known of keys, beside a server or without one."""

    async def run() -> T:
        url = read_settings(ANDON_SLACK_MODE="off").database_url
        async with open_database(url, server=False) as database:
            return await work(SqlKeys(database), database.alone)

    try:
        return asyncio.run(run())
    except (*CANNOT, StoreError, ValueError) as error:
        raise fail(why(error)) from None
