"""`python -m bench [MEASURE…]`: speed as ratios, both sides pinned alike, interleaved in one run.

Servers on one core, load on the other. Nothing here asserts anything about time; machines are
noisy, so medians and spread are printed, and what disturbed the run is named. What needs a peer is
in `bench.peers`; `bench.lists`, and each measure of stores with a history, take a size of their own
(`python -m bench.history 1000000`).
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bench import (
    acks,
    history,
    on_postgres,
    opens,
    over_sessions,
    pages,
    parked,
    replicas,
    starting,
    storm,
    waking,
)
from bench.quiet import pinned, stolen
from bench.servers import Andon, running

#: Measured on the servers that all share, in this order: how, and on which of them.
SHARED: Mapping[str, tuple[Callable[..., Awaitable[None]], Sequence[str]]] = {
    "opens": (opens.measure, ("bare", "least")),
    "over_sessions": (over_sessions.measure, ("bare",)),
    "waking": (waking.measure, ("whole", "least")),
    "acks": (acks.measure, ("whole",)),
    "parked": (parked.measure, ("bare",)),
    "storm": (storm.measure, ("whole",)),
}

#: Those that start servers of their own.
ALONE = {
    "on_postgres": on_postgres.measure,
    "replicas": replicas.measure,
    "pages": pages.measure,
    "starting": starting.measure,
    "history": history.measure,
}


def main() -> None:
    """Run what needs no peer: all, or what is named."""
    named = sys.argv[1:] or [*SHARED, *ALONE]
    unknown = set(named) - {*SHARED, *ALONE}
    if unknown:
        raise SystemExit(f"No such measure: {', '.join(unknown)}. There are {_all()}.")
    pinned()
    began, before = time.perf_counter(), stolen()
    if shared := [name for name in named if name in SHARED]:
        with running() as andon:
            _measured(andon, shared)
    for name in named:
        if name in ALONE:
            ALONE[name]()
    took, lost = time.perf_counter() - began, stolen() - before
    print(f"{took:.0f} s in all; others on the machine below took {lost:.1f} s of our cores.")


def _measured(andon: Mapping[str, Andon], names: list[str]) -> None:
    for name in names:
        measure, those = SHARED[name]
        asyncio.run(measure(*(andon[which] for which in those)))


def _all() -> str:
    return ", ".join([*SHARED, *ALONE])


if __name__ == "__main__":
    main()
