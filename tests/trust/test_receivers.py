"""Isolation of receivers: whatever some of them do, the others hear in order and soon.

Ten sorts of bad receivers, each with a service of its own and more callbacks owed than it is called
at once, stand in front; then good ones are owed theirs. They must not wait for a bad one's time.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from approvals.commands import Open
from bot.app import Server, serving
from bot.background.callbacks import Caller
from bot.background.egress import TIMEOUT_S
from tests.bot.test_app import settings
from tests.building import a_vote, an_open
from tests.trust.doors import until
from tests.trust.lane import FULL, rounds
from tests.trust.receivers import Receiver, all_sorts, answering, listening

#: Seconds within which a good receiver hears: well below what a bad one may take for one call.
SOON_S = TIMEOUT_S * 0.4

#: Seconds within which a busy machine has begun on all that is owed to the bad ones; the short lane
#: owes so little that nobody waits for it.
BACKLOG_S = 60.0 if FULL else 0.0


@dataclass
class Town:
    """The server, and whom it calls."""

    server: Server
    good: list[Receiver]
    bad: list[Receiver]
    canary: Receiver

    async def decided(self, receiver: Receiver, n: int) -> str:
        """A decision that is owed to the receiver."""
        asked = an_open(
            f"{receiver.name}-{n}",
            title=f"Sync {n} of {receiver.name}",
            callback_url=f"http://{receiver.pair}/hook",
        )
        command: Open = replace(asked, service=receiver.name)
        await self.server.store.writer.submit(command)
        settled = await self.server.store.writer.submit(a_vote(command.escalation_id))
        assert settled.refusal is None
        return command.escalation_id


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    """A server that may call all of them, each for a service of its own."""
    canary = Receiver("canary", answering("200 OK"))
    good = [Receiver(f"good-{n}", answering("200 OK")) for n in range(3)]
    async with listening(canary, *good):
        bad = all_sorts(canary)
        async with listening(*bad):
            everyone = (canary, *good, *bad)
            pairs = ",".join(one.pair for one in everyone)
            async with serving(settings(folder, ANDON_ALLOWED_CALLBACKS=pairs)) as server:
                for one in everyone:
                    hosts = (one.pair,)
                    await server.store.services.add(one.name, callback_hosts=hosts)
                    await server.store.services.secret(one.name)
                yield Town(server, good, bad, canary)


async def called(
    town: Town, each: int, backlog_s: float = 0.0
) -> tuple[dict[str, list[str]], float]:
    """Owe the bad ones theirs, then the good ones; what was owed to these, and the longest wait."""
    for one in town.bad:
        await asyncio.gather(*(town.decided(one, n) for n in range(each)))
    slow = [one for one in town.bad if one.name in ("hangs", "trickles")]
    await until(lambda: all(one.heard for one in town.bad), backlog_s)
    await until(lambda: all(len(one.heard) > 1 for one in slow), SOON_S)
    owed: dict[str, list[str]] = {one.name: [] for one in town.good}
    longest = 0.0
    for n in range(each):
        for one in town.good:
            owed[one.name].append(await town.decided(one, n))
        began = time.monotonic()
        if not await until(lambda n=n: all(len(one.heard) > n for one in town.good), SOON_S):
            break
        longest = max(longest, time.monotonic() - began)
    return owed, longest


async def states(town: Town, receiver: Receiver) -> Counter[str]:
    """What stands written of what is owed to it."""
    found: Counter[str] = Counter()
    for id_ in set(receiver.heard):
        owed = await town.server.store.deliveries.of(id_)
        found.update(f"{o.state} {o.error}" for o in owed if o.kind == "callback")
    return found


async def test_bad_receivers_hold_up_no_good_one(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    each = rounds(short=20, full=200)
    async with town(tmp_path) as made:
        owed, longest = await called(made, each, BACKLOG_S)
        await until(lambda: all(one.heard for one in made.bad), TIMEOUT_S)
        heard = {one.name: one.heard for one in made.good}
        assert heard == owed  # all, once, in order
        assert made.canary.heard == []
        by_name = {one.name: one for one in made.bad}
        gone = await states(made, by_name["410"])
        assert set(gone) == {"failed 410: the receiver wants no more"}
        for name, said in (("302", "302"), ("307", "307"), ("500", "500"), ("429", "429")):
            assert set(await states(made, by_name[name])) == {f"pending status {said}"}
        bad = sum(len(one.heard) for one in made.bad)
    figure(
        "receivers",
        f"{bad} calls to {len(made.bad)} sorts of bad ones; {each * len(made.good)} to good ones "
        f"beside them, each once, in order, the slowest after {longest:.2f} s",
    )


def _one_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """All receivers share what is called at once."""
    apart = Caller._lanes
    monkeypatch.setattr(Caller, "_lanes", lambda self, receiver: apart(self, "everybody"))


def _redirects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redirects are followed."""
    post = aiohttp.ClientSession.post

    def followed(self: aiohttp.ClientSession, url: Any, **options: Any) -> Any:
        return post(self, url, **options | {"allow_redirects": True})

    monkeypatch.setattr(aiohttp.ClientSession, "post", followed)


@pytest.mark.parametrize("plant", [_one_queue, _redirects], ids=lambda plant: plant.__doc__)
async def test_isolation_that_is_broken_is_found(
    tmp_path: Path,
    plant: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str, str], None],
) -> None:
    plant(monkeypatch)
    async with town(tmp_path) as made:
        owed, _ = await called(made, 8)
        late = {one.name: one.heard for one in made.good} != owed
        led_away = bool(made.canary.heard)
    assert late or led_away
    found = "a good one waited" if late else "the canary was called"
    figure("planted bugs", f"receivers: {plant.__doc__} found: {found}")
