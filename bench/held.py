"""Processes held to a share of one core: by a control group, else by stopping them in turns."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: The two versions of control groups: where their groups are, and how a bound is written.
V1, V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")

#: Microseconds after which a share is counted anew: short, so that nobody waits long.
PERIOD_US = 20_000


@contextmanager
def held(pid: int, share: float) -> Iterator[str]:
    """Hold a process, with all its threads, to that share of a core; how it is done."""
    try:
        group = _group(f"andon-bench-{pid}", share)
    except OSError:
        with _stopped_in_turns(pid, share):
            yield "stopped and continued in turns"
        return
    (group / "cgroup.procs").write_text(str(pid))
    try:
        yield "a control group"
    finally:
        with suppress(ProcessLookupError):
            (group.parent / "cgroup.procs").write_text(str(pid))
        group.rmdir()


def _group(name: str, share: float) -> Path:
    """A new group with that bound. Raises OSError where none can be made."""
    quota = int(share * PERIOD_US)
    is_v1 = (V1 / "cpu.cfs_quota_us").exists() or (V1 / "tasks").exists()
    group = (V1 if is_v1 else V2) / name
    if not is_v1:
        (V2 / "cgroup.subtree_control").write_text("+cpu")
    group.mkdir()
    try:
        if is_v1:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {PERIOD_US}")
    except OSError:
        group.rmdir()
        raise
    return group


@contextmanager
def _stopped_in_turns(pid: int, share: float) -> Iterator[None]:
    """A thread stops it and lets it go on: a bound of the time it may run, not of what it uses."""
    over = threading.Event()

    def turns() -> None:
        while not over.is_set():
            os.kill(pid, signal.SIGSTOP)
            over.wait((1 - share) * PERIOD_US / 1e6)
            os.kill(pid, signal.SIGCONT)
            over.wait(share * PERIOD_US / 1e6)

    turning = threading.Thread(target=turns, daemon=True)
    turning.start()
    try:
        yield
    finally:
        over.set()
        turning.join()
