"""`andon-server policy activate` and `policy active`: which policy counts for all the servers on
one database. A server that is alone on its file takes the changed file by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from approvals.codec import instant
from approvals.policy.load import PolicyError, parse_policy
from approvals.policy.model import Policy
from approvals.ports import StoreError
from approvals.sharing import ActivePolicy
from bot.exits import CANNOT, FINDING, fail, why
from bot.operator import operator
from bot.policy_command import policy_from
from bot.settings import read_settings
from bot.steady import utc_now
from storage.policies import SqlPolicies
from storage.store import open_database

T = TypeVar("T")

#: What a version begins with; anything else names a file.
HASH = "sha256:"


def activate(
    which: Annotated[
        str | None,
        typer.Argument(help="A file, or sha256:… of one that was active. Default: ANDON_POLICY."),
    ] = None,
) -> None:
    """Let a policy count from now on, for every server on the database.

    Running servers follow within seconds. Those whose file is another are not ready until they
    have this one. The file is checked before; 1 means that it has mistakes and nothing changed.
    """

    async def work(policies: SqlPolicies) -> tuple[Policy, bool]:
        stored = which is not None and which.startswith(HASH)
        wanted = await _stored(policies, which or "") if stored else _of_file(which)
        return wanted, await policies.activate(wanted.version, wanted.text, utc_now(), operator())

    found, changed = _with_policies(work)
    said = "is active now" if changed else "was active already"
    typer.echo(f"{found.version} {said}: {len(found.rules)} rules, {len(found.people)} people.")
    if changed:
        typer.echo("Servers with another file are not ready until they have this one.", err=True)


def active() -> None:
    """Print the policy that is active for all servers; since when, and by whom, beside it."""

    async def work(policies: SqlPolicies) -> ActivePolicy | None:
        return await policies.active()

    found = _with_policies(work)
    if found is None:
        raise fail("None is active yet: the first server that starts activates its own.")
    since = f"{found.version}, active since {instant(found.set_at)}, by {found.set_by}."
    typer.echo(since, err=True)
    typer.echo(found.text, nl=False)


def _of_file(file: str | None) -> Policy:
    return policy_from(Path(file) if file else None)[1]


async def _stored(policies: SqlPolicies, version: str) -> Policy:
    """A version that stands in the database. Raises typer.Exit."""
    found = await policies.stored(version)
    if len(found) != 1:
        known = "Several versions begin" if found else "No version is known that begins"
        raise fail(f"{known} with {version}.")
    try:
        return parse_policy(found[0][1], found[0][0])
    except PolicyError as error:
        raise fail(str(error), FINDING) from None


def _with_policies(work: Callable[[SqlPolicies], Awaitable[T]]) -> T:
    async def run() -> T:
        url = read_settings(ANDON_SLACK_MODE="off").database_url
        async with open_database(url, server=False) as database:
            if database.alone:
                raise fail(
                    "One server is alone on this database, and takes its changed file by itself. "
                    "Policies are activated where several share a PostgreSQL server."
                )
            return await work(SqlPolicies(database))

    try:
        return asyncio.run(run())
    except (*CANNOT, StoreError, ValueError) as error:
        raise fail(why(error)) from None
