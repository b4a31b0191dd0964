"""`python -m bench.peers`: what needs a peer; `make bench-peers` installs it and runs this.

A decision sent, until the parked caller holds it: Andon's, and that of Restate's awakeable. Its
server and its service share the core that Andon has, caller and decider have the other; samples
take turns. Both keep what they acknowledge, each as it comes: Restate's log is synced, too.
"""

import asyncio
from statistics import median

from bench import restate
from bench.load import Line
from bench.quiet import pinned
from bench.servers import Andon, running
from bench.waking import click, opened, withdrawal, woken

SAMPLES = 150

#: Seconds that what was parked is left alone: cards are posted, journals written.
SETTLE_S = 0.15


async def measure(andon: Andon, peer: restate.Restate, samples: int = SAMPLES) -> None:
    """Take turns, and print medians and ratios."""
    theirs = await restate.Waiters.of(peer)
    took: dict[str, list[float]] = {"click in Slack": [], "withdraw": []}
    waiter, asker = await Line.open(andon.port), await Line.open(andon.port)
    awakened = []
    for _ in range(samples):
        awakened.append(await theirs.woken(SETTLE_S))
        made = await opened(asker, andon)
        took["click in Slack"].append(await woken(waiter, asker, andon, made, click(made)))
        made = await opened(asker, andon)
        taken_back = withdrawal(andon, made)
        took["withdraw"].append(await woken(waiter, asker, andon, made, taken_back))
    base = median(awakened)
    print(f"  Restate's awakeable: {_told(awakened)}")
    for name, seconds in took.items():
        print(
            f"{name} to waiter woken, over Restate's awakeable: {base / median(seconds):.1f} times"
            f" as fast ({_told(seconds)}); bar 1, aim 3"
        )
    theirs.close()
    waiter.close()
    asker.close()


def _told(seconds: list[float]) -> str:
    p99 = sorted(seconds)[int(0.99 * len(seconds))]
    return f"p50 {median(seconds) * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms"


def main() -> None:
    """Andon as ever, and the peer beside it."""
    pinned()
    with running() as andon, restate.running() as peer:
        asyncio.run(measure(andon["whole"], peer))


if __name__ == "__main__":
    main()
