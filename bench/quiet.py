"""What a run of benchmarks begins with: the load's core, many files, and who else is there."""

import os
import resource
import signal
import sys

from bench.servers import LOAD_CORE


def pinned() -> None:
    """Take the load's core, and say what disturbs the run from outside. Whoever ends the run early
    ends all that it started.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    busy = os.getloadavg()[0]
    if busy > 0.5:
        print(f"Disturbed: {busy:.1f} processes wanted the processor already before the start.")
    os.sched_setaffinity(0, {LOAD_CORE})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def stolen() -> float:
    """Seconds of processor time that the machine below gave to others so far, over all cores."""
    with open("/proc/stat", encoding="ascii") as stat:
        return int(stat.readline().split()[8]) / os.sysconf("SC_CLK_TCK")
