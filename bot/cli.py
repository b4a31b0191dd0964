"""The commands: `serve`, `demo`, `doctor`, `backup`, `restore`, `report`, and those in groups:
`service …`, `keys …`, `policy …`, `audit …`, `issues …`.

They work beside a running server. Exit codes: 0 fine, 1 a finding, 2 usage, 3 could not be done.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import structlog
import typer

from bot.activate_command import activate, active
from bot.audit import audit
from bot.backup_command import backup, restore
from bot.callback_urls import refuse_host
from bot.demo_command import demo
from bot.exits import CANNOT, FINDING, fail, why
from bot.garbage import collect_less, loading
from bot.issues_command import issues
from bot.keys_command import keys
from bot.migrate_command import migrate
from bot.observing import configure_logging
from bot.policy_command import policy
from bot.policy_file import read_policy
from bot.redaction import redact_text
from bot.replay_command import policy_replay
from bot.report_command import report
from bot.settings import Settings, SettingsError, read_settings, unknown_settings
from bot.steady import utc_now
from bot.stopping import Stop
from storage.inspection import hash_of_block, inspect_store, shared_of
from storage.services import SCOPES, USUAL, Listed, SqlServices
from storage.store import open_database

if TYPE_CHECKING:
    from bot.doctor import Shared

log = structlog.get_logger(__name__)

app = typer.Typer(
    help="Andon holds dangerous operations until people have decided.", no_args_is_help=True
)
service = typer.Typer(help="Services that may call, and their keys.", no_args_is_help=True)
app.add_typer(service, name="service")
app.add_typer(keys, name="keys")
app.add_typer(policy, name="policy")
app.add_typer(audit, name="audit")
app.add_typer(issues, name="issues")
app.command()(demo)
app.command()(backup)
app.command()(restore)
app.command()(migrate)
app.command()(report)
policy.command("replay")(policy_replay)
policy.command()(active)
policy.command()(activate)

T = TypeVar("T")

#: Who acts in the records besides people and services.
OURS = ("andon", "clock", "policy")


@app.command()
def doctor() -> None:
    """Look at everything a server needs, and say what is wrong and what to do."""
    try:
        settings = read_settings()
    except SettingsError as error:
        raise fail(f"WRONG  settings  {error}") from None
    findings = asyncio.run(_examined(settings))
    if any(findings):
        raise typer.Exit(FINDING)


async def _examined(settings: Settings) -> list[bool]:
    with loading():  # Slack and the API too, which few commands need
        from bot.doctor import examine

    wrong = []
    async for finding in examine(settings, _store_of, _hash_of, _shared_of):
        typer.echo(str(finding))
        wrong.append(finding.is_wrong)
    return wrong


def _store_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """What there is to say of the database."""
    for found in inspect_store(settings.database_url, utc_now()):
        yield found.said, found.do


def _hash_of(settings: Settings, number: int) -> str | None:
    return hash_of_block(settings.database_url, number)


def _shared_of(settings: Settings) -> "Shared | None":
    return shared_of(settings.database_url)


@app.command()
def serve() -> None:
    """Run the server until it is told to stop."""
    configure_logging(redact_text)
    try:
        asyncio.run(_serve())
    except CANNOT as error:
        raise fail(why(error)) from None


async def _serve() -> None:
    stop = Stop()
    # Until there is something to reload, a signal that says so must not end the process.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)
    settings = read_settings()
    for name, near in unknown_settings().items():
        log.warning("unknown-setting", name=name, meant=near or None)
    with loading():  # Slack and the API too, which few commands need
        from bot.app import serving

    async with serving(settings) as server:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, server.reload)
        collect_less()
        typer.echo(f"Andon listens on {server.url} (API: {server.url}/docs)", err=True)
        await stop.asked.wait()


@service.command()
def add(
    name: str,
    owner: Annotated[
        list[str] | None, typer.Option(help="A person of the policy who owns it.")
    ] = None,
    scopes: Annotated[str, typer.Option(help=f"Of {', '.join(SCOPES)}.")] = ",".join(USUAL),
    callback_host: Annotated[list[str] | None, typer.Option(help="Where callbacks may go.")] = None,
    opens_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Instead of ANDON_OPENS_PER_MINUTE.")
    ] = None,
    most_pending: Annotated[
        int | None, typer.Option(min=1, help="Instead of ANDON_MOST_PENDING.")
    ] = None,
) -> None:
    """Add a service, or another key to one. Prints the key, once, alone on standard output."""
    wanted = tuple(s.strip() for s in scopes.split(",") if s.strip())
    unknown = set(wanted) - set(SCOPES)
    if unknown or not wanted:
        no = f"No such scope: {', '.join(sorted(unknown))}." if unknown else "It needs a scope."
        raise fail(f"{no} There are {', '.join(SCOPES)}.", 2)
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or not name.isascii():
        raise fail("A service's name is letters, digits, - _ and . only.", 2)
    if name.lower() in OURS:
        raise fail(f"{name} is a name Andon goes by in its records; take another.", 2)
    for host in callback_host or ():
        wrong = refuse_host(host)
        if wrong is not None:
            raise fail(wrong, 2)
    known = _people()
    for person in owner or ():
        if known is not None and person not in known:
            raise fail(f'The policy names no person "{person}": {", ".join(known)}.', 2)

    async def made(services: SqlServices) -> tuple[str, int]:
        key = await services.add(
            name,
            owners=owner or (),
            scopes=wanted,
            callback_hosts=callback_host or (),
            opens_per_minute=opens_per_minute,
            most_pending=most_pending,
        )
        return key, next(s.keys for s in await services.listed() if s.name == name)

    key, keys = _with_services(made)
    typer.echo(key)
    if keys > 1:
        typer.echo(
            f"{name} has {keys} live keys now. Once it uses this one: "
            f"`service revoke {name} --keep-newest`.",
            err=True,
        )


@service.command()
def secret(name: str) -> None:
    """Make a `whsec_` secret that signs callbacks and may sign opens. Prints it alone."""

    async def made(services: SqlServices) -> str | None:
        return await services.secret(name)

    found = _with_services(made)
    if found is None:
        raise fail(f"There is no service {name}; `service add {name}` makes it.")
    typer.echo(found)


@service.command(name="list")
def list_() -> None:
    """List services: name, live keys, owners, callback hosts, bounds of their own."""
    rows = _with_services(lambda services: services.listed())
    if not rows:
        typer.echo("No service yet; `service add NAME` makes one.", err=True)
    for found in rows:
        owners, hosts = ", ".join(found.owners) or "-", ", ".join(found.callback_hosts) or "-"
        typer.echo(f"{found.name}\t{found.keys} keys\t{owners}\t{hosts}\t{_bounds_of(found)}")


def _bounds_of(found: Listed) -> str:
    """The bounds it was added with."""
    own = ((found.opens_per_minute, "opens a minute"), (found.most_pending, "pending"))
    return ", ".join(f"{bound:,} {what}" for bound, what in own if bound) or "-"


@service.command()
def revoke(
    name: str,
    keep_newest: Annotated[
        bool, typer.Option(help="All but the newest, after a rotation.")
    ] = False,
    secrets: Annotated[bool, typer.Option(help="Its whsec_ secrets instead of its keys.")] = False,
) -> None:
    """Revoke a service's keys. A running server refuses them within two seconds."""
    what = "secret" if secrets else "key"
    n = _with_services(
        lambda services: services.revoke(name, keep_newest=keep_newest, secrets=secrets)
    )
    if n == 0:
        raise fail(f"{name} has no {what} to revoke. `service list` shows what there is.")
    typer.echo(f"Revoked {n} {what}{'s' if n > 1 else ''} of {name}.", err=True)


def _people() -> tuple[str, ...] | None:
    """People of the policy, where there is one to ask."""
    with suppress(SettingsError):
        return tuple(read_policy(Path(read_settings(ANDON_SLACK_MODE="off").policy)).people)
    return None


def _with_services(work: Callable[[SqlServices], Awaitable[T]]) -> T:
    """Work on the rows of services, beside a server or without one."""

    async def run() -> T:
        url = read_settings(ANDON_SLACK_MODE="off").database_url
        async with open_database(url, server=False) as database:
            return await work(SqlServices(database, utc_now))

    try:
        return asyncio.run(run())
    except (*CANNOT, ValueError) as error:
        raise fail(why(error)) from None
