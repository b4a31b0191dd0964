"""Ten thousand waiters in one process: the memory each takes (PSS of the server before and after),
and how long the release of one more takes beside them, over beside a thousand.
"""

import asyncio
import statistics
from collections.abc import Sequence

from bench.load import Line, request
from bench.servers import Andon, proportional_kib
from bench.spread import told
from bench.waking import opened, withdrawal, woken

FEW, MANY, ESCALATIONS = 1000, 10_000, 100

#: How often both are alternated, and releases timed each time.
ROUNDS, RELEASES = 3, 60

#: Connections made at once; the next come when the server has answered in between.
AT_ONCE = 50

#: Seconds a waiter asks for: no round lasts so long.
WAIT_S = 60


class Parked:
    """Waiters over a hundred escalations, each on a connection of its own."""

    def __init__(self, andon: Andon, asker: Line, ids: Sequence[str]) -> None:
        self._andon, self._asker, self._ids = andon, asker, ids
        self._lines: list[Line] = []
        self._answers: list[asyncio.Task[tuple[int, bytes]]] = []

    @classmethod
    async def over(cls, andon: Andon, asker: Line) -> "Parked":
        """Nobody yet, over escalations opened for it."""
        ids = [(await opened(asker, andon))["id"] for _ in range(ESCALATIONS)]
        return cls(andon, asker, ids)

    @property
    def count(self) -> int:
        """How many are parked."""
        return sum(not answer.done() for answer in self._answers)

    async def park(self, count: int) -> None:
        """Until so many are parked."""
        for n in range(len(self._lines), count, AT_ONCE):
            made = await asyncio.gather(*(Line.open(self._andon.port) for _ in range(AT_ONCE)))
            for m, line in enumerate(made, start=n):
                wait = _wait(self._andon, self._ids[m % ESCALATIONS])
                self._answers.append(asyncio.create_task(line.ask(wait)))
            self._lines += made
            await self._asker.ask(request("GET", "/healthz"))  # whoever came before is taken in
        await asyncio.sleep(3)

    async def leave(self) -> None:
        """All hang up."""
        for answer, line in zip(self._answers, self._lines, strict=True):
            answer.cancel()
            line.close()
        self._answers, self._lines = [], []
        while await self._noticed():  # noqa: ASYNC110  leaving tells nobody
            await asyncio.sleep(1)

    async def _noticed(self) -> int:
        """How many the server still has parked."""
        _, body = await self._asker.ask(request("GET", "/metrics"))
        named = (line.split() for line in body.decode().splitlines())
        return next(int(float(of[1])) for of in named if of[0] == "andon_parked_requests")


async def measure(andon: Andon) -> None:
    """Memory first, while nobody was ever parked; then releases, beside few and many in turn."""
    asker = await Line.open(andon.port)
    crowd = await Parked.over(andon, asker)
    before = proportional_kib(andon.pid)
    await crowd.park(MANY)
    grown = proportional_kib(andon.pid) - before
    print(
        f"memory a parked waiter: {grown / max(1, crowd.count):.1f} KiB"
        f" ({crowd.count} parked; bar 16, aim 10)"
    )
    await crowd.leave()
    ratios = []
    for n in range(ROUNDS):
        took = {}
        for count in (FEW, MANY) if n % 2 else (MANY, FEW):
            await crowd.park(count)
            took[count] = await _released(andon, asker)
            if crowd.count < count:
                print(f"  Disturbed: only {crowd.count} of {count} were still parked.")
            await crowd.leave()
        ratios.append(took[MANY] / took[FEW])
        print(
            f"  round {n + 1}: release beside {FEW} parked {took[FEW] * 1e3:.2f} ms,"
            f" beside {MANY} {took[MANY] * 1e3:.2f} ms, {ratios[-1]:.2f} times"
        )
    print(f"release p50 with {MANY} parked over {FEW}, times: {told(ratios)}; bar 1.25, aim 1.1")
    asker.close()


async def _released(andon: Andon, asker: Line) -> float:
    """Median seconds from a withdrawal to its waiter's answer, for escalations of their own."""
    took, waiter = [], await Line.open(andon.port)
    for _ in range(RELEASES):
        made = await opened(asker, andon)
        took.append(await woken(waiter, asker, andon, made, withdrawal(andon, made)))
    waiter.close()
    return statistics.median(took)


def _wait(andon: Andon, escalation: str) -> bytes:
    return request(
        "GET",
        f"/v1/escalations/{escalation}",
        Authorization=f"Bearer {andon.key}",
        Prefer=f"wait={WAIT_S}",
    )
