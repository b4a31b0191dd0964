"""`doctor`: looks at everything a server needs, and says of each what is wrong and what to do.

`here` looks at this machine, `anchored` at the anchors, `shared` at what servers on one database
have in common, `runbooks` at the folder of runbooks, `routes` at the ways outside Slack, `slack` at
the workspace. Nothing is changed, neither here nor there, so it may run at any time, beside a
server or without one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from bot.doctor.anchored import HashOf, anchors
from bot.doctor.finding import Finding
from bot.doctor.here import in_force, keys, port, settings_given
from bot.doctor.memory import memory
from bot.doctor.routes import routes
from bot.doctor.runbooks import runbooks
from bot.doctor.shared import Shared, SharedOf, looked_at, shared
from bot.doctor.slack import workspace
from bot.policy_file import read_policy
from bot.settings import Settings, SettingsError

#: Looks at the store: what was found, and what to do where it is wrong.
Inspect = Callable[[Settings], Iterable[tuple[str, str]]]

__all__ = ["Finding", "HashOf", "Inspect", "Shared", "SharedOf", "examine"]


async def examine(
    settings: Settings,
    inspect: Inspect,
    hash_of: HashOf,
    shared_of: SharedOf = lambda settings: None,
) -> AsyncIterator[Finding]:
    """Every finding, in the order in which things need one another."""
    for finding in settings_given(settings):
        yield finding
    policy = None
    try:
        policy = read_policy(Path(settings.policy))
        rules, people = len(policy.rules), len(policy.people)
        yield Finding(part="policy", said=f"{settings.policy}: {rules} rules, {people} people")
    except SettingsError as error:
        yield Finding(part="policy", said=str(error), do="Mend the file.")
    if policy is not None:
        for finding in (*routes(policy), *memory(policy)):
            yield finding
    for finding in await asyncio.to_thread(lambda: list(runbooks(settings, policy))):
        yield finding
    # In threads: who looks at a database on a server runs a loop for it, and one runs here already.
    for finding in await asyncio.to_thread(_store, settings, inspect):
        yield finding
    for finding in await asyncio.to_thread(lambda: list(anchors(settings, hash_of))):
        yield finding
    for finding in keys(Path(settings.signing_keys)):
        yield finding
    common = await asyncio.to_thread(looked_at, settings, shared_of)
    for finding in shared(settings, policy, common) if common else ():
        yield finding
    yield await port(settings)
    for finding in await in_force(settings, policy) if policy and not common else ():
        yield finding
    async for finding in workspace(settings, policy):
        yield finding


def _store(settings: Settings, inspect: Inspect) -> list[Finding]:
    try:
        return [Finding(part="store", said=said, do=do) for said, do in inspect(settings)]
    except ValueError as error:
        return [Finding(part="store", said=str(error), do="Mend ANDON_DATABASE_URL.")]
