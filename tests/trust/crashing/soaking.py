"""A long, steady load on one server while receivers fail and Slack comes and goes.

::

    17 a second   of one sort, gathered in a storm, taken back by their service soon
     3 a second   each of its own, with a card; people decide, services claim and report
    30 % of the callbacks fail the first time: 500, a connection that is cut, or, to a receiver of
                  its own, no answer at all
    every few seconds Slack is busy, broken, slow, does not know us, or drops its sockets
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count, cycle
from pathlib import Path
from random import Random
from statistics import median

import aiohttp

from storage.sqlite.database import PAGES_KIB
from tests.building import BODY
from tests.trust.crashing.lives import Lives
from tests.trust.crashing.traffic import PEOPLE, Receiver

#: How many escalations a second, and of how many each has a card of its own.
CREATES, OWN_CARDS = 20, 3

#: Who asks for those of one sort, and who for the others.
PASSING, OWN = "data-sync", "search-api"

#: Slack's troubles, in turn, and seconds of trouble and of peace.
TROUBLES = ("ratelimited", "http_500", "hang", "token_revoked", "sockets", "http_503")
TROUBLE_S, PEACE_S = 2.0, 3.0

#: What the process may grow by after it is warm, besides the pages of its file that it keeps.
GROWTH = 0.10


@dataclass
class Vitals:
    """Memory and descriptors of a process, once a second.

    The write path keeps the file's pages, up to a bound that no short load comes to: until then it
    grows as the file does.
    """

    pid: int
    database: Path
    rss: list[int] = field(default_factory=list)  #: bytes
    pages: list[int] = field(default_factory=list)  #: bytes of the file that may be among them
    descriptors: list[int] = field(default_factory=list)

    def take(self) -> None:
        """Once more."""
        proc = Path(f"/proc/{self.pid}")
        resident = int((proc / "statm").read_text().split()[1])
        self.rss.append(resident * os.sysconf("SC_PAGE_SIZE"))
        self.pages.append(min(self.database.stat().st_size, PAGES_KIB << 10))
        self.descriptors.append(len(list((proc / "fd").iterdir())))

    def wrong(self) -> list[str]:
        """Whether it grew from its second third to its end."""
        third = len(self.rss) // 3
        found = []
        (warm, late), (pages, more) = _warm_and_late(self.rss), _warm_and_late(self.pages)
        if late > warm * (1 + GROWTH) + more - pages:
            found.append(f"memory grew from {warm / 1e6:.0f} to {late / 1e6:.0f} MB")
        warm, late = max(self.descriptors[: 2 * third]), min(self.descriptors[-third // 2 :])
        if late > warm * (1 + GROWTH) + 5:
            found.append(f"descriptors grew from {warm} to {late}")
        return found

    def __str__(self) -> str:
        third = len(self.rss) // 3
        (warm, late), (pages, more) = _warm_and_late(self.rss), _warm_and_late(self.pages)
        return (
            f"memory {warm / 1e6:.0f} -> {late / 1e6:.0f} MB, "
            f"of it pages of the file up to {pages / 1e6:.0f} -> {more / 1e6:.0f}, "
            f"descriptors {self.descriptors[third]} -> {self.descriptors[-1]}"
        )


def _warm_and_late(taken: Sequence[int]) -> tuple[float, float]:
    """In its second third, when it was warm, and at its end."""
    third = len(taken) // 3
    return median(taken[third : 2 * third]), median(taken[-third // 2 :])


@dataclass
class Soak:
    """The load. `well`, `broken` and `silent` are where callbacks go."""

    lived: Lives
    receivers: tuple[Receiver, Receiver, Receiver]
    random: Random
    healed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        well, broken, silent = self.receivers
        broken.verdict, silent.verdict = self._broken, self._silent
        many = [well.url] * 70 + [broken.url] * 29 + [silent.url]
        self.lived.traffic.callback_urls, self.lived.traffic.rest_s = many, 0.5

    async def run(self, seconds: int) -> Vitals:
        """Load the server for so long; then everything is well again."""
        traffic, server = self.lived.traffic, self.lived.server
        vitals = Vitals(server.pid, server.database)
        traffic.over.clear()
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as load:
            load.create_task(self._every(1 / (CREATES - OWN_CARDS), partial(self._passing, http)))
            load.create_task(self._every(1 / OWN_CARDS, partial(traffic.open, http, OWN)))
            for deed in (traffic.claim, traffic.report, traffic.withdraw, traffic.peep):
                load.create_task(self._every(1, partial(deed, http, OWN)))
            load.create_task(traffic.wait(http, OWN))
            load.create_task(self._troubles())
            for person in PEOPLE:
                load.create_task(traffic.click(person))
            for _ in range(seconds):
                await asyncio.sleep(1)
                vitals.take()
            traffic.over.set()
            self.healed.set()
        return vitals

    async def _every(self, seconds: float, deed: Callable[[], Awaitable[None]]) -> None:
        """Begin it so often, whether or not the one before has ended."""
        over, clock = self.lived.traffic.over, asyncio.get_running_loop().time
        began = clock()
        async with asyncio.TaskGroup() as deeds:
            for n in count(1):
                if over.is_set():
                    break
                deeds.create_task(_done(deed))
                await asyncio.sleep(max(0.0, began + n * seconds - clock()))

    async def _passing(self, http: aiohttp.ClientSession) -> None:
        """One of very many alike: asked, and soon not needed any more."""
        traffic, journal = self.lived.traffic, self.lived.case.journal
        key = f"passing-{len(journal.calls)}-{self.random.random()}"
        body = {**BODY, "callback_url": self.random.choice(traffic.callback_urls)}
        call = journal.call(service=PASSING, verb="open", key=key, body=body)
        await traffic.send(http, call)
        await asyncio.sleep(self.random.uniform(0, 2))
        if call.acked:
            back = {"service": PASSING, "verb": "withdraw", "key": key, "about": call.answer["id"]}
            await traffic.send(http, journal.call(**back, body={"reason": "it works again"}))

    async def _troubles(self) -> None:
        """Slack's, one after the other."""
        workspace = self.lived.traffic.workspace
        for trouble in cycle(TROUBLES):
            await self._pause(PEACE_S)
            if self.lived.traffic.over.is_set():
                return
            if trouble == "sockets":
                await workspace.socket.drop()
                continue
            fault = workspace.faults.add("*", trouble, times=100_000, seconds=1.0)
            await self._pause(TROUBLE_S)
            fault.release()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.lived.traffic.over.wait()

    async def _broken(self, id_: str, times: int) -> int | None:
        """The first time an error, or the connection is cut."""
        return 200 if times > 1 else self.random.choice((500, None))

    async def _silent(self, id_: str, times: int) -> int | None:
        """The first time nothing at all, for longer than anybody waits."""
        if times == 1:
            await self.healed.wait()
        return 200


async def _done(deed: Callable[[], Awaitable[None]]) -> None:
    await deed()
