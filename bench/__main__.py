"""`python -m bench`: speed as ratios, both sides pinned alike, interleaved in one run.

Servers on one core, load on the other. Nothing here asserts anything about time; machines are
noisy, so medians and spread are printed, and what disturbed the run is named.
"""

import asyncio
import os
import resource

from bench import acks, opens, parked, storm, waking
from bench.servers import LOAD_CORE, running


def main() -> None:
    """Run what needs no peer."""
    busy = os.getloadavg()[0]
    if busy > 0.5:
        print(f"Disturbed: {busy:.1f} processes wanted the processor already before the start.")
    os.sched_setaffinity(0, {LOAD_CORE})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with running() as andon:
        asyncio.run(opens.measure(andon["bare"]))
        asyncio.run(waking.measure(andon["whole"]))
        asyncio.run(acks.measure(andon["whole"]))
        asyncio.run(parked.measure(andon["bare"]))
        asyncio.run(storm.measure(andon["whole"]))


if __name__ == "__main__":
    main()
