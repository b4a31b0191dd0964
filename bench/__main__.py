"""`python -m bench [MEASURE…]`: speed as ratios, both sides pinned alike, interleaved in one run.

Servers on one core, load on the other. Nothing here asserts anything about time; machines are
noisy, so medians and spread are printed, and what disturbed the run is named. What needs a peer is
in `bench.peers`; `bench.lists`, and each measure of stores with a history, take a size of their own
(`python -m bench.history 1000000`).
"""

import asyncio
import sys
import time
from collections.abc import Mapping

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

#: Measured on the servers that all share, in this order: on which of them, and how.
SHARED = {
    "opens": ("bare", opens.measure),
    "over_sessions": ("bare", over_sessions.measure),
    "waking": ("whole", waking.measure),
    "acks": ("whole", acks.measure),
    "parked": ("bare", parked.measure),
    "storm": ("whole", storm.measure),
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
        which, measure = SHARED[name]
        asyncio.run(measure(andon[which]))


def _all() -> str:
    return ", ".join([*SHARED, *ALONE])


if __name__ == "__main__":
    main()
